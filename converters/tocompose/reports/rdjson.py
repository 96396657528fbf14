"""The Reviewdog Diagnostic Format: comments of a code review, on any host that reviewdog knows.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

from typing import Any

from tocompose.notes import Note
from tocompose.reports.json import dump_json
from tocompose.reports.report import Report, message_with_advice
from tocompose.reports.sarif import default_span
from tocompose.source import Span


def render(report: Report) -> str:
    """One result with a diagnostic a note."""
    elsewhere = default_span(report)
    diagnostics = [
        _diagnostic(note, note.span or elsewhere, report) for note in report.notes
    ]
    result = {"source": {"name": "tocompose"}, "diagnostics": diagnostics}
    return dump_json(result, indent=2) + "\n"


def _diagnostic(note: Note, span: Span, report: Report) -> dict[str, Any]:
    code = {"value": note.code} | ({"url": note.url} if note.url else {})
    return {
        "message": message_with_advice(note),
        "location": {
            "path": span.file,
            "range": {
                "start": _position(report, span.file, span.line, span.column),
                "end": _position(report, span.file, span.end_line, span.end_column),
            },
        },
        "severity": note.kind.level.name,
        "code": code,
    }


def _position(report: Report, file: str, line: int, column: int) -> dict[str, int]:
    """A position as the format counts it: columns are bytes of UTF-8, from 1; the end is exclusive, as ours is."""
    return {"line": line, "column": report.quotes.byte_column(file, line, column)}
