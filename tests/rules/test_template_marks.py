"""Placeholders that a template left are asked for or told where they stand; what programs fill in is left alone."""

from __future__ import annotations

import pytest

from tocompose.notes import Note
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

STACK = """\
services:
  web:
    image: corp/web:1
    hostname: "{hostname}"
    environment:
      SITE: "{site}"
    command: ["serve", "{word}"]
"""


def told(**values: str) -> list[Note]:
    defaults = {"hostname": "web", "site": "x", "word": "y"}
    text = STACK
    for key, value in {**defaults, **values}.items():
        text = text.replace(f"{{{key}}}", value)
    result = convert(Memory({"compose.yml": text.encode()}, "shop"), Options())
    return [note for note in result.notes if note.code in {"TC547", "TC852"}]


@pytest.mark.parametrize(
    "site", ["{{domain}}", "https://{{ site_host }}/cb", "{{base-url}}/x"]
)
def test_a_value_for_the_environment_is_asked_for_at_its_line(site: str) -> None:
    [note] = told(site=site)
    assert note.code == "TC852" and note.advice == "Set SITE in .env."
    assert note.span is not None and note.span.line == 6


@pytest.mark.parametrize(
    ("values", "placeholder", "line"),
    [
        ({"hostname": "{{ domain }}"}, "{{ domain }}", 4),
        ({"hostname": "{{ .Values.host }}"}, "{{ .Values.host }}", 4),
        ({"site": "Hello {{name}}"}, "{{name}}", 6),
        ({"word": "--user={{user}}"}, "{{user}}", 7),
    ],
)
def test_what_no_variable_can_ask_for_is_told_at_its_line(
    values: dict[str, str], placeholder: str, line: int
) -> None:
    [note] = told(**values)
    assert note.code == "TC547" and f"holds {placeholder}, as a template" in note.message
    assert note.span is not None and note.span.line == line


@pytest.mark.parametrize(
    "values",
    [
        {"word": "{{range .Names}}{{.}}{{end}}"},
        {"word": "{{.Name}}: {{.ID}}"},
        {"site": "{{ $labels.instance }}"},
        {"site": "{}"},
    ],
)
def test_templates_of_programs_are_left_alone(values: dict[str, str]) -> None:
    assert told(**values) == []


def test_a_label_and_a_file_of_manifests_are_told() -> None:
    manifests = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cfg}
data: {app.conf: "url = https://{{domain}}/api", legend.json: '{"legend": "{{host}}"}'}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: web, image: "corp/web:1", volumeMounts: [{name: c, mountPath: /c}]}]
  volumes: [{name: c, configMap: {name: cfg}}]
"""
    result = convert(Memory({"m.yaml": manifests.encode()}, "shop"), Options())
    messages = [note.message for note in result.notes if note.code == "TC547"]
    assert messages == [
        "the file config/cfg/app.conf holds {{domain}}, as a template leaves it; it was kept"
    ]
