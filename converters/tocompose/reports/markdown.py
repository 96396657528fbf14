"""`MIGRATION.md`: the report for people, with a diagram and every note as a box to tick."""

from __future__ import annotations

from functools import cache
from typing import Any

from tocompose.notes import Kind
from tocompose.reports import templating
from tocompose.reports.document import document
from tocompose.reports.escape import cell, code, markdown, prose
from tocompose.reports.mermaid import flowchart
from tocompose.reports.report import Report
from tocompose.reports.topology import topology

HEADINGS = {
    Kind.LOST: "Lost: Compose has no equivalent",
    Kind.CHANGED: "Changed: carried over with a difference",
    Kind.ASSUMED: "Assumed: decisions taken for you",
    Kind.ADDED: "Added: good practice that the source did not state",
    Kind.INFO: "For your information",
}


def render(report: Report) -> str:
    """The report in GitHub-flavoured Markdown; everything from the source is escaped."""
    template = environment().get_template("migration.md.j2")
    text: str = template.render(
        **document(report), headings=_headings(), diagram=flowchart(topology(report.stack))
    )
    return text


@cache
def environment() -> Any:
    """The jinja2 environment of the Markdown templates, with the filters that make text safe."""
    found = templating.environment(autoescape=False)
    found.filters.update(
        md=markdown,
        code=code,
        cell=cell,
        cells=_cells,
        codes=_codes,
        prose=prose,
        place=_place,
    )
    return found


def _headings() -> dict[str, str]:
    return {kind.value: title for kind, title in HEADINGS.items()}


def _place(span: dict[str, Any] | None) -> str:
    """A position as a code span; empty where there is none."""
    return code(f"{span['file']}:{span['line']}:{span['column']}") if span else ""


def _cells(names: list[str]) -> str:
    return ", ".join(cell(name) for name in names)


def _codes(names: list[str]) -> str:
    return ", ".join(code(name) for name in names)
