"""Laws of the reports on every fixture: numbers agree in all forms, each fact is said once, each box is an action."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from golden import cases, inputs, outcome
from tocompose.notes import Kind, explanation, families, registry
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.decided import decision_entries
from tocompose.reports.duties import duties
from tocompose.reports.note_lines import Style
from tocompose.reports.report import Report, report
from tocompose.reports.text import render as terminal

CASES = tuple(cases())
# Batch has a report of its own.
ROWS = [
    (code, row)
    for family in families()
    if family != "batch"
    for code, row in registry(family).items()
]
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.S)


def name_of(case: Path) -> str:
    """`format/case`."""
    return f"{case.parent.name}/{case.name}"


@cache
def report_of(case: Path) -> Report:
    return report(outcome(case), Memory(inputs(case), case.name))


@cache
def markdown_of(case: Path) -> str:
    """What MIGRATION.md shows without a click."""
    return render("markdown", report_of(case)).split("<details>")[0]


@cache
def page_of(case: Path) -> str:
    return render("html", report_of(case))


def boxes_of(case: Path) -> list[str]:
    return re.findall(r"(?m)^- \[ \] (.*)$", markdown_of(case))


def _numbers_of(text: str) -> dict[str, int]:
    """How many notes of each kind a text counts: `2 lost, 8 for information`; what it does not name is none."""
    counted = re.findall(r"(\d+) (lost|changed|assumed|added|for information)", text)
    names = {"for information": "info"}
    return Counter({names.get(name, name): int(number) for number, name in counted})


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_form_counts_the_same_notes(case: Path) -> None:
    told = report_of(case)
    kinds = {kind.value: len(told.of_kind(kind)) for kind in Kind}
    document = json.loads(render("json", told))
    assert document["notes_by_kind"] == kinds
    assert Counter(note["kind"] for note in document["notes"]) == Counter(kinds)
    assert len(render("jsonl", told).splitlines()) == sum(kinds.values())
    rows = list(csv.DictReader(io.StringIO(render("csv", told))))
    assert Counter(row["kind"] for row in rows) == Counter(kinds)
    [in_markdown] = re.findall(r"(?m)^Notes: .*", markdown_of(case))
    assert _numbers_of(in_markdown) == Counter(kinds)
    assert page_of(case).count('<li class="note ') == sum(kinds.values())
    cards = re.findall(r'data-kind="(\w+)"><b>(\d+)</b>', page_of(case))
    assert {kind: int(number) for kind, number in cards} == kinds
    summary = re.findall(r"(?m)^(\d+) notes?: (.*)$", terminal(told))
    if summary:
        [(total, by_kind)] = summary
        assert int(total) == sum(kinds.values())
        assert _numbers_of(by_kind) == Counter(kinds)
    assert bool(summary) == any(kinds.values())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_every_form_names_the_same_services_and_values(case: Path) -> None:
    told = report_of(case)
    names = [service.name for service in told.stack.services]
    document = json.loads(render("json", told))
    assert [service["name"] for service in document["services"]] == names
    table = markdown_of(case).partition("## Services")[2].partition("## Data")[0]
    assert re.findall(r"(?m)^\| `([^`]+)` \|", table) == names
    assert len(re.findall(r"<tr><td><b>", page_of(case))) == len(names)
    values = document["values"]
    total = sum(values.values())
    assert f"| **all** | **{total}** |" in markdown_of(case)
    assert f"of {total} values carried over" in page_of(case)
    counted = f"{total} value{'s' * (total != 1)}: {values['mapped']} carried over"
    assert f"\n{counted}" in f"\n{terminal(told)}"
    assert sum(reason["values"] for reason in document["ignored"]) == values["ignored"]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_page_asks_for_what_the_file_asks_for(case: Path) -> None:
    section = page_of(case).partition('<section id="todo">')[2].partition("</section>")[0]
    assert section.count('type="checkbox"') == len(boxes_of(case))
    assert len(boxes_of(case)) == len(set(boxes_of(case)))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_box_is_an_action(case: Path) -> None:
    for box in boxes_of(case):
        code = re.search(r"\[(TC\d{3})[\],]", box)
        action = explanation(code[1]).get("do", "") if code else ""
        prepositionless = re.sub(r" (?:behind|by|for|in|into|of|to)$", "", str(action))
        assert re.match(r"(?:Set|Copy the config vars|If you move data) ", box) or (
            action and box.startswith(prepositionless)
        ), box


@pytest.mark.parametrize(("code", "row"), ROWS, ids=[code for code, _ in ROWS])
def test_what_is_to_do_has_a_name(code: str, row: dict[str, object]) -> None:
    """A note that becomes a box says in a few words what the reader does."""
    is_box = row["kind"] == "lost" or "todo" in row
    if is_box and row.get("todo") not in ("value", "optional"):
        assert re.fullmatch(r"[A-Z][a-z]+ ?\S.{2,60}|Create", str(row.get("do", ""))), code


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_code_is_told_in_one_place(case: Path) -> None:
    entries = re.findall(r"(?m)^- \*\*(TC\d{3})\*\*", markdown_of(case))
    boxes = [code for box in boxes_of(case) for code in re.findall(r"TC\d{3}", box)]
    assert [code for code, number in Counter(entries + boxes).items() if number > 1] == []


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_no_sentence_is_said_twice(case: Path) -> None:
    """Tables repeat a state for each row, and steps the command that is due."""
    counted: Counter[str] = Counter()
    for line in markdown_of(case).splitlines():
        if not re.match(r"\||\d+\. ", line):
            counted.update(set(_sentences_of(line)))
    assert [text for text, number in counted.items() if number > 1] == []


def _sentences_of(line: str) -> list[str]:
    """The sentences of a line that say something: five words and more."""
    codes: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        codes.append(match[0])
        return f"\x00{len(codes) - 1}\x00"

    pieces = re.split(r"(?<=[.!?])\s+", _CODE.sub(set_aside, line.strip("-* \t[]")))
    sentences = [
        re.sub(r"\x00(\d+)\x00", lambda match: codes[int(match[1])], piece)
        for piece in pieces
    ]
    return [text.rstrip(".") for text in sentences if len(text.split()) >= 5]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_line_that_counts_says_of_what(case: Path) -> None:
    for text in (markdown_of(case), terminal(report_of(case), Style(rows=40))):
        unnamed = re.findall(r"(?:^|[;,(] ?)\d+ more(?:[;,.)]| about)", text, re.M)
        assert unnamed == []


# Its place is the reason for the server that the password is of.
_MADE_UP = {"TC411"}


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_place_is_that_of_what_it_tells(case: Path) -> None:
    """Where a note is about a variable, what stands at its place names it."""
    files = inputs(case)
    for told in report_of(case).notes:
        if told.span is None:
            continue
        span, lines = (
            told.span,
            files[told.span.file].decode("utf-8", "replace").split("\n"),
        )
        assert span.line <= len(lines) and span.column <= len(lines[span.line - 1]) + 1
        assert lines[span.line - 1].strip()
        if told.subject[:1] == ("settings",) and told.code not in _MADE_UP:
            block = "\n".join(lines[span.line - 1 : max(span.end_line, span.line)])
            name = str(told.subject[1])
            assert name.lower() in re.sub(r"[-.]", "_", block).lower(), told


_PLACE = re.compile(r"# (?:.*\()?(?:from |TC\d{3}, )(\S+?):(\d+)\)?")


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_each_place_in_a_comment_is_there(case: Path) -> None:
    files = inputs(case)
    for written in outcome(case).files:
        for name, line in _PLACE.findall(written.content.decode("utf-8", "replace")):
            assert int(line) <= len(files[name].splitlines()), f"{written.path}: {name}"


def test_what_is_left_out_of_a_grant_is_told_at_the_grant() -> None:
    text = """services:
  web:
    image: nginx:1.27
    secrets:
      - plain
      - {source: token, uid: "1000"}
    configs: [{source: site, mode: 0440}]
secrets: {plain: {file: ./p}, token: {file: ./t}}
configs: {site: {file: ./s}}
"""
    files = {"docker-compose.yml": text.encode(), "p": b"1", "t": b"2", "s": b"3"}
    result = convert(Memory(files, "shop"), Options(source="compose"))
    places = {
        told.message: told.span.line
        for told in result.notes
        if told.code == "TC756" and told.span
    }
    assert places == {
        "web: left out of the secret token: owner": 6,
        "web: left out of the config site: mode": 7,
    }


def _advice_in_parts(told: Report) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The advice that is shown once, and what each line below it says of its own."""
    for duty in duties(told):
        yield duty.advice, tuple(detail.advice for detail in duty.details)
    for entry in decision_entries(told, told=()):
        yield entry.advice, tuple(line.advice for line in entry.lines)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_no_advice_is_cut_within_a_sentence(case: Path) -> None:
    for shared, own in _advice_in_parts(report_of(case)):
        leads = shared.endswith(":")
        assert not leads or (own and all(own)), (shared, own)
        assert not any(text.endswith(":") for text in own), own
        begins = [shared, *(() if leads else own)]
        assert not any(text[:1].islower() for text in begins), begins
