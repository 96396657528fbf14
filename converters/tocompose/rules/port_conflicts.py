"""PORT-DUP: no host port published twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tocompose.model import ComposeFileRole, Port, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Verdict,
    View,
    remark,
    with_services,
)
from tocompose.rules.open_ports import is_everywhere
from tocompose.syntax.interpolation import variable_names
from tocompose.syntax.units import is_whole_number

# The ports of the host so far, each with its service, by number and protocol.
_PublishedPorts: TypeAlias = dict[tuple[str | None, str], list[tuple[Port, Service]]]


def _number_of(port: Port) -> tuple[str | None, str]:
    """The number on the host, and the protocol: what two ports that clash have in common."""
    return port.published, port.protocol


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the later of two equal host ports moved to the next free one, for services that run together."""
    published_before: _PublishedPorts = {}
    used = {port.published for service in stack.services for port in _ports_of(service)}
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        ports: list[Port] = []
        for port in service.ports:
            rival = (
                _find_rival(port, service, published_before)
                if is_whole_number(port.published or "")
                else None
            )
            same_number = published_before.get(_number_of(port), ())
            if any(earlier == port and owner is service for earlier, owner in same_number):
                continue
            if rival is not None:
                free = _next_free(port, used)
                facts = {"port": port.published, "other": rival.name, "free": free}
                notes.append(remark("TC640", service, "ports", port.origin, **facts))
                port = replace(port, published=free)
            published_before.setdefault(_number_of(port), []).append((port, service))
            ports.append(port)
        if ports != list(service.ports):
            service = replace(service, ports=tuple(ports))
        services.append(service)
    return Outcome(with_services(stack, services), tuple(notes))


def _ports_of(service: Service) -> Iterator[Port]:
    yield from service.ports
    overlay = service.overlays.get(ComposeFileRole.DEV)
    yield from overlay.ports if overlay else ()


def _find_rival(
    port: Port, service: Service, published_before: _PublishedPorts
) -> Service | None:
    """The first service before that binds the same port of the host."""
    for earlier_port, rival in published_before.get(_number_of(port), ()):
        if _clashes(port, earlier_port) and _run_together(service, rival):
            return rival
    return None


def _clashes(port: Port, other_port: Port) -> bool:
    """Whether both want the same port at an address that they share."""
    if port.published is None or any(True for _ in variable_names(port.published)):
        return False
    if (port.published, port.protocol) != (other_port.published, other_port.protocol):
        return False
    if is_everywhere(port) or is_everywhere(other_port):
        return True
    return port.host_ip == other_port.host_ip


def _run_together(port: Service, other_port: Service) -> bool:
    """Whether some profile starts both; profiles that have none in common are alternatives."""
    if port.name == other_port.name or not (port.profiles and other_port.profiles):
        return True
    return not set(port.profiles).isdisjoint(other_port.profiles)


def _next_free(port: Port, used: set[str | None]) -> str:
    number = int(port.published or 0) + 1
    while str(number) in used:
        number += 1
    used.add(str(number))
    return str(number)


def _publishes_range(service: Service | None, stack: Stack) -> bool:
    ports = _ports_of(service) if service else ()
    return any("-" in (port.published or "") for port in ports)


def _judge_conflicts(view: View) -> Iterator[Verdict]:
    """Ports that two services want, and ports that two files bind differently."""
    published_before: _PublishedPorts = {}
    for service in view.main.stack.services:
        for port in service.ports:
            if port.published is None or any(True for _ in variable_names(port.published)):
                continue
            rival = _find_rival(port, service, published_before)
            if (port, service) in published_before.get(_number_of(port), ()):
                continue  # Compose takes two that are the same for one.
            is_own = rival is not None and rival.name == service.name
            code, lines = ("TC736", "T15") if is_own else ("TC722", "A-06")
            facts = {"port": port.published, "other": rival.name if rival else ""}
            if is_own:
                facts["how"] = _difference(port, service)
            yield view.main.verdict(service, "ports", lines, rival is None, code, **facts)
            published_before.setdefault(_number_of(port), []).append((port, service))


def _difference(port: Port, service: Service) -> str:
    """What the two bindings of a port of one service differ in."""
    rivals = [rival for rival in service.ports if rival != port and _clashes(port, rival)]
    targets = sorted({rival.target for rival in (port, *rivals)})
    if len(targets) > 1:
        return f"for the ports {' and '.join(targets)} of the container"
    return "on different addresses"


RULE = Rule(
    id="PORT-DUP",
    title="Publish each host port once",
    severity="must",
    mend=apply,
    covers=("A-06", "M-02"),
    url="https://docs.docker.com/reference/compose-file/services/#ports",
    examples=(
        Example(
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8080:3000']}}",
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8081:3000']}}",
        ),
    ),
    judge=_judge_conflicts,
    excuses=tuple(
        Excuse(code, "a range of ports is not moved", _publishes_range)
        for code in ("TC722", "TC736")
    ),
)
