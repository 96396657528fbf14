"""Runs the command line inside the test process, in an empty folder."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tocompose.cli import run


class Ran(NamedTuple):
    """What a run printed, and its exit code."""

    code: int
    out: str
    err: str


Tocompose = Callable[..., Ran]


@pytest.fixture
def tocompose(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Tocompose:
    """`tocompose("convert", "run.sh", stdin="…")` runs in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()

    def call(*args: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            run(list(args))
        printed = capfdbinary.readouterr()
        code = ended.value.code
        return Ran(
            code if isinstance(code, int) else 0, printed.out.decode(), printed.err.decode()
        )

    return call
