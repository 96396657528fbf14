"""The notes as JSON lines: one note a line, for streams and log collectors."""

from __future__ import annotations

from tocompose.reports.json import dump_json, note_record
from tocompose.reports.report import Report


def render(report: Report) -> str:
    """One JSON object a note, as in the `notes` of `migration.json`, with the stack's name."""
    records = ({"name": report.stack.name, **note_record(note)} for note in report.notes)
    return "".join(dump_json(record) + "\n" for record in records)
