"""The values that a template or a configuration states for what it is told when it is deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.ledger import Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.wording import enumerated


class StatedDefault(NamedTuple):
    """The default value of a parameter, under the name that its variable has."""

    name: str
    text: str
    is_secret: bool
    span: Span


def note_defaults(defaults: Iterable[StatedDefault], ledger: Ledger) -> None:
    """Says, file by file, which variables got the values that a file states for them."""
    for file, own_defaults in _by_file(defaults):
        names = enumerated([default.name for default in own_defaults])
        first, *others = (default.span for default in own_defaults)
        ledger.add_note(note("TC092", first, related=others, file=file, names=names))


def _by_file(
    defaults: Iterable[StatedDefault],
) -> Iterator[tuple[str, list[StatedDefault]]]:
    files: dict[str, list[StatedDefault]] = {}
    for default in defaults:
        files.setdefault(default.span.file, []).append(default)
    yield from files.items()
