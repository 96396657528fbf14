"""PROFILE: interfaces for developers in a profile, so that production can leave them out."""

from __future__ import annotations

from tocompose.model import Role, Service, Setting, Stack
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.dependencies import dependents
from tocompose.rules.services import facts, remark, with_settings

PROFILE = "dev"
SETTING = Setting(
    name="COMPOSE_PROFILES",
    value=PROFILE,
    description="Profiles that start with `docker compose up`; leave it empty in production",
    example=PROFILE,
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with tools that nobody depends on in the profile `dev`, which `.env` switches on.

    Where no `.env` is written they would not start, so they stay as they are.
    """
    tools = [service.name for service in stack.services if _is_tool(service, stack)]
    if (
        not context.split
        or not tools
        or not any(service.role is not Role.TOOL for service in stack.services)
    ):
        return Outcome(stack=stack)
    if any(
        setting.name == SETTING.name and setting.value != PROFILE
        for setting in stack.settings
    ):
        return Outcome(stack=stack)
    services = tuple(
        replace(item, profiles=(PROFILE,)) if item.name in tools else item
        for item in stack.services
    )
    notes = tuple(
        remark("TC667", item, "profiles") for item in stack.services if item.name in tools
    )
    return Outcome(
        stack=with_settings(replace(stack, services=services), [SETTING]), notes=notes
    )


def _is_tool(service: Service, stack: Stack) -> bool:
    known = facts(service)
    tool = service.role is Role.TOOL and known is not None and known.tool
    return tool and not service.profiles and not list(dependents(stack, service.name))


PRACTICE = Practice(
    id="PROFILE",
    title="Start tools only where they are wanted",
    severity="should",
    apply=apply,
    covers=("S-05",),
    url="https://docs.docker.com/compose/how-tos/profiles/",
    examples=(
        Example(
            "services: {db: {image: 'postgres:16'}, admin: {image: 'adminer:4'}}",
            "services: {db: {image: 'postgres:16'}, admin: {image: 'adminer:4', profiles: [dev]}}",
            context=Context(split=True),
        ),
        Example(
            "services: {db: {image: 'postgres:16'}, admin: {image: 'adminer:4'}}",
            "services: {db: {image: 'postgres:16'}, admin: {image: 'adminer:4'}}",
        ),
    ),
)
