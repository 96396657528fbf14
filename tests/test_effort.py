"""A machine with nothing but Python tries a part of what CI tries: always the same part, and something of each test."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import MOST_EXAMPLES, MOST_INPUTS, first_examples, left_out, part_of


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("CI", "TOCOMPOSE_"))]:
        monkeypatch.delenv(name)


class _Named(NamedTuple):
    """What is asked of a test."""

    nodeid: str


def _tests(name: str, inputs: int) -> list[Any]:
    return [_Named(f"test_a.py::{name}[{number}]") for number in range(inputs)]


@pytest.mark.parametrize("variable", ["CI", "TOCOMPOSE_SLOW", "TOCOMPOSE_CORPUS"])
def test_a_variable_asks_for_everything(
    newcomer: None, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert part_of(300) == MOST_EXAMPLES and part_of(6) == 6
    monkeypatch.setenv(variable, "1")
    assert part_of(300) == 300


def _drawn(bound: int) -> list[int]:
    """The examples on which a property was tried."""
    drawn: list[int] = []

    @settings(max_examples=60, derandomize=True, database=None)
    @given(number=st.integers())
    def stays_below(number: int) -> None:
        drawn.append(number)
        assert number < bound

    with first_examples(stays_below):
        stays_below()
    return drawn


def test_a_newcomer_tries_the_first_examples_of_ci(
    newcomer: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_bound = 10**60
    first = _drawn(no_bound)
    monkeypatch.setenv("CI", "true")
    every = _drawn(no_bound)
    assert first == every[:MOST_EXAMPLES] and len(every) > MOST_EXAMPLES


def test_an_example_that_fails_is_made_small(newcomer: None) -> None:
    with pytest.raises(AssertionError) as failure:
        _drawn(100)
    assert "number=100," in "".join(failure.value.__notes__)


def test_many_inputs_are_thinned_and_few_are_not() -> None:
    few, many = _tests("test_few", MOST_INPUTS), _tests("test_many", MOST_INPUTS * 5)
    alone = _tests("test_alone", 1)
    superfluous = left_out([*few, *many, *alone])
    assert not superfluous.intersection([*few, *alone])
    assert [test for test in many if test not in superfluous] == many[::5]
