"""Undoes the typography of web pages and word processors in docker commands: dashes, curly quotes, special blanks.

A word processor makes `--` one long dash and `"` a curly quote; no shell takes either for what was typed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cache

from tocompose.patterns import regex
from tocompose.readers.words import Unbalanced, double_quote_end
from tocompose.record import NamedTuple
from tocompose.tables import load

# Hyphens, dashes and minus signs of Unicode that stand where `-` or `--` was typed.
_DASHES = "‐‑‒–—―−﹘﹣－"
_DOUBLE_QUOTES = "“”„‟″"
_SINGLE_QUOTES = "‘’‚‛′"
# As web pages put them between the words of a command.
WEB_BLANKS = "\u00a0\u2007\u202f\u200b"
# A word that begins with dashes, one of them no ASCII hyphen: `–d`, `––name`, `—rm`, `-–name`.
_DASHED_WORD = regex(rf"-?[{_DASHES}][-{_DASHES}]?(?P<word>[A-Za-z][\w-]*)")
_BEFORE_WORD = regex(r"(?:\A|[ \t\n'\"(]|\\\n)\Z")
_CLOSED_SINGLE = regex(r"'[^'\n]*'")


class TypographicMark(NamedTuple):
    """A stretch that a keyboard would have given otherwise; `kind` is `dash`, `quote` or `blank`."""

    kind: str
    start: int
    end_offset: int
    typed: str


def typographic_marks(command: str) -> tuple[TypographicMark, ...]:
    """The stretches of a docker command that typography has changed, in order; what stands in quotes is left as it is.

    A dash counts where a word begins with it, and a curly quote that is opened at a word's edge and closed.
    """
    return () if command.isascii() else tuple(sorted(_read_marks(command), key=_start_of))


def _start_of(mark: TypographicMark) -> int:
    return mark.start


def _read_marks(command: str) -> Iterator[TypographicMark]:
    index = 0
    while index < len(command):
        char = command[index]
        if char == "\\":
            index += 2
        elif char in "'\"" and (close := _quote_end(command, index)):
            index = close
        elif char in WEB_BLANKS:
            yield TypographicMark("blank", index, index + 1, " ")
            index += 1
        elif char in _DOUBLE_QUOTES or char in _SINGLE_QUOTES or char in "'\"":
            index = yield from _quote_marks(command, index)
        elif mark := _dash_mark(command, index):
            yield mark
            index = mark.end_offset
        else:
            index += 1


def _quote_end(command: str, index: int) -> int:
    """Where the string ends that an ASCII quote opens; 0 where nothing closes it."""
    if command[index] == "'":
        match = _CLOSED_SINGLE.match(command, index)
        return match.end() if match else 0
    try:
        return double_quote_end(command, index, len(command))
    except Unbalanced:
        return 0


def _quote_marks(command: str, index: int) -> Generator[TypographicMark, None, int]:
    """The two marks of a string in curly quotes, of which one may be ASCII; returns where to go on."""
    family = _family_of(command[index])
    close = _closing_quote(command, index + 1, family[:-1])
    if close is None:
        close = _closing_quote(command, index + 1, family)
    if close is None or command[index - 1 : index].isalnum():
        return index + 1
    content = command[index + 1 : close]
    typed = _plain_quote(family, content)
    yield from (
        TypographicMark("quote", at, at + 1, typed)
        for at in (index, close)
        if command[at] != typed
    )
    return close + 1


def _family_of(char: str) -> str:
    return _SINGLE_QUOTES + "'" if char in _SINGLE_QUOTES + "'" else _DOUBLE_QUOTES + '"'


def _closing_quote(command: str, start: int, quotes: str) -> int | None:
    """Where the quote stands that closes the string, at the end of a word; None where there is none in its line."""
    line_end = command.find("\n", start)
    line_end = len(command) if line_end == -1 else line_end
    for at in range(start, line_end):
        if command[at] in quotes and not command[at + 1 : at + 2].isalnum():
            return at
    return None


def _plain_quote(family: str, content: str) -> str:
    """The ASCII quote for a string: the other one where the string holds its own and nothing is put in."""
    quote, other_quote = ("'", '"') if "'" in family else ('"', "'")
    is_free = other_quote not in content and "$" not in content
    return other_quote if quote in content and is_free else quote


def _dash_mark(command: str, index: int) -> TypographicMark | None:
    match = _DASHED_WORD.match(command, index)
    if match is None or not _BEFORE_WORD.search(command, max(0, index - 2), index):
        return None
    word = match["word"]
    dashes = match.start("word") - index
    is_long = dashes > 1 or word in _long_options()
    return TypographicMark("dash", index, match.start("word"), "--" if is_long else "-")


@cache
def _long_options() -> frozenset[str]:
    """The long names of all options of docker and podman commands, without their dashes."""
    tables = (
        "run",
        "podman",
        "build",
        "network_create",
        "network_connect",
        "volume_create",
    )
    rows = {name: row for table in tables for name, row in load(f"docker/{table}").items()}
    names = [*rows, *(alias for row in rows.values() for alias in row.get("aliases", ()))]
    names += [name for client in load("shell")["globals"].values() for name in client]
    return frozenset(name[2:] for name in names if name.startswith("--"))
