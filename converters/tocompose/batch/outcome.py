"""What became of one repository, in a form that goes between processes and into the state file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from tocompose.model import File
from tocompose.notes import Kind, Note
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


class Status(Enum):
    """What became of a repository.

    CONVERTED; PRESENT: it already has a compose file; EMPTY: nothing to convert was found; FAILED: a note says why.
    """

    CONVERTED = "converted"
    PRESENT = "present"
    EMPTY = "empty"
    FAILED = "failed"


class BatchRepository(NamedTuple):
    """A repository to convert: `id` names it in reports, `path` is its folder, `line` is how `--repos` names it."""

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


# Counts the forms that records of outcomes had: what an earlier form holds is converted again.
STATE_FORM = 2


class Fingerprint(NamedTuple):
    """What a result depends on: a digest of the list of files, and one of each file that was looked at.

    `missing` are folders with the digests of names that were looked for in them and are not there.
    """

    listing: str = ""
    digests: Mapping[str, str] = {}
    missing: Mapping[str, Sequence[str]] = {}


class RepositoryOutcome(NamedTuple):
    """What became of one repository; `files` only when the caller takes them, by path below the repository.

    `written` are the paths, below the output folder or the repository, of what was put on disk, each with the digest of
    its content.
    """

    repository: BatchRepository
    status: Status
    stacks: tuple[StackRecord, ...] = ()
    notes: tuple[Note, ...] = ()
    written: Mapping[str, str] = {}
    fingerprint: Fingerprint = Fingerprint()
    files: tuple[File, ...] = ()

    def notes_by_kind(self) -> dict[str, int]:
        """How many notes there are of each kind."""
        kind_counts = Counter(note.kind for note in self.notes)
        return {kind.value: kind_counts[kind] for kind in Kind}

    def service_count(self) -> int:
        """How many services all stacks have."""
        return sum(len(stack_record.services) for stack_record in self.stacks)


def outcome_data(outcome: RepositoryOutcome) -> dict[str, Any]:
    """The outcome in JSON's types, as short as may be; `outcome_from_data` undoes it. File contents are left out."""
    return {
        "repository": list(outcome.repository),
        "status": outcome.status.value,
        "stacks": [list(stack_record) for stack_record in outcome.stacks],
        "notes": [_pack_note(note) for note in outcome.notes],
        "written": dict(outcome.written),
        "listing": outcome.fingerprint.listing,
        "seen": dict(outcome.fingerprint.digests),
        "missing": dict(outcome.fingerprint.missing),
    }


def outcome_from_data(data: Mapping[str, Any]) -> RepositoryOutcome:
    """The outcome that `outcome_data` was given."""
    return RepositoryOutcome(
        repository=BatchRepository(*data["repository"]),
        status=Status(data["status"]),
        stacks=tuple(_read_stack(*stack_data) for stack_data in data["stacks"]),
        notes=tuple(_unpack_note(note_data) for note_data in data["notes"]),
        written=data["written"],
        fingerprint=Fingerprint(data["listing"], data["seen"], data["missing"]),
    )


def _read_stack(
    folder: str,
    name: str,
    importer: str,
    services: list[str],
    files: list[str],
    values: dict[str, int],
) -> StackRecord:
    return StackRecord(folder, name, importer, tuple(services), tuple(files), values)


def _pack_note(note: Note) -> list[Any]:
    related = [list(span) for span in note.related]
    span = list(note.span) if note.span else None
    return [
        note.code,
        note.kind.value,
        note.message,
        list(note.subject),
        span,
        related,
        note.advice,
        note.url,
    ]


def _unpack_note(data: list[Any]) -> Note:
    code, kind, message, subject, span, related, advice, url = data
    return Note(
        code=code,
        kind=Kind(kind),
        message=message,
        subject=ModelPath(subject),
        span=Span(*span) if span else None,
        related=tuple(Span(*span_data) for span_data in related),
        advice=advice,
        url=url,
    )
