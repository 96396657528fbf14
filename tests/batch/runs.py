"""Runs the batch command as users do, and looks at what it left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SCRIPT = b"docker run -d --name web -p 8080:80 -e DB_PASSWORD=hunter2 nginx:1.27\n"
MANIFEST = b"""apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
"""


def command(*words: object) -> list[str]:
    """The command line of a batch."""
    return [sys.executable, "-m", "tocompose", "batch", *map(str, words)]


def environment() -> dict[str, str]:
    """An environment in which the package is found."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "converters"), "NO_COLOR": "1"}


def batch(
    *words: object, cwd: Path, code: int | None = 0, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Runs a batch to its end and checks the exit code."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=300,
        **more,
    )
    assert code is None or done.returncode == code, (
        done.returncode,
        done.stdout[-2000:],
        done.stderr[-2000:],
    )
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    return done


def make(folder: Path, files: dict[str, bytes], git: bool = True) -> Path:
    """A repository with these files."""
    (folder / ".git" if git else folder).mkdir(parents=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


_GENERATED = re.compile(rb"(# \w+ was generated\.[^\n]*\n\w+=)[^\n]*")


def contents(folder: Path, but: tuple[str, ...] = ("state.jsonl",)) -> dict[str, bytes]:
    """Every file below a folder, with its content; generated values, which differ from run to run, are blank."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): _GENERATED.sub(rb"\1", path.read_bytes())
        for path in files
        if path.name not in but
    }
