"""What goes wrong on disk: folders that refuse, disks that are full, runs that are killed or meet each other."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import BinaryIO

import pytest

import tocompose
from tocompose import writing
from tocompose.writing import WriteError, write
from tocompose.writing.lock import alone
from writing.bundle import FILES, mode, tree

SOURCES = str(Path(tocompose.__file__).parents[1])


# Root may write where the mode forbids it, so the writer gives up being root first.
AS_NOBODY = """
import os, sys
from pathlib import Path
from tempfile import TemporaryDirectory
sys.path.insert(0, sys.argv[2])
from tocompose.model import File
from tocompose.writing import WriteError, write
files = [File(path=".env", content=b"A=1", mode=0o600, secret=True), File(path="a/b", content=b"x")]
with TemporaryDirectory() as warm:
    write(files, Path(warm))  # what is imported on the way may lie where only root can read
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    write(files, Path(sys.argv[1]))
except WriteError as problem:
    print(problem)
"""


def _as_nobody(folder: Path) -> str:
    command = [sys.executable, "-c", AS_NOBODY, str(folder), SOURCES]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60
    ).stdout


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that other users of the machine can reach; pytest's own lie in one that they cannot."""
    with TemporaryDirectory(prefix="tocompose-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_read_only_folder(open_folder: Path) -> None:
    folder = open_folder / "out"
    folder.mkdir()
    folder.chmod(0o555)
    told = "you may not write there. Name another folder with -o, or change its permissions. Nothing was changed."
    assert told in _as_nobody(folder)
    assert "you may not write there" in _as_nobody(folder / "below" / "it")
    assert list(folder.iterdir()) == []
    folder.chmod(0o755)


def test_a_folder_of_which_one_part_is_read_only(open_folder: Path) -> None:
    folder = open_folder / "out"
    (folder / "a").mkdir(parents=True)
    folder.chmod(0o777)
    (folder / "a").chmod(0o555)
    assert "you may not write there" in _as_nobody(folder)
    assert tree(folder) == {} and [place.name for place in folder.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("code", "said"),
    [(errno.EROFS, "the file system is read-only"), (errno.EDQUOT, "quota")],
)
@pytest.mark.parametrize("call", ["mkdir", "fsync", "replace"])
def test_what_the_system_refuses_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str, call: str
) -> None:
    def refused(*given: object, **named: object) -> None:
        raise OSError(code, os.strerror(code), str(given[0]))

    monkeypatch.setattr(writing.os, call, refused)
    (tmp_path / "out").symlink_to(tmp_path) if call != "mkdir" else None
    with pytest.raises(WriteError, match=f"{said}.*Nothing was changed"):
        write(FILES, tmp_path)
    monkeypatch.undo()
    assert tree(tmp_path) == {} and not (tmp_path / "secrets").exists()


# A limit on the size of files stands for the disk that is full after so many bytes: the kernel refuses the write.
FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tocompose.model import File
from tocompose.writing import WriteError, write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
files = [File(path=f"f{n}.yml", content=b"x" * n * 20_000) for n in range(5)]
try:
    write(files, Path(sys.argv[1]), force=True)
except WriteError as problem:
    print(problem)
"""


def test_a_write_that_the_kernel_cuts_short(tmp_path: Path) -> None:
    (tmp_path / "f1.yml").write_text("old")
    command = [sys.executable, "-c", FULL, str(tmp_path), SOURCES]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert (
        "larger than this process may write" in done.stdout
        and "Nothing was changed" in done.stdout
    )
    assert tree(tmp_path) == {"f1.yml": b"old"} and [
        item.name for item in tmp_path.iterdir()
    ] == ["f1.yml"]


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_full_disk_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "docker-compose.yml").write_text("mine\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "app.toml").write_text("mine too")
    before = tree(tmp_path)
    replaced = 0
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal replaced
        if self.name.startswith("new-"):
            replaced += 1
            if replaced == number + 1:
                raise OSError(28, "No space left on device", str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(WriteError, match="the disk is full"):
        write(FILES, tmp_path, force=True)
    assert tree(tmp_path) == before
    assert sorted(place.name for place in tmp_path.iterdir()) == [
        "config",
        "docker-compose.yml",
    ]


def test_a_full_disk_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fsync)
    with pytest.raises(WriteError, match="the disk is full"):
        write(FILES, tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tocompose import writing
from tocompose.model import File
point, count = sys.argv[3], 0
real = getattr(writing.os, point)
def slow(*given, **named):
    global count
    count += 1
    if count == int(sys.argv[4]):
        print("now", flush=True)
        time.sleep(60)
    return real(*given, **named)
setattr(writing.os, point, slow)
files = [File(path=f"f{n}.yml", content=b"x" * 100_000) for n in range(4)]
files.append(File(path=".env", content=b"SECRET=\\"value\\"", mode=0o600, secret=True))
writing.write(files, Path(sys.argv[1]), force=True)
"""


