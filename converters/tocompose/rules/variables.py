"""The variables of a stack: which names stand for something already, with which defaults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tocompose.model import EnvSetting, Stack
from tocompose.readers.dotenv import compose_values
from tocompose.record import replace
from tocompose.rules import Context
from tocompose.stack_texts import stack_texts
from tocompose.syntax.interpolation import (
    Variable,
    apply_defaults,
    literal,
    nested_variables,
    replace_variables,
    variable_names,
)
from tocompose.tables import load


def taken_variables(stack: Stack) -> set[str]:
    """The names that stand for something already: settings, and variables used anywhere in the stack."""
    used = {name for _, text in stack_texts(stack, "$") for name in variable_names(text)}
    return used | {setting.name for setting in stack.settings}


def bare_names(stack: Stack) -> frozenset[str]:
    """The variables that do not say whose they are, such as `PASSWORD`, where one of several services has them.

    A shell may have one of its own, which would win over `.env`.
    """
    if not stack.services[1:]:
        return frozenset()
    users = Counter(
        variable.name for service in stack.services for variable in service.environment
    )
    return frozenset(name for name in load("secrets")["bare_names"] if users[name] == 1)


def setting_values(stack: Stack, context: Context) -> dict[str, str]:
    """The values that variables have at `up`: those of a `.env` that is there already, and the stack's own besides."""
    content = context.read(".env") if context.read is not None else None
    own_values = {
        setting.name: setting.value for setting in stack.settings if setting.value
    }
    return own_values | compose_values(content or b"")


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text with the values and defaults that its variables are known to have."""

    def value_of(variable: Variable) -> str:
        value = values.get(variable.name)
        return variable.source if value is None else literal(value)

    return apply_defaults(replace_variables(text, value_of))


def variable_defaults(stack: Stack) -> dict[str, dict[str | None, str]]:
    """For each variable of the stack its defaults (None where it has none), each with the first thing that uses it.

    A default with a variable in it counts as none.
    """
    defaults: dict[str, dict[str | None, str]] = {}
    for path, text in stack_texts(stack, "$"):
        for variable in nested_variables(text):
            default = None if variable.holds_variable else variable.default
            defaults.setdefault(variable.name, {}).setdefault(default, path[1])
    return defaults


def with_settings(stack: Stack, settings: Iterable[EnvSetting]) -> Stack:
    """The stack with those settings added that it does not have yet."""
    names = {setting.name for setting in stack.settings}
    fresh = tuple(setting for setting in settings if setting.name not in names)
    return replace(stack, settings=(*stack.settings, *fresh)) if fresh else stack
