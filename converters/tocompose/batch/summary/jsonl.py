"""One JSON object a repository and line: its status, stacks, counts, and every note."""

from __future__ import annotations

from typing import IO, Any

from tocompose.batch.outcome import RepositoryOutcome
from tocompose.batch.summary import Outcomes
from tocompose.reports.json import dump_json, note_record


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A line for each repository."""
    for outcome in outcomes():
        file.write(dump_json(outcome_record(outcome)) + "\n")


def outcome_record(outcome: RepositoryOutcome) -> dict[str, Any]:
    """What became of one repository, in JSON's types and a fixed order."""
    return {
        "repository": outcome.repository.id,
        "status": outcome.status.value,
        "stacks": [_stack_fields(note._asdict()) for note in outcome.stacks],
        "written": list(outcome.written),
        "notes_by_kind": outcome.notes_by_kind(),
        "notes": [note_record(note) for note in outcome.notes],
    }


def _stack_fields(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in data.items()
    }
