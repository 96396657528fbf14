"""A sample of the sources made by grammars; `python -m tests.fuzz.grammar` tries as many as one likes."""

from __future__ import annotations

import pytest

from fuzz.grammar.composed import Output, refused
from fuzz.grammar.judging import SOURCES, is_told, judge
from judges import needs_compose

FIRST, EACH = 1_000_000, 12
CONVERTED = tuple(SOURCES)[: tuple(SOURCES).index("compose")]


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_no_source_makes_a_fault(name: str) -> None:
    outcomes = {number: judge(name, number) for number in range(FIRST, FIRST + EACH)}
    assert {
        number: outcome.faults for number, outcome in outcomes.items() if outcome.faults
    } == {}


@needs_compose[0]
@needs_compose[1]
@pytest.mark.parametrize("name", CONVERTED)
def test_docker_compose_takes_what_is_written(name: str) -> None:
    outcomes = {number: judge(name, number) for number in range(FIRST, FIRST + EACH)}
    outputs = [
        Output(name, number, text, outcome.dotenv)
        for number, outcome in outcomes.items()
        for text in outcome.compose[:1]
    ]
    assert [
        (output.number, reason)
        for output, reason in refused(outputs)
        if not is_told(reason, outcomes[output.number].codes)
    ] == []
