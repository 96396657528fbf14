"""What surrounds a run may be odd: closed or full streams, endless input, files that may not be read, signals."""

from __future__ import annotations

import ctypes
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import tree

SCRIPT = "docker run -d --name web -p 80:80 nginx:1.27\n"
ENV = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(tree.PACKAGE.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
}
WORDS = [sys.executable, "-m", "tocompose"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with one script."""
    (tmp_path / "run.sh").write_text(SCRIPT)
    return tmp_path


def ran(place: Path, words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command line as a shell runs it, `tocompose` being the program; it ends in time and without a traceback."""
    line = words.replace("tocompose", " ".join(WORDS))
    env = {**ENV, **more.pop("env", {})}
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=place,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        **more,
    )
    assert "Traceback" not in done.stderr and "fault of tocompose" not in done.stderr, (
        done.stderr
    )
    return done


def _little_memory() -> None:
    """At most 1.5 GB: an input without end must not be read whole."""
    resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))


def like_everybody() -> None:
    """Takes from root what lets it read any file: the program run then has only the rights of the owner."""
    drop, override, search = 24, 1, 2
    for capability in (override, search) if os.geteuid() == 0 else ():
        if ctypes.CDLL(None, use_errno=True).prctl(drop, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@pytest.mark.parametrize(
    "words", ["tocompose convert /dev/zero", "tocompose convert - < /dev/zero"]
)
def test_an_input_without_end(place: Path, words: str) -> None:
    done = ran(place, words, preexec_fn=_little_memory)
    assert (
        done.returncode == 2 and "more than the limit" in done.stderr and done.stdout == ""
    )


def test_a_pipe_is_read(place: Path) -> None:
    assert "nginx:1.27" in ran(place, "tocompose convert <(cat run.sh)").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("tocompose convert run.sh >&-", 2, "standard output: bad file descriptor"),
        ("tocompose docker run nginx >&-", 2, "standard output: bad file descriptor"),
        ("tocompose --version >&-", 2, "standard output: bad file descriptor"),
        ("tocompose convert - <&-", 2, "standard input is closed"),
        ("tocompose convert run.sh > /dev/full", 2, "no space left"),
        ("tocompose --help > /dev/full", 2, "no space left"),
        ("tocompose convert run.sh 2> /dev/full", 2, ""),
        ("tocompose nosuch 2> /dev/full", 2, ""),
        ("tocompose convert nosuch 2> /dev/full", 2, ""),
        ("tocompose nosuch 2>&-", 2, ""),
        ("tocompose convert run.sh 2>&-", 0, ""),
        ("tocompose convert run.sh <&- >&- 2>&-", 2, ""),
        ("tocompose convert run.sh -o out <&- >&- 2>&-", 0, ""),
    ],
)
def test_streams_that_are_closed_or_full(
    place: Path, words: str, code: int, said: str
) -> None:
    done = ran(place, words)
    assert done.returncode == code and said in done.stderr.lower()
    assert len(done.stderr.splitlines()) <= (1 if code else 99)


def test_nothing_that_is_told_ends_up_in_a_file(place: Path) -> None:
    ran(place, "tocompose convert run.sh -o plain")
    ran(place, "tocompose convert run.sh -o closed <&- >&- 2>&-")
    names = sorted(item.name for item in (place / "plain").iterdir())
    assert (
        names == sorted(item.name for item in (place / "closed").iterdir())
        and ".env" in names
    )
    assert all(
        (place / "plain" / name).read_bytes() == (place / "closed" / name).read_bytes()
        for name in names
    )


def test_what_may_not_be_read_is_named_and_the_rest_converted(place: Path) -> None:
    (place / "closed.sh").write_text(SCRIPT.replace("web", "two"))
    (place / "sub").mkdir()
    for name in ("closed.sh", "sub"):
        (place / name).chmod(0)
    done = ran(place, "tocompose convert .", preexec_fn=like_everybody)
    (place / "sub").chmod(0o700)
    assert done.returncode == 0 and "nginx:1.27" in done.stdout
    assert "closed.sh was not read: permission denied [TC024]" in done.stderr
    assert "sub was not read: permission denied" in done.stderr


