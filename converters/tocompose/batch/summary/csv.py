"""A row for each repository, for spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
from typing import IO

from tocompose.batch.outcome import RepositoryOutcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind
from tocompose.reports.csv import spreadsheet_cell

COLUMNS = (
    "repository",
    "status",
    "formats",
    "stacks",
    "services",
    *(kind.value for kind in Kind),
    "codes",
    "first",
)


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """A heading, and a row for each repository; `codes` counts the notes by code, `first` is the gravest of them."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for outcome in outcomes():
        writer.writerow([spreadsheet_cell(text) for text in _outcome_row(outcome)])


def _outcome_row(outcome: RepositoryOutcome) -> list[str]:
    codes = dict.fromkeys(note.code for note in outcome.notes)
    counted = (
        f"{code}×{sum(note.code == code for note in outcome.notes)}"
        for code in sorted(codes)
    )
    formats = dict.fromkeys(note.importer for note in outcome.stacks)
    first_note = outcome.notes[0] if outcome.notes else None
    note_place = f"{first_note.span}: " if first_note and first_note.span else ""
    return [
        outcome.repository.id,
        outcome.status.value,
        " ".join(formats),
        str(len(outcome.stacks)),
        str(outcome.service_count()),
        *(str(number) for number in outcome.notes_by_kind().values()),
        " ".join(counted),
        f"{note_place}{first_note.message}" if first_note else "",
    ]
