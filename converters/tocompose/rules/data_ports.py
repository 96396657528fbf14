"""PORT-DB: databases, caches and queues are not open to the world."""

from __future__ import annotations

from tocompose.model import Home, Port, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import (
    facts,
    is_data,
    only_data,
    overlay,
    remark,
    texts,
    with_overlay,
)

_LOOPBACK = "127.0.0.1"
_ANY = frozenset({None, "", "0.0.0.0", "::"})
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
# How a container names the machine it runs on: whoever does so may use a published port.
_GATEWAYS = (
    "host.docker.internal",
    "host-gateway",
    "172.17.0.1",
    "gateway.docker.internal",
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the ports of data services in the dev file, on 127.0.0.1; production reaches them by network."""
    if context.keep_ports:
        return each(stack, lambda service: (service, _remarks("TC642", service)))
    if any(
        mark in text
        for service in stack.services
        for text in texts(service)
        for mark in _GATEWAYS
    ):
        return each(stack, lambda service: (service, _remarks("TC643", service)))
    alone = all(is_data(service) for service in stack.services)
    on_host = any(service.network_mode == "host" for service in stack.services)
    return each(
        stack,
        lambda service: _private(service, alone or on_host, only_data(service, stack)),
    )


def _remarks(code: str, service: Service) -> list[Note]:
    return [remark(code, service)] if is_data(service) and service.ports else []


def _private(service: Service, stay: bool, all_ports: bool) -> tuple[Service, list[Note]]:
    """`all_ports` is false where an application shares the network of a data service: then only its own ports count."""
    known = facts(service)
    own = [
        port
        for port in service.ports
        if all_ports or (known is not None and port.target in known.ports)
    ]
    if not is_data(service) or not own:
        return service, []
    if known is not None and known.lan:
        return service, [remark("TC641", service)]
    if stay:
        return _bound(service, own)
    moved = tuple(port for port in own if port.host_ip in _ANY or port.host_ip in _LOCAL)
    kept = tuple(port for port in service.ports if port not in moved)
    part = overlay(service, Home.DEV)
    part = replace(part, ports=(*part.ports, *map(_on_loopback, moved)))
    notes = [
        remark("TC645", service, "ports", port.origin, port=port.target) for port in moved
    ]
    notes += [remark("TC642", service, "", port.origin) for port in kept if port in own]
    changed = replace(service, ports=kept)
    return (with_overlay(changed, Home.DEV, part) if moved else changed), notes


def _bound(service: Service, own: list[Port]) -> tuple[Service, list[Note]]:
    """The ports where they were, on 127.0.0.1: nothing in the stack could reach the service otherwise."""
    open_ports = [port for port in own if port.host_ip in _ANY]
    ports = tuple(_on_loopback(port) if port in own else port for port in service.ports)
    notes = [
        remark("TC644", service, "ports", port.origin, port=port.target)
        for port in open_ports
    ]
    return replace(service, ports=ports), notes


def _on_loopback(port: Port) -> Port:
    return replace(port, host_ip=_LOOPBACK) if port.host_ip in _ANY else port


PRACTICE = Practice(
    id="PORT-DB",
    title="Keep databases off public ports",
    severity="must",
    apply=apply,
    covers=("Q-05", "A-06", "M-02"),
    url="https://docs.docker.com/engine/network/port-publishing/",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', ports: ['80:80']}
              db: {image: 'postgres:16', ports: ['5432:5432']}
            """,
            "services: {web: {image: 'corp/web:1', ports: ['80:80']}, db: {image: 'postgres:16'}}",
            override="services: {db: {ports: ['127.0.0.1:5432:5432']}}",
        ),
        Example(
            "services: {db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {db: {image: 'postgres:16', ports: ['127.0.0.1:5432:5432']}}",
        ),
        Example(
            "services: {web: {image: 'corp/web:1'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
            "services: {web: {image: 'corp/web:1'}, db: {image: 'postgres:16', ports: ['5432:5432']}}",
            context=Context(keep_ports=True),
        ),
    ),
)