def test_nothing_at_all_may_be_read(place: Path) -> None:
    (place / "run.sh").chmod(0)
    done = ran(place, "tocompose convert .", preexec_fn=like_everybody)
    assert done.returncode == 2 and "run.sh was not read: permission denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_manifest_that_does_not_parse_is_named_with_its_place(place: Path) -> None:
    (place / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: [\n")
    done = ran(place, "tocompose convert a.yaml")
    assert done.returncode == 2 and done.stderr.startswith("tocompose: a.yaml:4:1: ")


@pytest.mark.parametrize(
    "name", ["e\x1b[31mvil.sh", "line\nbreak.sh", "bell\x07.sh", "\u202egnp.sh"]
)
@pytest.mark.parametrize(
    "words",
    ["tocompose {}", "tocompose convert {}", "tocompose convert no{}", "tocompose no{}"],
)
def test_names_that_a_terminal_would_obey(place: Path, name: str, words: str) -> None:
    (place / name).write_text(SCRIPT)
    reader, writer = pty.openpty()
    line = [*WORDS, *(word.replace("{}", name) for word in words.split()[1:])]
    with subprocess.Popen(
        line,
        cwd=place,
        env={**ENV, "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=writer,
    ):
        os.close(writer)
        said = _all_of(reader)
    assert said and not {"\x1b", "\x07", "\u202e"} & set(said)


def _all_of(reader: int) -> str:
    parts = []
    try:
        while part := os.read(reader, 65536):
            parts.append(part)
    except OSError:  # the end of a terminal is an error on Linux
        os.close(reader)
    return b"".join(parts).decode("utf-8", "replace")


@pytest.mark.parametrize(
    "odd",
    [
        *(
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
            {"PYTHONIOENCODING": "ascii:strict"},
        ),
        *(
            {"HOME": "/nonexistent"},
            {"HOME": ""},
            {"TERM": "dumb"},
            {"COLUMNS": "0"},
            {"COLUMNS": "-1"},
        ),
    ],
    ids=str,
)
def test_surroundings_change_no_byte_of_the_output(
    place: Path, odd: dict[str, str]
) -> None:
    (place / "run.sh").write_text(
        SCRIPT.replace("-p", "-e 'WORDS=héllo ☃' -p"), encoding="utf-8"
    )
    usual = ran(
        place, "tocompose convert run.sh", env={"HOME": str(place), "PYTHONUTF8": "1"}
    )
    changed = ran(place, "tocompose convert run.sh", env=odd)
    assert usual.returncode == changed.returncode == 0
    assert changed.stdout == usual.stdout and "☃" in usual.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle(place: Path, number: signal.Signals, code: int) -> None:
    many = place / "many"
    many.mkdir()
    for item in range(600):
        (many / f"{item}.sh").write_text(
            SCRIPT.replace("web", f"web{item}").replace("80:80", f"{8000 + item}:80")
        )
    line = [*WORDS, "convert", "many", "-o", "out"]
    with subprocess.Popen(
        line, cwd=place, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        # The handler of SIGTERM is there from the time on when the program has read its first file.
        _wait_until_reading(process.pid)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert (
        process.returncode == code
        and said.count(b"tocompose: ") == 1
        and b"Traceback" not in said
    )
    assert sorted(item.name for item in place.iterdir()) == ["many", "run.sh"]


def _wait_until_reading(process: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        # The tables are read after all is set up; conversion of 600 scripts takes far longer than the next look.
        if _seconds(process) > 0.35:
            return
        time.sleep(0.01)


def _seconds(process: int) -> float:
    """The processor time that the process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
