"""`MIGRATION.md`: the report for people, with a diagram and every note as a box to tick."""

from __future__ import annotations

from functools import cache
from typing import Any

from tocompose.notes import Kind
from tocompose.reports import templating
from tocompose.reports.document import report_document
from tocompose.reports.escape import code_cell, code_span, escape_markdown, escape_prose
from tocompose.reports.mermaid import mermaid_flowchart
from tocompose.reports.report import Report
from tocompose.reports.topology import stack_topology

HEADINGS = {
    Kind.LOST: "Lost: Compose has no equivalent",
    Kind.CHANGED: "Changed: carried over with a difference",
    Kind.ASSUMED: "Assumed: decisions taken for you",
    Kind.ADDED: "Added: good practice that the source did not state",
    Kind.INFO: "For your information",
}


def render(report: Report) -> str:
    """The report in GitHub-flavoured Markdown; everything from the source is escaped."""
    template = markdown_environment().get_template("migration.md.j2")
    text: str = template.render(
        **report_document(report),
        headings=_headings_by_kind(),
        diagram=mermaid_flowchart(stack_topology(report.stack)),
    )
    return text


@cache
def markdown_environment() -> Any:
    """The jinja2 environment of the Markdown templates, with the filters that make text safe."""
    markdown_environment = templating.template_environment(autoescape=False)
    markdown_environment.filters.update(
        md=escape_markdown,
        code=code_span,
        cell=code_cell,
        cells=_cell_list,
        codes=_code_list,
        prose=escape_prose,
        place=_position_span,
    )
    return markdown_environment


def _headings_by_kind() -> dict[str, str]:
    return {kind.value: title for kind, title in HEADINGS.items()}


def _position_span(span: dict[str, Any] | None) -> str:
    """A position as a code span; empty where there is none."""
    return code_span(f"{span['file']}:{span['line']}:{span['column']}") if span else ""


def _cell_list(names: list[str]) -> str:
    return ", ".join(code_cell(name) for name in names)


def _code_list(names: list[str]) -> str:
    return ", ".join(code_span(name) for name in names)
