"""The house rules that a program can check: sizes, docstrings, names, nothing left open."""

from __future__ import annotations

import ast
import re
import statistics

import pytest

import tree

# Their docstrings would only repeat the class: the data model of Python itself.
_SPECIAL = re.compile(r"__\w+__")


@pytest.mark.parametrize("module", tree.modules())
def test_files_are_short(module: str) -> None:
    lines = tree.file(module).read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{tree.file(module)}: {lines} lines"


@pytest.mark.parametrize("module", tree.modules())
def test_functions_are_short(module: str) -> None:
    for function in tree.functions(tree.modules()[module]):
        size = tree.length(function)
        assert size <= 60, (
            f"{tree.file(module)}:{function.lineno} {function.name}: {size} lines"
        )


def test_the_typical_file_and_function_is_small() -> None:
    sizes = [
        tree.length(item)
        for module in tree.modules().values()
        for item in tree.functions(module)
    ]
    files = [
        tree.file(name).read_text(encoding="utf-8").count("\n") for name in tree.modules()
    ]
    assert statistics.median(sizes) <= 8, "the median function"
    assert statistics.quantiles(sizes, n=20)[-1] <= 35, "the longest function in twenty"
    assert statistics.median(files) <= 150, "the median file"


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
