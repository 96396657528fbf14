"""Repairs docker commands that a chat, a web page or a PDF has changed while they were copied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from tocompose.importers.docker_run.paste.commands import (
    repair_spelling,
    restore_breaks,
)
from tocompose.importers.docker_run.paste.damage import Damage
from tocompose.importers.docker_run.paste.lines import join_lines, split_commands
from tocompose.importers.docker_run.paste.surroundings import (
    escape_ampersands,
    strip_line_numbers,
    strip_markup,
    strip_quotes,
    unescape_entities,
)
from tocompose.ledger import Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.readers.text import Text, without_returns
from tocompose.record import NamedTuple
from tocompose.source import Span

_Pass: TypeAlias = Callable[[str], Iterable[Damage]]


def _decode_mail(text: str) -> Iterator[Damage]:
    """The signs of a mail; few pastes have any, and only they load what reads them."""
    ends = (line.rstrip().endswith("=") for line in text.splitlines())
    if "=3D" in text or any(ends):
        from tocompose.importers.docker_run.paste.encodings import decode_mail

        yield from decode_mail(text)


def _decode_json(text: str) -> Iterator[Damage]:
    """The commands in JSON, all of whose texts stand in double quotes."""
    if '"' in text:
        from tocompose.importers.docker_run.paste.encodings import decode_json

        yield from decode_json(text)


# What surrounds the commands comes off first: the words inside it are read afterwards.
_COMMANDS: tuple[_Pass, ...] = (restore_breaks, join_lines, split_commands)
_PASSES: Mapping[str, tuple[_Pass, ...]] = {
    "pasted": (
        *(_decode_mail, _decode_json),
        *(unescape_entities, strip_line_numbers, strip_markup, strip_quotes),
        escape_ampersands,
        repair_spelling,
        *_COMMANDS,
    ),
    # A code block of documentation, in which markup and entities mean themselves.
    "markdown": (strip_line_numbers, strip_quotes, repair_spelling, *_COMMANDS),
    "shell": _COMMANDS,
}
_DOCKER = regex(r"docker|podman|nerdctl", re.IGNORECASE)


class _Repair(NamedTuple):
    code: str
    span: Span
    written: str


def repair_commands(source: Text, ledger: Ledger, kind: str) -> Text:
    """The text with its docker commands as they were before they were copied, each kind of repair noted.

    Of a `shell` script only the commands are repaired; of what was `pasted` also what stands around them.
    """
    if not _DOCKER.search(source.text):
        return source
    text = without_returns(source)
    repairs: list[_Repair] = []
    for find_damages in _PASSES[kind]:
        damages = _apart(sorted(find_damages(text.text)))
        repairs += [
            _Repair(damage.code, _shown_span(text, damage), damage.written)
            for damage in damages
            if damage.code
        ]
        text = text.edited(
            (damage.start, damage.end_offset, damage.typed) for damage in damages
        )
    for first_repair, count in _first_of_each_kind(repairs):
        counted_others = f" and {count - 1} more" if count > 1 else ""
        written = first_repair.written + counted_others
        ledger.add_note(note(first_repair.code, first_repair.span, written=written))
    return text


def _shown_span(text: Text, damage: Damage) -> Span:
    if damage.shown_at is None:
        return text.span(damage.start, damage.end_offset)
    word = re.compile(r"\S*").match(text.text, damage.shown_at)
    return text.span(damage.shown_at, word.end() if word else damage.shown_at)


def _apart(damages: list[Damage]) -> list[Damage]:
    """The damages without those that begin inside another one."""
    kept_damage: list[Damage] = []
    for damage in damages:
        if not kept_damage or damage.start >= kept_damage[-1].end_offset:
            kept_damage.append(damage)
    return kept_damage


def _first_of_each_kind(repairs: list[_Repair]) -> Iterator[tuple[_Repair, int]]:
    codes = [repair.code for repair in repairs]
    for code in dict.fromkeys(codes):
        yield repairs[codes.index(code)], codes.count(code)
