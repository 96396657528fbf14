"""PROFILE: interfaces for developers in a profile, so that production can leave them out."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tocompose.model import EnvSetting, Role, Service, Stack
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    remark,
)
from tocompose.rules.dependencies import awaited_services
from tocompose.rules.service_images import facts_of
from tocompose.rules.variables import with_settings

PROFILE = "dev"
SETTING = EnvSetting(
    name="COMPOSE_PROFILES",
    value=PROFILE,
    description="Profiles that start with `docker compose up`; leave it empty in production",
    example=PROFILE,
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with tools that nobody depends on in the profile `dev`, which `.env` switches on.

    Where no `.env` is written they would not start, so they stay as they are.
    """
    tools = _optional_tools(stack) if context.split else []
    if not tools or _is_set_otherwise(stack):
        return Outcome(stack=stack)
    tool_names = {tool.name for tool in tools}
    services = tuple(
        replace(service, profiles=(PROFILE,)) if service.name in tool_names else service
        for service in stack.services
    )
    notes = tuple(remark("TC667", service, "profiles") for service in tools)
    mended = with_settings(replace(stack, services=services), [SETTING])
    return Outcome(stack=mended, notes=notes)


def _optional_tools(stack: Stack) -> list[Service]:
    """The tools that nobody depends on; none where there is nothing else."""
    if all(service.role is Role.TOOL for service in stack.services):
        return []
    awaited = awaited_services(stack)
    return [service for service in stack.services if _is_optional(service, awaited)]


def _is_set_otherwise(stack: Stack) -> bool:
    values = (setting.value for setting in stack.settings if setting.name == SETTING.name)
    return any(value != PROFILE for value in values)


def _is_optional(service: Service, awaited: Collection[str]) -> bool:
    if service.profiles or not _is_for_developers(service):
        return False
    return service.name not in awaited


def _is_for_developers(service: Service) -> bool:
    """Whether it is a user interface for developers, beside which the stack is whole."""
    image = facts_of(service)
    return service.role is Role.TOOL and image is not None and image.tool


def _is_tool_that_starts(service: Service | None, stack: Stack) -> bool:
    return service is not None and service.role is Role.TOOL


def _judge_tools(startup: Startup, service: Service) -> Iterator[Verdict]:
    if _is_for_developers(service):
        yield startup.verdict(
            service,
            "",
            "S-05",
            service not in _optional_tools(startup.stack),
            "TC747",
            what="a tool for developers starts with everything else",
            how="Give it profiles: [tools], and start it with docker compose --profile tools up.",
        )


RULE = Rule(
    id="PROFILE",
    title="Put development tools in a profile",
    summary=(
        "Gives tools for developers, such as Adminer, the profile dev, so that production can"
        " leave them out."
    ),
    tells=("TC747",),
    severity="should",
    mend=apply,
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
    judge=judge_services(_judge_tools),
    excuses=(
        Excuse(
            "TC747",
            "others depend on the tool, or no .env is written that would start it",
            _is_tool_that_starts,
        ),
    ),
)
