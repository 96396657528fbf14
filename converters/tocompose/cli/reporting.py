"""Writes reports to files and prints them in the form asked for."""

from __future__ import annotations

from pathlib import Path

import click

from tocompose.cli.ending import fail
from tocompose.pipeline import Result
from tocompose.project import Project
from tocompose.reports import FORMS, form_of, render
from tocompose.reports.report import report


def print_form(result: Result, project: Project, form: str, err: bool) -> None:
    """The report in a form, on standard output or standard error."""
    click.echo(_encoded(render(form, report(result, project))), nl=False, err=err)


def write_reports(result: Result, project: Project, paths: tuple[str, ...]) -> None:
    """Each report file, in the form that its name tells; one that exists is a report of an earlier run: replaced."""
    forms = {path: form_of(path) for path in paths}
    for path, form in forms.items():
        if form is None:
            fail(f"{path}: the name does not tell the form of the report; end it with {_endings()}")
    for path, form in forms.items():
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_encoded(render(str(form), report(result, project))))


def _endings() -> str:
    return ", ".join(sorted({"." + name.rpartition(".")[2] for name in FORMS.values()}))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
