"""`$(( … ))` of constants and known variables."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable

_TOO_LARGE = 2**63
_BINARY: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: int(left / right),
    ast.FloorDiv: lambda left, right: int(left / right),
    ast.Mod: lambda left, right: left - right * int(left / right),
}

_COMPARED: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def evaluate(text: str, known: Callable[[str], str | None]) -> int | None:
    """The number that the expression gives; None when something in it is not known or not understood."""
    if len(text) > 200:
        return None
    source = re.sub(
        r"\$\{?([A-Za-z_]\w*|\d)\}?",
        lambda match: f"_{match[1]}" if match[1].isdigit() else match[1],
        text,
    )
    source = re.sub(r"(?<![\w.])0+(?=\d)", "", source)
    try:
        return _number(ast.parse(source.strip(), mode="eval").body, known)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _number(node: ast.expr, known: Callable[[str], str | None]) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        found = known(node.id.removeprefix("_") if node.id[1:].isdigit() else node.id)
        return int(found) if found and re.fullmatch(r"-?\d{1,18}", found) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand, known)
        return None if inner is None else -inner
    if (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and type(node.ops[0]) in _COMPARED
    ):
        left, right = _number(node.left, known), _number(node.comparators[0], known)
        return (
            None
            if left is None or right is None
            else int(_COMPARED[type(node.ops[0])](left, right))
        )
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _number(node.left, known), _number(node.right, known)
        if left is None or right is None:
            return None
        result = _BINARY[type(node.op)](left, right)
        return result if abs(result) < _TOO_LARGE else None
    return None
