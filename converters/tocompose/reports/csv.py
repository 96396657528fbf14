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
        [cell(text) for text in _row(report.stack.name, item)] for item in report.notes
    )
    return text.getvalue()


def _row(stack: str, item: Note) -> tuple[str, ...]:
    place = (
        (item.span.file, str(item.span.line), str(item.span.column))
        if item.span
        else ("", "", "")
    )
    return (
        stack,
        item.kind.value,
        item.code,
        item.subject,
        *place,
        item.message,
        item.advice,
        item.url,
    )


def cell(text: str) -> str:
    """A cell on one line that no spreadsheet takes for a formula."""
    safe = printable(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe
