"""JOIN-SERVICE: a service that joins a container of another service names that service, so that it starts after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, remark

_CONTAINER = "container:"
_NAMESPACES = ("ipc", "pid")


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
        name, mode = _joined_container(text)
        target = service_names.get(name, service.name)
        if target == service.name:
            return text
        facts = {"key": key, "container": name, "target": target}
        notes.append(remark("TC608", service, key, **facts))
        return f"{target}{mode}" if key == "volumes_from" else f"service:{target}"

    mode = service.network_mode
    return replace(
        service,
        network_mode=joined("network_mode", mode) if mode else mode,
        options={**service.options, **dict(_joined_options(service.options, joined))},
    )


def _joined_container(text: str) -> tuple[str, str]:
    """The container that a value joins, and the mode behind it (`:ro`); no name for anything else."""
    if not text.startswith(_CONTAINER):
        return "", ""
    name, colon, mode = text.removeprefix(_CONTAINER).partition(":")
    return name, f"{colon}{mode}"


def _joined_options(
    options: Mapping[str, Any], joined: Callable[[str, str], str]
) -> Iterator[tuple[str, Any]]:
    for key in _NAMESPACES:
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
