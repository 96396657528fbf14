"""SEC-FILES: in production, images that can read a secret from a file get it as a Docker secret."""

from __future__ import annotations

import re
from typing import NamedTuple

from tocompose.model import Grant, Home, Resource, Service, Setting, Stack, Variable
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.rules.overlays import overlay_of, with_overlay
from tocompose.rules.programs import command_text, runs_server
from tocompose.rules.service_images import facts_of
from tocompose.syntax.names import identifier, unique

_WHOLE = regex(r"\$\{([A-Za-z_]\w*)(?::?[?][^{}]*)?\}")


class Swap(NamedTuple):
    """A variable whose secret setting goes into a file: the variable, the one that names the file, and the setting."""

    variable: Variable
    file_variable: str
    setting: str


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with Docker secrets in the production file for variables that the image can read from a file."""
    if not context.production:
        return Outcome(stack=stack)
    secret = {setting.name for setting in stack.settings if setting.secret}
    known = {item.environment: item.name for item in stack.secrets if item.environment}
    names = {item.name for item in stack.secrets}
    fresh: list[Resource] = []
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        swaps = _swaps(service, secret)
        for swap in swaps:
            if swap.setting not in known:
                known[swap.setting] = unique(identifier(swap.setting), names)
                fresh.append(Resource(name=known[swap.setting], environment=swap.setting))
            notes.append(remark("TC506", service, f"secrets.{known[swap.setting]}", swap.variable.origin,
                                variable=swap.variable.name, file_variable=swap.file_variable))  # fmt: skip
        services.append(_swapped(service, swaps, known) if swaps else service)
    changed = replace(stack, services=tuple(services), secrets=(*stack.secrets, *fresh))
    return Outcome(stack=changed, notes=tuple(notes))


def _swaps(service: Service, secret: set[str]) -> list[Swap]:
    known = facts_of(service)
    read_only = (
        service.security.read_only or overlay_of(service, Home.PROD).security.read_only
    )
    # A secret that is no file of the host cannot be put into a read-only container.
    if known is None or not runs_server(service) or read_only:
        return []
    given = {
        item.name
        for item in (*service.environment, *overlay_of(service, Home.PROD).environment)
    }
    result = []
    for item in service.environment:
        match = _WHOLE.fullmatch(item.value or "")
        file_variable = known.file_variable(item.name)
        if (
            match
            and match[1] in secret
            and file_variable
            and file_variable not in given
            and not _read(service, item)
        ):
            result.append(Swap(item, file_variable, match[1]))
    return result


def _read(service: Service, item: Variable) -> bool:
    """Whether a command of the service reads the variable itself, which would then be empty."""
    check = service.healthcheck
    text = " ".join((command_text(service) or "", *((check.test or ()) if check else ())))
    return re.search(rf"\$\$\{{?{re.escape(item.name)}\b", text) is not None


def _swapped(service: Service, swaps: list[Swap], names: dict[str, str]) -> Service:
    part = overlay_of(service, Home.PROD)
    environment = list(part.environment)
    for swap in swaps:
        environment.append(Variable(name=swap.variable.name, value=None, remove=True))
        environment.append(
            Variable(name=swap.file_variable, value=f"/run/secrets/{names[swap.setting]}")
        )
    grants = dict.fromkeys(
        (*part.secrets, *(Grant(source=names[swap.setting]) for swap in swaps))
    )
    return with_overlay(
        service,
        Home.PROD,
        replace(part, environment=tuple(environment), secrets=tuple(grants)),
    )


_SETTINGS = (Setting(name="POSTGRES_PASSWORD", value="x", secret=True),)

RULE = Rule(
    id="SEC-FILES",
    title="Hand secrets over as files in production",
    severity="must",
    mend=apply,
    covers=("Q-13", "S-04", "M-05"),
    url="https://docs.docker.com/compose/how-tos/use-secrets/",
    examples=(
        Example(
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?}'}}}",
            "services: {db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?}'}}}",
            prod="""
            services:
              db:
                secrets: [postgres_password]
                environment:
                  POSTGRES_PASSWORD: !reset null
                  POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password
            secrets: {postgres_password: {environment: POSTGRES_PASSWORD}}
            """,
            settings=_SETTINGS,
        ),
    ),
)
