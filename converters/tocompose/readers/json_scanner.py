"""A place in a text of JSON, and what was found odd up to it."""

from __future__ import annotations

import re

from tocompose.limits import limit
from tocompose.patterns import regex
from tocompose.readers.reading import Oddity
from tocompose.record import NamedTuple
from tocompose.source import Span

_BLANK = regex(r"[ \t\r\n\f\v\xa0\ufeff]+")
_COMMENT = regex(r"//[^\n]*|#[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_NESTED = regex(r'"(?:[^"\\\n]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
# Comments and commas before a bracket are allowed there.
# https://code.visualstudio.com/docs/languages/json, https://docs.deno.com/runtime/fundamentals/configuration/
_WITH_COMMENTS = (".jsonc", "deno.json")
_ALLOWED_WITH_COMMENTS = ("comment", "trailing-comma")


class OpenBracket(NamedTuple):
    """A bracket that is not closed yet: what closes it, and where it stands."""

    closing: str
    start: int


class Scanner:
    """A place in the text, and what was found odd so far."""

    def __init__(self, text: str, file: str, lines_before: int = 0) -> None:
        self.text = text
        self.file = file
        self.offset = 0
        self._lines_before = lines_before
        self.oddities: list[Oddity] = []
        # How many values there may still be.
        self.room = limit("VALUES")
        self.open_brackets: list[OpenBracket] = []
        self._ended = False
        self._lacks_bracket: bool | None = None
        self._allowed = _ALLOWED_WITH_COMMENTS if file.endswith(_WITH_COMMENTS) else ()
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end_offset: int) -> Span:
        """The stretch between two places of the text."""
        (line, column), (end_line, end_column) = (
            self._position(start),
            self._position(end_offset),
        )
        return Span(self.file, line, column, end_line, end_column)

    def _position(self, offset: int) -> tuple[int, int]:
        from bisect import bisect_right

        line = bisect_right(self._starts, offset)
        return self._lines_before + line, offset - self._starts[line - 1] + 1

    def note_oddity(self, kind: str, start: int, end_offset: int, **facts: str) -> None:
        """Adds what is odd there, unless the file may hold it."""
        if kind not in self._allowed:
            self.oddities.append(Oddity(kind, self.span(start, end_offset), facts))

    def sorted_oddities(self) -> tuple[Oddity, ...]:
        """What was found odd, in the order of the text."""
        return tuple(sorted(self.oddities, key=lambda oddity: oddity.span))

    def at_end(self) -> bool:
        """Whether nothing of the text is left."""
        return self.offset >= len(self.text)

    def peek(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.offset : self.offset + 1]

    def is_cut_off(self) -> bool:
        """Whether the text ends here, inside of a value: that is told once."""
        if not self.at_end() or not self.open_brackets:
            return False
        if not self._ended:
            last = max(len(self.text.rstrip()), 1)
            line, _ = self._position(self.open_brackets[-1].start)
            self.note_oddity("cut-off", last - 1, last, line=str(line))
        self._ended = True
        return True

    def lacks_bracket(self) -> bool:
        """Whether fewer brackets are closed from here on than are open, as seen at the first wrong one."""
        if self._lacks_bracket is None:
            brackets = _NESTED.finditer(self.text, self.offset)
            left = sum((match[0] in "]}") - (match[0] in "[{") for match in brackets)
            self._lacks_bracket = left < len(self.open_brackets)
        return self._lacks_bracket

    def leave_rest(self, kind: str) -> None:
        """Moves to the end of the text, whose rest is left out for the reason given."""
        self.note_oddity(kind, self.offset, self.offset + 1)
        self.offset = len(self.text)
        self._ended = True

    def skip_blanks(self) -> None:
        """Moves past blanks and comments."""
        while True:
            if match := _BLANK.match(self.text, self.offset):
                self.offset = match.end()
            elif match := _COMMENT.match(self.text, self.offset):
                self.note_oddity("comment", match.start(), match.end())
                self.offset = match.end()
            else:
                return

    def skip_nested(self) -> None:
        """Moves past a value that is nested too deeply, to the bracket that closes it."""
        start, depth = self.offset, 0
        for match in _NESTED.finditer(self.text, start):
            depth += (match[0] in "[{") - (match[0] in "]}")
            if depth == 0:
                self.note_oddity("too-deep", start, start + 1)
                self.offset = match.end()
                return
        self.leave_rest("too-deep")
