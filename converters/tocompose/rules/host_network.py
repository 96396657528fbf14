"""HOSTNET: a word about services that share the network of the host."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    judge_services,
    remark,
)
from tocompose.rules.service_images import facts_of
from tocompose.rules.views import annotate_services


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each `network_mode: host`: why it is right, or what to use instead."""
    return annotate_services(stack, _note_host_network)


def _note_host_network(service: Service) -> Iterator[Note]:
    if service.network_mode != "host":
        return
    image = facts_of(service)
    if image is not None and image.host:
        yield remark("TC648", service, why=image.host)
        return
    usual_ports = image.ports if image is not None else ()
    published = ", ".join(f"{port}:{port}" for port in usual_ports)
    yield remark("TC649", service, ports=published or "HOST:CONTAINER")


def _judge_host_network(startup: Startup, service: Service) -> Iterator[Verdict]:
    image = facts_of(service)
    justified = image is not None and bool(image.host)
    holds = service.network_mode != "host" or justified
    key = "" if holds else "network_mode"
    yield startup.verdict(service, key, "Q-07 A-04", holds, "TC712")


RULE = Rule(
    id="HOSTNET",
    title="Use the host's network only for a reason",
    severity="must",
    mend=apply,
    covers=("Q-07", "A-04", "S-02"),
    url="https://docs.docker.com/engine/network/drivers/host/",
    examples=(
        Example(
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
        ),
    ),
    judge=judge_services(_judge_host_network),
    said_by={"TC712": ("TC649",)},
    stated=frozenset(("TC712",)),
)
