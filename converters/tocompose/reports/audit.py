"""An audit of compose files, for people and programs: the findings, and the score of each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from tocompose.notes import Note
from tocompose.reports.document import note_record
from tocompose.reports.escape import printable
from tocompose.reports.json import dumps
from tocompose.reports.report import Report
from tocompose.reports.terminal import COLOURS, Style, render

_MARKS = {"passed": ("ok", "32"), "failed": ("--", "31")}


def as_json(score: Mapping[str, Any], report: Report) -> str:
    """The files, the score, every line of the checklist, and the notes as in `migration.json`."""
    return dumps({**score, "notes": [note_record(item) for item in report.notes]}) + "\n"


def as_text(score: Mapping[str, Any], report: Report, style: Style | None = None) -> str:
    """Each finding with its place, its line and what to do, then the score; in a quiet style the losses alone."""
    chosen = style or Style()
    if chosen.verbosity < 0:
        return render(report, chosen)
    return "".join(
        f"{line}\n" for line in (*_findings(report, chosen), *_table(score, chosen))
    )


def _findings(report: Report, style: Style) -> Iterator[str]:
    for item in report.notes:
        place = f"{printable(str(item.span))}: " if item.span else ""
        kind = style.paint(item.kind.value, f"1;{COLOURS[item.kind]}")
        yield f"{place}{kind}: {printable(item.message)} {style.paint(f'[{item.code}]', '2')}"
        quote = report.quotes.quote(item.span) if item.span else None
        if quote is not None and quote.line.strip():
            yield f"    {style.paint(printable(quote.line.strip()), '2')}"
        yield from (
            f"    {line}" for line in wrap(printable(item.advice), max(style.width - 4, 20))
        )
    if report.notes:
        yield ""


def _table(score: Mapping[str, Any], style: Style) -> Iterator[str]:
    for line in _applicable(score):
        codes = f"  [{', '.join(line['codes'])}]" if line["codes"] else ""
        share = f"{line['passed']:>3} of {line['total']:<3}"
        mark = style.paint(*_MARKS[line["state"]])
        yield f"{mark}  {line['id']:<5} {share} {line['title']}{style.paint(codes, '2')}"
    yield _sum(score)


def _applicable(score: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [line for line in score["lines"] if line["state"] != "none"]


def _sum(score: Mapping[str, Any]) -> str:
    met, lines = score["score"]["passed"], score["score"]["applicable"]
    return f"{met} of {lines} lines of the checklist are met ({', '.join(map(printable, score['files']))})"


def as_markdown(score: Mapping[str, Any], report: Report) -> str:
    """A table of the lines, then the findings as a list."""
    table = "\n".join(
        ["| line | | score | what |", "|---|---|---|---|", *map(_row, _applicable(score))]
    )
    found = "\n".join(map(_item, report.notes))
    parts = [
        "# Audit of the compose files",
        _sum(score),
        table,
        *(["## Findings", found] if found else []),
    ]
    return "\n\n".join(parts) + "\n"


def as_html(score: Mapping[str, Any], report: Report) -> str:
    """A page that needs nothing else: the checklist, the findings, and the files with a mark at each."""
    from tocompose.reports.html import page

    return page(report, "audit.html.j2", score=score)


def _row(line: Mapping[str, Any]) -> str:
    mark = "✅" if line["state"] == "passed" else "❌"
    return (
        f"| {line['id']} | {mark} | {line['passed']} of {line['total']} | {line['title']} |"
    )


def _item(item: Note) -> str:
    place = f"`{_code(str(item.span))}` " if item.span else ""
    advice = f" {_cell(item.advice)}" if item.advice else ""
    return f"- **{item.kind.value}** {place}{_cell(item.message)} ({item.code}).{advice}"


def _code(text: str) -> str:
    return printable(text).replace("`", "'")


def _cell(text: str) -> str:
    """Text of a file as Markdown that renders as itself."""
    return "".join(
        f"\\{char}" if char in "\\`*_{}[]<>|#" else char for char in printable(text)
    )


# The forms that show the score beside the findings; the others are those of every report.
OWN = {"text": as_text, "json": as_json, "markdown": as_markdown, "html": as_html}
