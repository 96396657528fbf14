"""The notes as JSON lines: one note a line, for streams and log collectors."""

from __future__ import annotations

from tocompose.reports.document import note_record
from tocompose.reports.json import dumps
from tocompose.reports.report import Report


def render(report: Report) -> str:
    """One JSON object a note, as in the `notes` of `migration.json`, with the stack's name."""
    records = ({"name": report.stack.name, **note_record(item)} for item in report.notes)
    return "".join(dumps(record) + "\n" for record in records)
