"""What the tests of the page do with it, whichever way its answers come."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tocompose.web.fields import RequestLimits
from tocompose.web.requests import answer_request

RUN = "docker run -d --name web -p 8080:80 -e API_KEY=k3y-9Kq2 --frobnicate=x nginx:1.27"
HOSTILE = "<img src=x onerror=document.title='owned'>"
# A folder as it is dropped: the browser gives entries that are read one by one.
DROP = """
const [names, folder] = arguments;
const file = (path) => new File([names[path]], path.split("/").pop());
const leaf = (path) => ({ isFile: true, name: path.split("/").pop(), file: (take) => take(file(path)) });
function directory(name, prefix) {
  const below = Object.keys(names).filter((path) => path.startsWith(prefix));
  const first = [...new Set(below.map((path) => path.slice(prefix.length).split("/")[0]))];
  let read = false;
  const child = (path, one) => names[path] !== undefined ? leaf(path) : directory(one, path + "/");
  const children = first.map((one) => child(prefix + one, one));
  const readEntries = (take) => { const given = read ? [] : children; read = true; take(given); };
  return { isFile: false, name, createReader: () => ({ readEntries }) };
}
const entries = folder ? [directory(folder, "")] : Object.keys(names).map(leaf);
const transfer = { items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })), files: [] };
const event = new Event("drop", { bubbles: true, cancelable: true });
Object.defineProperty(event, "dataTransfer", { value: transfer });
document.getElementById("drop").dispatchEvent(event);
"""


def wait_for(browser: Any, script: str, seconds: float = 60) -> Any:
    """What a script gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := browser.execute_script(f"return {script}"):
            return value
        time.sleep(0.05)
    raise AssertionError(f"{script} within {seconds} s: {status(browser)}")


def open_page(browser: Any, url: str) -> None:
    """Opens the page, and waits until it can be used."""
    browser.get(url)
    wait_for(browser, "document.documentElement.dataset.ready")


def status(browser: Any) -> str:
    """What the page says it does."""
    return str(browser.find_element("id", "status").text)


def settle(browser: Any) -> str:
    """What the page says when it has come to an end."""
    wait_for(browser, "!/(…$|^$)/.test(document.getElementById('status').textContent)")
    return status(browser)


def paste(browser: Any, text: str) -> str:
    """Pastes a text and converts it; what the page says then."""
    script = "document.getElementById('paste').value = arguments[0]; document.getElementById('status').textContent = ''"
    browser.execute_script(script, text)
    browser.find_element("id", "convert").click()
    return settle(browser)


def drop(browser: Any, files: dict[str, str], folder: str = "") -> str:
    """Drops files, or a folder of them; what the page says then."""
    browser.execute_script("document.getElementById('status').textContent = ''")
    browser.execute_script(DROP, files, folder)
    return settle(browser)


def tabs(browser: Any) -> list[str]:
    """The names of the files that are shown."""
    return [tab.text for tab in browser.find_elements("css selector", "[role=tab]")]


def lines(browser: Any) -> list[str]:
    """The lines of the file that is shown."""
    script = "return Array.from(document.querySelectorAll('.line > code'), (line) => line.textContent)"
    return list(browser.execute_script(script))


def beside(browser: Any) -> dict[str, list[str]]:
    """The notes beside each line that has some."""
    script = """return Object.fromEntries(Array.from(document.querySelectorAll(".line.noted"), (line) =>
      [line.querySelector("code").textContent.trim(),
       Array.from(line.querySelectorAll("summary"), (note) => note.textContent)]))"""
    return dict(browser.execute_script(script))


def downloaded(folder: Path) -> Path:
    """The file that was downloaded, once it is whole."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        whole = [path for path in folder.iterdir() if path.suffix == ".zip"]
        if whole:
            return whole[0]
        time.sleep(0.05)
    raise AssertionError(f"nothing was downloaded: {list(folder.iterdir())}")


# Asks the converter without the page; the answers come back one after the other.
ASK = """
const [requests, done] = arguments;
if (!window.converter) window.converter = new Worker("worker.js", { type: "module" });
const answers = [];
window.converter.onmessage = ({ data }) => {
  if (data.progress !== undefined) return;
  answers.push(data.body);
  if (answers.length === requests.length) done(answers);
};
requests.forEach((request, id) => window.converter.postMessage({ id, operation: request[0], request: request[1] }));
"""


class Recorder(SimpleHTTPRequestHandler):
    """Serves a folder, and keeps what was asked for."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        """Serves a file."""
        self.asked.append(f"{self.command} {self.path}")
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """The address under which the files of a folder are served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Recorder, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def in_browser(page: Any, requests: list[tuple[str, str]]) -> list[str]:
    """The answers of the converter in the browser."""
    return list(page.execute_async_script(ASK, requests))


def at_terminal(operation: str, request: str) -> str:
    """The answer here, where libyaml and tree-sitter's own binding take part."""
    return answer_request(operation, request.encode(), RequestLimits()).body.decode()
