"""LOGIN: where the stack runs on another engine than its source, that one has to be let into private registries."""

from __future__ import annotations

import re
from shlex import quote

from tocompose.knowledge.images import image_ref
from tocompose.knowledge.old_containers import IN_SWARM
from tocompose.model import Runtime, Stack
from tocompose.record import NamedTuple
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.syntax.interpolation import plain
from tocompose.tables import load

# What runs where the stack will run has logged in already.
_SAME_ENGINE = (Runtime.DOCKER, Runtime.PROJECT, *IN_SWARM)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each registry that wants a login, at the first service that needs it."""
    if stack.runs_in in _SAME_ENGINE:
        return Outcome(stack)
    notes = []
    told_hosts: set[str] = set()
    for service in stack.services:
        ref = image_ref(service.image) if service.image else None
        host = ref.registry if ref is not None and service.build is None else ""
        login = login_at(host)
        if login is not None and host not in told_hosts:
            told_hosts.add(host)
            facts = _wording_of(login, service.name)
            notes.append(remark("TC679", service, "image", registry=host, **facts))
    return Outcome(stack, tuple(notes))


class RegistryLogin(NamedTuple):
    """The command that logs in at a registry, and whether that has no public images."""

    command: str
    always: bool


def login_at(host: str) -> RegistryLogin | None:
    """How one logs in at a registry that may let nobody else in; None for one that does, or that is not known."""
    if plain(host) is None:
        return None
    for row in load("registries")["rows"]:
        matched = re.fullmatch(row["host"], host)
        if matched:
            command = row["login"].format(host=host, **matched.groupdict())
            return RegistryLogin(command, row.get("always", False))
    return None


def _wording_of(login: RegistryLogin, service: str) -> dict[str, str]:
    """The facts of the note: whoever may pull without a login tries that first."""
    if login.always:
        needs, remedy = "requires", "Log in on this machine before the first start"
    else:
        pull = f"docker compose pull {quote(service)}"
        needs = "may require"
        remedy = f"Try `{pull}`; if the registry denies it, log in on this machine"
    return {"needs": needs, "remedy": remedy, "command": login.command}


RULE = Rule(
    id="LOGIN",
    title="Report registries that require a login",
    summary=(
        "Reports the registries that require a login before the stack can pull its images. "
        "Nothing is changed."
    ),
    severity="may",
    mend=apply,
    covers=("S-01",),
    url="https://docs.docker.com/reference/cli/docker/login/",
    examples=(
        Example(
            "services: {web: {image: shop.azurecr.io/web:1}}",
            "services: {web: {image: shop.azurecr.io/web:1}}",
        ),
    ),
)
