"""GitHub Actions annotations: workflow commands that mark the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from tocompose.notes import Level, Note, explanation
from tocompose.reports.escape import printable
from tocompose.reports.report import Report

# GitHub calls what is for information a notice.
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "notice"}


def render(report: Report) -> str:
    """One command a note; GitHub shows ten of each level a step, so the losses come first."""
    return "".join(f"{_annotation_command(note)}\n" for note in report.notes)


def _annotation_command(note: Note) -> str:
    title = f"{note.code} {explanation(note.code)['title']}"
    properties: dict[str, str | int] = {}
    if note.span:
        properties = {
            "file": note.span.file,
            "line": note.span.line,
            "col": note.span.column,
        }
        properties["endLine"] = note.span.end_line
        if note.span.end_line == note.span.line:
            properties["endColumn"] = max(note.span.end_column - 1, note.span.column)
    property_list = ",".join(
        f"{key}={_escape_property(str(value))}"
        for key, value in {**properties, "title": title}.items()
    )
    text = f"{note.message}\n{note.advice}" if note.advice else note.message
    return f"::{_COMMANDS[note.kind.level]} {property_list}::{_escape_data(text)}"


def _escape_data(text: str) -> str:
    """A message; a line feed of ours is kept, a control character of the source is shown as an escape."""
    return "%0A".join(printable(line).replace("%", "%25") for line in text.split("\n"))


def _escape_property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
