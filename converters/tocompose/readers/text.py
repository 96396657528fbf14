"""Source text whose characters know their place in the file, also after parts of it were cut out or replaced."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from tocompose.readers import reading
from tocompose.record import NamedTuple
from tocompose.source import Span

Edit: TypeAlias = tuple[int, int, str]


class _Mark(NamedTuple):
    """From `offset` on, characters stand at `line` and at `column` and the columns after it."""

    offset: int
    line: int
    column: int


class Text:
    """A piece of a source file: `text`, and for each offset in it the line and column where it stands in `file`."""

    __slots__ = ("_marks", "_offsets", "file", "text")

    def __init__(
        self,
        file: str,
        text: str,
        marks: list[_Mark] | None = None,
        line: int = 1,
        column: int = 1,
    ) -> None:
        self.file = file
        self.text = text
        self._marks = marks if marks is not None else _line_marks(text, line, column)
        self._offsets = [mark.offset for mark in self._marks]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both 1-based, of the character at `offset`."""
        mark = self._marks[max(bisect_right(self._offsets, offset) - 1, 0)]
        return mark.line, mark.column + offset - mark.offset

    def span(self, start: int, end_offset: int) -> Span:
        """The span of the characters from `start` up to but not including `end`."""
        line, column = self.place(start)
        if end_offset <= start:
            return Span(self.file, line, column, line, column)
        end_line, end_column = self.place(end_offset - 1)
        return Span(self.file, line, column, end_line, end_column + 1)

    def edited(self, edits: Iterable[Edit]) -> Text:
        """The text with each stretch (start, end, replacement) replaced; edits are in order and do not overlap."""
        edits = list(edits)
        if not edits:
            return self
        texts: list[str] = []
        marks: list[_Mark] = []
        length, done = 0, 0
        for start, end_offset, replacement in (
            *edits,
            (len(self.text), len(self.text), ""),
        ):
            self._keep_marks(done, start, length - done, marks)
            texts += (self.text[done:start], replacement)
            if replacement:
                marks.append(_Mark(length + start - done, *self.place(start)))
            length += start - done + len(replacement)
            done = end_offset
        return Text(self.file, "".join(texts), marks or [_Mark(0, *self.place(0))])

    def cut(self, start: int, end_offset: int) -> Text:
        """The part from `start` up to but not including `end`."""
        marks: list[_Mark] = []
        self._keep_marks(start, end_offset, -start, marks)
        return Text(
            self.file, self.text[start:end_offset], marks or [_Mark(0, *self.place(start))]
        )

    def masked(self, text: str) -> Text:
        """Other text of the same length at the same places."""
        if len(text) != len(self.text):
            raise ValueError("a mask has the length of what it covers")
        return Text(self.file, text, self._marks)

    def _keep_marks(
        self, start: int, end_offset: int, shift: int, marks: list[_Mark]
    ) -> None:
        """Adds the marks of a stretch that is kept and moves by `shift`."""
        if start >= end_offset:
            return
        marks.append(_Mark(start + shift, *self.place(start)))
        first_mark = bisect_right(self._offsets, start)
        last_mark = bisect_right(self._offsets, end_offset - 1)
        marks.extend(
            [
                _Mark(offset + shift, line, column)
                for offset, line, column in self._marks[first_mark:last_mark]
            ]
        )


def join_texts(texts: Iterable[Text]) -> Text:
    """The pieces one after the other, each character keeping its place; of one file."""
    contents: list[str] = []
    marks: list[_Mark] = []
    file, length = "", 0
    for text in texts:
        file = file or text.file
        marks.extend(
            mark._replace(offset=mark.offset + length) for mark in text._marks if text.text
        )
        contents.append(text.text)
        length += len(text.text)
    return Text(file, "".join(contents), marks or [_Mark(0, 1, 1)])


def _line_marks(text: str, line: int, column: int) -> list[_Mark]:
    marks = [_Mark(0, line, column)]
    offset = text.find("\n")
    while offset != -1:
        line += 1
        marks.append(_Mark(offset + 1, line, 1))
        offset = text.find("\n", offset + 1)
    return marks


def without_returns(source: Text) -> Text:
    """The text with Windows and old Macintosh line ends made `\\n`."""
    if "\r" not in source.text:
        return source
    return source.edited(
        (m.start(), m.end(), "\n") for m in re.finditer(r"\r+\n|\r(?!\n)", source.text)
    )


def decode(data: bytes) -> str | None:
    """The text of a file in UTF-8, UTF-16 with a mark, or Latin-1; None for what is not text."""
    text = reading.decode(data)
    return None if "\0" in text or _is_junk(text) else text


def _is_junk(text: str) -> bool:
    """Whether more than one character in twenty is a control character that no script holds."""
    head = text[:4096]
    odd = sum(
        1
        for char in head
        if (char < " " and char not in "\t\n\r\f\x1b") or "\x7f" <= char < "\xa0"
    )
    return odd * 20 > len(head)


class Unreadable(ValueError):
    """Text that no reader can make sense of; `span` is where, the message says why and what to do."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(f"{span}: {message}")
        self.span = span
        self.message = message
