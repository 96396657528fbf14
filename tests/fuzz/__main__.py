"""Fuzzes for as long as one likes: `python -m tests.fuzz --minutes 60` or `--inputs 1000000`, all targets in turn.

`--target NAME --only NUMBER` repeats one input and shows the traceback; `--atheris` runs coverage-guided harnesses.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "converters")]

from fuzz.running import build, session  # noqa: E402
from fuzz.targets import SHARES, TARGETS  # noqa: E402


def repeat(name: str, number: int) -> None:
    """Runs one input without any net and writes it to standard output."""
    files = build(TARGETS[name], number)
    for path, text in files.items():
        sys.stdout.buffer.write(f"=== {path}\n".encode() + text + b"\n")
    sys.stdout.flush()
    TARGETS[name].run(files)


def main() -> int:
    """Prints what was tried and found; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=1.0, help="for all targets together"
    )
    parser.add_argument(
        "--inputs", type=int, help="so many for all targets together, however long it takes"
    )
    parser.add_argument("--target", action="append", choices=sorted(TARGETS))
    parser.add_argument(
        "--from", dest="first", type=int, default=0, help="the number of the first input"
    )
    parser.add_argument("--only", type=int, help="repeat the input of this number")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument(
        "--atheris",
        type=int,
        metavar="RUNS",
        help="coverage-guided, so many inputs per target",
    )
    wanted = parser.parse_args()
    names = wanted.target or sorted(TARGETS)
    if wanted.only is not None:
        repeat(names[0], wanted.only)
        return 0
    if wanted.atheris:
        from fuzz.guided import run_all

        return run_all(names, wanted.atheris)
    shares = sum(SHARES[name] for name in names)
    counts = {
        name: wanted.inputs and -(-wanted.inputs * SHARES[name] // shares) for name in names
    }
    seconds = None if wanted.inputs else wanted.minutes * 60 * wanted.jobs / len(names)
    return _everything(counts, wanted.first, seconds, wanted.jobs)


def _everything(
    counts: dict[str, int | None], first: int, seconds: float | None, jobs: int
) -> int:
    total = faults = 0
    os.nice(5)
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool:
        runs = {
            name: pool.submit(session, name, first, seconds, count)
            for name, count in counts.items()
        }
        for name, run in runs.items():
            outcome = run.result()
            slow, number = outcome.slowest
            total += outcome.tried
            faults += len(outcome.findings)
            print(f"{name:16} {outcome.tried:9,} inputs, slowest {slow:.2f} s (#{number}), "
                  f"{len(outcome.findings)} findings", flush=True)  # fmt: skip
            for item in outcome.findings:
                print(f"    #{item.number} {item.place}: {item.fault}", flush=True)
    print(f"{total:,} inputs, {faults} findings")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
