"""The simulated up and a real engine agree on every stack: it starts, or it does not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.images import BUSYBOX, busybox, load
from oracles import NO_ENGINE
from tocompose.check.score import open_view
from tocompose.project import Folder
from tocompose.rules.simulated_up import rehearse

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]
IMAGE = "tocompose-up/busybox:1"
STACKS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "simulated_stacks.yaml").read_text(encoding="utf-8")
)
# What waits for ever has not started after so many seconds.
PATIENCE = 12


def compose(folder: Path, *words: str, timeout: int = 60) -> int | None:
    """How docker compose ends; None where it does not."""
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    command = [os.environ["TOCOMPOSE_ORACLES"] + "/docker-compose", *words]
    try:
        ran = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        return None
    return ran.returncode


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    load(ENGINE, busybox(), IMAGE)


def test_there_are_enough() -> None:
    assert len(STACKS) >= 40


@pytest.mark.parametrize("name", STACKS)
def test_the_engine_agrees(name: str, tmp_path: Path) -> None:
    text = yaml.safe_dump(STACKS[name]["stack"], sort_keys=False).replace("IMAGE", IMAGE)
    folder = tmp_path / f"up-sim-{list(STACKS).index(name)}"
    for path, content in {"compose.yaml": text, **STACKS[name].get("files", {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    view = open_view(Folder(folder))
    assert view is not None
    rehearsal = rehearse(view)
    try:
        ended = compose(folder, "up", "-d", "--pull", "never", timeout=PATIENCE)
        assert (ended == 0) == rehearsal.starts, (ended, rehearsal.troubles)
    finally:
        compose(folder, "down", "--volumes", "--timeout", "0")
