"""Reports: what was carried over and what was not, for terminals, pull requests, CI systems, browsers and programs."""

from __future__ import annotations

from importlib import import_module

from tocompose.reports.report import Report

# What each form is called on the command line; its module has a function `render`, the value is the usual file name.
FORMS = {
    "csv": "migration.csv",
    "github": "annotations.txt",
    "html": "report.html",
    "json": "migration.json",
    "jsonl": "migration.jsonl",
    "junit": "junit.xml",
    "markdown": "MIGRATION.md",
    "sarif": "migration.sarif",
    "text": "migration.txt",
}


def render(form: str, report: Report) -> str:
    """The report in one of `FORMS`, ending with a line break where it is not empty."""
    module = "terminal" if form == "text" else form
    text: str = import_module(f"{__name__}.{module}").render(report)
    return text


def form_of(path: str) -> str | None:
    """The form that a file's name asks for: `notes.sarif` is SARIF, `junit.xml` is JUnit."""
    endings = {".md": "markdown", ".txt": "text", ".xml": "junit", ".htm": "html"}
    ending = path[path.rfind(".") :].lower() if "." in path else ""
    return endings.get(ending) or (ending[1:] if ending[1:] in FORMS else None)
