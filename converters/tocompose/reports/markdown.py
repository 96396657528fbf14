"""`MIGRATION.md`: the report for people, with a diagram and every note as a box to tick."""

from __future__ import annotations

from collections.abc import Container, Iterator
from functools import cache
from typing import Any

from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import password_spans
from tocompose.model import File
from tocompose.notes import Kind, explanation
from tocompose.record import NamedTuple
from tocompose.reports.cutover import cutover_of
from tocompose.reports.decided import decision_entries
from tocompose.reports.duties import duties
from tocompose.reports.escape import (
    code_cell,
    code_span,
    escape_markdown,
    escape_mermaid,
    escape_prose,
    prose_cell,
    template_environment,
)
from tocompose.reports.inventory import configuration_rows, logs_alike
from tocompose.reports.json import report_document
from tocompose.reports.next_steps import first_steps, later_steps
from tocompose.reports.old_data import duties_beside
from tocompose.reports.other_machine import arrival_steps, old_containers_hold
from tocompose.reports.report import (
    KIND_HEADINGS,
    Report,
    has_unread_commands,
    image_checked_services,
    subject_of,
)
from tocompose.reports.topology import (
    LAYERS,
    PUBLIC,
    DiagramEdge,
    Node,
    Topology,
    stack_topology,
)
from tocompose.reports.values_to_set import (
    generated_names,
    missing_values,
    optional_values,
    values_to_set,
)
from tocompose.source import shown_place
from tocompose.syntax.env_lines import entry_of_line, entry_text
from tocompose.syntax.interpolation import apply_defaults, replace_variables
from tocompose.wording import listed_names

HEADINGS = {
    kind: f"{heading[:1].upper()}{heading[1:]}" for kind, heading in KIND_HEADINGS.items()
}
# What needs nobody: a line for each code, folded.
_FOLDED = (Kind.ADDED, Kind.INFO)

_MOST_SOURCES = 5
# What more notes of a duty say stands at the end.
_MOST_DETAILS = 6


class _NoteGroup(NamedTuple):
    """The notes of one code: its title, and what they are about."""

    code: str
    title: str
    subjects: list[str]


def render(report: Report) -> str:
    """The report in GitHub-flavoured Markdown; everything from the source is escaped."""
    cutover = cutover_of(report)
    to_do = duties_beside(cutover.copied, duties(report))
    to_set, missing = values_to_set(report), missing_values(report)
    told_names = {*to_set, *optional_values(report)} if missing else set()
    told_notes = {note for duty in to_do for note in duty.notes}
    arrival = arrival_steps(report) if cutover.steps_over else ()
    template = markdown_environment().get_template("migration.md.j2")
    text: str = template.render(
        **report_document(report),
        image_checked=image_checked_services(report),
        cutover=cutover,
        duties=to_do,
        most_details=_MOST_DETAILS,
        start=(*arrival, *first_steps(report)) if report.stack.services else (),
        arrives=bool(arrival),
        old_containers_hold=old_containers_hold(report),
        later=later_steps(report),
        missing_values=missing,
        unread_commands=has_unread_commands(report),
        configuration=[
            row
            for row in configuration_rows(report.stack, generated_names(report), to_set)
            if row.name not in told_names
        ],
        read_from=listed_sources(report),
        decisions=decision_entries(report, told_notes),
        development=[service.name for service in report.stack.development],
        logs=logs_alike(report.stack),
        folded={kind.value: HEADINGS[kind] for kind in _FOLDED},
        by_code={kind.value: _groups_of(report, kind) for kind in _FOLDED},
        secret_files=_secret_files(report),
        diagram=mermaid_flowchart(stack_topology(report.stack)),
    )
    return text


def _secret_files(report: Report) -> list[str]:
    """The files that hold secrets, or are to: not an empty one that keeps a folder, nor settings without a secret."""
    names = {setting.name for setting in report.stack.settings if setting.secret}
    return [
        file.path for file in report.files if file.secret and _holds_secrets(file, names)
    ]


def _holds_secrets(file: File, names: Container[str]) -> bool:
    if file.path != ".env":
        return not file.path.endswith("/.keep")
    lines = file.content.decode("utf-8", "replace").splitlines()
    # A variable without a value stands in a comment until it is set.
    for variable in filter(None, map(entry_of_line, lines)):
        is_secret = variable["name"] in names or secret_name(variable["name"])
        if is_secret or any(password_spans(entry_text(variable))):
            return True
    return False


def listed_sources(report: Report) -> str:
    """The files that were read; of many the first ones."""
    sources = [code_span(path) for path in report.sources()]
    return listed_names(sources, _MOST_SOURCES)


def _groups_of(report: Report, kind: Kind) -> list[_NoteGroup]:
    """The notes of a kind by their codes."""
    subjects_by_code: dict[str, dict[str, None]] = {}
    for note in report.of_kind(kind):
        subjects = subjects_by_code.setdefault(note.code, {})
        if subject := subject_of(note):
            subjects[subject] = None
    return [
        _NoteGroup(code, str(explanation(code)["title"]), list(subjects))
        for code, subjects in subjects_by_code.items()
    ]


@cache
def markdown_environment() -> Any:
    """The jinja2 environment of the Markdown templates, with the filters that make text safe."""
    markdown_environment = template_environment(autoescape=False)
    markdown_environment.filters.update(
        md=escape_markdown,
        code=code_span,
        cell=code_cell,
        prose_cell=prose_cell,
        cells=_cell_list,
        brief=_brief_variables,
        codes=_code_list,
        prose=escape_prose,
        place=_position_span,
    )
    return markdown_environment


def _position_span(span: dict[str, Any] | None) -> str:
    """A position as a code span; empty where there is none."""
    if not span:
        return ""
    return code_span(shown_place(span["file"], span["line"], span["column"]))


def _brief_variables(text: str) -> str:
    """The text with each variable as its default, or as its name alone."""
    return replace_variables(apply_defaults(text), lambda variable: f"${{{variable.name}}}")


def _cell_list(names: list[str]) -> str:
    return ", ".join(code_cell(name) for name in names)


def _code_list(names: list[str]) -> str:
    return ", ".join(code_span(name) for name in names)


def mermaid_flowchart(topology: Topology) -> str:
    """The text of the diagram; names of the source are labels only, ids are our own."""
    ids = {node.name: f"n{index}" for index, node in enumerate(topology.nodes)}
    lines = ["flowchart TD"]
    for layer, title in LAYERS.items():
        lines.extend(_subgraph_lines(layer, title, topology.layer(layer), ids))
    lines.extend(_edge_line(edge, ids) for edge in topology.edges)
    return "\n".join(lines)


def _subgraph_lines(
    layer: str, title: str, nodes: tuple[Node, ...], ids: dict[str, str]
) -> Iterator[str]:
    if not nodes:
        return
    if layer == "public":
        yield f'  {ids[PUBLIC]}(["{PUBLIC}"])'
        return
    yield f'  subgraph {layer}["{title}"]'
    for node in nodes:
        label = escape_mermaid(node.name) + (
            f"<br/>{escape_mermaid(node.detail)}" if node.detail else ""
        )
        yield (
            f'    {ids[node.name]}[("{label}")]'
            if layer == "data"
            else f'    {ids[node.name]}["{label}"]'
        )
    yield "  end"


def _edge_line(edge: DiagramEdge, ids: dict[str, str]) -> str:
    arrow = "-.->" if edge.inferred else "-->"
    label = f'|"{escape_mermaid(edge.label)}"|' if edge.label else ""
    return f"  {ids[edge.start]} {arrow}{label} {ids[edge.end]}"
