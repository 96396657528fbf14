"""Which lines of the written files say what lines of the source said, and which of them a note is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.model import File
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.reports.report import Report
from tocompose.source import Span
from tocompose.syntax.model_path import ROOT, ModelPath

_WORD = regex(r"[\w./-]+")


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


def _nearest_lines(
    path: ModelPath, positions: dict[ModelPath, list[LinkTarget]]
) -> list[LinkTarget]:
    """The lines of a path, or of the nearest one above it that is written; never the head of a whole service."""
    while path not in positions and len(path) > 3:
        path = path.parent
    return positions.get(path, [])


def _line_positions(report: Report) -> dict[ModelPath, list[LinkTarget]]:
    positions: dict[ModelPath, list[LinkTarget]] = {}
    for file in report.files:
        for path, first_line, last_line in _file_paths(file):
            positions.setdefault(path, []).extend(
                LinkTarget(file.path, line) for line in range(first_line, last_line + 1)
            )
    return positions


def _file_paths(file: File) -> Iterator[tuple[ModelPath, int, int]]:
    """Every path of the ledger's kind that a file holds, with its first and last line."""
    yield ModelPath.of("files", file.path), 1, 1
    if file.path.endswith((".yml", ".yaml")) and not file.path.startswith("config/"):
        yield from _yaml_paths(file.content)
    elif file.path.startswith(".env") and not file.secret:
        for number, line in enumerate(
            file.content.decode("utf-8", "replace").split("\n"), 1
        ):
            name, sign, _ = line.partition("=")
            if sign and not line.startswith("#"):
                yield ModelPath.of("settings", name), number, number


def _yaml_paths(content: bytes) -> Iterator[tuple[ModelPath, int, int]]:
    import yaml

    node = yaml.compose(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    yield from _node_paths(node, ROOT)


def _node_paths(node: Any, path: ModelPath) -> Iterator[tuple[ModelPath, int, int]]:
    for key, value in node.value if node is not None and node.id == "mapping" else ():
        child_path = path.child(str(key.value))
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


def note_lines(report: Report) -> tuple[tuple[LinkTarget, ...], ...]:
    """For each note of the report the lines that it stands beside: those of what it is about, one in each file.

    A note about a whole service stands at its head in the first file; one about the whole stack has no line.
    """
    positions = _line_positions(report)
    return tuple(tuple(_lines_about(note.subject, positions)) for note in report.notes)


def _lines_about(
    subject: ModelPath, positions: dict[ModelPath, list[LinkTarget]]
) -> Iterator[LinkTarget]:
    path = subject
    while path not in positions and len(path) > 2:
        path = path.parent
    targets = positions.get(path, []) if len(path) > 1 else []
    first_lines = {target.file: target for target in reversed(targets)}
    in_order = [target for target in targets if first_lines[target.file] == target]
    yield from in_order if len(path) > 2 else in_order[:1]
