"use strict";

const PRIVACY = {
  server: "What you paste is sent to the server of this page, which keeps nothing of it.",
  browser: "Everything happens in this browser: nothing that you paste leaves it.",
};

/** A function that gives the answer to a request, or throws what is wrong with it as an Error. */
export function openTransport(name, tell) {
  document.getElementById("privacy").textContent = PRIVACY[name];
  return name === "browser" ? inBrowser(tell) : onServer;
}

let running = null;

async function onServer(operation, request) {
  if (running) running.abort();
  running = operation === "about" ? null : new AbortController();
  const signal = running ? running.signal : undefined;
  let response;
  try {
    response = await fetch(`api/${operation}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request), signal,
      credentials: "omit",
    });
  } catch {
    throw new Error("The server does not answer.");
  }
  return checked(response.status, await response.text());
}

function checked(status, body) {
  let answer;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new Error(`The server answers with status ${status}.`);
  }
  if (status !== 200) throw new Error(answer.error ? answer.error.message : `The server answers with status ${status}.`);
  return answer;
}

function inBrowser(tell) {
  let worker = null, asked = new Map(), number = 0, seconds = 60;

  function open() {
    // A worker that is made from the page has the policy of the page: it cannot send anything elsewhere.
    const address = JSON.stringify(new URL("worker.js", location.href).href);
    const source = URL.createObjectURL(new Blob([`import ${address};`], { type: "text/javascript" }));
    worker = new Worker(source, { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data.progress !== undefined) return tell(data.progress);
      const waiting = asked.get(data.id);
      asked.delete(data.id);
      return waiting && waiting.resolve(data);
    });
    worker.addEventListener("error", () => end("The converter cannot be loaded."));
  }

  function end(text) {
    if (worker) worker.terminate();
    worker = null;
    for (const waiting of asked.values()) waiting.reject(new Error(text));
    asked = new Map();
  }

  open();
  return async (operation, request) => {
    if (operation === "about") return checked(200, await (await fetch("about.json")).text());
    if (!worker) open();
    const id = ++number;
    const reply = new Promise((resolve, reject) => { asked.set(id, { resolve, reject }); });
    const timer = setTimeout(() => end("The conversion took too long and was ended."), seconds * 1000);
    worker.postMessage({ id, operation, request: JSON.stringify(request) });
    try {
      const { status, body } = await reply;
      return checked(status, body);
    } finally {
      clearTimeout(timer);
    }
  };
}
