"""The recorded sessions of docs/sessions.md, on a real engine: three commands from a source to a healthy stack.

`TOCOMPOSE_UPDATE_README=1 pytest tests/engine/test_sessions.py` writes their outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tree
from engine.clock import quickened
from engine.images import BUSYBOX, busybox, load
from oracles import NO_ENGINE, binary
from test_readme import SESSIONS, blocks

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
COMPOSE, DOCKER = binary("docker-compose"), binary("docker")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not (ENGINE and COMPOSE and DOCKER and BUSYBOX.exists()),
        reason=NO_ENGINE,
    ),
]
NODE = "node:20-bookworm-slim"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with `tocompose` and `docker compose`; the stacks that were started in it are taken down."""
    folder = tmp_path_factory.mktemp("sessions")
    programs = folder / "bin"
    programs.mkdir()
    _program(programs / "docker", f'[ "$1" = compose ] && shift && exec {COMPOSE} "$@"')
    _program(
        programs / "tocompose", f'exec {shlex.quote(sys.executable)} -m tocompose "$@"'
    )
    load(ENGINE, busybox(), "busybox:1.37", "ENV PATH=/bin")
    yield folder
    for compose_file in folder.glob("*/**/docker-compose.yml"):
        _run("docker compose down -v --timeout 1", compose_file.parent, folder)


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _run(command: str, cwd: Path, place: Path) -> str:
    env = {
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(place),
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "DOCKER_HOST": ENGINE,
        "DOCKER_BUILDKIT": "0",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}"
    return done.stdout


def _has_image(name: str) -> bool:
    words = [DOCKER, "image", "inspect", name]
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    return subprocess.run(words, env=environment, capture_output=True).returncode == 0


@pytest.mark.parametrize("title", re.findall(r"^## (.*)$", SESSIONS.read_text(), re.M))
def test_the_session_prints_what_it_shows(title: str, place: Path) -> None:
    text = SESSIONS.read_text(encoding="utf-8")
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    if "Procfile" in title and not _has_image(NODE):
        pytest.skip(f"needs the image {NODE} in the engine (tests/procfile/base_images.py)")
    for block in blocks(section + "\n"):
        if block.file:
            path = place / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
            continue
        lines: list[str] = []
        for command in re.findall(r"^\$ (.*)$", block.text, re.MULTILINE):
            for compose_file in place.glob("*/**/docker-compose*.yml"):
                compose_file.write_text(quickened(compose_file.read_text()))
            printed = sorted(_run(command, place, place).splitlines())
            lines += [f"$ {command}", *printed]
        shown = "\n".join(lines) + "\n"
        if os.environ.get("TOCOMPOSE_UPDATE_README"):
            SESSIONS.write_text(text.replace(block.text, shown, 1), encoding="utf-8")
        else:
            assert shown == block.text
