"""Runs a target on many mutated inputs under limits of time and memory; each input is known by its number."""

from __future__ import annotations

import itertools
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from fuzz.mutation import mutated
from fuzz.targets import TARGETS, Files, Target

# Far beyond what any of these inputs takes, also where other programs share the processor's caches.
SECONDS = 20.0
MEMORY = 500 * 1024 * 1024


class Finding(NamedTuple):
    """An input that a target must not have fallen over: its number, the fault, and where it happened."""

    number: int
    fault: str
    place: str
    files: Files


class Outcome(NamedTuple):
    """How many inputs were tried, the slowest (seconds, number), and one finding for each place that failed."""

    tried: int
    slowest: tuple[float, int]
    findings: tuple[Finding, ...]


class Hang(Exception):
    """More than the seconds allowed went by."""


def build(target: Target, number: int) -> Files:
    """The input of that number: always the same for the same seeds."""
    random = Random(f"{target.name}-{number}")
    starts = target.starts()
    return mutated(random, random.choice(starts), _donors(starts))


def _donors(starts: tuple[Files, ...]) -> tuple[bytes, ...]:
    return tuple(text for files in starts[:80] for text in list(files.values())[:2])


def fuzz(
    target: Target,
    numbers: Iterator[int],
    go_on: Callable[[], bool] = lambda: True,
    seconds: float | None = None,
) -> Outcome:
    """Tries the inputs of these numbers for as long as `go_on` says so, each for so many seconds at most."""
    tried, slowest = 0, (0.0, -1)
    found: dict[tuple[str, str], Finding] = {}
    for number in numbers:
        if not go_on():
            break
        tried += 1
        files = build(target, number)
        start = time.process_time()
        finding = attempt(target, number, files, seconds)
        slowest = max(slowest, (time.process_time() - start, number))
        if finding is not None:
            found.setdefault((finding.fault.partition(":")[0], finding.place), finding)
    return Outcome(tried, slowest, tuple(found.values()))


def session(
    name: str, first: int, seconds: float | None, inputs: int | None = None
) -> Outcome:
    """So many seconds or inputs of one target, from an input number on."""
    target = TARGETS[name]
    target.starts()
    limit_memory()
    end = time.monotonic() + (seconds or float("inf"))
    numbers = itertools.count(first) if inputs is None else range(first, first + inputs)
    return fuzz(target, iter(numbers), lambda: time.monotonic() < end, SECONDS)


def attempt(
    target: Target, number: int, files: Files, seconds: float | None = None
) -> Finding | None:
    """The finding for one input, None when all is well; a hang is one where the seconds are limited."""
    try:
        with nullcontext() if seconds is None else limited(seconds):
            target.run(files)
    except (Exception, MemoryError) as fault:
        return Finding(
            number, f"{type(fault).__name__}: {fault}"[:300], _place(fault), files
        )
    return None


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises Hang in the body after so many seconds of the processor: the clock on the wall tells of other programs."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limit_memory(more: int = MEMORY) -> None:
    """Lets this process take so many bytes more than it has: beyond them every allocation is a MemoryError."""
    statm = Path("/proc/self/statm")
    pages = int(statm.read_text().split()[0]) if sys.platform == "linux" else 0
    total = pages * resource.getpagesize() + more
    resource.setrlimit(
        resource.RLIMIT_AS, (total, resource.getrlimit(resource.RLIMIT_AS)[1])
    )


def lift_memory() -> None:
    """Takes the limit back, for programs that this process starts."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _place(fault: BaseException) -> str:
    """The innermost line of our own code that the fault went through."""
    frames = traceback.extract_tb(fault.__traceback__)
    own = [frame for frame in frames if "tocompose/" in frame.filename]
    last = own[-1] if own else frames[-1]
    return f"{last.filename.partition('tocompose/')[2] or last.filename}:{last.lineno} in {last.name}"
