"""Completion in real shells: words are typed, Tab is pressed, and the line is read back."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tree

SHELLS = ("bash", "zsh", "fish")
CASES = [
    ("tocompose con", "tocompose convert "),
    ("tocompose convert --forma", "tocompose convert --format "),
    ("tocompose convert --format sa", "tocompose convert --format sarif "),
    ("tocompose convert --fail-on lost,ch", "tocompose convert --fail-on lost,changed "),
    ("tocompose convert --from kub", "tocompose convert --from kubernetes "),
    ("tocompose explain TC090", "tocompose explain TC090 "),
    ("tocompose convert ru", "tocompose convert run.sh "),
    ("tocompose convert -o de", "tocompose convert -o deploy/"),
    ("tocompose batch --out-layout pa", "tocompose batch --out-layout patch "),
    ("tocompose completion fi", "tocompose completion fish "),
]
# Ctrl-X writes down what stands on the line.
START = {
    "bash": (
        ("--norc", "--noprofile", "-i"),
        'eval "$(tocompose completion bash)"; bind -x \'"\\C-x": printf %s "$READLINE_LINE" > line\'',
    ),
    "zsh": (
        ("-f", "-i"),
        'autoload -Uz compinit && compinit -u -D; eval "$(tocompose completion zsh)"; '
        "told() { print -rn -- $BUFFER > line }; zle -N told; bindkey '^X' told",
    ),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to type in: a script, a folder, and `tocompose` on PATH."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "deploy").mkdir()
    (folder / "run.sh").write_text("docker run nginx\n")
    program = folder / "bin" / "tocompose"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tocompose "$@"\n')
    program.chmod(0o755)
    return folder


def _environment(place: Path) -> dict[str, str]:
    path = f"{place / 'bin'}:{os.environ['PATH']}"
    return {
        "PATH": path,
        "HOME": str(place),
        "PYTHONPATH": str(tree.PACKAGE.parent),
        "TERM": "dumb",
        "PS1": "$ ",
    }


def _appears(path: Path, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not path.exists() or not path.read_text():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Typed:
    """An interactive shell on a terminal of its own."""

    def __init__(self, shell: str, place: Path) -> None:
        program = shutil.which(shell)
        if program is None:
            pytest.skip(f"needs {shell}")
        arguments, setup = START[shell]
        self.place, self.pid, self.terminal = place, *pty.fork()
        if self.pid == 0:
            os.chdir(place)
            os.execve(program, [program, *arguments], _environment(place))
        ready = place / f"ready-{shell}"
        self.type(f"{setup}; echo > {ready.name}\n")
        assert _appears(ready, 30), self.seen()

    def type(self, text: str) -> None:
        """Types the text."""
        os.write(self.terminal, text.encode())

    def seen(self) -> str:
        """What the terminal shows, for a failure's message."""
        os.set_blocking(self.terminal, False)
        try:
            return os.read(self.terminal, 65536).decode(errors="replace")
        except BlockingIOError:
            return ""

    def completed(self, words: str) -> str:
        """The line after Tab."""
        line = self.place / "line"
        line.unlink(missing_ok=True)
        self.type(f"{words}\t\x18")
        assert _appears(line, 30), self.seen()
        # Ctrl-U empties the line.
        self.type("\x15")
        return line.read_text()

    def close(self) -> None:
        """Ends the shell."""
        self.type("exit\n")
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module", params=sorted(START))
def typed(request: pytest.FixtureRequest, place: Path) -> Typed:
    shell = Typed(request.param, place)
    request.addfinalizer(shell.close)
    return shell


@pytest.mark.parametrize(("words", "line"), CASES)
def test_tab_completes_the_line(words: str, line: str, typed: Typed) -> None:
    assert typed.completed(words) == line


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
@pytest.mark.parametrize(("words", "line"), CASES)
def test_fish_completes_the_last_word(words: str, line: str, place: Path) -> None:
    asked = f"tocompose completion fish | source; complete -C '{words}'"
    command = ["fish", "--no-config", "-c", asked]
    ran = subprocess.run(
        command,
        cwd=place,
        env=_environment(place),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    offered = [row.partition("\t")[0] for row in ran.stdout.splitlines()]
    assert offered == [line.split()[-1]], ran.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_is_offered_where_nothing_fits(shell: str, place: Path) -> None:
    env = _environment(place) | {"_TOCOMPOSE_COMPLETE": f"{shell}_complete"}
    env |= {"COMP_WORDS": "tocompose xyz", "COMP_CWORD": "xyz" if shell == "fish" else "1"}
    command = [str(place / "bin" / "tocompose")]
    ran = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == ""
