"""The page as static files: the converter runs in the browser, and nothing leaves it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from shlex import quote

from tocompose.record import NamedTuple
from tocompose.tables import mappings, plain_content
from tocompose.web.assets import asset_names, page_html, read_asset
from tocompose.web.fields import RequestLimits
from tocompose.web.requests import answer_request

# What a worker may do is what its page may: it is made from the page, and has no policy of its own.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
# The packages that npm brings, and what of each is needed.
RUNTIME: Mapping[str, tuple[str, ...]] = {
    "pyodide": (
        "pyodide.mjs",
        "pyodide.asm.mjs",
        "pyodide.asm.wasm",
        "python_stdlib.zip",
        "pyodide-lock.json",
    ),
    "web-tree-sitter": ("web-tree-sitter.js", "web-tree-sitter.wasm"),
    "tree-sitter-bash": ("tree-sitter-bash.wasm",),
}
# Python packages that conversions use; what is compiled of them is left out, as each does without.
_PACKAGES = (
    "PyYAML",
    "ruamel.yaml",
    "Jinja2",
    "MarkupSafe",
    "pathspec",
    "dockerfile-parse",
)
# The start of 1980: the same files give the same archive.
_DATE = (1980, 1, 1, 0, 0, 0)


class MissingRuntime(Exception):
    """A file of the runtime that is not there; the text says how it is fetched."""


class PageExists(Exception):
    """A file of the page that stands there already with other content."""


class StaticFile(NamedTuple):
    """A file of the page, its path and content."""

    path: str
    content: bytes


def static_files(runtime: Path) -> Iterator[StaticFile]:
    """Every file of the page, with the runtime that npm has put into a folder. Raises MissingRuntime."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
    head = f'{policy}<meta name="referrer" content="no-referrer">'
    yield StaticFile("index.html", page_html("browser", head).encode())
    yield from (StaticFile(name, read_asset(name)) for name in asset_names())
    yield StaticFile("worker.js", read_asset("worker.js"))
    yield from _runtime_files(runtime)
    yield StaticFile("tocompose.zip", python_archive())
    # The page can be used before Python is loaded.
    yield StaticFile("about.json", answer_request("about", b"{}", RequestLimits()).body)


def _runtime_files(runtime: Path) -> Iterator[StaticFile]:
    modules = runtime / "node_modules" if (runtime / "node_modules").is_dir() else runtime
    for package, names in RUNTIME.items():
        for name in names:
            path = modules / package / name
            if not path.is_file():
                target = "" if runtime == Path() else f" --prefix {quote(str(runtime))}"
                raise MissingRuntime(
                    f"{path} is missing; run: npm install{target} {' '.join(RUNTIME)}"
                )
            yield StaticFile(f"runtime/{name}", path.read_bytes())


def python_archive() -> bytes:
    """The archive of tocompose and the packages that it uses, as Python in the browser imports them."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for path, content in sorted(_python_files().items()):
            entry = zipfile.ZipInfo(path, _DATE)
            writer.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return archive.getvalue()


def _python_files() -> dict[str, bytes]:
    package = Path(__file__).parents[1]
    files = {
        f"tocompose/{path.relative_to(package).as_posix()}": path.read_bytes()
        for path in package.rglob("*")
        if path.is_file() and _is_wanted(path.relative_to(package))
    }
    files |= _compiled_tables()
    for name in _PACKAGES:
        files |= _package_files(name)
    return files


# What is not imported on the way to an answer.
_LEFT_OUT = frozenset(
    {"__pycache__", "assets", "cli", "batch", "prove", "cluster", "mappings"}
)


def _is_wanted(path: Path) -> bool:
    return _LEFT_OUT.isdisjoint(path.parts) and path.suffix != ".so"


def _compiled_tables() -> dict[str, bytes]:
    """The tables as JSON, which is read many times faster."""
    root = mappings()
    return {
        f"tocompose/mappings/{path.relative_to(root).with_suffix('.json').as_posix()}": json.dumps(
            plain_content(path.read_text(encoding="utf-8"))
        ).encode()
        for path in root.rglob("*.yaml")
    }


def _package_files(name: str) -> dict[str, bytes]:
    try:
        installed = distribution(name).files or ()
    except PackageNotFoundError:
        raise MissingRuntime(f"{name} is not installed") from None
    return {
        path.as_posix(): Path(str(path.locate())).read_bytes()
        for path in installed
        if path.suffix == ".py" and ".." not in path.parts
    }


def write_page(folder: Path, runtime: Path, *, force: bool = False) -> int:
    """Writes the page into a folder; how many files it has.

    Raises MissingRuntime, or PageExists where a file is there that has other content; nothing is written then.
    """
    files = list(static_files(runtime))
    for file in () if force else files:
        path = folder / file.path
        if path.exists() and path.read_bytes() != file.content:
            raise PageExists(f"{path} exists and differs; --force overwrites it")
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    return len(files)
