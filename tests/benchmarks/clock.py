"""Times whole commands side by side, so that a busy machine slows all of them alike."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# What is measured is what is installed: a checkout on the path would be imported in its place.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


class Timing(NamedTuple):
    """The processor time of a command in milliseconds: the least and the median of all runs."""

    least: float
    median: float


def timings(
    commands: Mapping[str, Sequence[str]],
    folder: Path = Path("/"),
    rounds: int = 5,
    runs: int = 6,
) -> dict[str, Timing]:
    """The processor time (user and system) of each command: `rounds` in turn, of `runs` each after one to warm up.

    They run in a folder that holds no settings, unless another is named.
    """
    measured: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            _spent(command, folder)
            measured[name] += [_spent(command, folder) for _ in range(runs)]
    return {
        name: Timing(min(times), statistics.median(times))
        for name, times in measured.items()
    }


def _spent(command: Sequence[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=_ENVIRONMENT,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def ratio(found: Mapping[str, Timing], ours: str, base: str, bar: float) -> str:
    """A line that compares two commands by their least times (noise only adds), with the ratio wanted at most."""
    value = found[ours].least / found[base].least
    verdict = "within" if value <= bar else "OVER"
    times = f"{ours}: {found[ours].least:.0f} ms, {base}: {found[base].least:.0f} ms"
    return f"{times}, ratio {value:.2f} ({verdict} {bar})"
