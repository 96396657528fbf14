"""`tocompose explain`: the long text of every code, and the list of them."""

from __future__ import annotations

import re

import pytest

from tocompose.notes import families, registry
from tocompose.rules.practice_texts import explained_names


@pytest.mark.parametrize(
    "code", [code for family in families() for code in registry(family)]
)
def test_every_code_is_explained(tocompose, code):
    ran = tocompose("explain", code.lower())
    assert ran.out.startswith(f"{code}: ")
    # Examples may hold variables of Compose.
    assert not re.search(r"(?<![\${])\{\w+\}(?!\})", ran.out)


def test_explain_lists_every_code(tocompose):
    listed = [line.split()[0] for line in tocompose("explain", "--all").out.splitlines()]
    codes = sorted(code for family in families() for code in registry(family))
    assert listed[: len(codes)] == codes
    names = [name for name, _, _ in explained_names()]
    assert listed[len(codes) :] == names and {"LOG", "FORM", "Q-01", "T13"} <= set(names)


def test_explain_lists_the_codes_that_begin_so(tocompose):
    listed = [line.split()[0] for line in tocompose("explain", "tc90").out.splitlines()]
    codes = {code for family in families() for code in registry(family)}
    assert listed == sorted(code for code in codes if code.startswith("TC90"))
    assert len(tocompose("explain", "TC1").out.splitlines()) > 50


def test_explain_takes_several_codes(tocompose):
    both = tocompose("explain", "TC132", "TC133").out
    assert (
        both == tocompose("explain", "TC132").out + "\n" + tocompose("explain", "TC133").out
    )
    assert tocompose("explain", "TC132", "TC13").code == 2


def test_a_practice_is_explained_by_its_id(tocompose):
    said = tocompose("explain", "log").out
    assert said.startswith("LOG: ") and "--practices all,-LOG" in said


def test_the_example_of_a_practice_stands_below_its_title(tocompose):
    lines = tocompose("explain", "LOG").out.splitlines()
    after = lines.index("After:")
    assert lines[after + 1] == "  services:"
    assert lines[after + 2].startswith("    web: ")
    assert "  services: {proxy: {read_only: true" in tocompose("explain", "RO-ROOT").out


def test_lines_of_the_checklist_and_rules_are_explained(tocompose):
    said = tocompose("explain", "q-04").out
    assert said.startswith("Q-04: Logs are rotated (checklist, quality)\n")
    assert "  LOG  Rotate the logs\n" in said and "  TC709  warning" in said
    assert tocompose("explain", "create").out.startswith("CREATE: ")


def test_an_addition_to_a_fact_is_not_left_open(tocompose):
    shown = tocompose("explain", "TC120").out
    assert "the network <network> as <created>\n" in shown


def test_an_addition_of_some_cases_is_not_explained(tocompose):
    """A fact glued to the text before it stands there in some cases only."""
    told = {
        code: tocompose("explain", code).out
        for code in ("TC132", "TC320", "TC435", "TC345", "TC437")
    }
    assert "`<command>`. To run it" in " ".join(told["TC132"].split())
    assert "published on 127.0.0.1\n" in told["TC320"]
    assert "<step>. Start" in told["TC435"] and "<remark>" not in told["TC437"]
    assert "environments.<name>" in told["TC345"]


def test_a_rule_says_how_its_finding_is_kept(tocompose):
    comment = "# tocompose: ignore[TC712] REASON\n"
    assert tocompose("explain", "TC712").out.endswith(f"its line: {comment}")
