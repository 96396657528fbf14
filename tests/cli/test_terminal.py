"""Colours: on a terminal only, and never against the user's wish."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

import tree


def _stderr_on_a_terminal(**extra: str) -> str:
    """What a conversion prints to standard error when that is a terminal."""
    reader, writer = pty.openpty()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.PACKAGE.parent), "TERM": "xterm", **extra}
    command = [sys.executable, "-m", "tocompose", "docker", "run", "--frob", "nginx"]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=writer) as process:
        os.close(writer)
        printed = b""
        while part := _read(reader):
            printed += part
    os.close(reader)
    assert process.returncode == 0
    return printed.decode()


def _read(reader: int) -> bytes:
    """The next piece; the end of a terminal is an error on Linux."""
    try:
        return os.read(reader, 65536)
    except OSError:
        return b""


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[1;31m1 lost" in _stderr_on_a_terminal()


@pytest.mark.parametrize("extra", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colours_where_they_are_not_wanted(extra: dict[str, str]) -> None:
    assert "\x1b" not in _stderr_on_a_terminal(**extra)


def test_a_terminal_of_ascii_alone_gets_drawings_in_ascii() -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"}
    said = _stderr_on_a_terminal(**plain)
    assert " | " in said
    assert " -> " in said
    assert "\\u" not in said
    assert said.isascii()
