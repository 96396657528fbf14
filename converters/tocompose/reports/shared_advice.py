"""What several pieces of advice have in common, said once, and what is left of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile

from tocompose.patterns import regex
from tocompose.record import NamedTuple

# A sentence, or what leads to a command behind a colon; code is never broken.
_PIECE = regex(r"(?:`[^`]*`|[^`])+?(?:[.:](?=\s)|$)")


class SharedAdvice(NamedTuple):
    """The whole sentences that all begin or end with, and those that are each one's own, empty where none is."""

    shared: str
    own: tuple[str, ...]


def shared_advice(advices: Sequence[str]) -> SharedAdvice:
    """The advice in parts; what leads to something of each one's own (`…:`) stands last in the shared part."""
    all_pieces = [_pieces_of(advice) for advice in advices]
    first_pieces = all_pieces[0]
    begun = _common_length(all_pieces)
    rests = [pieces[begun:] for pieces in all_pieces]
    ended = _common_length([rest[::-1] for rest in rests])
    own = [" ".join(rest[: len(rest) - ended]) for rest in rests]
    beginning, ending = first_pieces[:begun], first_pieces[len(first_pieces) - ended :]
    is_lead = bool(beginning) and beginning[-1].endswith(":")
    in_order = [*ending, *beginning] if is_lead else [*beginning, *ending]
    return SharedAdvice(" ".join(in_order), tuple(_without_repeats(own)))


def _without_repeats(advices: Sequence[str]) -> Iterator[str]:
    """The advices; what several in a row have in common stands at the first, with how many it is for."""
    for advice, alike in groupby(advices):
        followers = len(list(alike)) - 1
        next_ones = "the next one" if followers == 1 else f"the next {followers}"
        yield f"For this and {next_ones}: {advice}" if advice and followers else advice
        yield from [""] * followers


def _pieces_of(advice: str) -> list[str]:
    return [piece.strip() for piece in _PIECE.findall(advice)]


def _common_length(all_pieces: Sequence[Sequence[str]]) -> int:
    """How many pieces at the beginning are the same in all."""
    columns = zip(*all_pieces, strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
