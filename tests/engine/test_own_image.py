"""The image of tocompose itself: it builds from the Dockerfile, and converts as a user who is not root."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import tomllib
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import tree
from engine.images import BUSYBOX, load
from engine.python_slim import CHANGES, USERADD, python_slim
from oracles import NO_ENGINE, binary

DOCKER = binary("docker")
ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
# The classic builder: the other one is a plug-in that not every client has.
ENVIRONMENT = {**os.environ, "DOCKER_HOST": ENGINE, "DOCKER_BUILDKIT": "0"}
IMAGE = "tocompose-own/tocompose:1"
BASE = "tocompose-own/python:slim"
ready = bool(ENGINE and DOCKER and BUSYBOX.exists() and USERADD.exists())
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ready, reason=NO_ENGINE),
]
SCRIPT = "docker run -d --name web -p 8080:80 -e API_KEY=k3y-9Kq2 nginx:1.27\n"


def docker(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DOCKER, *words],
        env=ENVIRONMENT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image, built from the Dockerfile with a stand-in for its base image."""
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    wanted = (
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["serve"],
        *project["build-system"]["requires"],
    )
    load(
        ENGINE, python_slim(re.split(r"[><=]", item)[0] for item in wanted), BASE, *CHANGES
    )
    text = (tree.ROOT / "Dockerfile").read_text()
    base = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(set(base)) == 1, "both stages stand on the same image"
    file = tmp_path_factory.mktemp("build") / "Dockerfile"
    file.write_text(text.replace(base[0], BASE))
    built = docker(
        "build", "--network", "none", "-f", str(file), "-t", IMAGE, str(tree.ROOT)
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return IMAGE


def test_it_is_a_command_for_somebody_who_is_not_root(image: str) -> None:
    said = docker("image", "inspect", "--format", "{{json .Config}}", image)
    config = json.loads(said.stdout)
    assert (config["User"], config["WorkingDir"]) == ("tocompose", "/work")
    assert (config["Entrypoint"], config["Cmd"]) == (["tocompose"], ["--help"])


def test_it_reads_standard_input_and_needs_no_disk(image: str) -> None:
    ran = docker(
        "run",
        "--rm",
        "-i",
        "--network",
        "none",
        "--read-only",
        image,
        "convert",
        "-",
        stdin=SCRIPT,
    )
    assert ran.returncode == 0, ran.stderr
    assert "    image: nginx:1.27\n" in ran.stdout


def test_it_writes_into_a_mounted_folder_for_the_user_who_starts_it(
    image: str, tmp_path: Path
) -> None:
    (tmp_path / "run.sh").write_text(SCRIPT)
    tmp_path.chmod(0o777)
    mount = ("--user", "4711:4711", "-v", f"{tmp_path}:/work")
    ran = docker(
        "run",
        "--rm",
        "--network",
        "none",
        *mount,
        image,
        "convert",
        "run.sh",
        "-o",
        "deploy",
    )
    assert ran.returncode == 0, ran.stderr
    written = tmp_path / "deploy" / ".env"
    assert 'API_KEY="k3y-9Kq2"\n' in written.read_text()
    assert written.stat().st_uid == 4711
    assert (tmp_path / "deploy" / "docker-compose.yml").read_text().startswith("# Base: ")


def test_it_serves_the_page(image: str) -> None:
    """As the documentation has it, on a read-only disk."""
    name = "tocompose-own-page"
    serving = ("serve", "--host", "0.0.0.0", "--jobs", "2")
    publish = ("-p", "127.0.0.1::8686")
    ran = docker(
        "run",
        "-d",
        "--rm",
        "--read-only",
        "--tmpfs",
        "/tmp",
        *publish,
        "--name",
        name,
        image,
        *serving,
    )
    assert ran.returncode == 0, ran.stderr
    try:
        port = int(docker("port", name, "8686/tcp").stdout.split(":")[-1])
        reply = _asked(port, {"text": SCRIPT})
    finally:
        docker("rm", "-f", name)
    assert reply["services"] == [{"name": "web", "image": "nginx:1.27"}]


def _asked(port: int, request: dict[str, str]) -> dict[str, object]:
    """What the server answers, once it does."""
    asking = Request(
        f"http://127.0.0.1:{port}/api/convert",
        json.dumps(request).encode(),
        {"content-type": "application/json"},
    )
    for _ in range(60):
        try:
            with urlopen(asking, timeout=60) as response:
                return dict(json.load(response))
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the page is not served")
