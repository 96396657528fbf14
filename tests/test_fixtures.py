"""Every case of `fixtures/` gives exactly what stands in its `expected/`, and accounts for all of its input."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import cases, expected, outcome, said, written

CASES = tuple(cases())


def name_of(case: Path) -> str:
    """`format/case`."""
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_gives_what_it_should(case: Path) -> None:
    given, wanted = written(outcome(case)), expected(case)
    assert sorted(given) == sorted(wanted)
    for path, content in wanted.items():
        assert given[path].decode() == content.decode(), path


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_is_accounted_for(case: Path) -> None:
    allowed = {"TC001"} if said(case).get("unknown") else set()
    result = outcome(case)
    assert [
        item for item in result.notes if item.code in {"TC001", "TC901"} - allowed
    ] == []
    assert written(result) == written(outcome(case))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_says_what_it_shows(case: Path) -> None:
    assert said(case)["shows"]
