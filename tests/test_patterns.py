"""The hints of a pattern: each text that it matches holds one word of every list, as its own grammar says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import product
from pkgutil import walk_packages
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import tocompose
import tree
from tocompose.knowledge.secrets.commands import _program_patterns
from tocompose.knowledge.secrets.texts import TOKEN
from tocompose.patterns import Forms, HintedPattern, regex
from tocompose.rules.worker_checks import worker_patterns

# Stands for whatever a part of a pattern matches that is not spelt out.
ANY = "\0"
MOST_TEXTS = 200_000
REPEATS = (
    _constants.MAX_REPEAT,
    _constants.MIN_REPEAT,
    _constants.POSSESSIVE_REPEAT,
)


def texts_of(parts: Iterable[Any]) -> set[str]:
    """The texts that a pattern matches, what it leaves open as `ANY`."""
    texts = {""}
    for kind, value in parts:
        added = texts_of_part(kind, value)
        texts = {
            re.sub(f"{ANY}+", ANY, start + end) for start, end in product(texts, added)
        }
        assert len(texts) <= MOST_TEXTS
    return texts


def texts_of_part(kind: Any, value: Any) -> set[str]:
    if kind is _constants.LITERAL:
        return {chr(value)}
    if kind is _constants.IN:
        return letters_of(value)
    if kind is _constants.SUBPATTERN:
        return texts_of(value[3])
    if kind is _constants.BRANCH:
        return set().union(*map(texts_of, value[1]))
    if kind in REPEATS:
        return texts_of_repeat(*value)
    if kind is _constants.ASSERT:
        # What must stand behind is part of the text too.
        return {ANY + text + ANY for text in texts_of(value[1])}
    return {""} if kind in (_constants.AT, _constants.ASSERT_NOT) else {ANY}


def texts_of_repeat(least: int, most: int, repeated: Iterable[Any]) -> set[str]:
    texts = texts_of(repeated)
    if most == 1:
        return texts if least else {"", *texts}
    if len(texts) == 1:
        return {text * min(least, 9) + ANY for text in texts}
    return {text + ANY for text in texts} if least else {ANY}


def letters_of(members: Iterable[Any]) -> set[str]:
    """The few characters that a set is of."""
    letters = {chr(value) if kind is _constants.LITERAL else ANY for kind, value in members}
    return letters if ANY not in letters and len(letters) <= 6 else {ANY}


def missed(pattern: HintedPattern) -> Iterator[str]:
    """The texts that the pattern matches without a hint in them."""
    for text in texts_of(_parser.parse(pattern.source, pattern.flags)):
        shown = text.lower() if pattern.folds else text
        if not all(any(word in shown for word in words) for words in pattern.hints):
            yield text


# Modules that do something when they are loaded.
_ACTING = ("__main__", "web.warm")


def hinted_patterns() -> Iterator[tuple[str, HintedPattern]]:
    """Every constant of a module that has hints, and the patterns of tables."""
    for module in walk_packages(tocompose.__path__, "tocompose."):
        if module.name.endswith(_ACTING):
            continue
        for name, value in vars(import_module(module.name)).items():
            yield from (
                (f"{module.name}.{name} {number}", pattern)
                for number, pattern in enumerate(
                    value if isinstance(value, tuple) else [value]
                )
                if isinstance(pattern, HintedPattern)
            )
    workers = (pattern for pattern, _ in worker_patterns())
    for pattern in (*TOKEN.patterns, *_program_patterns(), *workers):
        yield pattern.source, pattern


PATTERNS = dict(hinted_patterns())


@pytest.mark.parametrize("name", PATTERNS)
def test_each_match_of_a_pattern_holds_its_hints(name: str) -> None:
    assert list(missed(PATTERNS[name])) == []


def test_a_hint_that_some_match_lacks_is_told() -> None:
    assert list(missed(HintedPattern("abc|x[yz]", 0, [["ab", "xy"]]))) == ["xz"]
    assert list(missed(HintedPattern("(?i)a?b+", 0, [["A"]]))) != []
    assert list(missed(HintedPattern(r"\w+ab", 0, [["ab"]]))) == []


def test_a_text_without_the_hints_does_not_have_the_pattern_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled: list[object] = []
    compile_pattern = re.compile
    monkeypatch.setattr(
        "tocompose.patterns.re.compile",
        lambda *pattern: compiled.append(pattern) or compile_pattern(*pattern),
    )
    plain, hinted = regex("ab+"), regex("(?i)cd+", hints=[["c"], ["d"]])
    forms = Forms(
        regex(".."),
        [HintedPattern("ef+", 0, [["ef"]]), HintedPattern("gh+", 0, [["gh"]])],
    )
    assert hinted.search("cab") is None
    assert list(hinted.finditer("xyz")) == []
    assert forms.search("cab") is None
    assert forms.sub(lambda _: "-", "cab") == "cab"
    assert compiled == [("..", 0)]
    assert plain.search("cab") and hinted.search("cD") and hinted.fullmatch("CDD")
    assert forms.sub(lambda _: "-", "xghh") == "x-"
    assert hinted.sub("-", "xcdd") == "x-"
    assert compiled == [("..", 0), ("ab+", 0), ("(?i)cd+", 0), ("gh+", 0)]


def test_every_token_is_at_least_as_long_as_is_looked_for() -> None:
    least = {_parser.parse(pattern.source).getwidth()[0] for pattern in TOKEN.patterns}
    assert len(TOKEN.patterns) > 80
    assert min(least) >= 12
    assert all(" " not in pattern.source for pattern in TOKEN.patterns)


@pytest.mark.parametrize("text", ["abcd bcd", "xbcdbcabcd", "cdab abc bc cd", "", "zabz"])
def test_forms_match_as_alternatives_of_one_pattern_do(text: str) -> None:
    sources = ("(?<!x)bcd?", "ab|abc", "cd", r"\babcd")
    hints = ([["bc"]], [["ab"]], [["cd"]], [["abcd"]])
    patterns = (
        HintedPattern(source, 0, words)
        for source, words in zip(sources, hints, strict=True)
    )
    forms = Forms(regex(".."), patterns)
    one_pattern = re.compile("|".join(sources))
    spans = [match.span() for match in one_pattern.finditer(text)]
    assert [match.span() for match in forms.finditer(text)] == spans
    assert forms.sub(lambda _: "-", text) == one_pattern.sub("-", text)


def test_letters_of_other_scripts_that_count_as_ascii_are_looked_for() -> None:
    assert regex("(?i)secret", hints=[["secret"]]).search("ſecret") is not None


def test_no_module_compiles_a_pattern_when_it_is_loaded() -> None:
    compiling = [
        f"{tree.file(module)}:{call.lineno}"
        for module, syntax in tree.modules().items()
        for call in loaded_calls(syntax)
        if ast.unparse(call.func) == "re.compile"
    ]
    assert compiling == []


def loaded_calls(syntax: ast.AST) -> Iterator[ast.Call]:
    """The calls that are made when a module is loaded: not those of functions."""
    for child in ast.iter_child_nodes(syntax):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from loaded_calls(child)
