"""Generated Dockerfiles on a real engine: they build, the release runs first, web answers, as production and as dev.

Needs TOCOMPOSE_ENGINE and the base images of the two fixtures; `base_images.py` makes these where there is no registry.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from engine.clock import quickened_files
from golden import ROOT, inputs, outcome
from oracles import NO_ENGINE, binary

CASES = {
    "buildable_python": ("python:3.11-slim-bookworm", 8000),
    "buildable_node": ("node:20-bookworm-slim", 3000),
}
ANSWERS = {
    ("buildable_python", "production"): "python hello $HOME 1000\n",
    ("buildable_python", "development"): "python hello $HOME 1000\n",
    ("buildable_node", "production"): "node production 1000\n",
    ("buildable_node", "development"): "node development 1000\n",
}
COMPOSE = binary("docker-compose")
ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
ENVIRONMENT = {**os.environ, "DOCKER_HOST": ENGINE}
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not (COMPOSE and ENGINE), reason=NO_ENGINE),
]


def compose(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMPOSE, *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(
    params=[(name, mode) for name in CASES for mode in ("production", "development")],
    ids="-".join,
)
def running(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Path, tuple[str, str], list[str]]]:
    """A converted fixture, built and up."""
    name, mode = request.param
    image, _ = CASES[name]
    inspect = [binary("docker"), "image", "inspect", image]
    if subprocess.run(
        inspect, env=ENVIRONMENT, capture_output=True, check=False
    ).returncode:
        pytest.skip(
            f"needs the image {image} in the engine (tests/procfile/base_images.py)"
        )
    folder = tmp_path / name
    for path, content in {**inputs(ROOT / "fixtures" / "procfile" / name)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for item in quickened_files(outcome(ROOT / "fixtures" / "procfile" / name).files):
        (folder / item.path).write_bytes(item.content)
    for place in (folder, *folder.iterdir()):
        os.chown(place, 1000, 1000)
    files = ["-f", "docker-compose.yml"] if mode == "production" else []
    for words in (("build",), ("up", "--detach", "--wait")):
        done = compose(folder, *files, *words)
        # `up --wait` counts a one-off that has ended well as a failure.
        assert done.returncode == 0 or "exited (0)" in done.stderr, done.stderr[-3000:]
    yield folder, (name, mode), files
    compose(folder, *files, "down", "--volumes", "--timeout", "2")


def test_the_stack_answers(running: tuple[Path, tuple[str, str], list[str]]) -> None:
    folder, case, files = running
    with urlopen(f"http://127.0.0.1:{CASES[case[0]][1]}/", timeout=10) as answer:
        assert answer.read().decode() == ANSWERS[case]
    if case[0] == "buildable_python":
        logs = compose(
            folder, *files, "logs", "--no-log-prefix", "release", "worker"
        ).stdout
        assert sorted(logs.split("\n")) == ["", "released", "working as bee"]
