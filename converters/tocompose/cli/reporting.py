"""Writes reports to files and prints them in the form asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from tocompose.cli.ending import fail
from tocompose.pipeline import Result
from tocompose.project import Project
from tocompose.reports import FORMS, form_of, render
from tocompose.reports.report import report


def print_report(result: Result, project: Project, form: str, err: bool) -> None:
    """The report in a form, on standard output or standard error."""
    click.echo(_encode_text(render(form, report(result, project))), nl=False, err=err)


def check_report_names(paths: Iterable[str]) -> None:
    """Ends when the name of a report does not tell its form: before anything is read or written."""
    for path in paths:
        if form_of(path) is None:
            fail(
                f"{path}: the name does not tell the form of the report; end it with {_report_endings()}"
            )


def write_reports(result: Result, project: Project, paths: Iterable[str]) -> None:
    """Each report file, in the form that its name tells."""
    for path in paths:
        write_report(path, render(str(form_of(path)), report(result, project)))


def write_report(path: str, text: str) -> None:
    """Writes a report; one that exists is of an earlier run: it is replaced."""
    report_path = Path(path)
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report_path.write_bytes(_encode_text(text))


def _report_endings() -> str:
    return ", ".join(sorted({"." + name.rpartition(".")[2] for name in FORMS.values()}))


def _encode_text(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
