"""HOSTNAME: a host name that stays, for servers whose data belong to it."""

from __future__ import annotations

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, remark, runs_server


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a fixed `hostname` on servers that name their data folder after it."""
    return each(stack, _hostname)


def _hostname(service: Service) -> tuple[Service, list[Note]]:
    known = facts(service)
    wanted = known is not None and known.fixed_hostname and runs_server(service)
    if (
        not wanted
        or "hostname" in service.options
        or service.network_mode
        or (service.replicas or 1) > 1
    ):
        return service, []
    options = {**service.options, "hostname": service.name}
    return replace(service, options=options), [remark("TC664", service, "hostname")]


PRACTICE = Practice(
    id="HOSTNAME",
    title="Fix the host name where data belong to it",
    severity="should",
    apply=apply,
    covers=("S-01",),
    url="https://www.rabbitmq.com/docs/configure#directory-and-path-locations",
    examples=(
        Example(
            "services: {queue: {image: 'rabbitmq:4'}}",
            "services: {queue: {image: 'rabbitmq:4', hostname: queue}}",
        ),
    ),
)
