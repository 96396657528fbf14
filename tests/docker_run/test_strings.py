"""Nasty strings arrive unchanged at the engine, in every position that holds free text."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docker_run.cases import converted, text
from oracles import oracles, unless_oracles
from tocompose.prove import Command, prove_commands
from tocompose.prove.table import as_text
from tocompose.syntax.interpolation import (
    literal,
    plain,
    split_outside_variables,
    variable_names,
)

PIECES = (
    *(
        "$",
        "$$",
        "${",
        "}",
        "$HOME",
        "${A:-b}",
        "\\",
        "'",
        '"',
        "`",
        "#",
        " #",
        ": ",
        "- ",
        "? ",
        "!",
        "&",
        "*",
        "%",
        "@",
    ),
    *(
        "|",
        ">",
        "{",
        "[",
        "]",
        ",",
        "\n",
        "\r",
        "\t",
        " ",
        "~",
        "null",
        "true",
        "No",
        "0x1F",
        "1e3",
        "1.10",
        "0777",
    ),
    *(
        "2001-01-01",
        "=",
        "<<",
        "é",
        "漢",
        "😀",
        "\u2028",
        "\x7f",
        "\x85",
        "\ufeff",
        "a",
        "Z",
        "_",
        "-",
        "0",
        "...",
        "---",
    ),
)


def nasty(seed: int) -> list[str]:
    """300 strings of one seed: pieces that some parser of the way reads as more than text."""
    source = random.Random(seed)
    return ["".join(source.choices(PIECES, k=source.randint(1, 8))) for _ in range(300)]


@unless_oracles
@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(10))
def test_3000_strings_arrive_unchanged(seed: int) -> None:
    strings = nasty(seed)
    argv = ["docker", "create"]
    for index, string in enumerate(strings[:200]):
        argv += ["-e", f"V{index}={string}"] if index % 2 else ["-l", f"l{index}={string}"]
    # A check is one text: all the others stand in it, one after the other.
    argv += [
        "--health-cmd",
        "|".join(strings),
        "--entrypoint",
        strings[201] or "x",
        "-w",
        f"/{strings[202]}",
    ]
    argv += [
        part
        for string in strings[203:210]
        for part in ("--annotation", f"a{strings.index(string)}={string}")
    ]
    argv += ["alpine:3.20", *strings[210:], "end"]
    result = converted(tuple(argv))
    docker, compose = oracles()
    proof = prove_commands([Command(tuple(argv))], text(result), [], docker, compose)
    assert proof.verdict == "equal", as_text(proof)


@given(st.text())
def test_literal_and_plain_are_inverse(string: str) -> None:
    assert plain(literal(string)) == string
    assert list(variable_names(literal(string))) == []


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(["a", "${X:-b:c}", "$$", "${Y}", "", "$${", "1.2"]),
        min_size=1,
        max_size=5,
    )
)
def test_split_leaves_variables_whole(parts: list[str]) -> None:
    assert split_outside_variables(":".join(parts), ":") == parts