@pytest.mark.parametrize(
    ("point", "count"),
    [
        *(("fsync", 1), ("fsync", 3), ("fsync", 5), ("link", 1), ("link", 3)),
        *(("replace", count) for count in range(1, 6)),
    ],
)
def test_a_killed_writer_leaves_no_half_file(
    tmp_path: Path, point: str, count: int
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(4):
        (folder / f"f{number}.yml").write_bytes(b"old")
    command = [sys.executable, "-c", KILLED, str(folder), SOURCES, point, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "now\n"
        child.send_signal(signal.SIGKILL)
    for name, content in tree(folder).items():
        if not name.startswith(".tocompose-"):
            assert content in (b"old", b"x" * 100_000, b'SECRET="value"'), name
    leftovers = list(folder.glob(".tocompose-*"))
    assert all(mode(place) == 0o700 for place in leftovers)
    # The same command again finishes what was begun, and takes away what was left.
    again = [*command[:-1], "99"]
    subprocess.run(again, check=True, timeout=60)
    whole = {f"f{number}.yml": b"x" * 100_000 for number in range(4)} | {
        ".env": b'SECRET="value"'
    }
    assert tree(folder) == whole and list(folder.glob(".tocompose-*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("point", "count", "done"), [("fsync", 3, False), ("replace", 2, True)]
)
def test_an_interrupted_writer_takes_everything_back_or_finishes(
    tmp_path: Path, number: signal.Signals, point: str, count: int, done: bool
) -> None:
    """Between the renames nothing interrupts; before them nothing has changed."""
    (tmp_path / "f0.yml").write_bytes(b"old")
    script = f"from tocompose.cli.exit import exit_cleanly\nwith exit_cleanly():\n{indent(KILLED, '    ')}"
    script = f"import sys\nsys.path.insert(0, sys.argv[2])\n{script.replace('time.sleep(60)', 'time.sleep(0.5)')}"
    command = [sys.executable, "-c", script, str(tmp_path), SOURCES, point, str(count)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None and child.stdout.readline() == "now\n"
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    assert child.returncode == (130 if number == signal.SIGINT else 143), said
    assert "Traceback" not in said and list(tmp_path.glob(".tocompose-*")) == []
    found = tree(tmp_path)
    assert len(found) == (5 if done else 1) and (found["f0.yml"] == b"old") is not done


def test_what_a_killed_run_of_the_same_number_left_is_taken_away(tmp_path: Path) -> None:
    """In a container every run is process 1."""
    (tmp_path / f".tocompose-{os.getpid()}").mkdir()
    (tmp_path / f".tocompose-{os.getpid()}" / "new-0").write_text("half a secret")
    write(FILES, tmp_path)
    assert tree(tmp_path) == {item.path: item.content for item in FILES}


RUNS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tocompose.model import File
from tocompose.writing import write
text = sys.argv[3].encode() * 50_000
for _ in range(12):
    write([File(path=f"f{n}.yml", content=text) for n in range(6)], Path(sys.argv[1]), force=True)
"""


def test_of_runs_at_the_same_time_one_wins_as_a_whole(tmp_path: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", RUNS, str(tmp_path / "out"), SOURCES, letter]
        )
        for letter in "abcd"
    ]
    seen = set()
    while any(run.poll() is None for run in runs):
        with (
            suppress(BlockingIOError),
            suppress(FileNotFoundError),
            alone(tmp_path / "out", 0.0),
        ):
            found = tree(tmp_path / "out")
            assert len(set(found.values())) <= 1 and len(found) in (0, 6)
            seen |= set(found.values())
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert len(seen) > 1 and len(set(tree(tmp_path / "out").values())) == 1


def test_a_run_waits_for_another_but_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocompose.writing.lock.WAIT", 0.1)
    with (
        alone(tmp_path),
        pytest.raises(WriteError, match="another run is writing to this folder"),
    ):
        write(FILES, tmp_path)
    assert tree(tmp_path) == {}
    write(FILES, tmp_path)


def test_no_byte_is_written_before_the_mode_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks while the files are written finds none that is open to others."""
    seen = []

    real = os.fdopen

    def looked(handle: int, how: str) -> BinaryIO:
        place = Path(f"/proc/self/fd/{handle}").readlink()
        seen.append((mode(place), mode(place.parent), place.stat().st_size))
        return real(handle, how)

    monkeypatch.setattr(writing.os, "fdopen", looked)
    old = os.umask(0)
    try:
        write(FILES, tmp_path)
    finally:
        os.umask(old)
    assert seen == [(0o600, 0o700, 0)] * len(FILES)
    assert mode(tmp_path / ".env") == 0o600 and mode(tmp_path / "secrets") == 0o700


@pytest.mark.parametrize("locks", [True, False])
def test_a_running_writer_is_left_alone_where_locks_cannot_tell(
    locks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the lock in hand no other run can be at work: the number belongs to some other program by now."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    if not locks:
        monkeypatch.setattr(fcntl, "flock", refuse)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        staging = tmp_path / f".tocompose-{other.pid}"
        staging.mkdir()
        write(FILES, tmp_path)
        other.kill()
    assert staging.is_dir() is not locks
