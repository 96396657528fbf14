"""The server as a process of its own, and requests to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import tree


class Served(NamedTuple):
    """A running server."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"


class Answered(NamedTuple):
    """The status, the headers by their names in small letters, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The document that the body is."""
        return json.loads(self.body)


@contextmanager
def serve(*options: str, cwd: Path | None = None, **environment: str) -> Iterator[Served]:
    """`tocompose serve` on a free port, ended afterwards."""
    command = [sys.executable, "-m", "tocompose", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(tree.ROOT / "converters"), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        yield Served(int(line.split(":")[-1].split("/")[0]), process)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def ask(
    port: int,
    path: str,
    body: bytes | None = None,
    method: str = "POST",
    **headers: str,
) -> Answered:
    """What the server answers; `_` in the name of a header stands for `-`."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body, said)
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answered(response.status, names, response.read())
    finally:
        connection.close()


def ask_json(port: int, operation: str, request: Any, **headers: str) -> Answered:
    """What the API answers to a request."""
    body = json.dumps(request).encode()
    return ask(port, f"/api/{operation}", body, content_type="application/json", **headers)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    members = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            members += family(int(child))
    return members
