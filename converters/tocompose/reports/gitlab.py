"""GitLab's code quality report: findings in the widget of a merge request and beside its changed lines.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

from tocompose.notes import Level, Note
from tocompose.reports.json import dump_json
from tocompose.reports.report import Report, message_with_advice
from tocompose.reports.sarif import default_span, note_fingerprint
from tocompose.source import Span

_SEVERITIES = {Level.ERROR: "major", Level.WARNING: "minor", Level.INFO: "info"}


def render(report: Report) -> str:
    """An array of findings, one a note."""
    elsewhere = default_span(report)
    repetitions: Counter[str] = Counter()
    findings = []
    for note in report.notes:
        fingerprint = note_fingerprint(note)
        findings.append(
            _finding(
                note,
                note.span or elsewhere,
                _numbered(fingerprint, repetitions[fingerprint]),
            )
        )
        repetitions[fingerprint] += 1
    return dump_json(findings, indent=2) + "\n"


def _finding(note: Note, span: Span, fingerprint: str) -> dict[str, Any]:
    return {
        "description": message_with_advice(note),
        "check_name": note.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[note.kind.level],
        "location": {
            "path": span.file,
            "lines": {"begin": span.line, "end": max(span.end_line, span.line)},
        },
    }


def _numbered(fingerprint: str, repetition: int) -> str:
    """The fingerprint of a repetition: of findings with the same one GitLab shows the first alone."""
    if not repetition:
        return fingerprint
    return sha256(f"{fingerprint} {repetition}".encode()).hexdigest()[:32]
