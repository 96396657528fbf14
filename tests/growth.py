"""Whether work grows with its input or faster: two sizes are compared, so that a slow or busy machine does no harm."""

from __future__ import annotations

import time
from collections.abc import Callable

FACTOR = 8
# What grows with its input takes 8 times as long, what grows with the square 64 times.
MOST = 24
# Below that a measurement says nothing.
SHORTEST = 0.02


def grows_with_input(work: Callable[[int], object], size: int) -> bool:
    """Whether work on so much input takes about as much longer as the input is larger than an eighth of it."""
    small = min(_processor_seconds(work, size // FACTOR) for _ in range(2))
    most = MOST * max(small, SHORTEST)
    return any(_processor_seconds(work, size) < most for _ in range(2))


def _processor_seconds(work: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    work(size)
    return time.process_time() - start
