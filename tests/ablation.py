"""What a user gets to see of a source, and which of its lines or values could go without anybody seeing it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Fate
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

_PLACE = re.compile(r"[\w./@-]+\.[A-Za-z]\w*:\d+(?::\d+)?")
Files = Mapping[str, str]


def converted(
    files: Files, source: str, practices: str = "none", **options: tuple[str, ...]
) -> Result:
    """The conversion of files by one importer."""
    project = Memory({path: text.encode() for path, text in files.items()}, "shop")
    wanted = Options(
        source=source,
        practices=practices,
        layout=Layout(split=True),
        settings=ImportOptions(options=options),
    )
    return convert(project, wanted)


def compose_of(result: Result) -> Any:
    """The base file that was written."""
    files = {file.path: file.content for file in result.files}
    return yaml.safe_load(files["docker-compose.yml"])


def services_of(files: Files, source: str, practices: str = "none") -> Any:
    """The services of the base file."""
    return compose_of(converted(files, source, practices))["services"]


def codes_of(result: Result) -> set[str]:
    """The codes of all notes."""
    return {one_note.code for one_note in result.notes}


def losses(result: Result) -> list[str]:
    """What was read by nobody, or not written though it was read."""
    return [
        f"{one_note.span}: {one_note.message}"
        for one_note in result.notes
        if one_note.code in ("TC001", "TC901")
    ]


def seen(files: Files, source: str) -> Any:
    """What a user gets to see: files and notes without places, or that there is nothing to convert."""
    try:
        result = converted(files, source)
    except SourceError as problem:
        return str(problem)
    written = sorted(
        (file.path, _PLACE.sub("", file.content.decode("latin-1")))
        for file in result.files
        if file.path not in ("MIGRATION.md", "migration.json")
    )
    told = sorted((item.code, _PLACE.sub("", item.message)) for item in result.notes)
    return written, told


def silent_lines(
    files: Files, source: str, is_value: Callable[[str], bool] = bool, step: int = 1
) -> Iterator[str]:
    """Each line whose absence nobody would see, though it was not left out for a reason; of every `step` lines one."""
    ledger = converted(files, source).ledger
    explained = {
        (leaf.span.file, leaf.span.line)
        for leaf in ledger.leaves()
        if ledger.fate(leaf).fate is Fate.IGNORED
    }
    base = seen(files, source)
    for path, text in files.items():
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if number % step or not is_value(line) or (path, number) in explained:
                continue
            without = "\n".join((*lines[: number - 1], *lines[number:]))
            if seen({**files, path: without}, source) == base:
                yield f"{path}:{number}: {line}"


def reasons(result: Result) -> set[str]:
    """Why values were left out on purpose."""
    ledger = result.ledger
    return {
        reason
        for leaf in ledger.leaves()
        if ledger.fate(leaf).fate is Fate.IGNORED
        for reason in ledger.fate(leaf).detail
    }


# Documents -------------------------------------------------------------------------------------------


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value of a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, below in value.items():
            yield from paths_of(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from paths_of(below, (*path, index))


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """The document without what stands at a path."""
    key = path[0]
    if isinstance(value, list):
        if len(path) == 1:
            return [*value[:key], *value[key + 1 :]]
        return [without(v, path[1:]) if i == key else v for i, v in enumerate(value)]
    if len(path) == 1:
        return {k: v for k, v in value.items() if k != key}
    return {k: without(v, path[1:]) if k == key else v for k, v in value.items()}


def silent_paths(
    document: Any,
    files_of: Callable[[Any], dict[str, str]],
    source: str,
    step: int = 1,
) -> Iterator[str]:
    """Each value of a document whose absence nobody would see, though it was not left out for a reason."""
    ledger = converted(files_of(document), source).ledger
    explained = {
        ledger.path(leaf)
        for leaf in ledger.leaves()
        if ledger.fate(leaf).fate is Fate.IGNORED
    }
    base = seen(files_of(document), source)
    for number, path in enumerate(paths_of(document)):
        is_explained = any(reason[: len(path)] == path for reason in explained)
        if number % step or is_explained:
            continue
        if seen(files_of(without(document, path)), source) == base:
            yield ".".join(map(str, path))
