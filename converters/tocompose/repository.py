"""A repository that is read: its files, and the ledger in which what they say is settled."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.reading import Oddity, Reading, decode
from tocompose.source import Span


class Repository(NamedTuple):
    """Where a conversion reads from and settles in; `name` and `options` are the user's."""

    project: Project
    ledger: Ledger
    name: str | None
    options: Mapping[str, tuple[str, ...]]

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
        _note_oddities(self.ledger, family, reading.oddities)
        return cursor

    def add_note(
        self, code: str, span: Span | None = None, *, subject: str = "", **facts: Any
    ) -> None:
        """Adds a note that settles no leaf."""
        self.ledger.say(note(code, span, subject=subject, **facts))

    def read_toml(self, path: str) -> dict[str, Any]:
        """A TOML file as plain data: evidence only, so a broken one counts as empty."""
        try:
            return tomllib.loads(self.read_text(path) or "")
        except tomllib.TOMLDecodeError:
            return {}

    def read_json(self, path: str) -> dict[str, Any]:
        """A JSON object as plain data: evidence only, so a broken one, or anything else, counts as an empty one."""
        try:
            data = json.loads(self.read_text(path) or "{}")
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

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


# By format: the reader's word to the code of the note. What is not named here needs no note of its own.
_ODDITY_CODES: Mapping[str, Mapping[str, str]] = {
    "procfile": {
        "bom": "TC300",
        "crlf": "TC300",
        "indented": "TC301",
        "no-colon": "TC302",
        "tight-colon": "TC303",
        "spaced-colon": "TC303",
        "name-length": "TC378",
        "duplicate": "TC305",
        "continuation": "TC306",
        "empty-command": "TC307",
        "yaml-block": "TC308",
        "unparsed": "TC309",
        "comment-slashes": "TC309",
        "empty-file": "TC310",
    },
    "json": {
        "bom": "TC300",
        "comment": "TC312",
        "trailing-comma": "TC312",
        "missing-comma": "TC312",
        "missing-colon": "TC312",
        "missing-value": "TC312",
        "single-quotes": "TC312",
        "bare-word": "TC312",
        "duplicate": "TC313",
        "unclosed": "TC314",
        "extra": "TC314",
        "too-deep": "TC314",
        "not-an-object": "TC314",
        "empty-file": "TC314",
    },
    "dotenv": {
        "bom": "TC300",
        "export": "TC316",
        "spaced": "TC316",
        "colon": "TC316",
        "bare": "TC317",
        "unparsed": "TC317",
        "multiline": "TC318",
        "dialect": "TC318",
        "duplicate": "TC319",
    },
    "lines": {},
}
_ODDITY_WORDS = {
    "bom": "begins with a byte order mark",
    "crlf": "has Windows line ends",
    "tight-colon": "has no blank behind the colon",
    "spaced-colon": "has a blank before the colon",
    "comment": "a comment",
    "trailing-comma": "a comma without a value behind it",
    "missing-comma": "a missing comma",
    "missing-colon": "a missing colon",
    "missing-value": "a key without a value",
    "single-quotes": "single quotes",
    "bare-word": "a word without quotes",
    "unclosed": "a bracket is never closed",
    "extra": "there is more behind the end of the object",
    "too-deep": "it is nested too deeply",
    "not-an-object": "it is not an object",
    "empty-file": "it is empty",
    "export": "begins with `export`",
    "spaced": "has blanks around the name or the sign",
    "colon": "has a colon instead of `=`",
}
# Where the first says it all: an unclosed bracket leaves all that surround it open.
_SAID_ONCE = frozenset({"unclosed", "crlf"})


def _note_oddities(ledger: Ledger, family: str, oddities: Iterable[Oddity]) -> None:
    """Says one note for each oddity of a reader; of a kind that repeats itself, the first only."""
    noted: set[str] = set()
    for oddity in oddities:
        code = _ODDITY_CODES[family].get(oddity.kind)
        if code is None or (oddity.kind in _SAID_ONCE and oddity.kind in noted):
            continue
        noted.add(oddity.kind)
        facts: dict[str, Any] = {
            "file": oddity.span.file,
            "what": _ODDITY_WORDS.get(oddity.kind, oddity.kind),
            "name": "",
            **oddity.facts,
        }
        ledger.say(note(code, oddity.span, **facts))
