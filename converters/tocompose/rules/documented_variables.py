"""ENV-DOC: every variable of the compose files that has a default is listed in `.env.example`."""

from __future__ import annotations

from tocompose.model import EnvSetting, Stack
from tocompose.rules import Context, Example, Outcome, Rule
from tocompose.rules.variables import variable_defaults, with_settings


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a setting for each variable with a default that has none; a default that differs is no value."""
    if not context.split:
        return Outcome(stack=stack)
    settings = [
        EnvSetting(
            name=name,
            value=next(iter(found)) if len(found) == 1 else None,
            description=f"Used by {', '.join(dict.fromkeys(found.values()))}",
            example=next(default for default in found if default is not None),
        )
        for name, found in variable_defaults(stack).items()
        if any(default is not None for default in found) and not name.startswith("COMPOSE_")
    ]
    return Outcome(stack=with_settings(stack, settings))


RULE = Rule(
    id="ENV-DOC",
    title="List every variable in .env.example",
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
