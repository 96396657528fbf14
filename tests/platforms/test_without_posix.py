"""Nothing that only POSIX has stands on the way of a conversion: the same bytes come out without it."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import pytest

import tree
from tocompose.batch.state import RunState, StateError
from tocompose.writing import lock

HERE = Path(__file__).parent


def _core(folder: Path, customized: Path | None) -> str:
    folder.mkdir()
    places = [str(tree.PACKAGE.parent), *([str(customized)] if customized else [])]
    ran = subprocess.run(
        [sys.executable, str(HERE / "core.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout.replace(str(folder), "")


@pytest.mark.slow
def test_the_core_does_the_same_without_posix(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    shutil.copy(HERE / "without_posix.py", tmp_path / "site" / "sitecustomize.py")
    without = _core(tmp_path / "windows", tmp_path / "site")
    assert without.count("\n") > 100
    assert without == _core(tmp_path / "here", None)


def test_what_is_taken_away_is_gone(tmp_path: Path) -> None:
    shutil.copy(HERE / "without_posix.py", tmp_path / "sitecustomize.py")
    code = """
import os, signal
try:
    import fcntl
except ImportError:
    print(hasattr(os, "getuid"), hasattr(signal, "SIGHUP"))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "False False\n"


def test_a_live_cluster_says_what_to_install(tmp_path: Path) -> None:
    shutil.copy(HERE / "without_posix.py", tmp_path / "sitecustomize.py")
    places = os.pathsep.join([str(tree.PACKAGE.parent), str(tmp_path)])
    ran = subprocess.run(
        [sys.executable, "-m", "tocompose", "cluster"],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        "tocompose: a live cluster is read with the Python package kubernetes, which is missing: "
        "pip install kubernetes (after pipx: pipx inject tocompose kubernetes)"
    ]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The locks that are taken on Windows; filelock itself takes the one that this system has."""
    filelock.FileLock("unused")
    monkeypatch.setattr("sys.platform", "win32")


def test_runs_on_windows_are_kept_apart(windows: None, tmp_path: Path) -> None:
    """A second run waits for the first, and gives up in time."""
    with (
        lock.alone(tmp_path) as certain,
        pytest.raises(OSError, match="unavailable") as refusal,
        lock.alone(tmp_path, seconds=0.1),
    ):
        pytest.fail("two runs write at once")
    assert certain and refusal.value.errno == errno.EAGAIN
    order: list[str] = []
    entered = threading.Event()

    def first_run() -> None:
        with lock.alone(tmp_path):
            entered.set()
            order.append("first")

    thread = threading.Thread(target=first_run)
    thread.start()
    entered.wait()
    with lock.alone(tmp_path):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_batch_on_windows_has_its_folder_to_itself(windows: None, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    state = RunState(path, "key", resume=False)
    with pytest.raises(StateError, match="another run"):
        RunState(path, "key", resume=False)
    state.close()
    RunState(path, "key", resume=True).close()
