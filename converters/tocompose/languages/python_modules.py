"""What the modules of a Python app read from their environment as soon as a command loads them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tocompose.languages.language import LoadedRead
from tocompose.languages.python_settings import outright_reads, parse_module
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.source import Span

# `gunicorn shop.web:app`, `python worker.py`, `python -m shop.worker`.
_LOADED = regex(
    r"(?<!\S)(?:([A-Za-z_][\w.]*):[A-Za-z_]\w*(?!\S)|(?:\./)?([\w/.-]+)\.py(?!\S)|python3? -m ([A-Za-z_][\w.]*))"
)
_MOST_MODULES = 200


def loaded_reads(repository: Repository, commands: Iterable[str]) -> Iterator[LoadedRead]:
    """The variables without which the modules cannot be imported that commands name, each read once.

    Modules of the repository that those import are searched too. What stands in a function or under a condition is
    left out: it may never run.
    """
    waiting = [path for text in commands for path in _named_files(repository, text)]
    seen: dict[str, None] = {}
    names: set[str] = set()
    while waiting and len(seen) < _MOST_MODULES:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen[path] = None
        module = parse_module(repository.read_text(path) or "")
        if module is None:
            continue
        for read in outright_reads(module):
            if read.name not in names:
                names.add(read.name)
                yield LoadedRead(read.name, Span(path, read.line, 1, read.line, 1))
        waiting += _imported_files(repository, path, module)


def _named_files(repository: Repository, text: str) -> Iterator[str]:
    for attribute_module, script, run_module in _LOADED.findall(text):
        if script and repository.has_file(f"{script}.py"):
            yield f"{script}.py"
        elif not script:
            yield from _module_files(repository, attribute_module or run_module)


def _module_files(repository: Repository, name: str) -> Iterator[str]:
    """The files of a dotted name: its module, and the packages around it."""
    module_names = name.split(".")
    for end in range(1, len(module_names) + 1):
        stem = "/".join(module_names[:end])
        for path in (f"{stem}/__init__.py", f"{stem}.py"):
            if repository.has_file(path):
                yield path


def _imported_files(repository: Repository, path: str, module: ast.Module) -> Iterator[str]:
    """The repository's own modules that a module imports whatever happens."""
    package = path.split("/")[:-1]
    for statement in module.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield from _module_files(repository, alias.name)
        elif isinstance(statement, ast.ImportFrom):
            above = package[: len(package) - statement.level + 1] if statement.level else []
            base = [*above, *filter(None, (statement.module or "").split("."))]
            for alias in statement.names:
                yield from _module_files(repository, ".".join((*base, alias.name)))
