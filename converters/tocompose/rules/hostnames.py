"""HOSTNAME: a host name that stays, for servers whose data belong to it."""

from __future__ import annotations

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark
from tocompose.rules.programs import runs_server
from tocompose.rules.service_images import facts_of


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a fixed `hostname` on servers that name their data folder after it."""
    return map_services(stack, _fix_hostname)


def _fix_hostname(service: Service) -> tuple[Service, list[Note]]:
    image = facts_of(service)
    if image is None or not image.fixed_hostname or not runs_server(service):
        return service, []
    if "hostname" in service.options or service.network_mode:
        return service, []
    if (service.replicas or 1) > 1:
        return service, []
    options = {**service.options, "hostname": service.name}
    return replace(service, options=options), [remark("TC664", service, "hostname")]


RULE = Rule(
    id="HOSTNAME",
    title="Fix the hostname where data depends on it",
    summary=(
        "Sets a hostname for servers that keep their data under it, such as RabbitMQ; "
        "otherwise a new container would not find the data."
    ),
    severity="should",
    mend=apply,
    covers=("S-01",),
    url="https://www.rabbitmq.com/docs/configure#directory-and-path-locations",
    examples=(
        Example(
            "services: {queue: {image: 'rabbitmq:4'}}",
            "services: {queue: {image: 'rabbitmq:4', hostname: queue}}",
        ),
    ),
)
