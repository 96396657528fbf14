"""Edits of compose files by lines: keys added and replaced, and all else left where it stands, comments too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.compose.yaml_text import render
from tocompose.record import NamedTuple
from tocompose.source import Branch, Child, Leaf


class Edit(NamedTuple):
    """Lines from `start` up to `end` (0-based, exclusive) that are replaced by others."""

    start: int
    end_line: int
    lines: tuple[str, ...]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits, which do not overlap; in its own kind of line breaks."""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end_line), reverse=True):
        lines[edit.start : edit.end_line] = edit.lines
    return newline.join(lines)


def block_end(lines: list[str], start: int, column: int) -> int:
    """The line after the block whose key stands at `start` in that column (0-based): its last line with content."""
    end_line = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        indent = len(lines[number]) - len(lines[number].lstrip(" "))
        if text and indent <= column and not (indent == column and text.startswith("- ")):
            break
        if text and (indent > column or not text.startswith("#")):
            end_line = number + 1
    return end_line


def in_block_style(service_entry: Child, lines: list[str]) -> bool:
    """Whether the entry is a map of several lines below its key, to which lines can be added."""
    line = lines[service_entry.span.line - 1]
    inline_value = line[service_entry.span.end_column - 1 :].partition("#")[0].strip()
    plain_key = inline_value in (":", "") or (
        inline_value.startswith(":")
        and inline_value[1:].strip().startswith("&")
        and " " not in inline_value[2:].strip()
    )
    return (
        isinstance(service_entry.node, Branch)
        and plain_key
        and not line.lstrip().startswith(("-", "?", "{"))
    )


def added_key(service_entry: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that adds a key at the end of a map in block style."""
    column = service_entry.span.column - 1
    end_line = block_end(lines, service_entry.span.line - 1, column)
    key_column = _first_column(service_entry, lines)
    return Edit(end_line, end_line, tuple(indented({key: value}, key_column)))


def replaced_key(key_entry: Child, lines: list[str], key: str, value: Any) -> Edit:
    """The edit that replaces a key and all below it; comments stay on their entries, or go in front of the key."""
    listed_lines = _lines_of_list(key_entry, lines, value)
    removal = removed_key(key_entry, lines)
    if listed_lines is not None:
        return removal._replace(start=removal.start + 1, lines=tuple(listed_lines))
    new_lines = indented({key: value}, key_entry.span.column - 1)
    return removal._replace(lines=(*removal.lines, *new_lines))


def removed_key(key_entry: Child, lines: list[str]) -> Edit:
    """The edit that deletes a key and all below it; the comments there stay."""
    column = key_entry.span.column - 1
    start = key_entry.span.line - 1
    end_line = block_end(lines, start, column)
    split_lines = (line.partition("#") for line in lines[start:end_line])
    comments = [" " * column + f"#{text}".rstrip() for _, sign, text in split_lines if sign]
    return Edit(start, end_line, tuple(comments))


def _lines_of_list(key_entry: Child, lines: list[str], value: Any) -> list[str] | None:
    """The lines of a list of names, one a line, made a map of these names; None for what is no such list."""
    node = key_entry.node
    if not isinstance(node, Branch) or node.kind != "list" or not isinstance(value, dict):
        return None
    if len(node.children) != len(value):
        # A name stands twice.
        return None
    column = key_entry.span.column + 1
    new_lines: list[str] = []
    start = key_entry.span.line
    for child in node.children:
        row = child.node.span.line - 1
        if not isinstance(child.node, Leaf) or not lines[row].lstrip().startswith("- "):
            return None
        if child.node.text not in value:
            return None
        _, sign, comment = lines[row].partition(" #")
        first_line, *more_lines = indented(
            {child.node.text: value[child.node.text]}, column
        )
        new_lines += lines[start:row]
        new_lines += [f"{first_line} #{comment}" if sign else first_line, *more_lines]
        start = row + 1
    end_line = block_end(lines, key_entry.span.line - 1, key_entry.span.column - 1)
    return [*new_lines, *lines[start:end_line]]


def _first_column(service_entry: Child, lines: list[str]) -> int:
    """The column of the map's own keys: that of the first line below its key."""
    start = service_entry.span.line
    column = service_entry.span.column - 1
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
