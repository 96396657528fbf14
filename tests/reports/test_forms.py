"""Each form of report, on the hand-made shop: valid against its schema, nothing missing, nothing leaked."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

import tree
from shop import COMPOSE, SECRET, example
from tocompose.notes import Kind, Note, note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import FORMS, form_of, render
from tocompose.reports.json import report_schema
from tocompose.reports.note_lines import Style
from tocompose.reports.report import report, subject_of
from tocompose.reports.sarif import MAX_MESSAGE, MAX_RELATED, MAX_RESULTS
from tocompose.reports.text import render as terminal
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

SCHEMAS = Path(__file__).parents[1] / "schemas"
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("form", [name for name in FORMS if name != "html"])
def test_golden(form: str, update_golden: bool) -> None:
    path = GOLDEN / FORMS[form].file_name
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(render(form, example()), encoding="utf-8")
    assert render(form, example()) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_secrets_never_show(form: str) -> None:
    assert SECRET not in render(form, example())


@pytest.mark.parametrize(
    "form", [name for name in FORMS if name not in ("html", "markdown")]
)
def test_every_note_is_in_every_form(form: str) -> None:
    text = (
        terminal(example(), Style(verbosity=1))
        if form == "text"
        else render(form, example())
    )
    for item in example().notes[:5]:
        assert item.code in text
        assert item.message in text


@pytest.mark.parametrize("form", FORMS)
def test_no_control_character_reaches_the_reader(form: str) -> None:
    text = render(form, example())
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


def test_json_is_valid_against_its_published_schema() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(report_schema()))
    validator.check_schema(json.loads(report_schema()))
    assert not list(validator.iter_errors(json.loads(render("json", example()))))


def test_json_schema_refuses_what_is_not_in_it() -> None:
    document = json.loads(render("json", example()))
    document["services"][0]["password"] = "x"
    validator = jsonschema.Draft202012Validator(json.loads(report_schema()))
    assert list(validator.iter_errors(document))


def test_a_service_without_networks_is_on_the_default_one() -> None:
    script = b"docker run -d --name api acme/api:1\ndocker run -d --name agent --net host acme/agent:1\n"
    project = Memory({"up.sh": script})
    written = report(convert(project, Options(practices="none")), project)
    records = json.loads(render("json", written))["services"]
    networks = {record["name"]: record["networks"] for record in records}
    assert networks == {"api": ["default"], "agent": []}


def test_json_lines_are_one_note_each() -> None:
    records = [json.loads(line) for line in render("jsonl", example()).splitlines()]
    assert [item["code"] for item in records] == [item.code for item in example().notes]


def test_sarif_is_valid_against_the_oasis_schema() -> None:
    validator = jsonschema.Draft4Validator(
        json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    )
    assert not list(validator.iter_errors(json.loads(render("sarif", example()))))


@pytest.mark.slow
def test_sarif_keeps_within_the_limits_of_github() -> None:
    span = Span("a b/ü#?.sh", 1, 1, 1, 2)
    lines = tuple(Span("a b/ü#?.sh", line, 1, line, 2) for line in range(2, 502))
    many = Note(
        code="TC001",
        kind=Kind.LOST,
        message="x" * 2000,
        span=span,
        related=(*lines, *lines),
    )
    twice = Note(
        code="TC001", kind=Kind.LOST, message="x", span=span, related=lines[:1] * 2
    )
    [result] = json.loads(render("sarif", example()._replace(notes=(twice,))))["runs"][0][
        "results"
    ]
    assert len(result["relatedLocations"]) == 1
    simple = Note(code="TC001", kind=Kind.INFO, message="x")
    report = example()._replace(notes=(many, *(simple,) * MAX_RESULTS))
    run = json.loads(render("sarif", report))["runs"][0]
    assert len(run["results"]) == MAX_RESULTS
    assert run["properties"]["omitted"] == 1
    first = run["results"][0]
    assert len(first["relatedLocations"]) == MAX_RELATED
    assert len(first["message"]["text"]) == MAX_MESSAGE
    assert (
        first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        == "a%20b/%C3%BC%23%3F.sh"
    )


def test_sarif_fingerprints_survive_lines_added_above() -> None:
    def fingerprint(line: int) -> str:
        note = Note(
            code="TC001", kind=Kind.LOST, message="x", span=Span("a", line, 1, line, 2)
        )
        document = json.loads(render("sarif", example()._replace(notes=(note,))))
        return str(document["runs"][0]["results"][0]["partialFingerprints"])

    assert fingerprint(1) == fingerprint(9)


def test_junit_counts_losses_as_failures() -> None:
    root = ElementTree.fromstring(render("junit", example()))
    assert root.attrib["failures"] == "2"
    assert len(root.findall(".//failure")) == 2
    assert len(root.findall(".//testcase")) == len(example().notes)


def test_junit_without_notes_has_a_case_that_passed() -> None:
    root = ElementTree.fromstring(render("junit", example()._replace(notes=())))
    assert root.attrib == {
        "name": "tocompose",
        "tests": "1",
        "failures": "0",
        "errors": "0",
    }
    assert len(root.findall(".//testcase")) == 1


def test_github_annotations_cannot_be_forged() -> None:
    evil = Note(
        code="TC001",
        kind=Kind.LOST,
        message="a\r::error::b%0A",
        span=Span("x,line=9::y\n::z", 1, 1, 1, 2),
    )
    lines = render("github", example()._replace(notes=(evil,))).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("::error file=x%2Cline=9%3A%3Ay %3A%3Az,line=1,")
    assert lines[0].endswith(r"::a\x0d::error::b%250A")


def test_csv_cells_are_no_formulas() -> None:
    note = Note(code="TC001", kind=Kind.LOST, message='=HYPERLINK("x")')
    rows = list(
        csv.DictReader(io.StringIO(render("csv", example()._replace(notes=(note,)))))
    )
    assert rows[0]["message"] == '\'=HYPERLINK("x")'


def test_markdown_cannot_be_broken_out_of() -> None:
    text = render("markdown", example())
    assert "</script>" not in text
    assert "\n# head" not in text
    assert text.count("```") == 2
    for line in text.splitlines():
        if line.startswith("| `"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 8, 4), line


def test_markdown_names_the_real_files_in_its_commands() -> None:
    text = render("markdown", example())
    assert (
        "`docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d --wait`"
        in text
    )
    assert "With --volumes it also deletes the data in shop_data." in text
    assert "- [ ] Set one value in .env: STRIPE_KEY" in text


def test_terminal_underlines_what_the_note_is_about() -> None:
    lines = terminal(example()).splitlines()
    place = next(
        index
        for index, line in enumerate(lines)
        if "│ docker run -d --name web --gpus all" in line
    )
    start = lines[place].index("--gpus all")
    assert lines[place + 1][start : start + 10] == "^" * 10
    assert lines[place + 1].strip("^ │") == ""


def test_terminal_underlines_the_right_word_after_a_masked_secret() -> None:
    lines = terminal(example(), Style(width=200, verbosity=1)).splitlines()
    place = next(
        index
        for index, line in enumerate(lines)
        if "POSTGRES_PASSWORD=•••" in line and "data:" in line
    )
    start = lines[place].index("data:")
    assert lines[place + 1][start : start + 5] == "^^^^^"


def test_terminal_colours_only_when_asked() -> None:
    assert "\x1b" not in terminal(example())
    assert "\x1b[31m" in terminal(example(), Style(colour=True))


def test_terminal_quiet_says_only_what_was_lost() -> None:
    assert terminal(example(), Style(verbosity=-1)).splitlines() == [
        "run.sh:4:26: lost: --gpus all has no equivalent here [TC001]",
        "run.sh:3:12: lost: -d was read for x [TC901]",
    ]


def test_terminal_says_every_place_of_a_note_that_comes_often() -> None:
    spans = [Span("run.sh", 3, column, 3, column + 1) for column in range(1, 21)]
    many = tuple(
        Note(code="TC001", kind=Kind.LOST, message="x", span=span) for span in spans
    )
    text = terminal(example()._replace(notes=many))
    told = " ".join(text.split())
    assert told.count("run.sh:3:1 x; also at ") == 1
    assert all(f"column {span.column}" in told for span in spans[1:])
    assert text.count("│") == 2
    assert terminal(example()._replace(notes=many), Style(verbosity=1)).count("│") == 40


def test_terminal_says_once_what_was_added_to_several_services() -> None:
    def added(code: str, name: str) -> Note:
        return Note(
            code=code,
            kind=Kind.ADDED,
            message=f"{name} has it",
            subject=ModelPath.service(name),
        )

    notes = (added("TC625", "db"), added("TC625", "web"), added("TC623", "db"))
    lines = terminal(example()._replace(notes=notes)).splitlines()
    assert lines[1:3] == ["  Log rotation added: db, web [TC625]", "  db has it [TC623]"]
    long = terminal(example()._replace(notes=notes), Style(verbosity=1))
    assert all(
        f"{name} has it [{code}]" in long
        for code, name in (("TC625", "db"), ("TC625", "web"), ("TC623", "db"))
    )


def test_form_of_a_file() -> None:
    names = [
        "a.sarif",
        "MIGRATION.md",
        "junit.xml",
        "x.html",
        "x.jsonl",
        "x.csv",
        "x.exe",
        "x",
    ]
    assert [form_of(name) for name in names] == [
        "sarif",
        "markdown",
        "junit",
        "html",
        "jsonl",
        "csv",
        None,
        None,
    ]


NEW_FORM = """
import sys
import tocompose.reports as reports
reports.__path__.append(sys.argv.pop(1))
reports.FORMS["shout"] = reports.ReportForm("migration.shout")
from tocompose.cli import run
run(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--help"], "shout"),
        (["--format", "shout", "docker", "run", "nginx"], "NGINX"),
        (["convert", "run.sh", "--report", "notes.shout"], ""),
        (["check", "docker-compose.yml", "--format", "shout"], "WEB"),
        (["convert", "run.sh", "--report", "notes.odd"], ".sarif, .shout, .txt"),
    ],
)
def test_a_new_form_is_one_file_and_one_name(
    arguments: list[str], shown: str, tmp_path: Path
) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "shout.py").write_text(
        "def render(report):\n"
        "    return ' '.join(service.name for service in report.stack.services).upper()\n"
    )
    (tmp_path / "run.sh").write_text("docker run --name web nginx\n")
    (tmp_path / "docker-compose.yml").write_text("services: {web: {image: nginx}}\n")
    ran = subprocess.run(
        [sys.executable, "-c", NEW_FORM, str(tmp_path / "forms"), *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tree.PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert shown in ran.stdout + ran.stderr
    if "notes.shout" in arguments:
        assert (tmp_path / "notes.shout").read_text() == "WEB"


def test_example_is_what_it_says() -> None:
    assert "POSTGRES_PASSWORD" in COMPOSE


@pytest.mark.parametrize(
    ("subject", "heading"),
    [
        (ModelPath.service("web", "ports"), "web"),
        (ModelPath.of("volumes", "data"), "volume data"),
        (ModelPath.of("files", ".dockerignore"), "file .dockerignore"),
        (ModelPath.of("files", "config/app.conf"), "file config/app.conf"),
        (ModelPath.of("services"), ""),
        (ModelPath.service("my.app", "ports"), "my.app"),
    ],
)
def test_the_heading_of_a_subject(subject: ModelPath, heading: str) -> None:
    assert (
        subject_of(note("TC090", None, subject=subject, decision="x", answer="y"))
        == heading
    )


def test_a_repeated_note_names_a_line_only_where_it_is_another() -> None:
    """Of a file that is one long line, another column is no other line."""
    places = {"web": (1, 3), "worker": (1, 90), "beat": (2, 3)}
    limits = tuple(
        Note(
            code="TC327",
            kind=Kind.CHANGED,
            message=f"{name} has no limit",
            subject=ModelPath.service(name),
            span=Span("app.json", line, column, line, column + 1),
        )
        for name, (line, column) in places.items()
    )
    text = terminal(example()._replace(notes=limits))
    assert "web has no limit; the same for worker and beat (line 2) [TC327]" in text


def test_what_replicas_share_is_said_once() -> None:
    span = Span("app.yaml", 7, 3, 7, 9)
    probes = tuple(
        Note(
            code="TC230",
            kind=Kind.LOST,
            message=f"{name}: no probe",
            subject=ModelPath.service(name),
            span=span,
        )
        for name in ("a-0", "a-1", "a-2")
    )
    lines = terminal(example()._replace(notes=probes)).splitlines()
    assert lines[0].startswith("3 lost")
    assert [line for line in lines if "no probe" in line] == [
        "    app.yaml:7:3 a-0: no probe; the same for a-1 and a-2 [TC230]"
    ]
    assert "a-1: no probe" in terminal(example()._replace(notes=probes), Style(verbosity=1))


def _about_unit(name: str, file: str, line: int, column: int = 1) -> Note:
    return Note(
        code="TC788",
        kind=Kind.LOST,
        message=f"{name} refers to db.service",
        subject=ModelPath.service(name),
        span=Span(file, line, column, line, column + 1),
        advice="Add the unit.",
    )


def test_a_loss_at_several_places_names_each_service_once_with_all_of_them() -> None:
    losses = (
        _about_unit("web", "web.container", 3),
        _about_unit("web", "web.container", 4),
        _about_unit("web", "web.container", 3, 30),
        _about_unit("worker", "worker.container", 4),
        _about_unit("worker", "worker.container", 5),
        _about_unit("cron", "cron.container", 7),
    )
    lines = terminal(example()._replace(notes=losses), Style(width=300)).splitlines()
    assert [line for line in lines if "[TC788]" in line] == [
        "    web.container:3:1 web refers to db.service; also at column 30, line 4; the same for worker "
        "(lines 4 and 5 of worker.container) and cron (cron.container:7) [TC788]"
    ]
    box = render("markdown", example()._replace(notes=losses)).partition(
        "## How the services"
    )[0]
    assert "`web.container:3:1`, `web.container:4:1`, `web.container:3:30`" in box
    assert "also at" not in box


def test_what_many_values_ask_for_is_one_line_with_their_names() -> None:
    values = tuple(
        Note(
            code="TC126",
            kind=Kind.ASSUMED,
            message=f"the value of {name} is missing",
            subject=ModelPath(("settings", name)),
            advice=f"Look up {name}.",
        )
        for name in ("A_KEY", "B_KEY", "C_KEY")
    )
    text = terminal(example()._replace(notes=values))
    assert "Look up A_KEY." in text and "Look up B_KEY." not in text
    assert "also B_KEY, C_KEY; -v shows them [TC126]" in text


def test_notes_of_one_thing_that_differ_in_a_name_are_one() -> None:
    """The advice may name it too; what differs in more than a name stays a note of its own."""
    messages = (
        "gem ruby-x is not installed",
        "gem ruby-y is not installed",
        "no gem at all",
    )
    losses = tuple(
        replace(
            _about_unit("web", "Aptfile", line),
            message=message,
            advice=f"Add {message.split()[1]}.",
        )
        for line, message in enumerate(messages, 1)
    )
    text = terminal(example()._replace(notes=losses))
    assert "gem ruby-x is not installed; the same for ruby-y (line 2) [TC788]" in text
    assert "Add ruby-x. Do the same for the others." in text and "Add ruby-y." not in text
    assert "no gem at all [TC788]" in text and "Add gem." in text


def test_what_does_not_fit_is_said_shorter_with_its_number_and_how_all_of_it_is_shown() -> (
    None
):
    losses = tuple(
        replace(
            _about_unit(f"web{line}", "a.container", line),
            message=f"loss {chr(96 + line) * 3}{line} of its own",
        )
        for line in range(1, 9)
    )
    told = example()._replace(notes=losses)
    text = terminal(told, Style(rows=10))
    assert len(text.splitlines()) <= 10
    assert (
        "loss aaa1 of its own; 7 more notes about web2, web3, web4, web5 and 3 more [TC788]"
        in text
    )
    assert "8 lost; -v shows all at length" in text
    assert terminal(told).count("[TC788]") == 8


def test_one_loss_that_many_have_is_said_to_be_the_same() -> None:
    losses = tuple(
        replace(_about_unit(f"web{line}", "a.container", line), code=code)
        for code in ("TC788", "TC786", "TC780", "TC781")
        for line in range(1, 9)
    )
    text = terminal(example()._replace(notes=losses), Style(rows=10, width=200))
    assert (
        "web1 refers to db.service; the same 7 more times, for web2, web3, web4, web5 and 3 more [TC788]"
        in text
    )


def test_advice_that_is_the_same_is_given_once_unless_verbose() -> None:
    losses = tuple(
        replace(_about_unit(name, "a.container", line), message=f"loss {line}")
        for name, line in (("web", 1), ("db", 2))
    )
    told = example()._replace(notes=losses)
    assert terminal(told).count("Add the unit.") == 1
    assert terminal(told, Style(verbosity=1)).count("Add the unit.") == 2
