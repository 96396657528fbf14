"""`report.html`: one page that needs nothing else, with the diagram, the notes and both sides line by line."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from tocompose.notes import Kind
from tocompose.reports.document import document
from tocompose.reports.escape import printable
from tocompose.reports.links import Place, links
from tocompose.reports.markdown import HEADINGS
from tocompose.reports.report import Report
from tocompose.reports.svg import drawing
from tocompose.reports.templating import environment
from tocompose.reports.topology import topology

# A browser shows so many lines of a file without trouble; the rest is counted.
MAX_LINES = 5000


class Line(NamedTuple):
    """A line of a file: its id in the page, its text, the ids of its partners, the kinds of its notes."""

    id: str
    text: str
    partners: str
    kinds: str


class Side(NamedTuple):
    """A file as the page shows it."""

    path: str
    lines: tuple[Line, ...]
    more: int


def render(report: Report) -> str:
    """The page; everything from the source is escaped, and its scripts run only by their own hash."""
    return page(report, "report.html.j2")


def page(report: Report, template: str, **more: object) -> str:
    """The page that a template makes of the report, and of what else it needs."""
    text: str = _environment().get_template(template).render(**_content(report), **more)
    return text


@cache
def _environment() -> Any:
    found = environment(autoescape=True)
    found.filters["show"] = printable
    return found


def _content(report: Report) -> dict[str, Any]:
    script, style = _asset("report.js"), _asset("report.css")
    sources, outputs = _sides(report)
    content = document(report)
    return {
        **content,
        "script": script,
        "style": style,
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'",
        "diagram": drawing(topology(report.stack)),
        "headings": {kind.value: title for kind, title in HEADINGS.items()},
        "subjects": sorted({item["about"] for item in content["notes"]} - {""}),
        "source_sides": sources,
        "output_sides": outputs,
        "source_ids": {
            path: f"s{index}" for index, path in enumerate(_source_files(report))
        },
    }


def _asset(name: str) -> str:
    return (
        files("tocompose.reports").joinpath("templates", name).read_text(encoding="utf-8")
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _source_files(report: Report) -> tuple[str, ...]:
    noted = {item.span.file for item in report.notes if item.span}
    return tuple(sorted({*report.sources(), *noted}))


def _sides(report: Report) -> tuple[list[Side], list[Side]]:
    sources = _source_files(report)
    outputs = [item for item in report.files if not item.secret and item.mode & 0o077]
    source_ids = {path: f"s{index}" for index, path in enumerate(sources)}
    output_ids = {item.path: f"o{index}" for index, item in enumerate(outputs)}
    ahead: dict[str, list[str]] = {}
    for left, right in links(report):
        if right.file in output_ids:
            one, two = _id(left, source_ids), _id(right, output_ids)
            ahead.setdefault(one, []).append(two)
            ahead.setdefault(two, []).append(one)
    noted = _noted(report, source_ids)
    left_sides = [
        _side(path, source_ids[path], report.quotes.lines(path), ahead, noted)
        for path in sources
    ]
    right_sides = [
        _side(item.path, output_ids[item.path], _masked(report, item.content), ahead, {})
        for item in outputs
    ]
    return left_sides, right_sides


def _masked(report: Report, content: bytes) -> tuple[str, ...]:
    return report.quotes.masked(content.decode("utf-8", "replace").removesuffix("\n"))


def _id(place: Place, ids: dict[str, str]) -> str:
    return f"{ids[place.file]}-{place.line}"


def _noted(report: Report, ids: dict[str, str]) -> dict[str, str]:
    """The most serious kind of note on each source line."""
    found: dict[str, str] = {}
    rank = [kind.value for kind in Kind]
    for item in report.notes:
        if item.span and item.kind not in (Kind.ADDED, Kind.INFO):
            key = f"{ids[item.span.file]}-{item.span.line}"
            found[key] = min(
                found.get(key, item.kind.value), item.kind.value, key=rank.index
            )
    return found


def _side(
    path: str,
    prefix: str,
    lines: Iterable[str],
    ahead: dict[str, list[str]],
    noted: dict[str, str],
) -> Side:
    every = list(lines)
    shown = tuple(
        Line(
            f"{prefix}-{number}",
            printable(text),
            " ".join(dict.fromkeys(ahead.get(f"{prefix}-{number}", ()))),
            noted.get(f"{prefix}-{number}", ""),
        )
        for number, text in enumerate(every[:MAX_LINES], 1)
    )
    return Side(path, shown, max(len(every) - MAX_LINES, 0))
