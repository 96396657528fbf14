"""A machine with nothing but Python tries a part of what CI tries: always the same part, and something of each test."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import pytest

from effort import MOST_INPUTS, examples, left_out


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("CI", "TOCOMPOSE_"))]:
        monkeypatch.delenv(name)


class _Named(NamedTuple):
    """What is asked of a test."""

    nodeid: str


def _tests(name: str, inputs: int) -> list[Any]:
    return [_Named(f"test_a.py::{name}[{number}]") for number in range(inputs)]


@pytest.mark.parametrize(("number", "tried"), [(6, 6), (30, 10), (60, 10), (300, 50)])
def test_a_newcomer_tries_fewer_examples(newcomer: None, number: int, tried: int) -> None:
    assert examples(number) == tried


@pytest.mark.parametrize("variable", ["CI", "TOCOMPOSE_SLOW", "TOCOMPOSE_CORPUS"])
def test_a_variable_asks_for_all_examples(
    newcomer: None, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "1")
    assert examples(300) == 300


def test_many_inputs_are_thinned_and_few_are_not() -> None:
    few, many = _tests("test_few", MOST_INPUTS), _tests("test_many", MOST_INPUTS * 5)
    alone = _tests("test_alone", 1)
    superfluous = left_out([*few, *many, *alone])
    assert not superfluous.intersection([*few, *alone])
    assert [test for test in many if test not in superfluous] == many[::5]
