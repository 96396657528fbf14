"""The simulated up and a real engine agree on every stack: it starts, or it does not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import composing
from engine.composing import ENGINE
from engine.images import BUSYBOX, busybox, load
from oracles import NO_ENGINE
from tocompose.check.score import open_view
from tocompose.project import Folder
from tocompose.rules.simulated_up import rehearse

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
# What waits for ever has not started after so many seconds; what is said to start has a minute, on a busy machine too.
PATIENCE, MINUTE = 12, 60


def compose(folder: Path, *words: str, timeout: int = 60) -> int | None:
    """How docker compose ends; None where it does not."""
    try:
        return composing.compose(folder, *words, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
        return None


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
        seconds = MINUTE if rehearsal.starts else PATIENCE
        ended = compose(folder, "up", "-d", "--pull", "never", timeout=seconds)
        assert (ended == 0) == rehearsal.starts, (ended, rehearsal.troubles)
    finally:
        compose(folder, "down", "--volumes", "--timeout", "0")
