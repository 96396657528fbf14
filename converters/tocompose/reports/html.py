"""`report.html`: one page that needs nothing else, with the diagram, the notes and both sides line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from tocompose.notes import Kind
from tocompose.record import NamedTuple
from tocompose.reports.cutover import cutover_of
from tocompose.reports.duties import duties
from tocompose.reports.escape import (
    content_hash,
    printable,
    read_asset,
    template_environment,
)
from tocompose.reports.inventory import logs_alike
from tocompose.reports.json import report_document
from tocompose.reports.line_links import LinkTarget, source_links
from tocompose.reports.markdown import HEADINGS
from tocompose.reports.next_steps import next_steps
from tocompose.reports.old_data import duties_beside
from tocompose.reports.other_machine import arrival_steps
from tocompose.reports.report import Report, image_checked_services
from tocompose.reports.svg import svg_drawing
from tocompose.reports.topology import stack_topology
from tocompose.reports.values_to_set import missing_values

# A browser shows so many lines of a file without trouble; the rest is counted.
MAX_LINES = 5000


class PageLine(NamedTuple):
    """A line of a file: its id in the page, its text, the ids of its partners, the kinds of its notes."""

    id: str
    text: str
    partners: str
    kinds: str


class PageFile(NamedTuple):
    """A file as the page shows it."""

    path: str
    lines: tuple[PageLine, ...]
    more: int


def render(report: Report) -> str:
    """The page; everything from the source is escaped, and its scripts run only by their own hash."""
    return render_page(report, "report.html.j2")


def render_page(report: Report, template: str, **extra_content: object) -> str:
    """The page that a template makes of the report, and of what else it needs."""
    text: str = (
        _html_environment()
        .get_template(template)
        .render(**_page_content(report), **extra_content)
    )
    return text


@cache
def _html_environment() -> Any:
    html_environment = template_environment(autoescape=True)
    html_environment.filters["show"] = printable
    html_environment.filters["prose"] = _with_code
    return html_environment


def _with_code(text: str) -> Any:
    """One line of prose, in which what stands between backticks is shown as code."""
    from markupsafe import Markup, escape

    code_parts = printable(text).split("`")
    if len(code_parts) % 2 == 0:
        return escape(printable(text))
    shown = [
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(code_parts)
    ]
    return Markup("").join(shown)


def _page_content(report: Report) -> dict[str, Any]:
    script, style = read_asset("report.js"), read_asset("report.css")
    source_ids = {path: f"s{index}" for index, path in enumerate(_source_files(report))}
    sources, outputs = _page_sides(report, source_ids)
    content = report_document(report)
    cutover = cutover_of(report)
    arrival = arrival_steps(report) if cutover.steps_over else ()
    policy = [
        "default-src 'none'",
        f"style-src '{content_hash(style)}'",
        f"script-src '{content_hash(script)}'",
        "base-uri 'none'",
    ]
    return {
        **content,
        # The page has a section of its own for the way over, which it names above these steps.
        "next": (*arrival, *next_steps(report)),
        "image_checked": image_checked_services(report),
        "script": script,
        "style": style,
        "policy": "; ".join(policy),
        "diagram": svg_drawing(stack_topology(report.stack)),
        "duties": duties_beside(cutover.copied, duties(report)),
        "missing_values": missing_values(report),
        "cutover": cutover,
        "development": [service.name for service in report.stack.development],
        "logs": logs_alike(report.stack),
        "headings": {kind.value: title for kind, title in HEADINGS.items()},
        "subjects": sorted({note["about"] for note in content["notes"]} - {""}),
        "source_sides": sources,
        "output_sides": outputs,
        "source_ids": source_ids,
    }


def _source_files(report: Report) -> list[str]:
    noted = {note.span.file for note in report.notes if note.span}
    return sorted({*report.sources(), *noted})


def _page_sides(
    report: Report, source_ids: dict[str, str]
) -> tuple[list[PageFile], list[PageFile]]:
    outputs = [file for file in report.files if not file.secret and file.mode & 0o077]
    output_ids = {file.path: f"o{index}" for index, file in enumerate(outputs)}
    partners: dict[str, list[str]] = defaultdict(list)
    for source_line, output_line in source_links(report):
        if output_line.file in output_ids:
            source_id = _line_id(source_line, source_ids)
            output_id = _line_id(output_line, output_ids)
            partners[source_id].append(output_id)
            partners[output_id].append(source_id)
    noted = _gravest_kinds(report, source_ids)
    sources = [
        _page_file(path, prefix, report.quotes.lines(path), partners, noted)
        for path, prefix in source_ids.items()
    ]
    written = [
        _page_file(
            file.path,
            output_ids[file.path],
            _masked_lines(report, file.content),
            partners,
            {},
        )
        for file in outputs
    ]
    return sources, written


def _masked_lines(report: Report, content: bytes) -> tuple[str, ...]:
    return report.quotes.masked(content.decode("utf-8", "replace").removesuffix("\n"))


def _line_id(line_target: LinkTarget, ids: dict[str, str]) -> str:
    return f"{ids[line_target.file]}-{line_target.line}"


def _gravest_kinds(report: Report, ids: dict[str, str]) -> dict[str, str]:
    """The most serious kind of note on each source line."""
    gravest: dict[str, str] = {}
    rank = [kind.value for kind in Kind]
    for note in report.notes:
        if note.span and note.kind not in (Kind.ADDED, Kind.INFO):
            key = f"{ids[note.span.file]}-{note.span.line}"
            gravest[key] = min(
                gravest.get(key, note.kind.value), note.kind.value, key=rank.index
            )
    return gravest


def _page_file(
    path: str,
    prefix: str,
    lines: Iterable[str],
    partners: dict[str, list[str]],
    noted: dict[str, str],
) -> PageFile:
    all_lines = list(lines)
    shown = tuple(
        PageLine(
            f"{prefix}-{number}",
            printable(text),
            " ".join(dict.fromkeys(partners.get(f"{prefix}-{number}", ()))),
            noted.get(f"{prefix}-{number}", ""),
        )
        for number, text in enumerate(all_lines[:MAX_LINES], 1)
    )
    return PageFile(path, shown, max(len(all_lines) - MAX_LINES, 0))
