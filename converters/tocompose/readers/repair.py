"""Finds the line whose quote is never closed, so that the lines around it can still be read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.patterns import regex
from tocompose.readers.text import Text
from tocompose.readers.words import Unbalanced, tokens
from tocompose.record import NamedTuple

LOGICAL_LINE = regex(r"(?:[^\n\\]|\\.|\\\n|\\\Z)+", re.DOTALL)
_MOST_REPAIRS = 20
_MOST_CANDIDATES = 12
# Each candidate is judged by reading the whole text again, some microseconds a character: about two seconds together.
_MOST_CHARACTERS = 3_000_000


class Unclosed(NamedTuple):
    """A logical line that was taken out, and where in it the quote stands that nothing closes."""

    start: int
    end_offset: int
    quote: int


def repaired(text: Text) -> tuple[Text, tuple[Unclosed, ...]]:
    """The text with each line blanked that opens a quote and never closes it, and those lines."""
    unclosed: list[Unclosed] = []
    current = text.text
    characters_left = _MOST_CHARACTERS
    while (
        len(unclosed) < _MOST_REPAIRS and characters_left > 0 and not _is_balanced(current)
    ):
        affordable = max(1, characters_left // max(1, len(current)) - 2)
        candidates = list(_candidate_lines(current))[: min(_MOST_CANDIDATES, affordable)]
        characters_left -= (2 + len(candidates)) * len(current)
        if not candidates:
            break
        best = max(candidates, key=lambda line: _repair_score(_without_line(current, line)))
        unclosed.append(best)
        current = _without_line(current, best)
    return text.masked(current), tuple(sorted(unclosed))


def _is_balanced(text: str) -> bool:
    try:
        return all(True for _ in tokens(text))
    except Unbalanced:
        return False


def _candidate_lines(text: str) -> Iterator[Unclosed]:
    for match in LOGICAL_LINE.finditer(text):
        try:
            for _ in tokens(text, match.start(), match.end()):
                continue
        except Unbalanced as problem:
            yield Unclosed(match.start(), match.end(), problem.offset)


def _without_line(text: str, line: Unclosed) -> str:
    blank = re.sub(r"[^\n]", " ", text[line.start : line.end_offset])
    return text[: line.start] + blank + text[line.end_offset :]


def _repair_score(text: str) -> tuple[bool, int]:
    """Whether all quotes are closed now, and how many docker calls begin a line outside of them."""
    count, fresh = 0, True
    try:
        for token in tokens(text):
            count += (
                fresh
                and token.kind == "word"
                and token.text.rpartition("/")[2] in ("docker", "podman", "sudo")
            )
            fresh = token.kind != "word"
    except Unbalanced:
        return False, count
    return True, count
