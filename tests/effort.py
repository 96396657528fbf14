"""How much of what could be tried is tried: all of it in CI and where a variable asks for it, a part on other machines.

A machine with nothing but Python is to be through in a few minutes, with something of every area.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest

# What says that everything is to be tried.
_ALL = (
    *("CI", "TOCOMPOSE_SLOW", "TOCOMPOSE_ORACLES", "TOCOMPOSE_CORPUS", "TOCOMPOSE_ENGINE"),
    "TOCOMPOSE_BROWSER_RUNTIME",
)
# So many inputs of one test are tried elsewhere; some tests have hundreds.
MOST_INPUTS = 40
_FEWEST_EXAMPLES = 10
_PART_OF_EXAMPLES = 6


def tries_everything() -> bool:
    """Whether everything is to be tried."""
    return any(os.environ.get(name) for name in _ALL)


def examples(number: int) -> int:
    """How many examples of hypothesis are tried where CI tries that number; they are the first of those of CI."""
    if tries_everything():
        return number
    return min(number, max(_FEWEST_EXAMPLES, number // _PART_OF_EXAMPLES))


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
