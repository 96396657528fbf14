"""CAPDROP: in production well-known servers keep only the capabilities that they need."""

from __future__ import annotations

from tocompose.model import Home, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, overlay, remark, runs_server, with_overlay


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `cap_drop: [ALL]` in the production file for images of which the needed rest is known."""
    return each(stack, _drop) if context.production else Outcome(stack=stack)


def _drop(service: Service) -> tuple[Service, list[Note]]:
    known = facts(service)
    security, part = service.security, overlay(service, Home.PROD)
    if known is None or known.caps is None or not known.sure or not runs_server(service):
        return service, []
    if security.privileged or security.cap_drop or part.security.cap_drop:
        return service, []
    needed = tuple(name for name in known.caps if name not in security.cap_add)
    closed = replace(part.security, cap_drop=("ALL",), cap_add=needed)
    return with_overlay(service, Home.PROD, replace(part, security=closed)), [
        remark("TC672", service, "cap_drop")
    ]


PRACTICE = Practice(
    id="CAPDROP",
    title="Drop capabilities that a server does not need",
    severity="may",
    apply=apply,
    covers=("E-02",),
    url="https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    examples=(
        Example(
            "services: {cache: {image: 'redis:7'}, web: {image: 'corp/web:1'}}",
            "services: {cache: {image: 'redis:7'}, web: {image: 'corp/web:1'}}",
            prod="""
            services: {cache: {cap_drop: [ALL], cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]}}
            """,
        ),
    ),
)
