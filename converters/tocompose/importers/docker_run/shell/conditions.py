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


def holds(shell: Shell, cursor: Cursor) -> bool | None:
    """Whether the statement succeeds; None when that cannot be known without running it."""
    if cursor.kind == "body":
        return holds(shell, cursor.at(0)) if len(cursor) == 1 else None
    if cursor.kind == "not":
        inner = holds(shell, cursor.at(0))
        return None if inner is None else not inner
    if cursor.kind in ("and", "or"):
        left, right = holds(shell, cursor.at(0)), holds(shell, cursor.at(1))
        if left is None or right is None:
            return None
        return (left and right) if cursor.kind == "and" else (left or right)
    return _command(shell, cursor) if cursor.kind == "command" else None


def _command(shell: Shell, cursor: Cursor) -> bool | None:
    leaves = [child for child in cursor if child.kind == "leaf"]
    if len(leaves) != len(cursor) or not leaves:
        return None
    if leaves[0].style == "arithmetic":
        number = evaluate(
            (leaves[0].peek() or "")[2:-2], lambda name: _variable(shell, name)
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
    words = [_known(shell, leaf) for leaf in leaves[1:]]
    if any(word is None for word in words):
        return None
    return _test([word or "" for word in words], globs=closing == "]]")


def _variable(shell: Shell, name: str) -> str | None:
    value = shell.scope.get(name)
    return None if value is None else value.plain


def _known(shell: Shell, leaf: Cursor) -> str | None:
    raw = leaf.peek() or ""
    if "`" in raw or re.search(r"\$\((?!\()", raw):
        return None
    value = shell.value(leaf)
    return value.plain


def _test(words: list[str], *, globs: bool) -> bool | None:
    if words[:1] == ["!"]:
        inner = _test(words[1:], globs=globs)
        return None if inner is None else not inner
    if len(words) == 1:
        return bool(words[0])
    if len(words) == 2 and words[0] in ("-z", "-n"):
        return (words[1] == "") is (words[0] == "-z")
    if len(words) != 3:
        return None
    left, sign, right = words
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


def matches(subject: Value, branches: list[list[str]]) -> int | None:
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
