"""An app on a real engine: converted, built, up, asked through its published port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from oracles import binary

COMPOSE, DOCKER = binary("docker-compose"), binary("docker")
ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DOCKER_HOST": ENGINE}
    return subprocess.run(
        words,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Running:
    """An app that is built and up; `files` are the compose files of its mode."""

    def __init__(self, folder: Path, name: str, mode: str, port: int) -> None:
        self.folder, self.name, self.mode, self.port = folder, name, mode, port
        self.files = ["-f", "docker-compose.yml"]
        if mode == "development" and (folder / "docker-compose.override.yml").exists():
            self.files += ["-f", "docker-compose.override.yml"]
        if (folder / "docker-compose.test.yml").exists():
            self.files += ["-f", "docker-compose.test.yml"]

    def compose(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run(self.folder, COMPOSE, *self.files, *words)

    def up(self) -> None:
        done = self.compose("up", "--detach", "--wait", "--wait-timeout", "90")
        # `up --wait` counts a one-off that has ended well as a failure.
        if done.returncode and "exited (0)" not in done.stderr:
            raise AssertionError(f"{done.stderr[-1500:]}\n{self.state()}")

    def state(self) -> str:
        """The containers as they are, and the ends of their logs: what a failure is explained by."""
        containers = self.compose("ps", "--all").stdout
        logs = self.compose("logs", "--no-color", "--tail", "20").stdout
        return f"{containers}\n{logs[-4000:]}"

    def get(self, path: str = "/", **headers: str) -> str:
        """The answer's text; of another than 200 its number, and where it leads."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status == 200:
            return text
        return f"{answer.status} {answer.headers.get('Location', '')}".strip()

    def wait_for(self, pattern: str, path: str = "/") -> str:
        """The first answer that the pattern fits; the last one where none does."""
        shown = ""
        for _ in range(60):
            try:
                shown = self.get(path)
            except (OSError, HTTPException) as problem:
                shown = str(problem)
            if re.search(pattern, shown):
                break
            time.sleep(0.5)
        return shown
