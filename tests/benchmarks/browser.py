"""The page in the browser alone: how soon it converts, and whether each docker run source gives the same bytes.

It needs Chromium, chromedriver, the corpus, and what npm brings (TOCOMPOSE_BROWSER_RUNTIME).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from browsers import open_browser
from corpora import corpus_sources
from tocompose.web.static import write_page
from web.pages import RUN, at_terminal, in_browser, open_page, paste, serve_folder
from web.serving import family, serve

READY, FIRST = 3.0, 8.0


def main() -> None:
    """Prints the figures, and whether they hold."""
    with open_browser() as browser, serve() as served:
        started = time.monotonic()
        open_page(browser, served.url)
        _print("with a server: the page can be used", time.monotonic() - started, READY)
        paste(browser, RUN)
        _print("with a server: the first conversion", time.monotonic() - started, FIRST)
    runtime = Path(os.environ["TOCOMPOSE_BROWSER_RUNTIME"])
    with TemporaryDirectory() as folder, open_browser() as browser:
        write_page(Path(folder), runtime)
        browser.set_script_timeout(600)
        with serve_folder(Path(folder)) as url:
            started = time.monotonic()
            open_page(browser, url)
            _print("alone: the page can be used", time.monotonic() - started, READY)
            paste(browser, RUN)
            _print("alone: the first conversion", time.monotonic() - started, FIRST)
            spent = _spent(browser.service.process.pid)
            _print("alone: processor time of the browser until then", spent, FIRST)
            started = time.monotonic()
            paste(browser, RUN)
            _print("alone: the next one", time.monotonic() - started, READY)
            _compare(browser)


def _print(title: str, seconds: float, bar: float) -> None:
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    verdict = "within" if seconds <= bar else "OVER"
    print(
        f"{title}: {seconds:.1f} s ({verdict} {bar:g} s; {load:.1f} processes a processor)"
    )


def _spent(pid: int) -> float:
    """The processor time of a process and all below it, which a busy machine changes little."""
    ticks = 0
    for process in family(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _compare(browser: object) -> None:
    sources = [files for _, kind, files in corpus_sources() if kind == "docker_run"]
    requests = [
        (
            "convert",
            json.dumps({"files": {name: data.decode() for name, data in files.items()}}),
        )
        for files in sources
    ]
    answers = in_browser(browser, requests)
    same = sum(
        answer == at_terminal(*request)
        for answer, request in zip(answers, requests, strict=True)
    )
    print(f"alone: {same} of {len(requests)} docker run sources give the same bytes")
