"""RESTART: a restart policy for every service."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.model import Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import (
    SHELLS,
    command_text,
    facts,
    interactive,
    remark,
    runs_client,
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `unless-stopped` on what runs for long and `no` on what ends; a policy of the source stays."""
    return each(stack, _restart)


def _restart(service: Service) -> tuple[Service, Iterable[Note]]:
    if "restart_policy" in (service.options.get("deploy") or {}):
        return service, ()
    if service.restart is not None:
        kept = (
            service.restart == "no" and service.role is not Role.JOB and not ends(service)
        )
        return service, [remark("TC622", service)] if kept else ()
    if service.role is Role.JOB or interactive(service) or ends(service):
        return replace(service, restart="no"), [remark("TC621", service, "restart")]
    return replace(service, restart="unless-stopped"), [remark("TC620", service, "restart")]


def ends(service: Service) -> bool:
    """Whether the container stops by itself when nobody types: a bare base image, or a shell to work in."""
    command = command_text(service)
    known = facts(service)
    if command is None:
        return (
            known is not None
            and known.kind in ("base", "runtime")
            and known.id not in ("php", "tomcat")
        )
    return command in SHELLS or runs_client(service)


PRACTICE = Practice(
    id="RESTART",
    title="Say what happens after a crash",
    severity="must",
    apply=apply,
    covers=("Q-02", "A-05"),
    url="https://docs.docker.com/reference/compose-file/services/#restart",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1'}
              api: {image: 'corp/api:1', restart: always}
              migrate: {image: 'corp/api:1', command: [python, manage.py, migrate]}
            """,
            """
            services:
              web: {image: 'corp/web:1', restart: unless-stopped}
              api: {image: 'corp/api:1', restart: always}
              migrate: {image: 'corp/api:1', command: [python, manage.py, migrate], restart: 'no'}
            """,
        ),
    ),
)
