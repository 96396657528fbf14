"""The reports for GitLab and reviewdog: the fields that their documentation asks for, one finding a note."""

from __future__ import annotations

import json

import jsonschema

from shop import example
from tocompose.model import Stack
from tocompose.notes import Kind, Note
from tocompose.project import Memory
from tocompose.reports import form_of, render
from tocompose.reports.masking import SourceLines
from tocompose.source import Span

_LINE = {"type": "integer", "minimum": 1}
# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": "^TC[0-9]{3}$"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    # GitLab shows nothing of a path that begins with ./
                    "path": {"type": "string", "pattern": r"^(?!\.?/)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": _LINE, "end": _LINE},
                    },
                },
            },
        },
    },
}
_POSITION = {
    "type": "object",
    "required": ["line"],
    "additionalProperties": False,
    "properties": {"line": _LINE, "column": _LINE},
}
# https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
RDJSON = {
    "type": "object",
    "required": ["source", "diagnostics"],
    "properties": {
        "source": {"type": "object", "required": ["name"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location", "severity", "code"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                    "code": {"type": "object", "required": ["value"]},
                    "location": {
                        "type": "object",
                        "required": ["path", "range"],
                        "properties": {
                            "path": {"type": "string", "minLength": 1},
                            "range": {
                                "type": "object",
                                "required": ["start"],
                                "properties": {"start": _POSITION, "end": _POSITION},
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_gitlab_gets_its_fields():
    findings = json.loads(render("gitlab", example()))
    jsonschema.Draft202012Validator(GITLAB).validate(findings)
    assert [one["check_name"] for one in findings] == [
        note.code for note in example().notes
    ]


def test_gitlab_shows_each_of_two_findings_that_say_the_same():
    note = Note(code="TC001", kind=Kind.LOST, message="x", span=Span("a", 1, 1, 1, 2))
    findings = json.loads(render("gitlab", example()._replace(notes=(note, note, note))))
    assert len({one["fingerprint"] for one in findings}) == 3


def test_reviewdog_gets_its_fields():
    result = json.loads(render("rdjson", example()))
    jsonschema.Draft202012Validator(RDJSON).validate(result)
    assert len(result["diagnostics"]) == len(example().notes)


def test_columns_of_reviewdog_are_bytes():
    text = "docker run --name w -e A=a𐐀b nginx\n"
    lines = SourceLines(Memory({"run.sh": text.encode()}), Stack(name="x"))
    columns = [
        lines.byte_column("run.sh", 1, text.index(letter) + 1) for letter in ("𐐀", "b ")
    ]
    assert columns == [text.index("𐐀") + 1, text.index("b ") + 4]
    assert lines.byte_column("none", 7, 3) == 3


def test_the_name_of_gitlabs_report_tells_its_form():
    names = (
        "gl-code-quality-report.json",
        "ci/gl-code-quality-report.json",
        "a.json",
        "x.rdjson",
    )
    assert [form_of(name) for name in names] == ["gitlab", "gitlab", "json", "rdjson"]
