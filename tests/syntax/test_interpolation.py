"""Interpolation is read as docker compose reads it, at any depth and in linear time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracles
from syntax import composed
from tocompose.syntax import interpolation
from tocompose.syntax.interpolation import Literal, Variable, parse

VALUES = {"S": "set", "E": ""}
# Pieces that make up what is hard: names that are set, empty and unset, operators, nesting, escapes, stray signs.
PIECES = [
    *("a", "é", "$$", "$", "{", "}", "${S}", "$E", "$U1-", "${U:-", "${E-", "${S:+", "${S:?", "${E+"),
    *(":-", "?", "1", "\n", "}", "}", "}"),
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


def test_parts_are_named() -> None:
    text = "a$$b${X:-c${Y:?d}}$Z"
    before, outer, last = parse(text)
    assert before == Literal("a$$b") and isinstance(outer, Variable)
    assert (outer.name, outer.operator, outer.operand) == ("X", ":-", "c${Y:?d}")
    assert outer.source == "${X:-c${Y:?d}}"
    inner = outer.parts[1]
    assert isinstance(inner, Variable)
    assert (inner.name, inner.operator, inner.operand, inner.source) == (
        "Y",
        ":?",
        "d",
        "${Y:?d}",
    )
    assert isinstance(last, Variable) and (last.name, last.source) == ("Z", "$Z")


@given(TEXTS)
def test_sources_joined_are_the_text(text: str) -> None:
    assert "".join(part.source for part in parse(text)) == text
    for variable in interpolation.nested_variables(text):
        assert "".join(part.source for part in variable.parts) == variable.operand
        assert (
            not variable.operator
            or variable.with_operand(variable.operand) == variable.source
        )


@pytest.mark.oracle
@oracles.unless_oracles
@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_compose(seed: int) -> None:
    """Texts of random pieces, each read alone where docker compose refuses one of them."""
    chance = random.Random(seed)
    texts = ["".join(chance.choices(PIECES, k=chance.randrange(1, 10))) for _ in range(60)]
    read = composed.accepted(({"environment": {"V": text}} for text in texts), VALUES)
    for text, service in zip(texts, read, strict=True):
        if service is None:
            continue
        value = service["environment"]["V"].replace("$$", "$")
        assert interpolation.substitute(text, VALUES) == value, text
        without = interpolation.plain(text)
        assert without is None or without == value, text


@given(st.text())
def test_a_literal_means_itself(text: str) -> None:
    assert interpolation.plain(interpolation.literal(text)) == text
    assert interpolation.substitute(interpolation.literal(text), {}) == text


@given(TEXTS)
def test_replacing_by_the_same_changes_nothing(text: str) -> None:
    assert interpolation.replace_variables(text, lambda variable: variable.source) == text
    assert interpolation.replace_literals(text, lambda literal: literal.source) == text
    assert "".join(interpolation.split_outside_variables(text, ":")) == "".join(
        part.source if isinstance(part, Variable) else part.source.replace(":", "")
        for part in parse(text)
    )


def test_defaults_take_the_place_of_variables() -> None:
    assert interpolation.apply_defaults("a${A:-b${B-c}$$}${C}") == "abc$$${C}"


def test_messages_are_no_values() -> None:
    changed = interpolation.replace_literals("a${A:-a${B:?a}}", lambda _: "z")
    assert changed == "z${A:-z${B:?a}}"


def test_documents_keep_their_keys() -> None:
    document = {"$A": ["${A}", {"b": "${B:-${C}}"}], "n": 1}
    assert list(interpolation.document_variables(document)) == ["A", "B", "C"]
    changed = interpolation.replace_in_document(document, lambda variable: variable.name)
    assert changed == {"$A": ["A", {"b": "B"}], "n": 1}


@pytest.mark.parametrize(
    ("text", "limit", "fields"),
    [
        ("a:b:c", 1, ["a", "b:c"]),
        ("${A:-b}:c:d", 1, ["${A:-b}", "c:d"]),
        ("a${B:-c:d}e:f", -1, ["a${B:-c:d}e", "f"]),
        ("$${a:b}", -1, ["$${a", "b}"]),
        ("${A}:", -1, ["${A}", ""]),
        ("a:${A}b:c", 1, ["a", "${A}b:c"]),
    ],
)
def test_variables_are_not_split(text: str, limit: int, fields: list[str]) -> None:
    assert interpolation.split_outside_variables(text, ":", limit) == fields


@pytest.mark.parametrize(
    "piece", ["${A:-", "${A:-}", "$${", "${", "$", "}", "$${A}", "${A:-x}}", "${A:-$${"]
)
def test_the_number_of_parts_is_bounded_by_the_length(piece: str) -> None:
    """Nothing recurses, and no text is copied a second time: a long one has as many parts as it has pieces."""
    text = piece * 20_000 + "}" * 20_000
    assert interpolation.substitute(text, {"A": "x"}) is not None
    assert len(list(interpolation.nested_variables(text))) <= 20_000
    assert interpolation.replace_literals(text, lambda literal: literal.source) == text
