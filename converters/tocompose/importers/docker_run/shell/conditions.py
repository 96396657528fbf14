"""Tests of constants: `[ "$MODE" = dev ]` where the script itself says what `MODE` is."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from tocompose.importers.docker_run.shell.expansion import calculate
from tocompose.importers.docker_run.shell.filters import compiled_pattern
from tocompose.importers.docker_run.shell.globs import for_fnmatch
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import OpenVariable, Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.words import Unbalanced, tokens
from tocompose.syntax.interpolation import literal, substitute, variable_names

_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq,
    "-ne": operator.ne,
    "-lt": operator.lt,
    "-le": operator.le,
    "-gt": operator.gt,
    "-ge": operator.ge,
}
_NUMBER = regex(r"-?\d{1,18}")
_CONSTANT_COMMANDS = {"true": True, ":": True, "false": False}
_CLOSING = {"[": "]", "[[": "]]"}
_LOOKING_UP = ("command", "which", "type", "hash")
_JOINTS = {"-o": "or", "||": "or", "-a": "and", "&&": "and"}


def condition_holds(
    shell: Shell, cursor: Cursor, *, by_default: bool = False
) -> bool | None:
    """Whether the statement succeeds; None when that cannot be known without running it.

    With `by_default` variables that the script leaves to its user count as not set, and it counts as started without
    arguments.
    """
    match cursor.kind:
        case "body" if len(cursor) == 1:
            return condition_holds(shell, cursor.at(0), by_default=by_default)
        case "not":
            verdict = condition_holds(shell, cursor.at(0), by_default=by_default)
            return None if verdict is None else not verdict
        case "and" | "or":
            verdicts = (
                condition_holds(shell, cursor.at(side), by_default=by_default)
                for side in (0, 1)
            )
            return _joined(cursor.kind, *verdicts)
        case "command":
            return _command_holds(shell, cursor, by_default)
    return None


def _joined(joint: str, condition: bool | None, next_condition: bool | None) -> bool | None:
    """What two verdicts give together; None where it depends on one that is not known."""
    decisive = joint == "or"
    if decisive in (condition, next_condition):
        return decisive
    return None if None in (condition, next_condition) else not decisive


def _command_holds(shell: Shell, cursor: Cursor, by_default: bool) -> bool | None:
    leaves = [child for child in cursor if child.kind == "leaf"]
    if not leaves or len(leaves) != len(cursor):
        return None
    name = leaves[0].peek() or ""
    if leaves[0].style == "arithmetic":
        number = calculate(name.strip()[2:-2], leaves[0], shell.word_context, {})
        return None if number is None else number != 0
    operands = _operands_of_test(name, leaves)
    if not operands:
        return _known_command_holds(name, leaves[1:])
    is_double = name.startswith("[[")
    return _Test(shell, leaves[0], operands, by_default, is_double=is_double).holds()


def _known_command_holds(name: str, arguments: list[Cursor]) -> bool | None:
    """Whether a command succeeds wherever the script runs; Docker is there, else nothing comes of the script."""
    if not arguments:
        return _CONSTANT_COMMANDS.get(name)
    asks_for_docker = arguments[-1].peek() in ("docker", "podman")
    return True if name in _LOOKING_UP and asks_for_docker else None


def _operands_of_test(name: str, leaves: list[Cursor]) -> list[str]:
    """What `test`, `[` or `[[` is given; nothing for another command, or a bracket that does not close."""
    if leaves[0].style == "error" and name.startswith("[["):
        return _split_test(name)
    texts = [leaf.peek() or "" for leaf in leaves[1:]]
    if name == "test":
        return texts
    is_closed = name in _CLOSING and texts[-1:] == [_CLOSING[name]]
    return texts[:-1] if is_closed else []


def _split_test(source: str) -> list[str]:
    """The words of `[[ … ]]`, with parentheses and `&&` of their own; none where a quote is open."""
    try:
        return [token.text for token in tokens(source.strip()[2:-2])]
    except Unbalanced:
        return []


def default_text(value: Value, leaf: Cursor) -> str | None:
    """What a word gives where nobody sets what it leaves open; None where that depends on the host or on commands."""
    if value.unknown or value.items is not None:
        return None
    values: dict[str, str] = {}
    for variable in value.opens:
        stated = _default_value(variable, leaf)
        if stated is None:
            return None
        values[variable.name] = stated
    is_known = set(variable_names(value.text)) <= values.keys()
    return substitute(value.text, values) if is_known else None


def _default_value(variable: OpenVariable, leaf: Cursor) -> str | None:
    if variable.value is not None:
        return variable.value
    if variable.code == "TC154":
        return "0" if variable.name == "ARG_COUNT" else ""
    is_unset_here = variable.cursor is not None and variable.cursor.span == leaf.span
    return "" if variable.code == "TC151" and is_unset_here else None


class _Test:
    """One test: its operands as the source writes them."""

    def __init__(
        self,
        shell: Shell,
        place: Cursor,
        operands: Iterable[str],
        by_default: bool,
        *,
        is_double: bool,
    ) -> None:
        self._shell = shell
        self._place = place
        self._operands = list(operands)
        self._by_default = by_default
        self._is_double = is_double

    def holds(self) -> bool | None:
        """Whether the test succeeds; None where an operand is not known, or it is of another kind."""
        return self._joined_holds(self._operands) if self._operands else None

    def _joined_holds(self, operands: list[str]) -> bool | None:
        for joint in ("||", "-o", "&&", "-a"):
            if (at := _outside_parentheses(operands, joint)) is not None:
                sides = operands[:at], operands[at + 1 :]
                return _joined(_JOINTS[joint], *map(self._joined_holds, sides))
        match operands:
            case ["!", *negated]:
                verdict = self._joined_holds(negated)
                return None if verdict is None else not verdict
            case ["(" | "\\(", *inner, ")" | "\\)"]:
                return self._joined_holds(inner)
            case [left, "=~", *pattern] if pattern:
                return self._compares(left, "=~", "".join(pattern))
            case [operand]:
                text = self._text(operand)
                return None if text is None else text != ""
            case [flag, operand]:
                return self._asks_one(flag, operand)
            case [left, sign, right]:
                return self._compares(left, sign, right)
        return None

    def _asks_one(self, flag: str, operand: str) -> bool | None:
        text = self._text(operand)
        if text is None:
            return None
        if flag in ("-n", "-z"):
            return (text != "") is (flag == "-n")
        if flag in ("-e", "-f", "-d", "-s", "-r"):
            return self._shell.has_file(text) or None
        return None

    def _compares(self, left: str, sign: str, right: str) -> bool | None:
        text, pattern = self._text(left), self._text(right)
        if text is None or pattern is None:
            return None
        if sign in ("=", "==", "!="):
            globs = self._is_double and right[:1] not in "\"'"
            is_equal = fnmatchcase(text, for_fnmatch(pattern)) if globs else text == pattern
            return is_equal is (sign != "!=")
        if sign in ("<", ">", "\\<", "\\>"):
            return text < pattern if sign.endswith("<") else text > pattern
        if sign == "=~" and self._is_double:
            return self._matches(text, right, pattern)
        if sign in _COMPARISONS and _NUMBER.fullmatch(text) and _NUMBER.fullmatch(pattern):
            return _COMPARISONS[sign](int(text), int(pattern))
        return None

    def _matches(self, text: str, written: str, expanded: str) -> bool | None:
        """Whether a regular expression matches, which sets BASH_REMATCH; None for one that is not understood."""
        pattern = (
            expanded if "$" in written[:-1] else re.sub(r"^(['\"])(.*)\1$", r"\2", written)
        )
        compiled = compiled_pattern(pattern, text)
        if compiled is None:
            return None
        match = compiled.search(text)
        groups = [match[0], *(group or "" for group in match.groups())] if match else []
        if not self._by_default:
            items = tuple(Value(literal(group), (self._place,)) for group in groups)
            self._shell.scope.set("BASH_REMATCH", Value("", items=items))
        return match is not None

    def _text(self, operand: str) -> str | None:
        """The text of a word that no command has to be run for."""
        if re.search(r"`|\$\((?!\()", operand):
            return None
        value = self._shell.value_of(operand, self._place)
        if self._by_default:
            return default_text(value, self._place)
        return value.plain


def _outside_parentheses(operands: list[str], joint: str) -> int | None:
    """Where the last of such joints stands that no parenthesis holds."""
    depth, found_at = 0, None
    for index, operand in enumerate(operands):
        depth += (operand in ("(", "\\(")) - (operand in (")", "\\)"))
        if operand == joint and depth == 0 and 0 < index < len(operands) - 1:
            found_at = index
    return found_at


def matching_branch(text: str | None, branches: list[list[str]]) -> int | None:
    """The index of the first branch of a `case` that a subject chooses; -1 for none, None where it is not known."""
    if text is None:
        return None
    for index, patterns in enumerate(branches):
        for pattern in patterns:
            if "$" in pattern or "`" in pattern:
                return None
            if fnmatchcase(text, for_fnmatch(re.sub(r"[\"'\\]", "", pattern))):
                return index
    return -1
