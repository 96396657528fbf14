"""The user's `x-` sections with what a conversion changes in them: secrets that are variables from now on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from tocompose.compose.documents import ComposeFile, document_of, plain_value, read_file
from tocompose.compose.read import extensions_of
from tocompose.compose.shapes import as_map, with_texts
from tocompose.knowledge.secrets.texts import replace_spans
from tocompose.model import NumberText
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Node, Span

# What may stand in front of a value and stays: an anchor, which aliases refer to.
_ANCHOR = regex(r"(?:(?P<anchor>&\S+)\s+|!\S+\s+)*")
_LAST_BREAK = regex(r"\s*\Z")


class _ValueChange(NamedTuple):
    """A value that stands in the text, and the one that is to stand there."""

    span: Span
    value: str


def with_extensions(
    text: str, file: ComposeFile, extensions: Mapping[str, Any]
) -> str | None:
    """The text of the file with these `x-` sections; None where it cannot be edited to say that."""
    document = document_of(file)
    if extensions_of(document).keys() != extensions.keys():
        return None
    changes = {
        change.span: change.value
        for root in file.roots
        for change in _changes(root, {**document, **extensions}, file)
    }
    if not changes:
        return text
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    edited_text = replace_spans(
        text, (_edit(text, starts, span, value) for span, value in changes.items())
    )
    reread = read_file(edited_text.encode("utf-8", "surrogateescape"), file.path)
    is_wanted = not reread.notes and extensions_of(document_of(reread)) == extensions
    return edited_text if is_wanted else None


def _changes(node: Node, wanted: Any, file: ComposeFile) -> Iterator[_ValueChange]:
    """The values at or below the node that are to change; nothing is walked that stays as it is."""
    if with_texts(plain_value(node, file)) == with_texts(wanted):
        return
    if isinstance(node, Leaf):
        yield _ValueChange(node.span, _written(wanted))
        return
    # What is wanted in another shape is not found again when the text is read, so it is written anew.
    parts: dict[Any, Any] = as_map(wanted)
    if isinstance(wanted, list):
        parts = dict(enumerate(wanted))
    for child in node.children:
        key = int(child.key) if node.kind == "list" else str(child.key)
        if key in parts:
            yield from _changes(child.node, parts[key], file)


def _written(value: Any) -> str:
    """The scalar as YAML has it: a number as such, anything else as a text."""
    is_number = isinstance(value, NumberText)
    return str(value) if is_number else json.dumps(str(value), ensure_ascii=False)


def _edit(text: str, starts: list[int], span: Span, value: str) -> tuple[int, int, str]:
    start = starts[span.line - 1] + span.column - 1
    stop = min(starts[min(span.end_line, len(starts)) - 1] + span.end_column - 1, len(text))
    anchor = _ANCHOR.match(text, start, stop)
    anchor_text = f"{anchor['anchor']} " if anchor and anchor["anchor"] else ""
    line_break = _LAST_BREAK.search(text, start, stop)
    return (
        start,
        stop,
        anchor_text + value + (line_break[0] if line_break else ""),
    )
