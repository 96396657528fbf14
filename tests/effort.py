"""How much of what could be tried is tried: all of it in CI and where a variable asks for it, a part on other machines.

A machine with nothing but Python is to be through in a few minutes, with something of every area.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from itertools import count, groupby
from typing import Any

import pytest
from hypothesis import is_hypothesis_test
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

# What says that everything is to be tried.
_ALL = (
    *("CI", "TOCOMPOSE_SLOW", "TOCOMPOSE_ORACLES", "TOCOMPOSE_CORPUS", "TOCOMPOSE_ENGINE"),
    "TOCOMPOSE_BROWSER_RUNTIME",
)
# So many inputs of one test are tried elsewhere; some tests have hundreds.
MOST_INPUTS = 24
# So many examples of a property, of up to 400.
MOST_EXAMPLES = 15


def tries_everything() -> bool:
    """Whether everything is to be tried."""
    return any(os.environ.get(name) for name in _ALL)


def part_of(number: int) -> int:
    """The number; elsewhere no more than the most examples."""
    return number if tries_everything() else min(number, MOST_EXAMPLES)


@contextmanager
def first_examples(function: Any) -> Iterator[None]:
    """While a property is tested, its body is elsewhere run for its first examples alone, which are the first of CI.

    With a smaller `max_examples` hypothesis would draw others, on which nobody has seen the property hold.
    """
    if tries_everything() or not is_hypothesis_test(function):
        yield
        return
    body = function.hypothesis.inner_test
    function.hypothesis.inner_test = _first_runs(body)
    try:
        yield
    finally:
        function.hypothesis.inner_test = body


def _first_runs(body: Callable[..., None]) -> Callable[..., None]:
    """The body of a property, which does nothing after its first runs; one that fails is run on to find out why."""
    numbers = count()
    has_failed = False

    @wraps(body)
    def run_first(*arguments: Any, **named: Any) -> None:
        nonlocal has_failed
        # A body that draws has to draw the same each time.
        draws = any(isinstance(value, st.DataObject) for value in named.values())
        if next(numbers) >= MOST_EXAMPLES and not has_failed and not draws:
            return
        try:
            body(*arguments, **named)
        except HypothesisException:
            # An example that does not fit is no failure.
            raise
        except Exception:
            has_failed = True
            raise

    return run_first


def left_out(tests: Sequence[pytest.Item]) -> set[pytest.Item]:
    """The tests to leave out so that those of one function have no more than so many inputs, evenly spread."""
    superfluous: set[pytest.Item] = set()
    for _, group in groupby(tests, _function_of):
        of_function = list(group)
        if len(of_function) > MOST_INPUTS:
            superfluous.update(of_function)
            superfluous.difference_update(_spread(of_function))
    return superfluous


def _function_of(test: pytest.Item) -> str:
    return test.nodeid.partition("[")[0]


def _spread(tests: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    for number in range(MOST_INPUTS):
        yield tests[number * len(tests) // MOST_INPUTS]
