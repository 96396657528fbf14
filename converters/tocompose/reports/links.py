"""Which lines of the output came from which lines of the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.model import File
from tocompose.reports.report import Report
from tocompose.source import Span

_WORD = re.compile(r"[\w./-]+")


class LinkTarget(NamedTuple):
    """A line of a file, 1-based."""

    file: str
    line: int


def source_links(report: Report) -> tuple[tuple[LinkTarget, LinkTarget], ...]:
    """Pairs of a source line and an output line, each once, in source order."""
    positions = _line_positions(report)
    outputs = {
        output_file.path: output_file.content.decode("utf-8", "replace").split("\n")
        for output_file in report.files
    }
    pairs: dict[tuple[LinkTarget, LinkTarget], None] = {}
    for span, path in report.trace():
        for target in _closest_lines(
            _nearest_lines(path, positions), span, report, outputs
        ):
            for line in range(span.line, min(span.end_line, span.line + 50) + 1):
                if line == span.line or span.end_column > 1 or line < span.end_line:
                    pairs[(LinkTarget(span.file, line), target)] = None
    return tuple(pairs)


def _closest_lines(
    targets: list[LinkTarget], span: Span, report: Report, outputs: dict[str, list[str]]
) -> list[LinkTarget]:
    """Of the lines of a list those that have most in common with what stands in the source."""
    quote = report.quotes.quote(span) if len(targets) > 1 else None
    if quote is None:
        return targets
    source_words = set(_WORD.findall(quote.line[quote.start : quote.end]))
    shared = {
        target: len(
            source_words & set(_WORD.findall(outputs[target.file][target.line - 1]))
        )
        for target in targets
    }
    most_shared = max(shared.values())
    return (
        [target for target in targets if shared[target] == most_shared]
        if most_shared
        else targets
    )


def _nearest_lines(path: str, positions: dict[str, list[LinkTarget]]) -> list[LinkTarget]:
    """The lines of a path, or of the nearest one above it that is written; never the head of a whole service."""
    while path not in positions and path.count(".") > 2:
        path = path.rpartition(".")[0]
    return positions.get(path, [])


def _line_positions(report: Report) -> dict[str, list[LinkTarget]]:
    positions: dict[str, list[LinkTarget]] = {}
    for file in report.files:
        for path, first_line, last_line in _file_paths(file):
            positions.setdefault(path, []).extend(
                LinkTarget(file.path, line) for line in range(first_line, last_line + 1)
            )
    return positions


def _file_paths(file: File) -> Iterator[tuple[str, int, int]]:
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
        child_path = f"{path}.{key.value}" if path else str(key.value)
        first_line = key.start_mark.line + 1
        if value.id == "mapping" and value.start_mark.line > key.start_mark.line:
            yield child_path, first_line, first_line
        else:
            yield child_path, first_line, max(first_line, _last_line(value))
        if value.id == "mapping" and value.start_mark.line >= key.start_mark.line:
            yield from _node_paths(value, child_path)


def _last_line(node: Any) -> int:
    """The last line of a value; a mark behind a block stands at the start of the next line."""
    mark = node.end_mark
    return int(mark.line + 1 if mark.column else mark.line)
