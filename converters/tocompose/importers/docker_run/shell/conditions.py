"""Tests of constants: `[ "$MODE" = dev ]` where the script itself says what `MODE` is."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial

from tocompose.importers.docker_run.shell.arithmetic import evaluate
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
_NUMBER = re.compile(r"-?\d{1,18}")
_CONSTANT_COMMANDS = {"true": True, ":": True, "false": False}
_CLOSING = {"[": "]", "[[": "]]"}


def condition_holds(shell: Shell, cursor: Cursor) -> bool | None:
    """Whether the statement succeeds; None when that cannot be known without running it."""
    match cursor.kind:
        case "body" if len(cursor) == 1:
            return condition_holds(shell, cursor.at(0))
        case "not":
            verdict = condition_holds(shell, cursor.at(0))
            return None if verdict is None else not verdict
        case "and" | "or":
            verdicts = [condition_holds(shell, cursor.at(side)) for side in (0, 1)]
            if None in verdicts:
                return None
            return all(verdicts) if cursor.kind == "and" else any(verdicts)
        case "command":
            return _command_holds(shell, cursor)
    return None


def _command_holds(shell: Shell, cursor: Cursor) -> bool | None:
    leaves = list(cursor)
    if not leaves or any(child.kind != "leaf" for child in leaves):
        return None
    name = leaves[0].peek() or ""
    if leaves[0].style == "arithmetic":
        number = evaluate(name[2:-2], partial(variable_text, shell))
        return None if number is None else number != 0
    if len(leaves) == 1:
        return _CONSTANT_COMMANDS.get(name)
    texts = [_constant_text(shell, leaf) for leaf in _operands_of_test(name, leaves)]
    return _test_holds(texts, globs=name == "[[")


def _operands_of_test(name: str, leaves: list[Cursor]) -> list[Cursor]:
    """What `test`, `[` or `[[` is given; nothing for another command, or a bracket that does not close."""
    if name == "test":
        return leaves[1:]
    is_closed = leaves[-1].peek() == _CLOSING.get(name)
    return leaves[1:-1] if is_closed else []


def variable_text(shell: Shell, name: str) -> str | None:
    """What a variable holds; None where that is not known."""
    value = shell.scope.get(name)
    return None if value is None else value.plain


def _constant_text(shell: Shell, leaf: Cursor) -> str | None:
    """The text of a word that no command has to be run for."""
    if re.search(r"`|\$\((?!\()", leaf.peek() or ""):
        return None
    return shell.value(leaf).plain


def _test_holds(texts: list[str | None], *, globs: bool) -> bool | None:
    """Whether a test of these operands succeeds; None where one is not known, or the test is of another kind."""
    match texts:
        case ["!", *negated]:
            verdict = _test_holds(negated, globs=globs)
            return None if verdict is None else not verdict
        case [str(text)] | ["-n", str(text)]:
            return text != ""
        case ["-z", str(text)]:
            return text == ""
        case [str(text), "=" | "==" | "!=" as sign, str(pattern)]:
            is_equal = fnmatchcase(text, pattern) if globs else text == pattern
            return is_equal is (sign != "!=")
        case [str(text), str(sign), str(limit)] if sign in _COMPARISONS:
            if _NUMBER.fullmatch(text) and _NUMBER.fullmatch(limit):
                return _COMPARISONS[sign](int(text), int(limit))
    return None


def matching_branch(subject: Value, branches: list[list[str]]) -> int | None:
    """The index of the branch of a `case` that a known subject chooses; -1 for none, None when it is not known."""
    text = subject.plain
    if text is None:
        return None
    for index, patterns in enumerate(branches):
        for pattern in patterns:
            if "$" in pattern or "`" in pattern:
                return None
            if fnmatchcase(text, re.sub(r"[\"'\\]", "", pattern)):
                return index
    return -1
