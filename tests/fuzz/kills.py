"""Kills conversions, batches and `env` at random moments: nothing of the user's is lost, no file is half written.

`python tests/fuzz/kills.py 100` does it so many times, and prints what is wrong.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SCRIPT = (
    "docker run -d --name db -e POSTGRES_PASSWORD=abc9x8y7 postgres:16\n"
    "docker run -d --name web --link db -p 80:80 nginx:1.27\n"
)
MINE = "MINE=kept\n"
Tree = dict[str, bytes]


class Task(NamedTuple):
    """What is run, how its folder begins, and what of the files may not be compared byte by byte."""

    arguments: tuple[str, ...]
    prepare: Callable[[Path], None]
    random_files: tuple[str, ...] = ()


def _source(folder: Path) -> None:
    (folder / "run.sh").write_text(SCRIPT)
    (folder / "out").mkdir()
    (folder / "out" / ".env").write_text(MINE)


def _repositories(folder: Path) -> None:
    for name in ("a", "b", "c"):
        (folder / "repos" / name / ".git").mkdir(parents=True)
        (folder / "repos" / name / "run.sh").write_text(SCRIPT)


def _unfilled(folder: Path) -> None:
    variables = "    environment:\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}\n"
    compose = f"services:\n  db:\n    image: postgres:16\n{variables}"
    (folder / "docker-compose.yml").write_text(compose)
    (folder / ".env").write_text(MINE + "POSTGRES_PASSWORD=\n")
    (folder / ".env.example").write_text("POSTGRES_PASSWORD=change-me\n")


TASKS: Mapping[str, Task] = {
    "convert": Task(("convert", "run.sh", "-o", "out"), _source),
    "batch": Task(
        ("batch", "repos", "-o", "out", "--jobs", "1", "--resume"), _repositories
    ),
    "env": Task(("env", ".", "--generate"), _unfilled, (".env",)),
}


def _start(task: Task, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tocompose", *task.arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _tree(folder: Path) -> Tree:
    """Every file but those of a run that was killed, which the next one removes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".tocompose-") for part in path.parts)
    }


def _compared(tree: Tree) -> Tree:
    """What two runs must have alike: not the times and the state of a batch."""
    return {path: text for path, text in tree.items() if not _tells_of_run(path)}


def _tells_of_run(path: str) -> bool:
    return any(
        name in path for name in ("summary", "state.jsonl", ".pending", "index.html")
    )


def reference(task: Task) -> tuple[Tree, float]:
    """What an undisturbed run gives, and how long it takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "app"
        folder.mkdir()
        task.prepare(folder)
        start = time.monotonic()
        _start(task, folder).wait()
        return _compared(_tree(folder)), time.monotonic() - start


def killed(task: Task, wanted: Tree, seconds: float) -> list[str]:
    """What is wrong after a run that is killed so late, and after the next one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "app"
        folder.mkdir()
        task.prepare(folder)
        before = _tree(folder)
        process = _start(task, folder)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        faults = list(_half_written(_compared(_tree(folder)), before, wanted, task))
        _start(task, folder).wait()
        after = _compared(_tree(folder))
    open_files = [
        path
        for path in wanted
        if after.get(path) != wanted[path] and path not in task.random_files
    ]
    faults += [f"{path} is not there after the next run" for path in open_files]
    faults += [
        f"{path} lost a line"
        for path in before
        if path.endswith(".env") and b"MINE=kept" not in after.get(path, b"")
    ]
    return faults


def _half_written(now: Tree, before: Tree, wanted: Tree, task: Task) -> list[str]:
    changed = {
        path: text
        for path, text in now.items()
        if text not in (before.get(path), wanted.get(path))
    }
    faults = [
        f"{path} is half written" for path in changed if path not in task.random_files
    ]
    faults += [
        f"{path} lost a line"
        for path in task.random_files
        if b"MINE=kept" not in now.get(path, b"")
    ]
    return faults + [f"{path} is gone" for path in before if path not in now]


def main() -> int:
    """Prints each fault; 1 when there was one."""
    random = Random(7)
    references = {name: reference(task) for name, task in TASKS.items()}
    count = int(sys.argv[1]) if sys.argv[1:] else 10
    faults = 0
    for number in range(count):
        name = list(TASKS)[number % len(TASKS)]
        wanted, seconds = references[name]
        found = killed(TASKS[name], wanted, random.uniform(0.2, 1.1) * seconds)
        faults += len(found)
        print(f"{number} {name}: {'; '.join(found) or 'as it should be'}", flush=True)
    print(f"{count} kills, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
