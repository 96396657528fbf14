"""Changes to the text of a compose file, line by line: everything that is not changed stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tocompose.compose.yaml_text import render
from tocompose.source import Branch, Child


class Edit(NamedTuple):
    """Lines from `start` up to `end` (0-based, exclusive) that are replaced by others."""

    start: int
    end: int
    lines: tuple[str, ...]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits, which do not overlap; in its own kind of line breaks."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda item: (item.start, item.end), reverse=True):
        lines[edit.start : edit.end] = edit.lines
    return newline.join(lines)


def block_end(lines: list[str], start: int, column: int) -> int:
    """The line after the block whose key stands at `start` in that column (0-based): its last line with content."""
    end = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip(" "))
        if text and indent <= column and not (indent == column and text.startswith("- ")):
            break
        if text and (indent > column or not text.startswith("#")):
            end = number + 1
    return end


def in_block_style(entry: Child, lines: list[str]) -> bool:
    """Whether the entry is a map of several lines below its key, to which lines can be added."""
    line = lines[entry.span.line - 1]
    rest = line[entry.span.end_column - 1 :].partition("#")[0].strip()
    plain_key = rest in (":", "") or (
        rest.startswith(":")
        and rest[1:].strip().startswith("&")
        and " " not in rest[2:].strip()
    )
    return (
        isinstance(entry.node, Branch)
        and plain_key
        and not line.lstrip().startswith(("-", "?", "{"))
    )


def added_key(entry: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that adds a key at the end of a map in block style."""
    column = entry.span.column - 1
    end = block_end(lines, entry.span.line - 1, column)
    inner = _first_column(entry, lines)
    return Edit(end, end, tuple(indented({key: value}, inner)))


def replaced_key(inner: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that replaces a key and all below it; comments that stood there go in front of it."""
    column = inner.span.column - 1
    start = inner.span.line - 1
    end = block_end(lines, start, column)
    parts = (line.partition("#") for line in lines[start:end])
    comments = [" " * column + f"#{text}".rstrip() for _, sign, text in parts if sign]
    return Edit(start, end, (*comments, *indented({key: value}, column)))


def _first_column(entry: Child, lines: list[str]) -> int:
    """The column of the map's own keys: that of the first line below its key."""
    start = entry.span.line
    column = entry.span.column - 1
    for line in lines[start:]:
        text = line.strip()
        if text and not text.startswith("#"):
            return len(line) - len(line.lstrip(" "))
    return column + 2


def indented(content: Mapping[str, Any], column: int) -> list[str]:
    """The lines of a map, moved to a column."""
    return [
        " " * column + line if line else line
        for line in render(content).rstrip("\n").replace("\n\n", "\n").split("\n")
    ]
