"""A stack of version 1 on a real engine: what its containers wrote in the old days is there after the move."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from engine.images import BUSYBOX, busybox, load
from oracles import CLIENTS, oracles
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Folder

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists() or CLIENTS is None,
        reason="needs TOCOMPOSE_ENGINE, a static busybox and docker compose",
    ),
]
IMAGE = "tocompose-old/box:1"
FILE = f"""\
# How it was run in 2014.
web:
  image: {IMAGE}
  links:
    - db:store
  volumes_from: [data]
  command: sh -c 'nc $$STORE_PORT_5432_TCP_ADDR $$STORE_PORT_5432_TCP_PORT > /files/answer; sleep 900'
db:
  image: {IMAGE}
  volumes: [tco-store:/store]
  expose: ["5432"]
  command: nc -ll -p 5432 -e cat /store/rows
data:
  image: {IMAGE}
  command: "true"
  volumes: [/files]
"""


def docker(*words: str) -> str:
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    done = subprocess.run(
        ["docker", *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stderr[-500:]}"
    return done.stdout


def compose(folder: Path, *words: str) -> str:
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    command = [oracles().compose, "--project-directory", str(folder), *words]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr[-1000:]
    return done.stdout


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of the old file, with containers as Compose 1 made them: by links, and under its names."""
    load(ENGINE, busybox(), IMAGE)
    folder = tmp_path / "tco-old"
    folder.mkdir()
    (folder / "docker-compose.yml").write_text(FILE)
    names = ["tcoold_data_1", "tcoold_db_1"]
    try:
        marks = ("project=tcoold", "service=data")
        labels = [f"--label=com.docker.compose.{mark}" for mark in marks]
        docker("run", "-d", "--name", names[0], *labels, "-v", "/files", IMAGE, "true")
        write = "echo rows-of-2014 > /store/rows"
        store = ("-v", "tco-store:/store")
        docker("run", "-d", "--name", names[1], *store, IMAGE, "sh", "-c", write)
        docker("wait", names[1])
        write = "echo file-of-2014 > /files/old"
        docker("run", "--rm", "--volumes-from", names[0], IMAGE, "sh", "-c", write)
        yield folder
    finally:
        docker("rm", "-f", "-v", *names)
        docker("volume", "rm", "-f", "tco-store", "tcoold_data-files")


def test_the_old_data_are_there(folder: Path) -> None:
    result = convert(
        Folder(folder, ("docker-compose.yml",)),
        Options(source="compose", practices="none"),
    )
    (folder / "docker-compose.yml").write_bytes(result.files[0].content)
    assert yaml.safe_load(result.files[0].content)["name"] == "tcoold"
    try:
        compose(folder, "create")
        run_copies(result)
        compose(folder, "up", "-d", "--wait")
        assert read(folder, "db", "/store/rows") == "rows-of-2014\n"
        assert read(folder, "web", "/files/old") == "file-of-2014\n"
        assert read(folder, "web", "/files/answer") == "rows-of-2014\n"
    finally:
        compose(folder, "down", "-t", "0")


def read(folder: Path, service: str, path: str) -> str:
    wait = (
        f"for i in 1 2 3 4 5 6 7 8 9; do [ -s {path} ] && break; sleep 1; done; cat {path}"
    )
    return compose(folder, "exec", "-T", service, "sh", "-c", wait)


def run_copies(result: Result) -> None:
    """Runs the command of the note in a shell, with the image that is at hand in the place of busybox."""
    (told,) = [told for told in result.notes if told.code == "TC432"]
    command = told.advice.split("`")[1].replace(" busybox:1.37 ", f" {IMAGE} ")
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
