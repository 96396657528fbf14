"""A repository that is read: its files, and the ledger in which what they say is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.reading import Oddity, Reading, decode, oddity_notes
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ROOT, ModelPath


class StatedVersion(NamedTuple):
    """A version for an image's tag, and in words where it comes from, empty where nothing states it; `cursor` is the
    leaf that does."""

    number: str
    reason: str
    cursor: Cursor | None = None


class Repository(NamedTuple):
    """Where a conversion reads from and settles in; `name` and `options` are the user's, `versions` those of languages
    that the platform's own files state, which go before all files of the repository."""

    project: Project
    ledger: Ledger
    name: str | None
    options: Mapping[str, tuple[str, ...]]
    versions: Mapping[str, StatedVersion] = MappingProxyType({})

    def has_file(self, path: str) -> bool:
        """Whether there is a file of that path; a folder is none."""
        return self.project.read(path) is not None

    def read_text(self, path: str) -> str | None:
        """The text of a file, None where there is none."""
        content = self.project.read(path)
        return None if content is None else decode(content)

    def open(
        self, path: str, reader: Callable[[bytes, str], Reading], family: str
    ) -> Cursor:
        """The accounted tree of a file, falsy where there is none; its oddities are said as notes of the family."""
        content = self.project.read(path)
        if content is None:
            return nothing(self.ledger)
        reading = reader(content, path)
        cursor = self.ledger.open(reading.tree)
        note_oddities(self.ledger, family, reading.oddities)
        return cursor

    def add_note(
        self,
        code: str,
        span: Span | None = None,
        *,
        subject: ModelPath = ROOT,
        **facts: Any,
    ) -> None:
        """Adds a note that settles no leaf."""
        self.ledger.add_note(note(code, span, subject=subject, **facts))

    def read_toml(self, path: str) -> dict[str, Any]:
        """A TOML file as plain data, empty where it is broken: evidence only; what is wrong with it is said."""
        text = self.read_text(path)
        if text is None:
            return {}
        import tomllib

        try:
            return tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            from tocompose.readers.toml import read_toml

            note_oddities(self.ledger, "toml", read_toml(text.encode(), path).oddities)
            return {}

    def read_json(self, path: str) -> dict[str, Any]:
        """A JSON object as plain data, empty where there is none: evidence only; what is odd in it is said."""
        content = self.project.read(path)
        if content is None:
            return {}
        from tocompose.readers.json_data import read_plain_json

        plain = read_plain_json(content, path)
        note_oddities(self.ledger, "json", plain.oddities)
        return plain.data if isinstance(plain.data, dict) else {}

    def option(self, name: str) -> str:
        """What the user said under an option's name; empty when nothing."""
        return (self.options.get(name) or ("",))[0]


def value_at(data: Any, *keys: str) -> Any:
    """What stands at a path in plain data; None where nothing does, whatever stands on the way."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def map_at(data: Any, *keys: str) -> dict[str, Any]:
    """The map at a path in plain data; empty where there is none."""
    value = value_at(data, *keys)
    return value if isinstance(value, dict) else {}


def nothing(ledger: Ledger) -> Cursor:
    """A cursor at a file that does not exist: falsy, and empty."""
    return Cursor(ledger, None, (), Span("", 1, 1, 1, 1))


def note_oddities(ledger: Ledger, family: str, oddities: Iterable[Oddity]) -> None:
    """Says what a reader found odd, as notes of the family."""
    for oddity_note in oddity_notes(family, oddities):
        ledger.add_note(oddity_note)
