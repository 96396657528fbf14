"""Tests of constants: `[ "$MODE" = dev ]` where the script itself says what `MODE` is."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from tocompose.importers.docker_run.shell.arithmetic import evaluate
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor

_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}


def condition_holds(shell: Shell, cursor: Cursor) -> bool | None:
    """Whether the statement succeeds; None when that cannot be known without running it."""
    if cursor.kind == "body":
        return condition_holds(shell, cursor.at(0)) if len(cursor) == 1 else None
    if cursor.kind == "not":
        verdict = condition_holds(shell, cursor.at(0))
        return None if verdict is None else not verdict
    if cursor.kind in ("and", "or"):
        left, right = (
            condition_holds(shell, cursor.at(0)),
            condition_holds(shell, cursor.at(1)),
        )
        if left is None or right is None:
            return None
        return (left and right) if cursor.kind == "and" else (left or right)
    return _command_holds(shell, cursor) if cursor.kind == "command" else None


def _command_holds(shell: Shell, cursor: Cursor) -> bool | None:
    leaves = [child for child in cursor if child.kind == "leaf"]
    if len(leaves) != len(cursor) or not leaves:
        return None
    if leaves[0].style == "arithmetic":
        number = evaluate(
            (leaves[0].peek() or "")[2:-2], lambda name: _variable_text(shell, name)
        )
        return None if number is None else number != 0
    name = leaves[0].peek()
    if name in ("true", ":", "false") and len(leaves) == 1:
        return name != "false"
    closing = {"[": "]", "[[": "]]"}.get(name or "")
    if closing and leaves[-1].peek() == closing:
        leaves = leaves[:-1]
    elif name != "test":
        return None
    texts = [_constant_text(shell, leaf) for leaf in leaves[1:]]
    if any(text is None for text in texts):
        return None
    return _test_holds([text or "" for text in texts], globs=closing == "]]")


def _variable_text(shell: Shell, name: str) -> str | None:
    value = shell.scope.get(name)
    return None if value is None else value.plain


def _constant_text(shell: Shell, leaf: Cursor) -> str | None:
    raw = leaf.peek() or ""
    if "`" in raw or re.search(r"\$\((?!\()", raw):
        return None
    value = shell.value(leaf)
    return value.plain


def _test_holds(texts: list[str], *, globs: bool) -> bool | None:
    if texts[:1] == ["!"]:
        verdict = _test_holds(texts[1:], globs=globs)
        return None if verdict is None else not verdict
    if len(texts) == 1:
        return bool(texts[0])
    if len(texts) == 2 and texts[0] in ("-z", "-n"):
        return (texts[1] == "") is (texts[0] == "-z")
    if len(texts) != 3:
        return None
    left, sign, right = texts
    if sign in ("=", "==", "!="):
        equal = fnmatchcase(left, right) if globs else left == right
        return equal is (sign != "!=")
    if (
        sign in _NUMBERS
        and re.fullmatch(r"-?\d{1,18}", left)
        and re.fullmatch(r"-?\d{1,18}", right)
    ):
        return _NUMBERS[sign](int(left), int(right))
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
