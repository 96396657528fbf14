"""Runs a program that may use so much time, memory and output, and that ends when this process does."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

MOST_BYTES = 64 * 1024 * 1024
MOST_MEMORY = 1024 * 1024 * 1024
# How often the memory is looked at.
_PULSE = 0.05
_CHUNK = 65_536


class Confined(NamedTuple):
    """What a program printed and how it ended; `problem` says in words which limit it went over."""

    status: int
    output: bytes
    errors: bytes
    problem: str = ""


def run_confined(
    argv: tuple[str, ...], folder: Path, environment: Mapping[str, str], seconds: float
) -> Confined:
    """What came of the program. Raises OSError where it cannot be started.

    It has a session of its own, so that what it starts ends with it.
    """
    process = subprocess.Popen(
        argv,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=_end_with_parent(),
    )
    try:
        return _watch(process, time.monotonic() + seconds, seconds)
    finally:
        _kill_group(process)


def _watch(process: subprocess.Popen[bytes], end: float, seconds: float) -> Confined:
    """Reads until both streams close or a limit is reached."""
    printed: dict[str, list[bytes]] = {"output": [], "errors": []}
    count = 0
    with selectors.DefaultSelector() as selector:
        for name, stream in (("output", process.stdout), ("errors", process.stderr)):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map():
            problem = _passed_limit(process, count, end, seconds)
            if problem:
                return Confined(-signal.SIGKILL, b"", b"", problem)
            for key, _ in selector.select(_PULSE):
                chunk = _read_chunk(key.fileobj)
                if not chunk:
                    selector.unregister(key.fileobj)
                count += len(chunk)
                printed[key.data].append(chunk)
    try:
        status = process.wait(max(end - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return Confined(-signal.SIGKILL, b"", b"", _late(seconds))
    return Confined(status, b"".join(printed["output"]), b"".join(printed["errors"]))


def _read_chunk(stream: IO[bytes] | int | object) -> bytes:
    number = stream if isinstance(stream, int) else stream.fileno()  # type: ignore[attr-defined]
    return os.read(number, _CHUNK)


def _passed_limit(
    process: subprocess.Popen[bytes], count: int, end: float, seconds: float
) -> str:
    """The limit that the program has gone over, in words; empty for none."""
    if time.monotonic() > end:
        return _late(seconds)
    if count > MOST_BYTES:
        return f"it printed more than {MOST_BYTES // 2**20} MB"
    if _resident_bytes(process.pid) > MOST_MEMORY:
        return f"it took more than {MOST_MEMORY // 2**20} MB of memory"
    return ""


def _late(seconds: float) -> str:
    return f"it did not finish within {seconds:g} seconds"


def _resident_bytes(process: int) -> int:
    """The memory of a process; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


_PARENT_DEATH_SIGNAL = 1


def _end_with_parent() -> Callable[[], None] | None:
    """What the new process does first: asks the system to be killed when its parent is. Linux alone has that.

    https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html
    """
    if sys.platform != "linux":
        return None
    import ctypes

    set_option = ctypes.CDLL(None).prctl
    return lambda: set_option(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the program, and what it has started, however this process goes on."""
    # It may have ended by itself, with all that it had started.
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
