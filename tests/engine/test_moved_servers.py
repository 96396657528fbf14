"""The health commands of moved servers on the engine: healthy where the server answers, unhealthy where it was usual.

Each container of the table `tests/rules/moved_servers.txt` that is asked somewhere else than usual runs twice: with a
stand-in that answers where the table says, and with one that answers at the usual place of its image.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Iterator

import pytest

from engine.images import BUSYBOX, load
from engine.tools import root_of_tools
from oracles import NO_ENGINE
from rules.test_moved_servers import LINES, Container
from tocompose.knowledge.images import image_facts
from tocompose.model import Healthcheck

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]
IMAGE = "tocompose-facts-tools:1"
# A table of 200 lines takes some minutes; some show that the rest is worth asking.
STEP = int(os.environ.get("TOCOMPOSE_MOVED_STEP", "24"))
# As many become healthy, and unhealthy, by the engine's own clock; the others are asked once.
WATCHED = 3


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    return subprocess.run(
        ["docker", *words], env=environment, capture_output=True, text=True, check=False
    )


def moved() -> Iterator[tuple[str, tuple[str, ...], str, str]]:
    """Of servers on another port: the line, the health command, the port where it answers, and the usual one."""
    for line in LINES:
        container = Container(line)
        check, answer = container.check(), container.answer.split()
        facts = image_facts(container.service.image or "")
        usual = facts.ports[0] if facts and facts.ports else ""
        port = answer[0]
        if isinstance(check, Healthcheck) and port.isdigit() and port != usual:
            yield line, check.test or (), port, usual


def words_of(test: tuple[str, ...]) -> list[str]:
    """The command as the engine runs it; Debian's busybox has an `nc` without -z, which the real images have."""
    words = [word.replace("$$", "$").replace("nc -z", "connect") for word in test[1:]]
    return ["/bin/sh", "-c", words[0]] if test[0] == "CMD-SHELL" else words


def start(name: str, port: str, *health: str) -> None:
    started = docker("run", "-d", "--name", name, *health, IMAGE, "/bin/serve", port)
    assert started.returncode == 0, started.stderr
    for _ in range(50):
        if "ready" in docker("logs", name).stdout:
            return
        time.sleep(0.2)


@pytest.fixture(scope="module", autouse=True)
def image() -> Iterator[None]:
    load(ENGINE, root_of_tools(), IMAGE, "ENV PATH=/bin", "CMD []")
    yield
    docker("rmi", "-f", IMAGE)


def test_the_command_is_answered_where_the_server_is_and_nowhere_else() -> None:
    wrong = []
    cases = list(moved())[::STEP]
    for index, (line, test, port, usual) in enumerate(cases):
        for place in (port, usual):
            name = f"tcfacts-{os.getpid()}-{index}"
            try:
                start(name, place)
                asked = docker("exec", name, *words_of(test))
            finally:
                docker("rm", "-f", name)
            if (asked.returncode == 0) is not (place == port):
                wrong.append((line, place, asked.stdout + asked.stderr))
    assert wrong == []
    assert len(cases) >= 100 // STEP


@pytest.mark.parametrize("case", list(moved())[:: len(list(moved())) // WATCHED][:WATCHED])
def test_the_engine_calls_it_healthy_and_unhealthy(
    case: tuple[str, tuple[str, ...], str, str],
) -> None:
    _, test, port, usual = case
    line = " ".join(shlex.quote(word) for word in words_of(test))
    for place, wanted in ((port, "healthy"), (usual, "unhealthy")):
        name = f"tcfacts-{os.getpid()}-watched"
        health = ("--health-cmd", line, "--health-interval", "1s", "--health-retries", "2")
        try:
            start(name, place, *health)
            state = "starting"
            for _ in range(60):
                template = "{{.State.Health.Status}}"
                state = docker("inspect", "--format", template, name).stdout.strip()
                if state != "starting":
                    break
                time.sleep(0.5)
            assert state == wanted
        finally:
            docker("rm", "-f", name)
