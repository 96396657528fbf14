"""What holds for all tests: those that use the Docker engine take turns, and an interrupt reaches what they start."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_TURN = Path(tempfile.gettempdir(), f"tocompose-engine-{os.getuid()}.lock")

# What a shell starts in the background ignores interrupts, and so does all that it starts (POSIX, "Signals and Error
# Handling"): a handler here gives children the default back, so that they can be interrupted by a test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Lets one process at a time build and start containers: two at once are slow enough to count as unhealthy."""
    if item.get_closest_marker("engine") is None:
        return (yield)
    with _TURN.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return (yield)
