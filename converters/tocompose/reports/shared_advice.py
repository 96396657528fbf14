"""What several pieces of advice have in common, said once, and what is left of each."""

from __future__ import annotations

import re
import shlex
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
    ended = _whole_ending(all_pieces, most=_common_length([rest[::-1] for rest in rests]))
    own = [" ".join(rest[: len(rest) - ended]) for rest in rests]
    beginning, ending = first_pieces[:begun], first_pieces[len(first_pieces) - ended :]
    is_lead = bool(beginning) and beginning[-1].endswith(":")
    in_order = [*ending, *beginning] if is_lead else [*beginning, *ending]
    return SharedAdvice(" ".join(in_order), tuple(_without_repeats(own)))


def _whole_ending(all_pieces: Sequence[Sequence[str]], most: int) -> int:
    """How many of the last pieces are cut off together, at most: none that goes on from a colon of each one's own."""
    lengths = range(most, 0, -1)
    return next((length for length in lengths if not _leaves_colon(all_pieces, length)), 0)


def _leaves_colon(all_pieces: Sequence[Sequence[str]], length: int) -> bool:
    """Whether an advice without that many of its last pieces would end with the colon that these go on from."""
    return any(
        length < len(pieces) and pieces[-length - 1].endswith(":") for pieces in all_pieces
    )


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


# So many commands that differ in a name alone are said as one loop.
_MANY_COMMANDS = 4
# Stands for the name that differs, which no advice holds; the variable of the loop.
_STAND_IN, _VARIABLE = "\ufff9", "service"
_CODE = regex(r"`([^`]+)`")
_QUOTED = regex(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.|[^'\"\\]+")


def with_loops(advices: Sequence[str], names: Sequence[str]) -> list[str]:
    """The advices; many that differ in the names of their services alone are one, its commands as loops over these."""
    templates = [
        re.sub(rf"(?<![A-Za-z0-9.-]){re.escape(name)}(?![A-Za-z0-9])", _STAND_IN, advice)
        if name
        else advice
        for name, advice in zip(names, advices, strict=True)
    ]
    names_by_template: dict[str, list[str]] = {}
    for template, name in zip(templates, names, strict=True):
        names_by_template.setdefault(template, []).append(name)
    looped = {
        template: _looped_advice(template, alike)
        for template, alike in names_by_template.items()
    }
    return [
        looped[template] or advice
        for template, advice in zip(templates, advices, strict=True)
    ]


def _looped_advice(template: str, names: Sequence[str]) -> str | None:
    """The advice for all names; None where they are few, or a command has one where a loop cannot put it in."""
    if len(set(names)) < _MANY_COMMANDS:
        return None
    loops = {code: _loop(code, names) for code in _CODE.findall(template)}
    if loops.keys() == set(loops.values()) or None in loops.values():
        return None
    text = _CODE.sub(lambda code: f"`{loops[code[1]]}`", template)
    return text.replace(_STAND_IN, "each")


def _loop(code: str, names: Sequence[str]) -> str | None:
    """The command for all names; itself without a name, None with one in single quotes."""
    if _STAND_IN not in code:
        return code
    stretches = _QUOTED.findall(code)
    if "".join(stretches) != code or any(
        _STAND_IN in stretch and stretch[0] in "'\\" for stretch in stretches
    ):
        return None
    body = "".join(
        stretch.replace(
            _STAND_IN, f"${{{_VARIABLE}}}" if stretch[0] == '"' else f'"${_VARIABLE}"'
        )
        for stretch in stretches
    )
    return f"for {_VARIABLE} in {shlex.join(names)}; do {body}; done"
