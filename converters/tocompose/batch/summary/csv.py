"""A row for each repository, for spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
from typing import IO

from tocompose.batch.outcome import Outcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind
from tocompose.reports.csv import cell

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
        writer.writerow([cell(text) for text in _row(outcome)])


def _row(outcome: Outcome) -> list[str]:
    codes = dict.fromkeys(item.code for item in outcome.notes)
    counted = (
        f"{code}×{sum(item.code == code for item in outcome.notes)}"
        for code in sorted(codes)
    )
    formats = dict.fromkeys(item.importer for item in outcome.stacks)
    first = outcome.notes[0] if outcome.notes else None
    place = f"{first.span}: " if first and first.span else ""
    return [
        outcome.repository.id,
        outcome.status.value,
        " ".join(formats),
        str(len(outcome.stacks)),
        str(outcome.services()),
        *(str(number) for number in outcome.kinds().values()),
        " ".join(counted),
        f"{place}{first.message}" if first else "",
    ]
