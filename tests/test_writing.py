"""What is put on disk: all or nothing, with the right modes, and never over what a user has written."""

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
from hypothesis import given, settings
from hypothesis import strategies as st

from tocompose import lock, writing
from tocompose.exporters.dotenv import quoted
from tocompose.exporters.existing import names_in
from tocompose.lock import alone
from tocompose.model import File
from tocompose.writing import WriteError, plan, write

ENV = File(
    path=".env",
    content=b'# head\n\nA="1"\nB="two"\n# C has no value in the source: set it here.\n# C=\n',
    mode=0o600,
    secret=True,
)
FILES = (
    File(path="docker-compose.yml", content=b"name: a\n"),
    File(path="docker-compose.override.yml", content=b"name: a\n"),
    ENV,
    File(path=".env.example", content=b'# head\n\n# About A.\nA="1"\n\n# About B.\nB="change-me"\n'),
    File(path=".gitignore", content=b".env\nsecrets/\n"),
    File(path="secrets/token", content=b"s3cr3t-value", mode=0o444, secret=True),
    File(path="config/app.toml", content=b"x = 1\n"),
)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {
        str(place.relative_to(folder)): place.read_bytes() for place in sorted(folder.rglob("*")) if place.is_file()
    }


def test_a_new_folder_gets_every_file_with_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "out"
    old = os.umask(0o077)
    try:
        written = write(FILES, folder)
    finally:
        os.umask(old)
    assert tree(folder) == {item.path: item.content for item in FILES}
    assert sorted(written.created) == sorted(item.path for item in FILES) and written.changed == ()
    assert mode(folder / ".env") == 0o600
    assert mode(folder / "secrets") == 0o700 and mode(folder / "secrets" / "token") == 0o444
    assert mode(folder / "docker-compose.yml") == 0o644


