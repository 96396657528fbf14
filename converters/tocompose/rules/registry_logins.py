"""LOGIN: where the stack runs on another engine than its source, that one has to be let into private registries."""

from __future__ import annotations

import re

from tocompose.knowledge.images import image_ref
from tocompose.model import Runtime, Stack
from tocompose.rules import Context, Example, Outcome, Rule, remark
from tocompose.syntax.interpolation import plain
from tocompose.tables import load

# What runs where the stack will run has logged in already.
_SAME_ENGINE = (Runtime.DOCKER, Runtime.PROJECT, Runtime.SWARM)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each registry that wants a login, at the first service that needs it."""
    if stack.runs_in in _SAME_ENGINE:
        return Outcome(stack)
    notes = []
    told_hosts: set[str] = set()
    for service in stack.services:
        ref = image_ref(service.image) if service.image else None
        host = ref.registry if ref is not None and service.build is None else ""
        command = login_command(host)
        if command and host not in told_hosts:
            told_hosts.add(host)
            notes.append(remark("TC679", service, "image", registry=host, command=command))
    return Outcome(stack, tuple(notes))


def login_command(host: str) -> str:
    """How one logs in at a registry that lets nobody else in; empty for one that does, or that is not known."""
    if plain(host) is None:
        return ""
    for row in load("registries")["rows"]:
        matched = re.fullmatch(row["host"], host)
        if matched:
            command: str = row["login"].format(host=host, **matched.groupdict())
            return command
    return ""


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
