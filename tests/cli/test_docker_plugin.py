"""`docker tocompose …`: what docker asks of a plug-in, how it is installed, and the real docker CLI that runs it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

import oracles
from tocompose import __version__
from tocompose.cli.docker_entry import metadata, split_arguments


@pytest.fixture
def docker_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "docker config"
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


def test_the_metadata_are_what_docker_asks_for():
    told = json.loads(metadata())
    assert told["SchemaVersion"] == "0.1.0"
    assert told["Version"] == f"v{__version__}"
    assert told["Vendor"] and told["ShortDescription"]


@pytest.mark.parametrize(
    ("words", "variables", "arguments"),
    [
        ("tocompose docker run nginx", {}, ["docker", "run", "nginx"]),
        (
            "tocompose --name tocompose convert .",
            {},
            ["--name", "tocompose", "convert", "."],
        ),
        (
            "--context tocompose tocompose engine",
            {"DOCKER_CONTEXT": "tocompose"},
            ["engine"],
        ),
        (
            "-D --host=tcp://h:1 --tlsverify -l debug tocompose engine",
            {"DOCKER_HOST": "tcp://h:1", "DOCKER_TLS_VERIFY": "1"},
            ["engine"],
        ),
        ("help tocompose", {}, ["--help"]),
        ("help tocompose convert", {}, ["convert", "--help"]),
        ("", {}, []),
    ],
)
def test_options_of_docker_stand_before_the_name(words, variables, arguments):
    assert split_arguments(words.split()) == (variables, arguments)


def test_a_file_of_somebody_else_stays(tocompose, docker_folder):
    foreign = docker_folder / "cli-plugins" / "docker-tocompose"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("#!/bin/sh\necho mine\n")
    for words in ((), ("--uninstall",)):
        ran = tocompose("docker-plugin", *words)
        assert ran.code == 2 and "was not written by tocompose" in ran.err
        assert foreign.read_text() == "#!/bin/sh\necho mine\n"
    assert tocompose("docker-plugin", "--force").code == 0
    assert "echo mine" not in foreign.read_text()


def test_a_link_is_replaced_and_not_written_through(tocompose, docker_folder, tmp_path):
    target = tmp_path / "theirs"
    target.write_text("tocompose.cli.docker_entry\n")
    plugin = docker_folder / "cli-plugins" / "docker-tocompose"
    plugin.parent.mkdir(parents=True)
    plugin.symlink_to(target)
    assert tocompose("docker-plugin").code == 0
    assert target.read_text() == "tocompose.cli.docker_entry\n"
    assert not plugin.is_symlink()


def test_it_installs_again_and_goes_away(tocompose, docker_folder):
    for _ in range(2):
        assert tocompose("docker-plugin").code == 0
    assert [path.name for path in (docker_folder / "cli-plugins").iterdir()] == [
        "docker-tocompose"
    ]
    assert tocompose("docker-plugin", "--uninstall").code == 0
    assert list((docker_folder / "cli-plugins").iterdir()) == []


@pytest.fixture
def docker(tocompose, docker_folder, tmp_path):
    """Runs the real docker CLI with the plug-in installed."""
    assert tocompose("docker-plugin").code == 0

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [oracles.oracles().docker, *words],
            cwd=tmp_path,
            env={**os.environ, "DOCKER_HOST": "unix:///nowhere.sock"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@pytest.mark.oracle
@oracles.unless_oracles
def test_the_real_docker_runs_it(docker, docker_folder, tmp_path):
    command = ["docker", "run", "-d", "--name", "web", "-p", "8080:80", "nginx:1.27"]
    ran = docker("tocompose", *command)
    assert ran.returncode == 0, ran.stderr
    web = yaml.safe_load(ran.stdout)["services"]["web"]
    assert (web["image"], web["ports"]) == ("nginx:1.27", ["${WEB_PORT:-8080}:80"])
    # Its own options, and docker's in front.
    ran = docker("--config", str(docker_folder), "tocompose", "-o", "deploy", *command)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "deploy" / "docker-compose.yml").is_file()
    # The exit code is ours.
    assert docker("tocompose", "convert", "nothing.sh").returncode == 2


@pytest.mark.oracle
@oracles.unless_oracles
def test_the_real_docker_lists_it_helps_and_completes(docker):
    assert "tocompose*" in docker("--help").stdout
    for words in (("help", "tocompose"), ("tocompose", "--help")):
        assert docker(*words).stdout.startswith("Usage: tocompose [OPTIONS] COMMAND")
    assert "SOURCES" in docker("help", "tocompose", "convert").stdout
    completed = docker("__complete", "tocompose", "conv").stdout.splitlines()
    assert completed[0].startswith("convert\t") and completed[-1] == ":0"
    assert "--practices" in docker("__complete", "tocompose", "convert", "--pra").stdout
    assert "invalid" not in docker("info").stdout.lower()
