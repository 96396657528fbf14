"""The state of a run: a line for each repository as it ends, so that a killed run can be taken up again."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tocompose.batch.outcome import (
    RepositoryOutcome,
    Status,
    outcome_data,
    outcome_from_data,
)
from tocompose.record import NamedTuple
from tocompose.writing.lock import take_lock_file

STATE_FILE = "state.jsonl"


class StateError(Exception):
    """A state file that cannot be used; the text says why."""


class _RecordPlace(NamedTuple):
    """Where the line of a repository stands in the file, its result's status and key."""

    start: int
    length: int
    status: Status
    key: str


class RunState:
    """The state file of a run, held by one run at a time; only the places of its lines are kept in memory.

    Each line stands for one repository; a later line of the same repository replaces the earlier one. A line that a
    kill has cut short is dropped when the file is opened.
    """

    def __init__(self, path: Path, key: str, resume: bool) -> None:
        self.path = path
        self._key = key
        self._places: dict[str, _RecordPlace] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o600)
        self._release_lock = _lock_file(self._file, path)
        if resume:
            self._load_places()
        else:
            _keep_previous(path)
            os.ftruncate(self._file, 0)
        self._end = os.lseek(self._file, 0, os.SEEK_END)

    def earlier(self, identity: str) -> RepositoryOutcome | None:
        """The result of an earlier run with the same options and version; whether it still holds is another matter."""
        record_place = self._places.get(identity)
        return (
            self.read(identity)
            if record_place is not None and record_place.key == self._key
            else None
        )

    def __contains__(self, identity: str) -> bool:
        return identity in self._places

    def read(self, identity: str) -> RepositoryOutcome:
        """The last result of a repository. Raises KeyError where there is none."""
        record_place = self._places[identity]
        os.lseek(self._file, record_place.start, os.SEEK_SET)
        chunks, remaining = [], record_place.length
        while remaining and (chunk := os.read(self._file, remaining)):
            chunks.append(chunk)
            remaining -= len(chunk)
        return outcome_from_data(json.loads(b"".join(chunks)))

    def append(self, outcome: RepositoryOutcome) -> None:
        """Adds a result, in one write."""
        data = {"key": self._key, **outcome_data(outcome)}
        text = json.dumps(data, separators=(",", ":")).encode("ascii") + b"\n"
        os.lseek(self._file, self._end, os.SEEK_SET)
        unwritten = memoryview(text)
        while unwritten:
            unwritten = unwritten[os.write(self._file, unwritten) :]
        self._places[outcome.repository.id] = _RecordPlace(
            self._end, len(text), outcome.status, self._key
        )
        self._end += len(text)

    def close(self) -> None:
        """Gives the file back. Waits once for the disk, also for all that the workers have written."""
        if hasattr(os, "sync"):
            os.sync()
        os.close(self._file)
        self._release_lock()

    def _load_places(self) -> None:
        start = 0
        for line in self._read_records():
            data = _parse_record(line)
            if data is None:
                break
            identity = data["repository"][0]
            self._places[identity] = _RecordPlace(
                start, len(line), Status(data["status"]), data["key"]
            )
            start += len(line)
        os.ftruncate(self._file, start)

    def _read_records(self) -> Iterator[bytes]:
        with os.fdopen(os.dup(self._file), "rb") as stream:
            stream.seek(0)
            yield from stream


def _keep_previous(path: Path) -> None:
    """Keeps the state of an earlier run, should it have been meant to go on."""
    if path.stat().st_size:
        shutil.copyfile(path, path.with_suffix(".previous.jsonl"))


def _parse_record(line: bytes) -> dict[str, Any] | None:
    """The content of a whole line; None for one that was cut short or is none of ours."""
    if not line.endswith(b"\n"):
        return None
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return (
        data
        if isinstance(data, dict) and {"key", "repository", "status"} <= set(data)
        else None
    )


def _lock_file(file: int, path: Path) -> Callable[[], None]:
    """Takes the file for this run, and gives what gives it back.

    The system does so too when the process ends, however it ends.
    """
    try:
        if sys.platform == "win32":
            # A file that is locked itself cannot be read there.
            return take_lock_file(path.with_name(f"{path.name}.lock"), 0).release
        return _lock_open_file(file)
    except OSError:
        os.close(file)
        raise StateError(
            f"{path}: another run is using this folder. Wait for it, or name another with -o."
        ) from None


def _lock_open_file(file: int) -> Callable[[], None]:
    try:
        import fcntl
    except ImportError:
        return lambda: None
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Closing the file is enough.
    return lambda: None
