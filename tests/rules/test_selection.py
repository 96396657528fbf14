"""Which practices a selection names, and the registry itself."""

from __future__ import annotations

import pytest

from tocompose.model import Stack
from tocompose.rules import Context, Outcome, Rule, UnknownPractice, registry, select

ALL = [practice.id for practice in registry()]


@pytest.mark.parametrize(
    ("spec", "chosen"),
    [
        ("all", ALL),
        ("", ALL),
        ("none", []),
        ("none,+LOG", ["LOG"]),
        ("LOG,restart", ["RESTART", "LOG"]),
        ("-LOG", [name for name in ALL if name != "LOG"]),
        ("all,-LOG,-RESTART,+LOG", [name for name in ALL if name != "RESTART"]),
    ],
)
def test_selection(spec: str, chosen: list[str]) -> None:
    assert [practice.id for practice in select(spec)] == chosen


@pytest.mark.parametrize(
    ("spec", "hint"),
    [("all,-LOGS", "did you mean LOG?"), ("xyzzy", "known are all, none, ")],
)
def test_unknown(spec: str, hint: str) -> None:
    with pytest.raises(UnknownPractice, match=hint.replace("?", r"\?")):
        select(spec)


def test_registry() -> None:
    assert len(ALL) == len(set(ALL))
    assert {practice.severity for practice in registry()} == {"must", "should", "may"}
    assert [
        practice.id for practice in registry() if not practice.url.startswith("https://")
    ] == ["SVC-CLASS"]


@pytest.mark.parametrize(
    ("hardens", "context", "name"),
    [
        (False, Context(), "mended"),
        (True, Context(), "given"),
        (True, Context(harden=True), "mended"),
    ],
)
def test_a_rule_that_hardens_mends_where_that_is_asked_for(
    hardens: bool, context: Context, name: str
) -> None:
    def rename(stack: Stack, context: Context) -> Outcome:
        return Outcome(Stack(name="mended"))

    rule = Rule("X-1", "Rename it", "may", mend=rename, hardens=hardens)
    assert rule.apply(Stack(name="given"), context).stack.name == name
