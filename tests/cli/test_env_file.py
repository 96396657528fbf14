"""What `tocompose env` does to a `.env` file that people, other runs and Windows have a hand in."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import tree
from tocompose.syntax.env_lines import open_quote
from tocompose.writing.env_values import missing_values, set_values

COMPOSE = "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD}'}}}\n"
EXAMPLE = (
    "# SECRET_KEY of web: the source leaves it to you (required, secret)\nSECRET_KEY=\n"
)


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "compose.yaml").write_text(COMPOSE)
    (folder / ".env.example").write_text(EXAMPLE)
    (folder / ".env").write_text("SECRET_KEY=\nTZ=\n")
    return folder


@contextmanager
def _asking(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The command at a terminal, and the terminal's other end."""
    reader, writer = pty.openpty()
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tree.PACKAGE.parent)}
    pipes = {"stdin": writer, "stdout": writer, "stderr": writer}
    with subprocess.Popen(
        [sys.executable, "-m", "tocompose", "env", str(folder)],
        env=env,
        start_new_session=True,
        **pipes,  # type: ignore[call-overload]
    ) as process:
        os.close(writer)
        yield process, reader
    os.close(reader)


def _prompt(reader: int) -> bytes:
    prompt = b""
    while not prompt.endswith(b": "):
        prompt += os.read(reader, 1000)
    return prompt


def _rest(reader: int) -> bytes:
    """What is printed until the end, which is an error of a terminal on Linux."""
    printed = b""
    while True:
        try:
            printed += os.read(reader, 1000)
        except OSError:
            return printed


def _wait_until_asleep(process: int) -> None:
    """
    Return when the process waits for its answer.

    Python handles a signal between two of its steps: one that comes after the prompt and before the read of the answer
    is handled after the answer only, which here never comes (docs.python.org, library/signal, "Execution of Python
    signal handlers").
    """
    while Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "S":
        os.sched_yield()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_writes_nothing(
    deploy: Path, number: signal.Signals, code: int
) -> None:
    before = (deploy / ".env").read_bytes()
    with _asking(deploy) as (process, reader):
        assert _prompt(reader).startswith(b"SECRET_KEY of web: the source leaves it to you")
        os.write(reader, b"key-Zt\n")
        _prompt(reader)
        _wait_until_asleep(process.pid)
        process.send_signal(number)
        said = _rest(reader)
        assert process.wait(timeout=60) == code
    assert b"nothing was written" in said and b"key-Zt" not in said
    assert (deploy / ".env").read_bytes() == before


def test_the_end_of_the_input_keeps_the_answers(deploy: Path) -> None:
    with _asking(deploy) as (process, reader):
        _prompt(reader)
        os.write(reader, b"key-Zt\n")
        _prompt(reader)
        os.write(reader, b"\x04")
        said = _rest(reader)
        assert process.wait(timeout=60) == 0
    assert b"written to" in said
    assert (deploy / ".env").read_text() == 'SECRET_KEY="key-Zt"\nTZ=\n'


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('DB_CPUS="1.0', 1, 9),
        ('A=1\nDB_CPUS="1.0\nB="x"\nTZ=\n', 2, 9),
        ("A=1\r\nDB_CPUS='1.0\r\nTZ=\r\n", 2, 9),
        ('DB_CPUS="1.0\\"\nTZ=\n', 1, 9),
        ('DB_CPUS="1.0"x"\n', 1, 9),
    ],
)
def test_an_open_quote_is_refused(
    tocompose, deploy: Path, text: str, line: int, column: int
) -> None:
    (deploy / ".env").write_bytes(text.encode())
    ran = tocompose("env", "deploy", "--generate")
    assert ran.code == 2 and ran.err.count("\n") == 1
    assert f".env:{line}:{column}: " in ran.err and "DB_CPUS" in ran.err
    assert "nothing was written" in ran.err
    assert (deploy / ".env").read_bytes() == text.encode()


@pytest.mark.parametrize(
    "text",
    [
        'A="1" # it\'s\nB=1\n',
        "A=it's\n",
        'A="1\n2"\n',
        "A='it\\'s'\n",
        'A="1"B=2\n',
        'A=""\r\n',
    ],
)
def test_a_quote_that_compose_reads_is_none(text: str) -> None:
    assert open_quote(text) is None


@pytest.mark.parametrize("start", ["", "\ufeff", "# kept\r\n"])
def test_a_file_of_windows_stays_one(deploy: Path, start: str) -> None:
    (deploy / ".env").write_bytes(f"{start}SECRET_KEY=\r\nTZ=UTC\r\n".encode())
    assert [value.name for value in missing_values(deploy)] == ["SECRET_KEY"]
    set_values(deploy, {"SECRET_KEY": "k", "NEW": "n"})
    wanted = f'{start}SECRET_KEY="k"\r\nTZ=UTC\r\nNEW="n"\r\n'
    assert (deploy / ".env").read_bytes() == wanted.encode()


def test_a_line_within_a_value_is_no_variable(deploy: Path) -> None:
    (deploy / ".env").write_text('KEY="-----\nMIIab=\n-----"\nSECRET_KEY=k\n')
    assert missing_values(deploy) == ()


def test_what_another_run_has_set_stays(deploy: Path) -> None:
    assert set_values(deploy, {"SECRET_KEY": "first"}) == ("SECRET_KEY",)
    assert set_values(deploy, {"SECRET_KEY": "second", "TZ": "UTC"}) == ("TZ",)
    assert (deploy / ".env").read_text() == 'SECRET_KEY="first"\nTZ="UTC"\n'


def test_a_link_stays_a_link(deploy: Path, tmp_path: Path) -> None:
    (deploy / ".env").rename(tmp_path / "shared.env")
    (deploy / ".env").symlink_to("../shared.env")
    set_values(deploy, {"TZ": "UTC"})
    assert (deploy / ".env").is_symlink()
    assert 'TZ="UTC"' in (tmp_path / "shared.env").read_text()


@pytest.mark.parametrize("name", [".env", "."])
def test_what_may_not_be_written_is_said_before_the_first_question(
    tocompose, deploy: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (deploy / ".env").read_bytes()
    refused = (deploy / name).resolve()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != refused)
    ran = tocompose("env", "deploy", "--generate")
    assert ran.code == 2 and f"{refused}: you may not write here" in ran.err
    assert (deploy / ".env").read_bytes() == before


def test_a_new_password_is_not_that_of_old_data(tocompose, deploy: Path) -> None:
    (deploy / ".env").write_text("POSTGRES_PASSWORD=\n")
    ran = tocompose("env", "deploy", "--generate")
    lines = ran.err.splitlines()
    assert any(
        line.startswith("a new password was made for POSTGRES_PASSWORD: a database with")
        for line in lines
    )
    assert any(
        line.startswith("a new value was made for SECRET_KEY") and "its old one" in line
        for line in lines
    )


def test_a_cache_takes_any_new_password(tocompose, deploy: Path) -> None:
    (deploy / "compose.yaml").write_text(
        "services: {c: {image: 'redis:7', environment: {REDIS_PASSWORD: '${REDIS_PASSWORD}'}}}\n"
    )
    (deploy / ".env").write_text("REDIS_PASSWORD=\nSECRET_KEY=k\n")
    ran = tocompose("env", "deploy", "--generate")
    assert "REDIS_PASSWORD" in ran.err and "database" not in ran.err


def test_without_a_terminal_nothing_is_asked(tocompose, deploy: Path) -> None:
    ran = tocompose("env", "deploy")
    assert ran.code == 1
    assert "standard input is not a terminal; nothing was asked" in ran.err
