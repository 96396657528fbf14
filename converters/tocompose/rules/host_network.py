"""HOSTNET: a word about services that use the network of the host."""

from __future__ import annotations

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, remark


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack as it is, with a note about each `network_mode: host`: why it is right, or what to use instead."""
    return each(stack, _remarks)


def _remarks(service: Service) -> tuple[Service, list[Note]]:
    if service.network_mode != "host":
        return service, []
    known = facts(service)
    if known is not None and known.host:
        return service, [remark("TC648", service, why=known.host)]
    ports = (
        ", ".join(f"{port}:{port}" for port in known.ports)
        if known and known.ports
        else "HOST:CONTAINER"
    )
    return service, [remark("TC649", service, ports=ports)]


PRACTICE = Practice(
    id="HOSTNET",
    title="Use the host's network only for a reason",
    severity="must",
    apply=apply,
    covers=("Q-07", "A-04", "S-02"),
    url="https://docs.docker.com/engine/network/drivers/host/",
    examples=(
        Example(
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
            "services: {web: {image: 'nginx:1.27', network_mode: host}}",
        ),
    ),
)
