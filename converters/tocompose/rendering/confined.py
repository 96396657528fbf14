"""Runs a program that may use so much time, memory and output, and that ends when this process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

from tocompose.record import NamedTuple

MOST_BYTES = 64 * 1024 * 1024
MOST_MEMORY = 1024 * 1024 * 1024
# How often the memory is looked at.
_PULSE = 0.05
_CHUNK = 65_536
# The status of a program that a limit has ended; Windows has no signals.
_KILLED = -9


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
    pipes = (process.stdout, process.stderr)
    streams = [_StreamReader(pipe) for pipe in pipes if pipe is not None]
    try:
        return _watch(process, streams, seconds)
    finally:
        _kill_group(process)
        for stream in streams:
            stream.close()


class _StreamReader:
    """What a pipe gave so far, read by a thread of its own: Windows cannot wait for several pipes at once."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.chunks: list[bytes] = []
        self.size = 0
        self._pipe = pipe
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while self.size <= MOST_BYTES:
            chunk = os.read(self._pipe.fileno(), _CHUNK)
            if not chunk:
                return
            self.chunks.append(chunk)
            self.size += len(chunk)

    def is_open(self, seconds: float) -> bool:
        """Whether more may come, after so long a wait."""
        self._thread.join(seconds)
        return self._thread.is_alive()

    def close(self) -> None:
        """Closes the pipe, unless a program that has escaped still holds it: its number must not be used again."""
        if not self.is_open(_PULSE):
            self._pipe.close()


def _watch(
    process: subprocess.Popen[bytes], streams: Sequence[_StreamReader], seconds: float
) -> Confined:
    """Waits until both streams close or a limit is reached."""
    deadline = time.monotonic() + seconds
    is_running = True
    while is_running:
        is_running = any(stream.is_open(_PULSE / 2) for stream in streams)
        count = sum(stream.size for stream in streams)
        if problem := _passed_limit(process, count, deadline, seconds):
            return Confined(_KILLED, b"", b"", problem)
    try:
        status = process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return Confined(_KILLED, b"", b"", _late(seconds))
    output, errors = (b"".join(stream.chunks) for stream in streams)
    return Confined(status, output, errors)


def _passed_limit(
    process: subprocess.Popen[bytes], count: int, end: float, seconds: float
) -> str:
    """The limit that the program has gone over, in words; empty for none."""
    if time.monotonic() > end:
        return _late(seconds)
    if count > MOST_BYTES:
        return f"it printed more than {MOST_BYTES // 2**20} MB"
    if resident_bytes(process.pid) > MOST_MEMORY:
        return f"it took more than {MOST_MEMORY // 2**20} MB of memory"
    return ""


def _late(seconds: float) -> str:
    return f"it did not finish within {seconds:g} seconds"


def resident_bytes(process: int) -> int:
    """The memory of a process; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
        page_size = os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, AttributeError):
        return 0
    return int(pages) * page_size


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
    process.wait()
