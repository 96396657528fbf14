"""Every case of `fixtures/` gives what its `expected/` and `[expect]` say, and accounts for all of its input."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import (
    cases,
    converted,
    expectations,
    expected,
    expected_outcome,
    notes_of_source,
    outcome,
    said,
    value_at,
    written,
)

CASES = tuple(cases())
SETTINGS = {"files", "notes", "whole", "practices", "lines"}


def name_of(case: Path) -> str:
    """`format/case`."""
    return f"{case.parent.name}/{case.name}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_gives_what_it_should(case: Path) -> None:
    result = expected_outcome(case)
    given, expect = written(result), expectations(case)
    whole = expected(case)
    for path, content in whole.items():
        assert given[path].decode() == content.decode(), path
    if expect is None or "files" not in expect:
        assert sorted(given) == sorted(whole)
        return
    assert sorted(set(given) - {"notes.txt"}) == expect["files"]
    assert notes_of_source(result) == expect["notes"]
    assert sorted(whole) == sorted(expect.get("whole", ()))
    for file in set(expect) - SETTINGS:
        for path, value in expect[file].items():
            assert value_at(given[file], path) == value, f"{file}: {path}"
    for file, lines in expect.get("lines", {}).items():
        assert [line for line in given[file].decode().split("\n") if line in lines] == lines


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_expects_what_it_shows(case: Path) -> None:
    """A case that does not hold its whole output against the expected one asserts values of it, each in use."""
    expect = expectations(case)
    if expect is not None and "files" in expect:
        assert set(expect) - SETTINGS
        assert all(expect[file] for file in set(expect) - SETTINGS)
        assert set(expect) - SETTINGS <= set(expect["files"])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_is_accounted_for(case: Path) -> None:
    allowed = {"TC001"} if said(case).get("unknown") else set()
    result = outcome(case)
    assert [
        item for item in result.notes if item.code in {"TC001", "TC901"} - allowed
    ] == []
    assert written(result) == written(converted(case))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_case_says_what_it_shows(case: Path) -> None:
    assert said(case)["shows"]
