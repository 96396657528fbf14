"""One JSON object a repository and line: its status, stacks, counts, and every note."""

from __future__ import annotations

from typing import IO, Any

from tocompose.batch.outcome import Outcome
from tocompose.batch.summary import Outcomes
from tocompose.reports.document import note_record
from tocompose.reports.json import dumps


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A line for each repository."""
    for outcome in outcomes():
        file.write(dumps(record(outcome)) + "\n")


def record(outcome: Outcome) -> dict[str, Any]:
    """What became of one repository, in JSON's types and a fixed order."""
    return {
        "repository": outcome.repository.id,
        "status": outcome.status.value,
        "stacks": [_stack(item._asdict()) for item in outcome.stacks],
        "written": list(outcome.written),
        "notes_by_kind": outcome.kinds(),
        "notes": [note_record(item) for item in outcome.notes],
    }


def _stack(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in data.items()
    }
