"use strict";
// Runs the converter in the browser: Python in WebAssembly, and the grammar of shell scripts beside it.
import { loadPyodide } from "./runtime/pyodide.mjs";
import { Language, Parser } from "./runtime/web-tree-sitter.js";

const here = (name) => new URL(name, import.meta.url).href;
const tell = (progress) => self.postMessage({ progress });

async function fetched(name) {
  const response = await fetch(here(name));
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  return response.arrayBuffer();
}

async function loadPython() {
  const [python, archive] = await Promise.all([
    loadPyodide({ indexURL: here("./runtime/"), env: { PYTHONDONTWRITEBYTECODE: "1" } }),
    fetched("./tocompose.zip"),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: "/packages" });
  python.runPython("import sys\nsys.path.insert(0, '/packages')");
  return python.runPython("from tocompose.web.browser import answer\nanswer");
}

async function loadGrammar() {
  await Parser.init({ locateFile: (name) => here(`./runtime/${name}`) });
  const parser = new Parser();
  parser.setLanguage(await Language.load(new Uint8Array(await fetched("./runtime/tree-sitter-bash.wasm"))));
  self.bashTree = (...request) => flatTree(parser, ...request);
}

// The tree as numbers, so that Python need not ask for each node: see readers/browser_grammar.py.
function flatTree(parser, text, size, mostOnErrors, seconds) {
  let errors = 0;
  const end = performance.now() + seconds * 1000;
  const givesUp = (state) => {
    errors += state.hasError ? 1 : 0;
    return errors * size > mostOnErrors || performance.now() > end;
  };
  const tree = parser.parse(text, null, { progressCallback: givesUp });
  if (!tree) {
    parser.reset();
    return null;
  }
  const words = new Map([["", 0]]);
  const numberOf = (word) => {
    if (!words.has(word)) words.set(word, words.size);
    return words.get(word);
  };
  const numbers = [tree.rootNode.hasError ? 1 : 0];
  const cursor = tree.walk();
  for (let depth = 0; depth >= 0;) {
    numbers.push(depth, numberOf(cursor.nodeType), numberOf(cursor.currentFieldName || ""), cursor.startIndex, cursor.endIndex);
    if (cursor.gotoFirstChild()) {
      depth += 1;
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      depth -= 1;
      if (!cursor.gotoParent()) break;
    }
    if (depth < 0) break;
  }
  cursor.delete();
  tree.delete();
  return [Array.from(words.keys()), Int32Array.from(numbers)];
}

const WARMING = JSON.stringify({ text: "if true; then\n  docker run -d --name a -p 80:80 -v a:/a -e A=b postgres:16\nfi\n" });
let isLoaded = false;
const loading = Promise.all([loadPython(), loadGrammar()]).then(([answer]) => {
  // What a conversion imports is compiled now, while somebody still pastes.
  answer("convert", WARMING).destroy();
  isLoaded = true;
  return answer;
});
loading.catch(() => {});

self.addEventListener("message", async ({ data: { id, operation, request } }) => {
  try {
    if (!isLoaded) tell("Loading the converter, once…");
    const answer = await loading;
    tell("Converting…");
    const reply = answer(operation, request);
    const [status, body] = reply.toJs();
    reply.destroy();
    self.postMessage({ id, status, body });
  } catch (problem) {
    const message = `The converter has stopped: ${problem.message || problem}`;
    self.postMessage({ id, status: 500, body: JSON.stringify({ error: { code: "stopped", message } }) });
  }
});
