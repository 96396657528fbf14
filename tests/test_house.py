"""The house rules that a program can check: what reads easily, docstrings, names, nothing left open.

There is no bar on the lines of a function: what counts is how much one line says, and how much one function decides.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from typing import Any

import pytest

import tree

# At most so much of each, over the whole package; to be tightened, never loosened. How much code there is in all has
# no bar: a new source brings a package of its own.
BARS: dict[str, float] = {
    "lines of a file": 400,
    "tokens a line": 8.5,
    "decisions of a function": 14,
    "percent of functions with eleven decisions or more": 2.8,
    "percent of names that say nothing": 1.9,
    "percent of functions of one word": 20,
    "class names used twice": 0,
}
# Names that say nothing about what they hold.
VAGUE = frozenset(
    """
    item items found place places known given one other others rest thing things part parts own said told wanted kept
    made left taken seen word words piece pieces way ways what which where here there now then this that these those
    it its they some any every each all both such same more most less value_ data_ info obj res ret tmp temp stuff foo
    entry entries kind_ state_ first second last next_ previous chosen passed asked missing_ inner outer back front
    end start_ here_ over under with_ without by_ from_ to_ into onto upon before after above below beside about
    """.split()
)
# Their docstrings would only repeat the class: the data model of Python itself.
_SPECIAL = re.compile(r"__\w+__")


def percent(count: int, whole: int) -> float:
    return 100 * count / whole


def functions() -> list[tuple[str, Any]]:
    """Every function of the package with its place."""
    return [
        (f"{tree.file(module)}:{function.lineno} {function.name}", function)
        for module in tree.modules()
        for function in tree.functions(tree.modules()[module])
    ]


def measured() -> dict[str, float]:
    """The figures of the whole package."""
    tokens = [count for module in tree.modules() for count in tree.tokens(module)]
    decisions = [tree.decisions(function) for _, function in functions()]
    names = [
        name for module in tree.modules().values() for name in tree.bound_names(module)
    ]
    plain = [
        function.name for _, function in functions() if not function.name.startswith("__")
    ]
    classes = Counter(
        node.name
        for module in tree.modules().values()
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    )
    return {
        "tokens a line": sum(tokens) / len(tokens),
        "decisions of a function": max(decisions),
        "percent of functions with eleven decisions or more": percent(
            sum(count >= 11 for count in decisions), len(decisions)
        ),
        "percent of names that say nothing": percent(
            sum(name.strip("_") in VAGUE for name in names), len(names)
        ),
        "percent of functions of one word": percent(
            sum("_" not in name.strip("_") for name in plain), len(plain)
        ),
        "class names used twice": sum(count > 1 for count in classes.values()),
    }


def test_the_package_reads_easily() -> None:
    over = {name: value for name, value in measured().items() if value > BARS[name]}
    assert over == {}, f"most decisions: {worst_functions()[:10]}"


def worst_functions() -> list[tuple[int, str]]:
    """The functions by their decisions, the most first."""
    return sorted(
        ((tree.decisions(node), place) for place, node in functions()), reverse=True
    )


@pytest.mark.parametrize("module", tree.modules())
def test_files_are_short(module: str) -> None:
    lines = tree.file(module).read_text(encoding="utf-8").count("\n")
    assert lines <= BARS["lines of a file"], f"{tree.file(module)}: {lines} lines"


@pytest.mark.parametrize("module", tree.modules())
def test_public_names_have_docstrings(module: str) -> None:
    body = tree.modules()[module]
    path = tree.file(module)
    assert not body.body or ast.get_docstring(body), f"{path}: the module needs a docstring"
    for node in _public(body):
        assert ast.get_docstring(node), (
            f"{path}:{node.lineno} {node.name}: a public name needs a docstring"
        )


def _public(body: ast.Module | ast.ClassDef) -> list[ast.ClassDef | ast.FunctionDef]:
    found: list[ast.ClassDef | ast.FunctionDef] = []
    for node in body.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith(
            "_"
        ):
            continue
        found.append(node)
        if isinstance(node, ast.ClassDef):
            found += _public(node)
    return [node for node in found if not _SPECIAL.fullmatch(node.name)]


@pytest.mark.parametrize("module", tree.modules())
def test_names_say_what_a_thing_is(module: str) -> None:
    vague = re.compile(r"manager|helper|utils?$|_util|misc", re.IGNORECASE)
    assert not vague.search(module.rpartition(".")[2]), (
        f"{tree.file(module)}: name the file after what it holds"
    )
    for node in ast.walk(tree.modules()[module]):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            assert not vague.search(node.name), (
                f"{tree.file(module)}:{node.lineno} {node.name}: a vague name"
            )


@pytest.mark.parametrize("module", tree.modules())
def test_nothing_is_left_open(module: str) -> None:
    text = tree.file(module).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        assert not re.search(r"\b(TODO|FIXME|XXX)\b|NotImplementedError", line), (
            f"{tree.file(module)}:{number}: {line}"
        )
    for node in ast.walk(tree.modules()[module]):
        if isinstance(node, ast.ExceptHandler) and len(node.body) == 1:
            assert not isinstance(node.body[0], ast.Pass), (
                f"{tree.file(module)}:{node.lineno}: an error is swallowed"
            )
