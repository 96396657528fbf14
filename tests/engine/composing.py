"""Runs docker compose against the engine of the tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")


def compose(
    folder: Path, *words: str, timeout: float = 240, **variables: str
) -> subprocess.CompletedProcess[str]:
    """How docker compose ends in that folder, which is its home too; with the oracles' docker-compose where it is."""
    docker = Path(os.environ.get("TOCOMPOSE_ORACLES", ""), "docker-compose")
    program = [str(docker)] if docker.is_file() else ["docker", "compose"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DOCKER_HOST": ENGINE}
    environment |= variables
    return subprocess.run(
        [*program, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
