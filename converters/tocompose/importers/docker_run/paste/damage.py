"""A stretch of a paste that was written otherwise, and the docker commands in which such stretches are looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from tocompose.importers.docker_run.invocation import STARTING_VERBS, Argument
from tocompose.importers.docker_run.options import (
    flag_rows,
    flags_with_value,
    parse_command_line,
    read_verb,
    tool_of,
)
from tocompose.patterns import regex
from tocompose.readers.idioms import continued_lines
from tocompose.readers.words import Token, Unbalanced, tokens
from tocompose.record import NamedTuple
from tocompose.source import Span

# How a docker command begins, in a pattern.
CALL = r"(?:sudo[ \t]+)?(?:docker|podman)(?:\.exe)?[ \t]"
# The end of a line that goes on, in PowerShell and in cmd.exe.
_FOREIGN_END = regex(r"(?<=[ \t])[`^](?=[ \t]*\n)")
# A value in typographic quotes with a sign that is an operator outside of quotes: `“a&b”`.
_CURLY_OPERATOR = regex(r'(?<==)[“”]([^“”"\n]*[&|;<>][^“”"\n]*)[“”]')
_NOWHERE = Span("", 1, 1, 1, 1)


class Damage(NamedTuple):
    """What stands from `start` on is replaced by `typed`; `code` is the note's, empty where another one says it.

    The note stands at `shown_at` where that is not the stretch itself.
    """

    start: int
    end_offset: int
    typed: str
    code: str = ""
    written: str = ""
    shown_at: int | None = None


class DockerWords(NamedTuple):
    """The words of a docker command: from its name on, and where the arguments of its verb begin."""

    words: tuple[Token, ...]
    verb: tuple[str, ...]
    arguments_at: int

    @property
    def starts_container(self) -> bool:
        """Whether it is `docker run` or `docker create`."""
        return self.verb in STARTING_VERBS

    @property
    def arguments(self) -> tuple[Token, ...]:
        """The words behind the verb."""
        return self.words[self.arguments_at :]

    def operands_at(self) -> int | None:
        """The index among the words where the image or another operand stands; None while there is none."""
        arguments = tuple(Argument(word.text, _NOWHERE) for word in self.arguments)
        rows = flag_rows("run", "podman")
        operands = parse_command_line(arguments, rows).operands
        return len(self.words) - len(operands) if operands else None


def docker_words(words: list[Token]) -> DockerWords | None:
    """The docker command among the words of a simple command; None where there is none."""
    for at, word in enumerate(words):
        if tool := tool_of(word.text):
            texts = [word.text.lower() for word in words[at:]]
            verb_at = _verb_at(texts, tool)
            verb, arguments_at = read_verb(texts, verb_at)
            return DockerWords(tuple(words[at:]), verb, arguments_at) if verb else None
    return None


def _verb_at(texts: list[str], tool: str) -> int:
    valued, at = flags_with_value(tool), 1
    while at < len(texts) and texts[at].startswith("-"):
        at += 2 if texts[at] in valued else 1
    return at


def docker_commands(text: str) -> Iterator[DockerWords]:
    """The docker commands of a text, each up to the end of its line or to an operator."""
    words: list[Token] = []
    for token in sound_tokens(text):
        if token.kind == "word":
            words.append(token)
            continue
        if command := docker_words(words):
            yield command
        words = []
    if command := docker_words(words):
        yield command


@lru_cache(maxsize=4)
def sound_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text; where a quote is never closed, those of each line that is sound."""
    text = continued_lines(_FOREIGN_END.sub("\\\\", text))
    text = _CURLY_OPERATOR.sub(r'"\1"', text)
    try:
        return tuple(tokens(text))
    except Unbalanced:
        return tuple(_line_tokens(text))


def _line_tokens(text: str) -> Iterator[Token]:
    for line in re.finditer(r"(?:[^\n\\]|\\.|\\\n|\\\Z)*", text, re.DOTALL):
        try:
            yield from tuple(tokens(text, line.start(), line.end()))
        except Unbalanced:
            continue
        finally:
            if line.end() < len(text):
                yield Token("newline", line.end(), line.end() + 1, "\n")
