"""`$(( … ))` and `(( … ))` of constants and known variables."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from tocompose.patterns import regex

_LONGEST = 200
_LARGEST = 2**63
_DEEPEST = 30
_TOKEN = regex(
    r"\s*(?:(?P<number>0[xX][0-9A-Fa-f]+|\d+#\w+|\d+)|(?P<name>[A-Za-z_]\w*)(?P<index>\[[^\]]*\])?"
    r"|(?P<sign>\+\+|--|\*\*=?|<<=?|>>=?|[<>=!+\-*/%&|^]=|&&|\|\||[-+*/%<>=!~&|^?:(),]))"
)
_NUMBER = regex(r"-?\d{1,18}")


def _divide(dividend: int, divisor: int) -> int:
    quotient = abs(dividend) // abs(divisor)
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def _power(base: int, exponent: int) -> int:
    if not 0 <= exponent <= 64:
        raise ValueError("a power that is too large")
    return int(base**exponent)


def _shift_left(number: int, by: int) -> int:
    if not 0 <= by <= 63:
        raise ValueError("a shift that is too large")
    return number << by


_Binary = Callable[[Any, Any], Any]
# The operators with two operands from the loosest to the tightest.
_LEVELS: tuple[dict[str, _Binary], ...] = (
    {"||": lambda left, right: bool(left) or bool(right)},
    {"&&": lambda left, right: bool(left) and bool(right)},
    {"|": operator.or_},
    {"^": operator.xor},
    {"&": operator.and_},
    {"==": operator.eq, "!=": operator.ne},
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge},
    {"<<": _shift_left, ">>": operator.rshift},
    {"+": operator.add, "-": operator.sub},
    {
        "*": operator.mul,
        "/": _divide,
        "%": lambda dividend, divisor: dividend - divisor * _divide(dividend, divisor),
    },
    {"**": _power},
)
# The first operand that says the whole: the shell does not come to the second one.
_DECISIVE = {"||": True, "&&": False}
_ALL_BINARY = {sign: compute for level in _LEVELS for sign, compute in level.items()}
_UNARY: dict[str, Callable[[int], int]] = {
    "-": operator.neg,
    "+": operator.pos,
    "!": lambda number: int(not number),
    "~": operator.invert,
}

Lookup = Callable[[str], str | None]


def evaluate(
    text: str, look_up: Lookup, changes: dict[str, int] | None = None
) -> int | None:
    """The number that the expression gives; None when something in it is not known or not understood.

    What it assigns is added to `changes`.
    """
    if len(text) > _LONGEST:
        return None
    try:
        return _Expression(text, look_up, {} if changes is None else changes).read()
    except (ArithmeticError, LookupError, RecursionError, ValueError):
        return None


class _Expression:
    def __init__(self, text: str, look_up: Lookup, changes: dict[str, int]) -> None:
        self._tokens = _split(text)
        self._at = 0
        self._look_up = look_up
        self._changes = changes
        self._depth = 0

    def read(self) -> int:
        """The number of the whole expression; ValueError where it is none."""
        number = self._sequence()
        if self._at != len(self._tokens):
            raise ValueError("not an expression of whole numbers")
        return number

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _accept(self, *signs: str) -> str:
        """The next token where it is one of these, which is then behind; else empty."""
        sign = self._peek()
        if sign not in signs or not sign:
            return ""
        self._at += 1
        return sign

    def _sequence(self) -> int:
        number = self._assignment()
        while self._accept(","):
            number = self._assignment()
        return number

    def _assignment(self) -> int:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("an expression that is nested too deeply")
        name = self._peek()
        sign = self._tokens[self._at + 1] if self._at + 1 < len(self._tokens) else ""
        is_change = sign.endswith("=") and sign not in ("==", "!=", "<=", ">=")
        if _is_name(name) and is_change:
            self._at += 2
            number = self._assignment()
            if sign != "=":
                number = int(_ALL_BINARY[sign[:-1]](self._held(name), number))
            self._changes[name] = number
        else:
            number = self._conditional()
        self._depth -= 1
        return _limited(number)

    def _conditional(self) -> int:
        condition = self._binary(0)
        if not self._accept("?"):
            return condition
        consequence = self._part(self._assignment, counts=bool(condition))
        if not self._accept(":"):
            raise ValueError("a condition without an alternative")
        alternative = self._part(self._assignment, counts=not condition)
        return consequence if condition else alternative

    def _part(self, read: Callable[[], int], *, counts: bool) -> int:
        """The number of a part; what it assigns is forgotten where the shell does not come to it."""
        changes_before = dict(self._changes)
        number = read()
        if not counts:
            self._changes.clear()
            self._changes.update(changes_before)
        return number

    def _binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self._unary()
        number = self._binary(level + 1)
        while sign := self._accept(*_LEVELS[level]):
            # `**` alone binds to the right.
            operand_level = level if sign == "**" else level + 1
            is_needed = _DECISIVE.get(sign) is not bool(number)
            right = self._part(partial(self._binary, operand_level), counts=is_needed)
            number = _limited(int(_LEVELS[level][sign](number, right)))
        return number

    def _unary(self) -> int:
        if sign := self._accept("++", "--"):
            name = self._peek()
            self._at += 1
            return self._change(name, sign)
        if sign := self._accept(*_UNARY):
            return _UNARY[sign](self._unary())
        return self._primary()

    def _primary(self) -> int:
        if self._accept("("):
            number = self._sequence()
            if not self._accept(")"):
                raise ValueError("a parenthesis that is not closed")
            return number
        token = self._peek()
        self._at += 1
        if not _is_name(token):
            return _constant(token)
        number = self._held(token)
        if sign := self._accept("++", "--"):
            self._change(token, sign)
        return number

    def _change(self, name: str, sign: str) -> int:
        if not _is_name(name):
            raise ValueError("only a variable can be counted up")
        self._changes[name] = self._held(name) + (1 if sign == "++" else -1)
        return self._changes[name]

    def _held(self, name: str) -> int:
        if name in self._changes:
            return self._changes[name]
        held = self._look_up(name)
        if held is None or not _NUMBER.fullmatch(held):
            raise LookupError(name)
        return _constant(held.removeprefix("-")) * (-1 if held.startswith("-") else 1)


def _split(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError("not an expression of whole numbers")
        tokens.append(match[0].strip())
        position = match.end()
    return tokens


def _is_name(token: str) -> bool:
    return bool(re.match(r"[A-Za-z_]", token))


def _constant(token: str) -> int:
    """The number that a constant stands for: hexadecimal, octal, or in a base of its own."""
    base, hash_sign, digits = token.partition("#")
    if hash_sign:
        return int(digits, int(base))
    if token[:2] in ("0x", "0X"):
        return int(token, 16)
    return int(token, 8 if len(token) > 1 and token.startswith("0") else 10)


def _limited(number: int) -> int:
    if abs(number) >= _LARGEST:
        raise ValueError("a number beyond what a shell can hold")
    return number
