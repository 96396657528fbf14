"""The texts and variables of a stack: which names stand for something already, with which defaults."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from tocompose.model import Setting, Stack
from tocompose.record import replace
from tocompose.syntax.interpolation import variable_names


def texts(value: Any) -> Iterator[str]:
    """Every text of a part of the model, in order; fields that are empty are left out."""
    pending = [value]
    while pending:
        item = pending.pop()
        kind = item.__class__
        if kind is str:
            yield item
        elif parts := _content(kind):
            pending.extend(reversed(parts(item)))


@cache
def _content(kind: type) -> Callable[[Any], list[Any]] | None:
    """What gives all that an object of that class holds, apart from its place in the source; None for a plain value."""
    if issubclass(kind, tuple | list):
        return list
    if issubclass(kind, Mapping):
        return lambda item: [*item.values()]
    if not is_dataclass(kind):
        return None
    names = [item.name for item in fields(kind) if item.name != "origin"]
    return lambda item: [value for name in names if (value := getattr(item, name))]


def taken_variables(stack: Stack) -> set[str]:
    """The names that stand for something already: settings, and variables used anywhere in the stack."""
    parts = (stack.services, stack.networks, stack.volumes, stack.configs, stack.secrets)
    used = {
        name
        for part in parts
        for text in texts(part)
        if "$" in text
        for name in variable_names(text)
    }
    return used | {setting.name for setting in stack.settings}


def variable_defaults(stack: Stack) -> dict[str, dict[str | None, str]]:
    """For each variable of the stack its defaults (None where it has none), each with the first thing that uses it."""
    found: dict[str, dict[str | None, str]] = {}
    for part in (
        stack.services,
        stack.networks,
        stack.volumes,
        stack.configs,
        stack.secrets,
    ):
        for item in part:
            for text in texts(item) if part else ():
                for match in re.finditer(_USE, text) if "$" in text else ():
                    if name := match["name"] or match["bare"]:
                        found.setdefault(name, {}).setdefault(match["default"], item.name)
    return found


_USE = r"\$(?:\$|\{(?P<name>[A-Za-z_]\w*)(?::?-(?P<default>[^${}]*)(?=\}))?|(?P<bare>[A-Za-z_]\w*))"


def with_settings(stack: Stack, settings: Iterable[Setting]) -> Stack:
    """The stack with those settings added that it does not have yet."""
    known = {setting.name for setting in stack.settings}
    fresh = tuple(setting for setting in settings if setting.name not in known)
    return replace(stack, settings=(*stack.settings, *fresh)) if fresh else stack
