"""The notes as CSV (RFC 4180) for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO

from tocompose.notes import Note
from tocompose.reports.escape import printable
from tocompose.reports.report import Report

COLUMNS = (
    "stack",
    "kind",
    "code",
    "subject",
    "file",
    "line",
    "column",
    "message",
    "advice",
    "url",
)
# A cell that starts like this is a formula to a spreadsheet (CWE-1236).
_FORMULA = ("=", "+", "-", "@")


def render(report: Report) -> str:
    """A heading and one row a note."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        [spreadsheet_cell(text) for text in _note_row(report.stack.name, note)]
        for note in report.notes
    )
    return text.getvalue()


def _note_row(stack: str, note: Note) -> tuple[str, ...]:
    position = (
        (note.span.file, str(note.span.line), str(note.span.column))
        if note.span
        else ("", "", "")
    )
    return (
        stack,
        note.kind.value,
        note.code,
        str(note.subject),
        *position,
        note.message,
        note.advice,
        note.url,
    )


def spreadsheet_cell(text: str) -> str:
    """A cell on one line that no spreadsheet takes for a formula."""
    safe = printable(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe
