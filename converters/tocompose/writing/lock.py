"""Writing to a folder without company: one run at a time, and no interruption halfway through."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

WAIT = 60.0
# The file that is locked where the folder itself cannot be.
LOCK_NAME = ".tocompose.lock"
_STEP = 0.05


@contextmanager
def alone(folder: Path, seconds: float | None = None) -> Iterator[bool]:
    """Waits until no other run writes to the folder, and keeps others out of it; whether that is certain.

    Raises OSError (EAGAIN) when that takes longer than so many seconds. Where the file system has no such lock, runs
    are not kept apart: each file is still replaced as a whole.
    """
    wait = WAIT if seconds is None else seconds
    if sys.platform == "win32":
        # A folder cannot be opened there: a file in it is locked, and goes with its lock.
        lock = take_lock_file(folder / LOCK_NAME, wait)
        try:
            yield True
        finally:
            lock.release()
        return
    until = time.monotonic() + wait
    handle, certain = _open_locked(folder, until)
    while not _still_stands(folder, handle):
        # The run that we waited for has failed, and taken the folder that it had made away again.
        os.close(handle)
        folder.mkdir(parents=True, exist_ok=True)
        handle, certain = _open_locked(folder, until)
    try:
        yield certain
    finally:
        os.close(handle)


def _still_stands(folder: Path, handle: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _open_locked(folder: Path, until: float) -> tuple[int, bool]:
    """The folder, open, and whether it is locked; closing it gives the lock back, also when the process is killed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        return handle, _take_lock(handle, folder, until)
    except BaseException:
        os.close(handle)
        raise


def _take_lock(handle: int, folder: Path, until: float) -> bool:
    try:
        import fcntl
    except ImportError:
        return False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                return False
            if time.monotonic() > until:
                raise OSError(
                    errno.EAGAIN, os.strerror(errno.EAGAIN), str(folder)
                ) from error
            time.sleep(_STEP)
        else:
            return True


def take_lock_file(path: Path, seconds: float) -> BaseFileLock:
    """The lock of a file that is there for nothing else, held by one run at a time.

    Raises OSError (EAGAIN) when that takes longer than so many seconds.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, poll_interval=_STEP)
    try:
        lock.acquire(timeout=seconds)
    except Timeout as problem:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path)) from problem
    return lock


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds back what would end the process until the body is done: between two renames a bundle is half written."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    held = signal.pthread_sigmask(
        signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
