"""What became of one repository, in a form that goes between processes and into the state file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from tocompose.model import File
from tocompose.notes import Kind, Note
from tocompose.source import Span


class Status(Enum):
    """What became of a repository: converted, a compose file already there, nothing to convert, or failed."""

    CONVERTED = "converted"
    PRESENT = "present"
    EMPTY = "empty"
    FAILED = "failed"


class Repository(NamedTuple):
    """A repository to convert: its name in reports and outputs, its folder, and how `--repos` would name it."""

    id: str
    path: str
    line: str


class StackRecord(NamedTuple):
    """One stack of a repository: its folder, format, services, files (paths below the folder), counts of values."""

    folder: str
    name: str
    importer: str
    services: tuple[str, ...]
    files: tuple[str, ...]
    values: Mapping[str, int]


class Fingerprint(NamedTuple):
    """What a result depends on: a digest of the list of files, and one of each file that was looked at."""

    listing: str = ""
    seen: Mapping[str, str] = {}


class Outcome(NamedTuple):
    """What became of one repository; `files` only when the caller takes them, by path below the repository.

    `written` are the paths, below the output folder or the repository, of what was put on disk, each with the digest of
    its content.
    """

    repository: Repository
    status: Status
    stacks: tuple[StackRecord, ...] = ()
    notes: tuple[Note, ...] = ()
    written: Mapping[str, str] = {}
    fingerprint: Fingerprint = Fingerprint()
    files: tuple[File, ...] = ()

    def kinds(self) -> dict[str, int]:
        """How many notes there are of each kind."""
        found = Counter(item.kind for item in self.notes)
        return {kind.value: found[kind] for kind in Kind}

    def services(self) -> int:
        """How many services all stacks have."""
        return sum(len(item.services) for item in self.stacks)


def to_data(outcome: Outcome) -> dict[str, Any]:
    """The outcome in JSON's types, as short as may be; `from_data` undoes it. File contents are left out."""
    return {
        "repository": list(outcome.repository),
        "status": outcome.status.value,
        "stacks": [list(item) for item in outcome.stacks],
        "notes": [_packed(item) for item in outcome.notes],
        "written": dict(outcome.written),
        "listing": outcome.fingerprint.listing,
        "seen": dict(outcome.fingerprint.seen),
    }


def from_data(data: Mapping[str, Any]) -> Outcome:
    """The outcome that `to_data` was given."""
    return Outcome(
        repository=Repository(*data["repository"]),
        status=Status(data["status"]),
        stacks=tuple(_stack(*item) for item in data["stacks"]),
        notes=tuple(_unpacked(item) for item in data["notes"]),
        written=data["written"],
        fingerprint=Fingerprint(data["listing"], data["seen"]),
    )


def _stack(
    folder: str,
    name: str,
    importer: str,
    services: list[str],
    files: list[str],
    values: dict[str, int],
) -> StackRecord:
    return StackRecord(folder, name, importer, tuple(services), tuple(files), values)


def _packed(item: Note) -> list[Any]:
    related = [list(span) for span in item.related]
    span = list(item.span) if item.span else None
    return [
        item.code,
        item.kind.value,
        item.message,
        item.subject,
        span,
        related,
        item.advice,
        item.url,
    ]


def _unpacked(data: list[Any]) -> Note:
    code, kind, message, subject, span, related, advice, url = data
    return Note(
        code=code,
        kind=Kind(kind),
        message=message,
        subject=subject,
        span=Span(*span) if span else None,
        related=tuple(Span(*item) for item in related),
        advice=advice,
        url=url,
    )
