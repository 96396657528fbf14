"""What is wrong with a line of a Quadlet unit is told at its place, and the rest of the unit is converted."""

from __future__ import annotations

import pytest

from tocompose.importers import SourceError
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

UNIT = """[Unit]
Description=x
[Container]
Image=nginx:1.27
ContainerName=web
Environment=A=1
[Service]
Restart=always
"""
HEADER = "[Container]"


def _converted(content: bytes) -> Result:
    return convert(Memory({"web.container": content}), Options(source="quadlet"))


def _compose(result: Result) -> bytes:
    return next(file.content for file in result.files if file.path == "docker-compose.yml")


@pytest.mark.parametrize(
    "line",
    [
        *("[Container", "Container]", "[ Container ]", "[container]", "[Contaner]"),
        *("[Container] # web", "  [Container", "[Container\r"),
    ],
)
def test_the_header_of_a_section_is_read_as_it_is_meant(line: str) -> None:
    result = _converted(UNIT.replace(HEADER, line).encode())
    assert _compose(result) == _compose(_converted(UNIT.encode()))
    (told,) = (note for note in result.notes if note.code == "TC016")
    assert told.span and (told.span.line, told.span.column) == (3, 1)
    assert line.strip() in told.message and HEADER in told.message


@pytest.mark.parametrize("header", [HEADER, "[X-Container]", f"{HEADER}  ", f"{HEADER}\r"])
def test_a_sound_header_is_not_told_of(header: str) -> None:
    result = _converted(UNIT.replace(HEADER, header).encode())
    assert "TC016" not in {note.code for note in result.notes}


def test_a_line_of_a_command_is_no_header() -> None:
    unit = f"{UNIT}ExecStartPre=sh -c 'x' \\\n[container\n"
    assert "TC016" not in {note.code for note in _converted(unit.encode()).notes}


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ('Environment="A=1', "TC781", "whose quote or backslash is not closed"),
        ("Environment A=1", "TC781", "has Environment, a line that is no setting"),
        ("Enviroment=A=1", "TC781", "did you mean Environment?"),
        ("Environment=A=\0b", "TC015", "holds zero bytes"),
        ("WorkingDir=/a\nWorkingDir=/b", "TC011", "WorkingDir is written twice"),
    ],
)
def test_a_faulty_line_is_told_and_the_rest_is_converted(
    line: str, code: str, words: str
) -> None:
    result = _converted(UNIT.replace("Environment=A=1", line).encode())
    (service,) = result.stack.services
    assert service.image == "nginx:1.27" and service.container_name == "web"
    (told,) = (note for note in result.notes if note.code in ("TC781", "TC015", "TC011"))
    assert told.code == code and words in told.message
    assert told.span and told.span.line == 6


def test_a_line_that_is_no_setting_shows_no_secret() -> None:
    result = _converted(UNIT.replace("Environment=A=1", "Environment: P=hunter2").encode())
    assert not [note for note in result.notes if "hunter2" in note.message]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_an_encoding_is_told_and_changes_nothing(encoding: str) -> None:
    result = _converted(UNIT.encode(encoding))
    assert _compose(result) == _compose(_converted(UNIT.encode()))
    assert [note.code for note in result.notes if note.code == "TC300"] == ["TC300"]


def test_of_a_unit_that_is_cut_off_anywhere_the_end_is_told_or_nothing_is_lost() -> None:
    for length in range(len(UNIT)):
        try:
            result = _converted(UNIT[:length].encode())
        except SourceError as refusal:
            assert str(refusal).startswith("web.container")
            continue
        assert not [note for note in result.notes if note.code.startswith("TC9")]


@pytest.mark.parametrize("text", ["", "Image=a\n", "[Unit]\nDescription=x\n"])
def test_a_unit_without_its_section_is_refused_by_name(text: str) -> None:
    with pytest.raises(
        SourceError, match=r"web\.container: it has no section \[Container\]"
    ):
        _converted(text.encode())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[Container]\nFoo=1\nExec=x\n", "names no image"),
        ("[Container]\nGlobalArgs=--log-level=debug\nFoo=1\n", "names no image"),
    ],
)
def test_a_refusal_says_why_nothing_came_of_the_unit(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=rf"web\.container:1:1: .*{reason}"):
        _converted(text.encode())
