"""PORT-DUP: no host port published twice."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.model import Home, Port, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import remark
from tocompose.syntax.units import is_whole_number

_ANY = frozenset({"", "0.0.0.0", "::"})


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the later of two equal host ports moved to the next free one, for services that run together."""
    seen: list[tuple[Port, Service]] = []
    used = {port.published for service in stack.services for port in _all(service)}
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        ports: list[Port] = []
        for port in service.ports:
            other = next(
                (item for taken, item in seen if _clash(taken, port, item, service)), None
            )
            if other is not None:
                free = _free(port, used)
                notes.append(remark("TC640", service, "ports", port.origin, port=port.published, other=other.name,
                                    free=free))  # fmt: skip
                port = replace(port, published=free)
            seen.append((port, service))
            ports.append(port)
        services.append(
            replace(service, ports=tuple(ports))
            if ports != list(service.ports)
            else service
        )
    return Outcome(stack=replace(stack, services=tuple(services)), notes=tuple(notes))


def _all(service: Service) -> Iterator[Port]:
    yield from service.ports
    part = service.overlays.get(Home.DEV)
    yield from part.ports if part else ()


def _clash(one: Port, two: Port, first: Service, second: Service) -> bool:
    if (
        one.published is None
        or not is_whole_number(one.published)
        or one.published != two.published
    ):
        return False
    together = set(first.profiles) & set(second.profiles) or not (
        first.profiles and second.profiles
    )
    one_ip, two_ip = one.host_ip or "", two.host_ip or ""
    same_address = one_ip == two_ip or one_ip in _ANY or two_ip in _ANY
    return one.protocol == two.protocol and same_address and bool(together)


def _free(port: Port, used: set[str | None]) -> str:
    number = int(port.published or 0) + 1
    while str(number) in used:
        number += 1
    used.add(str(number))
    return str(number)


PRACTICE = Practice(
    id="PORT-DUP",
    title="Publish each host port once",
    severity="must",
    apply=apply,
    covers=("A-06", "M-02"),
    url="https://docs.docker.com/reference/compose-file/services/#ports",
    examples=(
        Example(
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8080:3000']}}",
            "services: {a: {image: 'corp/a:1', ports: ['8080:80']}, b: {image: 'corp/b:1', ports: ['8081:3000']}}",
        ),
    ),
)
