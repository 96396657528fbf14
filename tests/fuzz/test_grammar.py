"""A sample of the sources made by grammars; `python -m tests.fuzz.grammar` tries as many as one likes."""

from __future__ import annotations

import pytest

from fuzz.grammar.composed import Output, refused
from fuzz.grammar.judging import SOURCES, judge
from judges import needs_compose

FIRST, EACH = 1_000_000, 12


@pytest.mark.parametrize("name", SOURCES)
def test_no_source_makes_a_fault(name: str) -> None:
    outcomes = {number: judge(name, number) for number in range(FIRST, FIRST + EACH)}
    assert {
        number: outcome.faults for number, outcome in outcomes.items() if outcome.faults
    } == {}


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("name", ["script", "makefile", "unit", "manifest", "repository"])
def test_docker_compose_takes_what_is_written(name: str) -> None:
    outputs = [
        Output(name, number, text, outcome.dotenv)
        for number in range(FIRST, FIRST + EACH)
        for outcome in [judge(name, number)]
        for text in outcome.compose[:1]
    ]
    assert refused(outputs) == []
