"""Compose's variables replaced inside text: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tocompose.patterns import regex
from tocompose.values import closing

# What Docker Compose and every shell set themselves.
AMBIENT = frozenset({"COMPOSE_PROJECT_NAME", "HOME", "PATH", "PWD", "USER"})
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_]*")


class Expression(NamedTuple):
    """One variable expression: its name, the operator (`:-`, `-`, `:?`, `?`, `:+`, `+` or none) and what follows it."""

    text: str
    name: str
    operator: str
    rest: str


def replace_variables(text: str, replacement: Callable[[Expression], str]) -> str:
    """The text with each outermost variable expression replaced; a doubled dollar sign stays as it is."""
    parts: list[str] = []
    index = 0
    while (dollar := text.find("$", index)) >= 0:
        parts.append(text[index:dollar])
        found = _expression(text, dollar)
        if found is None:
            width = 2 if text.startswith("$$", dollar) else 1
            parts.append(text[dollar : dollar + width])
            index = dollar + width
        else:
            parts.append(replacement(found))
            index = dollar + len(found.text)
    return "".join([*parts, text[index:]])


def _expression(text: str, dollar: int) -> Expression | None:
    braced = text.startswith("${", dollar)
    name = _NAME.match(text, dollar + (2 if braced else 1))
    if name is None:
        return None
    if not braced:
        return Expression(text[dollar : name.end()], name[0], "", "")
    end = closing(text, name.end())
    if end is None:
        return None
    inside = text[name.end() : end]
    operator = next(
        (item for item in (":-", ":?", ":+", "-", "?", "+") if inside.startswith(item)), ""
    )
    return Expression(text[dollar : end + 1], name[0], operator, inside[len(operator) :])


def expressions(value: Any) -> dict[str, Expression]:
    """The variables of a document by name, each as it first occurs, also those in the defaults of others."""
    found: dict[str, Expression] = {}

    def seen(item: Expression) -> str:
        found.setdefault(item.name, item)
        replace_variables(item.rest, seen)
        return item.text

    replace_everywhere(value, seen)
    return found


def replace_everywhere(value: Any, replacement: Callable[[Expression], str]) -> Any:
    """A document with the variables in each of its texts replaced; keys are never interpolated by Compose."""
    if isinstance(value, Mapping):
        return {key: replace_everywhere(item, replacement) for key, item in value.items()}
    if isinstance(value, list):
        return type(value)(replace_everywhere(item, replacement) for item in value)
    if isinstance(value, str):
        return type(value)(replace_variables(value, replacement))
    return value
