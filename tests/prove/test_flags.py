"""Every flag, with the real clients: an equal Compose file is found equal, and the flag's absence is found."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from oracles import needs_oracles, oracles
from tocompose.prove.clients import record_compose, record_docker
from tocompose.prove.compare import compare_recordings
from tocompose.prove.difference import Proof
from tocompose.prove.recording import Recording

pytestmark = needs_oracles
CASES: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("flags.yaml").read_text()
)
ENV = {"GIVEN": "value"}


def commands(case: dict[str, Any]) -> list[list[str]]:
    main = f"run -d {case['run']} nginx {case.get('args', '')}"
    return [
        ["docker", *shlex.split(text)]
        for text in (*case.get("before", ()), main, *case.get("after", ()))
    ]


def recordings(
    name: str, folder: Path, service: dict[str, Any]
) -> tuple[Recording, Recording]:
    case = CASES[name]
    place = folder / "project"
    place.mkdir()
    for file, text in case.get("files", {}).items():
        (place / file).write_text(text)
    stack = {
        "services": {"app": {"image": "nginx", **service}, **case.get("others", {})},
        **case.get("top", {}),
    }
    file = place / "compose.yaml"
    file.write_text(yaml.safe_dump(stack))
    docker, compose = oracles()
    asked = record_docker(commands(case), docker=docker, folder=place, env=ENV)
    return asked, record_compose([file], compose=compose, folder=place, env=ENV)


@pytest.mark.parametrize("name", CASES)
def test_equal_file_is_equal(name: str, tmp_path: Path) -> None:
    asked, given = recordings(name, tmp_path, CASES[name]["service"])
    assert asked.refusals == ()
    assert [
        one.field for one in Proof(*compare_recordings(asked, given)).differences
    ] == CASES[name].get("known", [])


@cache
def bare(folder: Path) -> Recording:
    file = folder / "compose.yaml"
    file.write_text("services: {app: {image: nginx}}")
    return record_compose([file], compose=oracles().compose, folder=folder)


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if not case.get("silent")]
)
def test_lost_flag_is_found(
    name: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = CASES[name]
    for file, text in case.get("files", {}).items():
        (tmp_path / file).write_text(text)
    asked = record_docker(commands(case), docker=oracles().docker, folder=tmp_path, env=ENV)
    found = Proof(
        *compare_recordings(asked, bare(tmp_path_factory.getbasetemp()))
    ).undeclared
    assert any(one.service == "app" and one.field != "Container" for one in found)
