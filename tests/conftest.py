"""What holds for all tests: which are run, why others are not, and that those that use the engine take turns.

Where nothing asks for everything (`effort.py`), slow tests are skipped, and of tests with many inputs a part is run.
"""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import settings

import effort

# A package of its own, whose tests are run with it installed (test_plugin.py).
collect_ignore = ["plugin_example"]

_TURN = Path(tempfile.gettempdir(), f"tocompose-engine-{os.getuid()}.lock")
_HELD_TURN = pytest.StashKey[TextIO]()
_LEFT_OUT = pytest.StashKey[int]()
_PAGES = Path(__file__).parent / "web"

# What a shell starts in the background ignores interrupts, and so does all that it starts (POSIX, "Signals and Error
# Handling"): a handler here gives children the default back, so that they can be interrupted by a test.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Nearly all that tests make is kept to the end. The collector of cycles goes over it less often, and never over the
# tests themselves: a fifth of the run.
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """Leaves what stands now out of the collector's rounds."""
    gc.freeze()


# Every machine tries the same examples: whether a change is right must not depend on chance.
settings.register_profile("same everywhere", derandomize=True, deadline=None)
settings.load_profile("same everywhere")

_SLOW = "slow: long inputs, many processes and fuzzing run in CI; TOCOMPOSE_SLOW=1 runs them here"
_SAMPLED = (
    f"slow: of the inputs of a test {effort.MOST_INPUTS} are tried, spread evenly; all are in CI, "
    "with TOCOMPOSE_SLOW=1, or where its file is named"
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is slow, and most of what is tried on many inputs, where nothing asks for everything."""
    if effort.tries_everything():
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason=_SLOW))
    if config.args == config.getini("testpaths") and not config.option.keyword:
        left_out = effort.left_out(items)
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=list(left_out))
        config.stash[_LEFT_OUT] = len(left_out)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Tries a property on its first examples, where nothing asks for everything."""
    with effort.first_examples(pyfuncitem.obj):
        return (yield)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tells the process that started this one how many tests it left out: each of them leaves out the same."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes from pytest-xdist what a process told."""
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says why tests were skipped, a line for each reason."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in reports
        if isinstance(report.longrepr, tuple)
    )
    reasons[_SAMPLED] = terminalreporter.config.stash.get(_LEFT_OUT, 0)
    for reason, count in reasons.most_common():
        if count:
            terminalreporter.write_line(f"{count:6} skipped: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Iterator[None]:
    """Lets one process at a time build and start containers: two at once are slow enough to count as unhealthy.

    Pages that a server gives take their turn too, one after the other: each new network of the engine is a change of
    the machine's networks, on which Chromium breaks off what it loads (ERR_NETWORK_CHANGED).
    """
    if item.get_closest_marker("engine") is None and not _loads_pages(item):
        return (yield)
    stash = item.session.stash
    if _HELD_TURN not in stash:
        stash[_HELD_TURN] = _TURN.open("w")
    turn = stash[_HELD_TURN]
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        return (yield)
    finally:
        if not (_loads_pages(item) and _loads_pages(nextitem)):
            fcntl.flock(turn, fcntl.LOCK_UN)


def _loads_pages(item: pytest.Item | None) -> bool:
    return (
        item is not None
        and item.path.parent == _PAGES
        and item.get_closest_marker("browser") is not None
    )
