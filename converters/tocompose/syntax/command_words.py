"""The words of a command that stands as one text, as docker compose splits it.

https://github.com/mattn/go-shellwords: quotes and backslashes as in a shell, no comments, and nothing behind the first
operator is read: of `a && b` the container runs `a`.
"""

from __future__ import annotations

import shlex

from tocompose.syntax.interpolation import Variable, parse

_OPERATORS = frozenset(";&|<>")
_QUOTES = frozenset("'\"`")


class CommandText(tuple[str, ...]):
    """The words of a command that stands as one text with variables: docker compose fills these in, then splits it."""

    text: str

    def __new__(cls, text: str) -> CommandText:
        """The words of the text."""
        command = super().__new__(cls, command_words(text))
        command.text = text
        return command


def is_open_command(text: str) -> bool:
    """Whether a quote or a backslash at the end of what is read still waits for what follows."""
    return _split(text).is_open


def command_words(text: str) -> tuple[str, ...]:
    """The words; a variable stands whole in its word."""
    splitter = _split(text)
    if splitter.is_open:
        # Compose refuses it; what a shell would make of it is the best there is.
        return _shell_words(text)
    return tuple(splitter.finish())


def _split(text: str) -> _WordSplitter:
    splitter = _WordSplitter()
    for segment in parse(text):
        if isinstance(segment, Variable):
            splitter.add(segment.source)
        elif not all(map(splitter.read, segment.source)):
            break
    return splitter


def _shell_words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return (text,)


class _WordSplitter:
    """Gathers characters into words."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._word: str | None = None
        self._quote = ""
        self._is_escaped = False

    @property
    def is_open(self) -> bool:
        """Whether a quote or a backslash still waits for what follows."""
        return self._is_escaped or bool(self._quote)

    def finish(self) -> list[str]:
        """All words."""
        self._end_word()
        return self._words

    def add(self, text: str) -> None:
        """Puts a text into the word that is open."""
        self._word = (self._word or "") + text

    def read(self, char: str) -> bool:
        """Takes the next character; False at an operator, behind which nothing is read."""
        if self._is_escaped:
            self.add(char)
            self._is_escaped = False
        elif char == "\\" and self._quote != "'":
            self._is_escaped = True
        elif char in _QUOTES and self._quote in ("", char):
            self._toggle(char)
        elif self._quote:
            self.add(char)
        elif char.isspace():
            self._end_word()
        else:
            return self._read_plain(char)
        return True

    def _read_plain(self, char: str) -> bool:
        if char not in _OPERATORS:
            self.add(char)
            return True
        if char == ">" and self._word and self._word[0].isdigit():
            # The number of a file descriptor belongs to the operator.
            self._word = None
        return False

    def _toggle(self, quote: str) -> None:
        self._quote = "" if self._quote else quote
        self.add("`" if quote == "`" else "")

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append(self._word)
        self._word = None
