"""An audit of compose files, for people and programs: the findings, and the score of each line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from tocompose.notes import Level, Note
from tocompose.reports import render
from tocompose.reports.escape import code_span, escape_prose, printable
from tocompose.reports.json import dump_json, note_record
from tocompose.reports.note_lines import COLOURS, Style
from tocompose.reports.report import Report, place_of

_UNIT = "Each line counts what it checked: services, keys, mounts or files."
_LEFT_ALONE = "To leave a finding alone, say why at the end of its line:"
_MARKS = {"passed": ("ok", "32"), "failed": ("--", "31"), "ignored": ("ig", "33")}
_SIGNS = {"passed": "✅", "failed": "❌", "ignored": "➖"}


def as_json(score: Mapping[str, Any], report: Report) -> str:
    """The files, the score, every line of the checklist, and the notes as in `migration.json`."""
    findings = [
        {**note_record(note), "level": note.kind.level.value} for note in report.notes
    ]
    return dump_json({**score, "notes": findings}) + "\n"


def as_text(score: Mapping[str, Any], report: Report, style: Style | None = None) -> str:
    """Each finding with its place, its line and what to do, then the score; in a quiet style the losses alone."""
    set_style = style or Style()
    if set_style.verbosity < 0:
        errors = [note for note in report.notes if note.kind.level is Level.ERROR]
        return "".join(f"{_finding_line(note, Style())}\n" for note in errors)
    return "".join(
        f"{line}\n"
        for line in (
            *_finding_lines(report, set_style),
            *_score_lines(score, set_style),
        )
    )


def _finding_lines(report: Report, style: Style) -> Iterator[str]:
    for note in report.notes:
        yield _finding_line(note, style)
        quote = report.quotes.quote(note.span) if note.span else None
        if quote is not None and quote.line.strip():
            yield f"    {style.paint(printable(quote.line.strip()), '2')}"
        yield from (
            f"    {line}" for line in wrap(printable(note.advice), max(style.width - 4, 20))
        )
    levels = {note.code: note.kind.level for note in report.notes}
    if code := next(
        (code for code, level in levels.items() if level is not Level.ERROR), ""
    ):
        yield f"{_LEFT_ALONE} `# tocompose: ignore[{code}] REASON`."
    if report.notes:
        yield ""


def _finding_line(note: Note, style: Style) -> str:
    position = printable(place_of(note))
    level = style.paint(note.kind.level.value, f"1;{COLOURS[note.kind]}")
    code = style.paint(f"[{note.code}]", "2")
    return f"{position}{level}: {printable(note.message)} {code}"


def count_sentence(score: Mapping[str, Any]) -> str:
    """How many findings of each level there are: `2 errors, 0 warnings, 1 info`."""
    counts = [
        f"{number} {level}{'' if number == 1 else 's'}"
        for level, number in score["levels"].items()
    ]
    ignored = len(score["ignored"])
    return ", ".join(counts) + (f" ({ignored} ignored)" if ignored else "")


def _score_lines(score: Mapping[str, Any], style: Style) -> Iterator[str]:
    lines = _applicable_lines(score)
    for line in lines:
        codes = f"  [{', '.join(line['codes'])}]" if line["codes"] else ""
        share = f"{line['passed']:>3} of {line['total']:<3}"
        mark = style.paint(*_MARKS[_mark_of(line)])
        details = style.paint(f"{_ignored_share(line)}{codes}", "2")
        yield f"{mark}  {line['id']:<5} {share} {line['title']}{details}"
    if lines:
        yield f"{_UNIT} `tocompose explain {lines[0]['id']}` explains a line."
    yield count_sentence(score)
    yield _score_sentence(score)


def _mark_of(line: Mapping[str, Any]) -> str:
    """The state of a line; `ignored` where it is met only because somebody said to leave findings alone."""
    is_waived = line["state"] == "passed" and line["ignored"]
    return "ignored" if is_waived else str(line["state"])


def _ignored_share(line: Mapping[str, Any]) -> str:
    return f" ({line['ignored']} ignored)" if line["ignored"] else ""


def _applicable_lines(score: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [line for line in score["lines"] if line["state"] != "none"]


def _score_sentence(score: Mapping[str, Any]) -> str:
    met, lines = score["score"]["passed"], score["score"]["applicable"]
    files = ", ".join(map(printable, score["files"]))
    if not lines:
        return f"no selected line of the checklist applies ({files})"
    what = "line of the checklist is" if lines == 1 else "lines of the checklist are"
    return f"{met} of {lines} {what} met{_waived_part(score)} ({files})"


def _waived_part(score: Mapping[str, Any]) -> str:
    waived = [_mark_of(line) for line in score["lines"]].count("ignored")
    whose = "its" if waived == 1 else "their"
    return f", {waived} only because {whose} findings are ignored" if waived else ""


def as_markdown(score: Mapping[str, Any], report: Report) -> str:
    """A table of the lines, then the findings as a list."""
    table = "\n".join(
        [
            "| line | | score | what |",
            "|---|---|---|---|",
            *map(_score_row, _applicable_lines(score)),
        ]
    )
    finding_list = "\n".join(map(_finding_item, report.notes))
    blocks = [
        "# Audit of the compose files",
        f"{count_sentence(score)}. {_score_sentence(score)}. {_UNIT}",
        table,
        *(["## Findings", finding_list] if finding_list else []),
    ]
    return "\n\n".join(blocks) + "\n"


def as_html(score: Mapping[str, Any], report: Report) -> str:
    """A page that needs nothing else: the checklist, the findings, and the files with a mark at each."""
    from tocompose.reports.html import render_page

    return render_page(report, "audit.html.j2", score=score)


def _score_row(line: Mapping[str, Any]) -> str:
    mark = _SIGNS[_mark_of(line)]
    share = f"{line['passed']} of {line['total']}{_ignored_share(line)}"
    return f"| {line['id']} | {mark} | {share} | {line['title']} |"


def _finding_item(note: Note) -> str:
    note_place = f"{code_span(str(note.span))} " if note.span else ""
    advice = f" {escape_prose(note.advice)}" if note.advice else ""
    return f"- **{note.kind.level.value}** {note_place}{escape_prose(note.message)} ({note.code}).{advice}"


# The forms that show the score beside the findings; the others are those of every report.
AUDIT_FORMS = {"text": as_text, "json": as_json, "markdown": as_markdown, "html": as_html}


def render_audit(form: str, score: Mapping[str, Any], report: Report) -> str:
    """An audit in one of the forms of report, with the score where the form has room for it."""
    return AUDIT_FORMS[form](score, report) if form in AUDIT_FORMS else render(form, report)