def test_the_second_run_changes_nothing(tmp_path: Path) -> None:
    write(FILES, tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = write(FILES, tmp_path)
    assert again.created == again.changed == () and len(again.kept) == len(FILES)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == stamps


def test_a_file_of_the_user_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("mine\n")
    with pytest.raises(WriteError, match=r"docker-compose\.yml exists with another content.*--force"):
        write(FILES, tmp_path)
    assert tree(tmp_path) == {"docker-compose.yml": b"mine\n"}
    assert write(FILES, tmp_path, force=True).changed == ("docker-compose.yml",)
    assert (tmp_path / "docker-compose.yml").read_text() == "name: a\n"


@pytest.mark.parametrize("force", [False, True])
def test_values_and_secrets_of_the_user_stay(tmp_path: Path, force: bool) -> None:
    (tmp_path / ".env").write_text('export A=mine\nX="several\nB=lines"')
    (tmp_path / "secrets").mkdir(mode=0o755)
    (tmp_path / "secrets" / "token").write_text("changed by the user")
    written = write(FILES, tmp_path, force=force)
    assert (tmp_path / ".env").read_text() == (
        'export A=mine\nX="several\nB=lines"\nB="two"\n# C has no value in the source: set it here.\n# C=\n'
    )
    assert mode(tmp_path / ".env") == 0o600
    assert (tmp_path / "secrets" / "token").read_text() == "changed by the user"
    said = {item.code: item.message for item in written.notes}
    assert said["TC760"] == ".env was there already: its values stay, and B, C were added"
    assert "TC761" in said and "mode 755" in said["TC766"]
    assert write(FILES, tmp_path).changed == ()


@pytest.mark.parametrize(
    ("given_lines", "added"),
    [
        ("", ".env\nsecrets/\n"),
        ("node_modules", "node_modules\n.env\nsecrets/\n"),
        ("*.env\n", "*.env\nsecrets/\n"),
        ("/.env\n/secrets\n", "/.env\n/secrets\n"),
        (".env*\n!.env\n", ".env*\n!.env\n.env\nsecrets/\n"),
        ("a\r\n", "a\r\n.env\r\nsecrets/\r\n"),
    ],
)
def test_gitignore_gets_only_the_lines_that_are_missing(tmp_path: Path, given_lines: str, added: str) -> None:
    (tmp_path / ".gitignore").write_bytes(given_lines.encode())
    write(FILES, tmp_path)
    assert (tmp_path / ".gitignore").read_bytes() == added.encode()


@pytest.mark.parametrize("path", ["../out", "/etc/x", "a/../../b", "./a", "a//b", "", "a\x00b"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "in"
    with pytest.raises(WriteError, match="does not lie inside"):
        write([*FILES, File(path=path, content=b"x")], folder)
    assert not folder.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "config").symlink_to(outside)
    with pytest.raises(WriteError, match="leads out of"):
        write(FILES, folder, force=True)
    (folder / "config").unlink()
    (folder / ".env").symlink_to(outside / "file")
    with pytest.raises(WriteError, match="not a plain file"):
        write(FILES, folder, force=True)
    assert (outside / "file").read_text() == "theirs"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="is not a folder"):
        write(FILES, tmp_path / "file")
    with pytest.raises(WriteError, match="a part of the path is a file"):
        write(FILES, tmp_path / "file" / "below")


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(WriteError, match="not a plain file"):
        write(FILES, tmp_path, force=True)
    assert tree(tmp_path) == {}


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
    code = str(Path(writing.__file__).parents[1])
    command = [sys.executable, "-c", AS_NOBODY, str(folder), code]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


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


@pytest.mark.parametrize(("code", "said"), [(errno.EROFS, "the file system is read-only"), (errno.EDQUOT, "quota")])
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
    code = str(Path(writing.__file__).parents[1])
    command = [sys.executable, "-c", FULL, str(tmp_path), code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "larger than this process may write" in done.stdout and "Nothing was changed" in done.stdout
    assert tree(tmp_path) == {"f1.yml": b"old"} and [item.name for item in tmp_path.iterdir()] == ["f1.yml"]


@pytest.mark.parametrize("number", range(len(FILES)))
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
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
    assert sorted(place.name for place in tmp_path.iterdir()) == ["config", "docker-compose.yml"]


def test_a_full_disk_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
from tocompose import lock, writing
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
def test_a_killed_writer_leaves_no_half_file(tmp_path: Path, point: str, count: int) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for number in range(4):
        (folder / f"f{number}.yml").write_bytes(b"old")
    code = str(Path(writing.__file__).parents[1])
    command = [sys.executable, "-c", KILLED, str(folder), code, point, str(count)]
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
    whole = {f"f{number}.yml": b"x" * 100_000 for number in range(4)} | {".env": b'SECRET="value"'}
    assert tree(folder) == whole and list(folder.glob(".tocompose-*")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("point", "count", "done"), [("fsync", 3, False), ("replace", 2, True)])
def test_an_interrupted_writer_takes_everything_back_or_finishes(
    tmp_path: Path, number: signal.Signals, point: str, count: int, done: bool
) -> None:
    """Between the renames nothing interrupts; before them nothing has changed."""
    (tmp_path / "f0.yml").write_bytes(b"old")
    code = str(Path(writing.__file__).parents[1])
    script = f"from tocompose.cli.ending import ending\nwith ending():\n{indent(KILLED, '    ')}"
    script = f"import sys\nsys.path.insert(0, sys.argv[2])\n{script.replace('time.sleep(60)', 'time.sleep(0.5)')}"
    command = [sys.executable, "-c", script, str(tmp_path), code, point, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
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
    code = str(Path(writing.__file__).parents[1])
    runs = [subprocess.Popen([sys.executable, "-c", RUNS, str(tmp_path / "out"), code, letter]) for letter in "abcd"]
    seen = set()
    while any(run.poll() is None for run in runs):
        with suppress(BlockingIOError), suppress(FileNotFoundError), alone(tmp_path / "out", 0.0):
            found = tree(tmp_path / "out")
            assert len(set(found.values())) <= 1 and len(found) in (0, 6)
            seen |= set(found.values())
    assert [run.returncode for run in runs] == [0, 0, 0, 0]
    assert len(seen) > 1 and len(set(tree(tmp_path / "out").values())) == 1


def test_a_run_waits_for_another_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "WAIT", 0.1)
    with alone(tmp_path), pytest.raises(WriteError, match="another run is writing to this folder"):
        write(FILES, tmp_path)
    assert tree(tmp_path) == {}
    write(FILES, tmp_path)


def test_no_byte_is_written_before_the_mode_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(
    ("own", "other", "read"),
    [
        ("docker-compose.yml", "compose.yaml", "compose.yaml"),
        ("docker-compose.yml", "compose.yml", "compose.yml"),
        ("docker-compose.yml", "docker-compose.yaml", "docker-compose.yml"),
        ("compose.yaml", "docker-compose.yml", "compose.yaml"),
    ],
)
def test_another_base_file_beside_ours_is_told(tmp_path: Path, own: str, other: str, read: str) -> None:
    """T27: docker compose reads one of them, with a warning."""
    (tmp_path / other).write_text("services: {}\n")
    (said,) = write([File(path=own, content=b"name: a\n")], tmp_path).notes
    assert said.code == "TC765" and f"docker compose reads {read} unless" in said.message
    assert f"docker compose -f {own} up -d" in said.advice


def test_a_plan_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=mine\nX=y\n")
    before = tree(tmp_path)
    changes, notes = plan(FILES, tmp_path)
    needed = {item.path: (item.before, item.after) for item in changes if item.needed}
    assert needed[".env"][0] == b"A=mine\nX=y\n" and needed[".env"][1].startswith(b"A=mine\nX=y\nB=")
    assert [item.code for item in notes] == ["TC760"] and tree(tmp_path) == before
    write(FILES, tmp_path)
    assert [item.path for item in plan(FILES, tmp_path)[0] if item.needed] == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), max_size=5))
def test_names_are_found_whatever_the_values_hold(values: list[str]) -> None:
    text = "\n".join(f"V{number}={quoted(value)}" for number, value in enumerate(values))
    assert names_in(text) == {f"V{number}" for number in range(len(values))}
