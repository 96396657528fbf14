"""What is pasted into the terminal: behind tocompose, or into `tocompose paste`."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
import yaml

import tree

COMMANDS = "docker network create shop\ndocker run -d --name web --network shop -e A=<password> nginx:1.27\n"
MANIFEST = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: "nginx:1.27"}]}
"""


@pytest.mark.parametrize("text", [COMMANDS, MANIFEST])
def test_what_is_pasted_is_converted(tocompose, text):
    ran = tocompose("paste", "--practices", "none", stdin=text)
    assert ran.code == 0
    assert yaml.safe_load(ran.out)["services"]["web"]["image"] == "nginx:1.27"


def test_options_may_stand_before_paste(tocompose, tmp_path):
    assert tocompose("-o", "deploy", "-q", "paste", stdin=COMMANDS).code == 0
    assert "web:" in (tmp_path / "deploy" / "docker-compose.yml").read_text()


@pytest.mark.parametrize("text", ["", " \n", "hello there\n"])
def test_what_holds_no_command_is_one_message(tocompose, text):
    ran = tocompose("paste", stdin=text)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("tocompose: ")


@pytest.mark.parametrize(
    "words", [["docker run -d nginx:1.27"], ["docker", "run -d nginx:1.27"]]
)
def test_a_command_in_quotes_is_a_command(tocompose, words):
    ran = tocompose("--practices", "none", *words)
    assert yaml.safe_load(ran.out)["services"] == {"nginx": {"image": "nginx:1.27"}}


def test_an_option_of_tocompose_behind_docker_is_refused_with_the_way_out(tocompose):
    ran = tocompose("docker", "run", "-d", "-o", "deploy", "nginx")
    assert (ran.code, ran.out) == (2, "")
    assert "tocompose -o … docker run …" in ran.err


def test_an_option_of_tocompose_behind_the_image_is_hinted_at(tocompose):
    ran = tocompose("docker", "run", "-d", "nginx", "-o", "deploy")
    assert yaml.safe_load(ran.out)["services"]["nginx"]["command"] == ["-o", "deploy"]
    assert "[TC851]" in ran.err


def test_a_misspelt_option_takes_its_value_along(tocompose):
    ran = tocompose("docker", "run", "-d", "--nme", "web", "nginx")
    assert yaml.safe_load(ran.out)["services"]["nginx"]["image"] == "nginx"
    assert "mean --name?" in " ".join(ran.err.split())


def test_tocompose_alone_reads_from_the_terminal() -> None:
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "tocompose"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.PACKAGE.parent)}
    pipes = {"stdin": writer, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, **pipes) as process:  # type: ignore[call-overload]
        os.close(writer)
        os.write(reader, b"docker run -d --name web nginx:1.27\n\x04")
        printed, said = process.communicate(timeout=60)
    os.close(reader)
    assert yaml.safe_load(printed)["services"]["web"]["image"] == "nginx:1.27"
    assert b"press Ctrl-D" in said
