"""Python's cycle collector, which gains nothing from trees and costs them dear."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Whether what was loaded has been put aside; `gc.get_freeze_count` would walk all of it to tell.
_is_put_aside = False


def put_loaded_aside() -> None:
    """Keeps the collector from all that is loaded now, for good: processes forked from this one share it."""
    global _is_put_aside
    gc.freeze()
    _is_put_aside = True


def collect_seldom() -> None:
    """Has the collector look less often: what a program loads at its start is no garbage."""
    gc.set_threshold(20_000)


@contextmanager
def collector_off() -> Iterator[None]:
    """The collector switched off: it would walk the growing tree again and again, a third of a large conversion."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            _grow_old()
            gc.enable()


def _grow_old() -> None:
    """Takes what has been made for long-lived at once; the first look of the collector would walk all of it."""
    if not _is_put_aside:
        gc.freeze()
        gc.unfreeze()
