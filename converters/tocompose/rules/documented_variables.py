"""ENV-DOC: every variable of the compose files that has a default, or is passed on, is listed in `.env.example`."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.compose.variable_usage import VariableUsage
from tocompose.model import EnvSetting, Stack
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.variables import setting_values, variable_defaults, with_settings
from tocompose.syntax.names import ALWAYS_SET
from tocompose.wording import enumerated


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a setting for each variable with a default that has none; a default that differs is no value."""
    if not context.split:
        return Outcome(stack=stack)
    usage = VariableUsage(stack)
    settings = [
        EnvSetting(
            name=name,
            value=next(iter(defaults)) if len(defaults) == 1 else None,
            description=usage.meaning_of(name),
            example=next(default for default in defaults if default is not None),
        )
        for name, defaults in variable_defaults(stack).items()
        if any(default is not None for default in defaults)
        and not name.startswith("COMPOSE_")
    ]
    passed_on = _passed_on(stack, context)
    return Outcome(stack=with_settings(stack, [*settings, *passed_on]))


def _passed_on(stack: Stack, context: Context) -> Iterator[EnvSetting]:
    """A setting for each variable that services take over from the shell or from `.env`, which has no value yet."""
    known_values = setting_values(stack, context)
    users: dict[str, dict[str, None]] = {}
    for service in stack.services:
        for variable in service.environment:
            if variable.value is None and variable.name not in ALWAYS_SET:
                users.setdefault(variable.name, {})[service.name] = None
    for name, names in users.items():
        if name not in known_values:
            description = (
                f"Passed on to {enumerated(list(names))}, from here or from the shell"
            )
            yield EnvSetting(name=name, description=description)


RULE = Rule(
    id="ENV-DOC",
    title="List every variable in .env.example",
    summary=(
        "Lists every variable of the compose files, with its default, in .env.example, so "
        "that people who set up the stack see what they can change."
    ),
    severity="must",
    mend=apply,
    covers=("Q-12",),
    url="https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/",
    examples=(
        Example(
            "services: {web: {image: 'me/web:${TAG:-1}'}}",
            "services: {web: {image: 'me/web:${TAG:-1}'}}",
            context=Context(split=True),
        ),
    ),
)
