"""JOIN-SERVICE: a service that joins a container of another service names that service, so that it starts after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocompose.compose.start_order import NAMESPACE_KEYS, joined_container
from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, remark


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with `service:NAME` where a container is joined that a service of the stack is."""
    service_names = {
        service.container_name: service.name
        for service in stack.services
        if service.container_name and "$" not in service.container_name
    }
    if not service_names:
        return Outcome(stack)
    notes: list[Note] = []
    services = tuple(
        _joining_services(service, service_names, notes) for service in stack.services
    )
    return Outcome(replace(stack, services=services), tuple(notes))


def _joining_services(
    service: Service, service_names: Mapping[str, str], notes: list[Note]
) -> Service:
    """The service with the names of services in place of those of their containers."""

    def joined(key: str, text: str) -> str:
        container = joined_container(text)
        target = service_names.get(container.name) if container else None
        if container is None or target in (None, service.name):
            return text
        facts = {"key": key, "container": container.name, "target": target}
        notes.append(remark("TC608", service, key, **facts))
        shared_volumes = f"{target}{container.suffix}"
        return shared_volumes if key == "volumes_from" else f"service:{target}"

    mode = service.network_mode
    return replace(
        service,
        network_mode=joined("network_mode", mode) if mode else mode,
        options={**service.options, **dict(_joined_options(service.options, joined))},
    )


def _joined_options(
    options: Mapping[str, Any], joined: Callable[[str, str], str]
) -> Iterator[tuple[str, Any]]:
    for key in NAMESPACE_KEYS:
        if isinstance(options.get(key), str):
            yield key, joined(key, options[key])
    if options.get("volumes_from"):
        yield (
            "volumes_from",
            [joined("volumes_from", str(text)) for text in options["volumes_from"]],
        )


RULE = Rule(
    id="JOIN-SERVICE",
    title="Join services, not their containers",
    summary=(
        "Names the service where another one joins the network, processes or volumes of its container: docker compose "
        "then starts them in that order."
    ),
    severity="must",
    mend=apply,
    covers=("M-02",),
    url="https://docs.docker.com/reference/compose-file/services/#network_mode",
    examples=(
        Example(
            """
            services:
              vpn: {image: 'qmcgaw/gluetun:v3', container_name: gluetun}
              app: {image: 'corp/app:1', network_mode: 'container:gluetun'}
            """,
            """
            services:
              vpn: {image: 'qmcgaw/gluetun:v3', container_name: gluetun}
              app: {image: 'corp/app:1', network_mode: 'service:vpn'}
            """,
        ),
    ),
)
