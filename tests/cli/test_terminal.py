"""Colours: on a terminal only, and never against the user's wish."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import tree


def _on_a_terminal(stream: str, *words: str, code: int = 0, **extra: str) -> str:
    """What a command prints to standard output or standard error when that is a terminal."""
    reader, writer = pty.openpty()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "TERM": "xterm",
        **extra,
    }
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
    with subprocess.Popen(
        [sys.executable, "-m", "tocompose", *words], env=env, **streams
    ) as process:  # type: ignore[call-overload]
        os.close(writer)
        printed = b""
        while part := _read(reader):
            printed += part
    os.close(reader)
    assert process.returncode == code
    return printed.decode()


def _read(reader: int) -> bytes:
    """The next piece; the end of a terminal is an error on Linux."""
    try:
        return os.read(reader, 65536)
    except OSError:
        return b""


def _stderr_on_a_terminal(**extra: str) -> str:
    return _on_a_terminal("stderr", "docker", "run", "--frob", "nginx", **extra)


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


@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_an_audit_has_the_same_colours(
    extra: dict[str, str], coloured: bool, tmp_path: Path
) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services: {web: {image: 'acme/web:1', imge: x}}\n"
    )
    said = _on_a_terminal("stdout", "check", str(tmp_path), code=1, **extra)
    assert ("\x1b[1;31merror\x1b[0m: imge" in said) is coloured
    assert ("\x1b[32mok\x1b[0m  " in said) is coloured
    assert ("\x1b" in said) is coloured


@pytest.mark.parametrize(
    ("extra", "coloured"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({}, False),
    ],
)
def test_colours_can_be_asked_for_where_there_is_no_terminal(
    extra: dict[str, str], coloured: bool
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tocompose", "docker", "run", "--frob", "nginx"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.PACKAGE.parent), **extra},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("\x1b[" in ran.stderr) is coloured
    assert "\x1b" not in ran.stdout
