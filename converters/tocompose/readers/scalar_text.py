"""The text of a YAML scalar with the place of each of its characters, to be read by the grammar of another language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.text import Text, join_texts
from tocompose.source import Leaf, Span

_INDICATOR = regex(r"[|>][^\n]*\n")


class ScalarTexts:
    """The texts of the scalars of one file."""

    def __init__(self, source: Text) -> None:
        self._source = source
        self._starts = [0, *(m.end() for m in re.finditer("\n", source.text))]

    def text_of(self, leaf: Leaf) -> Text:
        """The leaf's text, each line at its place in the file.

        Where YAML folds lines or undoes escapes, all stands where the scalar begins.
        """
        source = self._source
        start, end_offset = self._offsets(leaf.span)
        written = source.text[start:end_offset]
        if leaf.style == "literal" and (indicator := _INDICATOR.match(written)):
            block = join_texts(_block_lines(source, start + indicator.end(), end_offset))
            if block.text.rstrip() == leaf.text.rstrip():
                return block
        is_quoted = leaf.style in ("single", "double") and written[:1] in ("'", '"')
        quote = int(is_quoted)
        if written[quote : len(written) - quote] == leaf.text:
            return source.cut(start + quote, end_offset - quote)
        if leaf.style in ("literal", "folded"):
            return Text(source.file, leaf.text, None, leaf.span.line + 1, 1)
        column = leaf.span.column + quote
        return Text(source.file, leaf.text, None, leaf.span.line, column)

    def _offsets(self, span: Span) -> tuple[int, int]:
        """Where a span begins and ends in the text of the file."""
        last_line = min(span.end_line, len(self._starts)) - 1
        start = self._starts[min(span.line, len(self._starts)) - 1] + span.column - 1
        return start, self._starts[last_line] + span.end_column - 1


def _block_lines(source: Text, start: int, end_offset: int) -> Iterator[Text]:
    """The lines of a block scalar without the indentation that they share."""
    lines: list[tuple[int, str]] = []
    while start < end_offset:
        newline = source.text.find("\n", start, end_offset)
        stop = end_offset if newline == -1 else newline + 1
        lines.append((start, source.text[start:stop]))
        start = stop
    margin = min(
        (len(line) - len(line.lstrip(" ")) for _, line in lines if line.strip()), default=0
    )
    for at, line in lines:
        yield source.cut(at + min(margin, len(line.rstrip("\n"))), at + len(line))
