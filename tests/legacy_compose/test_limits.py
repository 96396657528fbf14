"""Compose files that would take a machine: long chains, many services, variables in variables."""

from __future__ import annotations

import pytest

from tocompose.importers import SourceError
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.rules.variables import variable_defaults


def read(text: str, **files: str) -> Result:
    named = {f"{name}.yml": content.encode() for name, content in files.items()}
    project = Memory({"docker-compose.yml": text.encode(), **named})
    return convert(project, Options(source="compose", practices="none"))


def notes_of(result: Result, code: str) -> list[Note]:
    return [note for note in result.notes if note.code == code]


@pytest.mark.parametrize("form", ["services: {{{}}}", "{{{}}}"])
def test_a_long_chain_of_services_comes_to_an_end(form: str) -> None:
    links = [f"s{n}: {{image: a, extends: {{service: s{n + 1}}}}}" for n in range(120)]
    result = read(form.format(", ".join([*links, "s120: {image: a}"])))
    assert notes_of(result, "TC028") and not notes_of(result, "TC901")


def test_services_that_are_too_many_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCOMPOSE_MAX_SERVICES", "2")
    result = read("services: {a: {image: x}, b: {image: x}, c: {image: x}}")
    assert [service.name for service in result.stack.services] == ["a", "b"]
    [told] = notes_of(result, "TC025")
    assert told.message.startswith("c was left out")


def test_a_file_that_cannot_be_read_is_said_to_be_so() -> None:
    with pytest.raises(SourceError, match="nested deeper"):
        read("services: {a: {image: b, labels: " + "[" * 500 + "]" * 500 + "}}")


def test_a_key_that_stands_twice_is_said() -> None:
    result = read("services: {a: {image: x, user: one, user: two}}")
    assert [note.span.line for note in notes_of(result, "TC011") if note.span] == [1]


def test_variables_in_variables_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from tocompose.syntax import interpolation

    parse, calls = interpolation.parse, []

    def counted(text: str) -> tuple[interpolation.Segment, ...]:
        calls.append(len(text))
        return parse(text)

    text = "${A:-" * 200 + "x" + "}" * 200
    stack = read(f"services: {{a: {{image: b, command: '{text}'}}}}").stack
    monkeypatch.setattr(interpolation, "parse", counted)
    assert variable_defaults(stack) == {"A": {None: "a", "x": "a"}}
    assert len(calls) < 10
