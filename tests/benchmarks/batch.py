"""A batch over 100, 1,000 and 10,000 generated repositories on two processes; `COUNTS=100,1000` chooses others.

Processor time is what the run costs on any machine; the wall clock says how long it took on this one, busy or not.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
JOBS = 2
# What issue and machine allow: 1,000 repositories on two cores in a minute, and so much memory a process.
SECONDS, MEGABYTES = 60, 150


class Cost(NamedTuple):
    """What a run took: seconds by the clock and of the processors, the largest worker and the parent in megabytes."""

    clock: float
    processor: float
    worker: float
    parent: float


def main() -> None:
    """Prints the curve."""
    generator = _generator()
    print(
        f"{'repositories':>12} {'clock':>8} {'processor':>10} {'each':>8} {'2 cores':>8} {'worker':>8} {'parent':>8}"
    )
    for count in map(int, os.environ.get("COUNTS", "100,1000,10000").split(",")):
        with TemporaryDirectory(
            prefix="tocompose-bench-", dir=os.environ.get("TMPDIR")
        ) as folder:
            generator.generate(Path(folder, "repos"), count)
            cost = run(Path(folder))
        each, cores = cost.processor / count, cost.processor / JOBS
        print(
            f"{count:>12,} {cost.clock:>7.1f}s {cost.processor:>9.1f}s {1000 * each:>6.1f}ms"
            f" {cores:>7.1f}s {cost.worker:>6.0f}MB {cost.parent:>6.0f}MB",
            flush=True,
        )
        if count == 1000:
            print(
                f"{'':>12} within: {cores <= SECONDS and cost.worker <= MEGABYTES} ({SECONDS} s, {MEGABYTES} MB)"
            )


def run(folder: Path) -> Cost:
    """One batch in a process of its own, which measures its children: their greatest size is that of all so far."""
    words = [sys.executable, str(Path(__file__)), "measure", str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "converters")}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
    return Cost(*map(float, done.stdout.split()))


def measure(folder: str) -> None:
    """Runs the batch and prints its cost."""
    start = time.monotonic()
    words = [
        sys.executable,
        "-m",
        "tocompose",
        "batch",
        "repos",
        "-j",
        str(JOBS),
        "-o",
        "out",
        "-q",
    ]
    worker = parent = 0.0
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            parent = max(parent, _peak(running.pid))
            worker = max([worker, *map(_peak, _children(running.pid))])
            time.sleep(0.2)
    assert running.returncode in (0, 3)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(time.monotonic() - start, used.ru_utime + used.ru_stime, worker, parent)


def _peak(process: int) -> float:
    """The greatest resident size that a process has had, in megabytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next(
        (
            int(line.split()[1]) * 1024 / 1_000_000
            for line in lines
            if line.startswith("VmHWM")
        ),
        0.0,
    )


def _children(process: int) -> list[int]:
    try:
        return [
            int(word)
            for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()
        ]
    except OSError:
        return []


def _generator() -> Any:
    spec = spec_from_file_location(
        "batch_generator", ROOT / "tests" / "batch" / "generator.py"
    )
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure(sys.argv[2])
    else:
        main()
