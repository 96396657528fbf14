"""Python's cycle collector, which gains nothing from trees and costs them dear."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
    if not gc.get_freeze_count():
        gc.freeze()
        gc.unfreeze()
