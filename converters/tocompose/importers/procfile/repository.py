"""The repository that is converted: its files, read once, and the ledger in which they are settled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tocompose.importers import Settings
from tocompose.importers.procfile.oddities import tell
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.reading import Reading, decode
from tocompose.source import Branch, Span


class Repository(NamedTuple):
    """Where an import reads from and settles in; passed along instead of five arguments."""

    project: Project
    ledger: Ledger
    settings: Settings

    def text(self, path: str) -> str | None:
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
        tell(self.ledger, family, reading.oddities)
        return cursor

    def say(
        self, code: str, span: Span | None = None, *, subject: str = "", **facts: Any
    ) -> None:
        """Adds a note that settles no leaf."""
        self.ledger.say(note(code, span, subject=subject, **facts))

    def toml(self, path: str) -> dict[str, Any]:
        """A TOML file as plain data: evidence only, so a broken one counts as empty."""
        import tomllib

        try:
            return tomllib.loads(self.text(path) or "")
        except tomllib.TOMLDecodeError:
            return {}

    def json(self, path: str) -> dict[str, Any]:
        """A JSON object as plain data: evidence only, so a broken one, or anything else, counts as an empty one."""
        import json

        try:
            found = json.loads(self.text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def option(self, name: str) -> str:
        """What the user said under an option's name; empty when nothing."""
        return (self.settings.options.get(name) or ("",))[0]


def inside(data: Any, *keys: str) -> Any:
    """What stands at a path in plain data; None where nothing does, whatever stands on the way."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def maps(data: Any, *keys: str) -> dict[str, Any]:
    """The map at a path in plain data; empty where there is none."""
    found = inside(data, *keys)
    return found if isinstance(found, dict) else {}


def nothing(ledger: Ledger) -> Cursor:
    """A cursor at a file that does not exist: falsy, and empty."""
    return Cursor(ledger, None, (), Span("", 1, 1, 1, 1))


def empty(kind: str, file: str) -> Branch:
    """A tree without content."""
    return Branch(kind, (), Span(file, 1, 1, 1, 1))
