"""A row for each repository, for spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
from collections import Counter
from typing import IO

from tocompose.batch.outcome import RepositoryOutcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind
from tocompose.reports.csv import spreadsheet_cell
from tocompose.reports.report import place_of

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
    codes = Counter(note.code for note in outcome.notes)
    gravest = [f"{place_of(note)}{note.message}" for note in outcome.notes[:1]]
    return [
        outcome.repository.id,
        outcome.status.value,
        " ".join(dict.fromkeys(stack.importer for stack in outcome.stacks)),
        str(len(outcome.stacks)),
        str(outcome.service_count()),
        *map(str, outcome.notes_by_kind().values()),
        " ".join(f"{code}×{number}" for code, number in sorted(codes.items())),
        "".join(gravest),
    ]
