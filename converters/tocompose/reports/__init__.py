"""Reports: what was carried over and what was not, for terminals, pull requests, CI systems, browsers and programs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from tocompose.record import NamedTuple

if TYPE_CHECKING:
    from tocompose.model import File
    from tocompose.project import Project
    from tocompose.reports.report import Report, ReportedConversion


class ReportForm(NamedTuple):
    """The usual name of a form's file; with a `summary` there is one over many repositories too, in a file so named."""

    file_name: str
    summary: str = ""


# What each form is called on the command line: the module of that name has a function `render`. A form over many
# repositories has a function `write` in the module of that name in `batch/summary`.
FORMS = {
    "text": ReportForm("migration.txt"),
    "json": ReportForm("migration.json"),
    "jsonl": ReportForm("migration.jsonl", summary="summary.jsonl"),
    "sarif": ReportForm("migration.sarif", summary="summary.sarif"),
    "junit": ReportForm("junit.xml", summary="junit.xml"),
    "github": ReportForm("annotations.txt"),
    "gitlab": ReportForm("gl-code-quality-report.json"),
    "rdjson": ReportForm("migration.rdjson"),
    "markdown": ReportForm("MIGRATION.md"),
    "csv": ReportForm("migration.csv", summary="summary.csv"),
    "html": ReportForm("report.html", summary="dashboard.html"),
}
# The reports that stand beside the files that are written.
FOLDER_REPORTS = ("markdown", "json")


def render(form: str, report: Report) -> str:
    """The report in one of `FORMS`, ending with a line break where it is not empty."""
    text: str = import_module(f"{__name__}.{form}").render(report)
    return text


def encode_report(text: str) -> bytes:
    """The text of a report as a file holds it; what is not Unicode in a source (a lone surrogate) stays an escape."""
    return text.encode("utf-8", "backslashreplace")


def form_of(path: str) -> str | None:
    """The form that a file's name asks for: `notes.sarif` is SARIF, `junit.xml` is JUnit.

    The name under which GitLab's documentation has its report comes before its ending, as that is also of JSON.
    """
    if path.endswith(FORMS["gitlab"].file_name):
        return "gitlab"
    ending = _ending(path).lower()
    if ending == ".htm":
        return "html"
    form = form_by_ending({name: form.file_name for name, form in FORMS.items()}).get(
        ending
    )
    return form or (ending[1:] if ending[1:] in FORMS else None)


def form_by_ending(file_names: Mapping[str, str]) -> dict[str, str]:
    """The form of each ending of the files, which are given by form; of two forms with one ending the first."""
    forms = {_ending(name): form for form, name in reversed(list(file_names.items()))}
    return dict(sorted(forms.items()))


def _ending(path: str) -> str:
    return path[path.rfind(".") :] if "." in path else ""


def with_reports(
    conversion: ReportedConversion, project: Project
) -> tuple[tuple[File, ...], Report]:
    """The files of a conversion with the reports that stand beside them, and the report that they were made from."""
    from tocompose.model import File
    from tocompose.reports.report import report

    names = {form: FORMS[form].file_name for form in FOLDER_REPORTS}
    announced = (File(path=name, content=b"") for name in names.values())
    full_report = report(conversion, project)._replace(
        files=(*conversion.files, *announced)
    )
    reports = (
        File(path=name, content=encode_report(render(form, full_report)))
        for form, name in names.items()
    )
    return (*conversion.files, *reports), full_report
