"""GitHub Actions annotations: workflow commands that mark the lines of a pull request.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from tocompose.notes import Kind, Note, explanation
from tocompose.reports.escape import printable
from tocompose.reports.report import Report

_COMMANDS = {Kind.LOST: "error", Kind.CHANGED: "warning", Kind.ASSUMED: "warning"}


def render(report: Report) -> str:
    """One command a note; GitHub shows ten of each level a step, so the losses come first."""
    return "".join(f"{_annotation(item)}\n" for item in report.notes)


def _annotation(item: Note) -> str:
    title = f"{item.code} {explanation(item.code)['title']}"
    properties: dict[str, str | int] = {}
    if item.span:
        properties = {
            "file": item.span.file,
            "line": item.span.line,
            "col": item.span.column,
        }
        properties["endLine"] = item.span.end_line
        if item.span.end_line == item.span.line:
            properties["endColumn"] = max(item.span.end_column - 1, item.span.column)
    given = ",".join(
        f"{key}={_property(str(value))}"
        for key, value in {**properties, "title": title}.items()
    )
    text = f"{item.message}\n{item.advice}" if item.advice else item.message
    return f"::{_COMMANDS.get(item.kind, 'notice')} {given}::{_data(text)}"


def _data(text: str) -> str:
    """A message; a line feed of ours is kept, a control character of the source is shown as an escape."""
    return "%0A".join(printable(line).replace("%", "%25") for line in text.split("\n"))


def _property(text: str) -> str:
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
