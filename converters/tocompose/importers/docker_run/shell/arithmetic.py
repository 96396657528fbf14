"""`$(( … ))` of constants and known variables."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

from tocompose.readers.atoms import word_atoms

_LONGEST = 200
_TOO_LARGE = 2**63
_NUMBER = re.compile(r"-?\d{1,18}")
_OPERATORS: dict[type[ast.AST], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda dividend, divisor: int(dividend / divisor),
    ast.FloorDiv: lambda dividend, divisor: int(dividend / divisor),
    ast.Mod: lambda dividend, divisor: dividend - divisor * int(dividend / divisor),
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

Lookup = Callable[[str], str | None]


def evaluate(text: str, look_up: Lookup) -> int | None:
    """The number that the expression gives; None when something in it is not known or not understood."""
    if len(text) > _LONGEST:
        return None
    try:
        source = "".join(_as_python(text))
        source = re.sub(r"(?<![\w.])0+(?=\d)", "", source)
        return _number(ast.parse(source.strip(), mode="eval").body, look_up)
    except (
        ArithmeticError,
        LookupError,
        MemoryError,
        RecursionError,
        SyntaxError,
        ValueError,
    ):
        return None


def _as_python(text: str) -> list[str]:
    """The expression with `$X` and `${X}` as plain names, `$1` as `_1`."""
    source = []
    for atom in word_atoms(text, quoted=True):
        if atom.kind == "parameter" and not atom.operator and not atom.item:
            source.append(f"_{atom.text}" if atom.text.isdigit() else atom.text)
        elif atom.kind == "text":
            source.append(atom.text)
        else:
            raise ValueError("an expansion inside an expression")
    return source


def _number(node: ast.expr, look_up: Lookup) -> int:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=name):
            return _held_number(name, look_up)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_number(operand, look_up)
        case (
            ast.BinOp(left=first_operand, op=sign, right=second_operand)
            | ast.Compare(left=first_operand, ops=[sign], comparators=[second_operand])
        ):
            compute = _OPERATORS[type(sign)]
            number = int(
                compute(_number(first_operand, look_up), _number(second_operand, look_up))
            )
            if abs(number) < _TOO_LARGE:
                return number
    raise ValueError("not an expression of whole numbers")


def _held_number(name: str, look_up: Lookup) -> int:
    held = look_up(name[1:] if name[1:].isdigit() else name)
    if held is None or not _NUMBER.fullmatch(held):
        raise LookupError(name)
    return int(held)
