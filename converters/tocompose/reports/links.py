"""Which lines of the output came from which lines of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.model import File
from tocompose.reports.report import Report
from tocompose.source import Span

_WORD = re.compile(r"[\w./-]+")


class Place(NamedTuple):
    """A line of a file, 1-based."""

    file: str
    line: int


def links(report: Report) -> tuple[tuple[Place, Place], ...]:
    """Pairs of a source line and an output line, each once, in source order."""
    where = _positions(report)
    outputs = {
        item.path: item.content.decode("utf-8", "replace").split("\n")
        for item in report.files
    }
    found: dict[tuple[Place, Place], None] = {}
    for span, path in report.trace():
        for place in _narrowed(_nearest(path, where), span, report, outputs):
            for line in range(span.line, min(span.end_line, span.line + 50) + 1):
                if line == span.line or span.end_column > 1 or line < span.end_line:
                    found[(Place(span.file, line), place)] = None
    return tuple(found)


def _narrowed(
    places: list[Place], span: Span, report: Report, outputs: dict[str, list[str]]
) -> list[Place]:
    """Of the lines of a list those that have most in common with what stands in the source."""
    quote = report.quotes.quote(span) if len(places) > 1 else None
    if quote is None:
        return places
    words = set(_WORD.findall(quote.line[quote.start : quote.end]))
    shared = {
        place: len(words & set(_WORD.findall(outputs[place.file][place.line - 1])))
        for place in places
    }
    most = max(shared.values())
    return [place for place in places if shared[place] == most] if most else places


def _nearest(path: str, where: dict[str, list[Place]]) -> list[Place]:
    """The lines of a path, or of the nearest one above it that is written; never the head of a whole service."""
    while path not in where and path.count(".") > 2:
        path = path.rpartition(".")[0]
    return where.get(path, [])


def _positions(report: Report) -> dict[str, list[Place]]:
    where: dict[str, list[Place]] = {}
    for file in report.files:
        for path, first, last in _paths(file):
            where.setdefault(path, []).extend(
                Place(file.path, line) for line in range(first, last + 1)
            )
    return where


def _paths(file: File) -> Iterator[tuple[str, int, int]]:
    """Every path of the ledger's kind that a file holds, with its first and last line."""
    yield f"files.{file.path}", 1, 1
    if file.path.endswith((".yml", ".yaml")) and not file.path.startswith("config/"):
        yield from _yaml_paths(file.content)
    elif file.path.startswith(".env") and not file.secret:
        for number, line in enumerate(
            file.content.decode("utf-8", "replace").split("\n"), 1
        ):
            name, sign, _ = line.partition("=")
            if sign and not line.startswith("#"):
                yield f"settings.{name}", number, number


def _yaml_paths(content: bytes) -> Iterator[tuple[str, int, int]]:
    import yaml

    node = yaml.compose(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    yield from _node_paths(node, "")


def _node_paths(node: Any, path: str) -> Iterator[tuple[str, int, int]]:
    for key, value in node.value if node is not None and node.id == "mapping" else ():
        here = f"{path}.{key.value}" if path else str(key.value)
        first = key.start_mark.line + 1
        if value.id == "mapping" and value.start_mark.line > key.start_mark.line:
            yield here, first, first
        else:
            yield here, first, max(first, _last_line(value))
        if value.id == "mapping" and value.start_mark.line >= key.start_mark.line:
            yield from _node_paths(value, here)


def _last_line(node: Any) -> int:
    """The last line of a value; a mark behind a block stands at the start of the next line."""
    mark = node.end_mark
    return int(mark.line + 1 if mark.column else mark.line)
