"""Broken JSON and TOML are told at their line and column."""

from __future__ import annotations

import pytest

from tocompose.answers import AnswerError, read_answers
from tocompose.importers import SourceError
from tocompose.pipeline import Options, convert
from tocompose.project import Memory


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("a.json", '{"x": 1,\n "y": }', "a.json:2:7: expecting value"),
        ("a.json", '{"x": 1,}', "a.json:1:"),
        ("a.toml", "a = 1\nb = \n", "a.toml:2:5: invalid value"),
        ("a.toml", "a = 1\nb = [", "a.toml:2:6: "),
    ],
)
def test_answers_that_do_not_parse_are_told_at_their_place(
    name: str, text: str, place: str
) -> None:
    with pytest.raises(AnswerError) as told:
        read_answers(text, name)
    assert str(told.value).startswith(place)


def test_an_inspection_that_breaks_off_is_told_at_its_place() -> None:
    project = Memory({"inspect.json": b'[\n {"Name": "/web",\n  "Config": }]'})
    with pytest.raises(
        SourceError, match=r"inspect\.json:3:13: a key without a value: correct"
    ):
        convert(project, Options(source="engine"))


def test_an_empty_entry_point_of_a_workflow_is_the_images_own() -> None:
    pipeline = b"test:\n  services:\n    - {name: 'redis:7', alias: cache, entrypoint: []}\n  script: [true]\n"
    result = convert(Memory({".gitlab-ci.yml": pipeline}), Options(source="docker_run"))
    assert [service.entrypoint for service in result.stack.services] == [None]
