"""Env files that are no files, and networks of any name: what docker takes and compose refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder, Memory


def converted(script: str) -> Result:
    project = Memory({"run.sh": script.encode()})
    return convert(project, Options(source="docker_run", practices="none"))


def document(result: Result) -> dict[str, dict[str, dict[str, object]]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(
        result.files[0].content
    )
    return loaded


@pytest.mark.parametrize(
    "path", ["/run/docker.sock", "/dev/stdin", "/proc/1/environ", "x/"]
)
def test_what_is_no_file_by_its_name_is_left_out(path: str) -> None:
    result = converted(f"docker run -d --name web --env-file {path} nginx:1.27\n")
    assert "env_file" not in document(result)["services"]["web"]
    assert "TC771" in {note.code for note in result.notes}


@pytest.mark.parametrize("path", ["/dev/null", "app.env", "/etc/app.sock.env"])
def test_a_file_stays(path: str) -> None:
    result = converted(f"docker run -d --name web --env-file {path} nginx:1.27\n")
    assert "env_file" in document(result)["services"]["web"]


def test_a_folder_and_a_pipe_of_the_source_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    script = "docker run -d --name web --env-file folder --env-file pipe nginx:1.27\n"
    (tmp_path / "run.sh").write_text(script, encoding="utf-8")
    project = Folder(tmp_path, ("run.sh",))
    result = convert(project, Options(source="docker_run", practices="none"))
    assert "env_file" not in document(result)["services"]["web"]
    assert [note.code for note in result.notes].count("TC771") == 2


@pytest.mark.parametrize("name", ["a!b", "a b", "häfen", "x:y"])
def test_a_network_of_any_name_keeps_it_under_a_key_of_compose(name: str) -> None:
    script = f"docker network create '{name}'\ndocker run -d --name web --network '{name}' nginx:1.27\n"
    result = converted(script)
    ((key, network),) = document(result)["networks"].items()
    assert key.replace("-", "").isalnum() and key.isascii()
    assert network == {"name": name}
    assert document(result)["services"]["web"]["networks"] == [key]


def test_two_names_that_differ_only_in_signs_are_two_networks() -> None:
    script = "docker run -d --name {0} --network 'a{1}b' nginx:1.27\n"
    result = converted(script.format("web", "!") + script.format("db", " "))
    assert len(document(result)["networks"]) == 2
