"""Commands with which systemd waits for a server before it starts a container: `depends_on` waits for it here."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.docker_run.wait_gates import listens_here
from tocompose.importers.docker_run.wait_loops import Address, awaited_address
from tocompose.importers.quadlet.units import QuadletUnit
from tocompose.ledger import Cursor
from tocompose.model import Dependency, Service, Stack
from tocompose.readers.systemd import atoms
from tocompose.record import replace
from tocompose.syntax.ports import is_loopback

REPLACED_CODE = "TC448"
_KEY = "ExecStartPre"


def with_replaced_waits(stack: Stack, units: Iterable[QuadletUnit]) -> Stack:
    """The stack in which services wait for the health of those that their units wait for by a command of the host."""
    services = {service.name: service for service in stack.services}
    by_span = {service.origin: service.name for service in stack.services}
    for unit in units:
        name = by_span.get(unit.span)
        if name is not None:
            services[name] = _with_waits(unit, services[name], services)
    return replace(stack, services=tuple(services[old.name] for old in stack.services))


def _with_waits(
    unit: QuadletUnit, service: Service, services: dict[str, Service]
) -> Service:
    depends_on = list(service.depends_on)
    for setting in unit.every("Service", _KEY):
        address = awaited_address([_text_of(leaf) for leaf in setting])
        for index, dependency in enumerate(depends_on):
            target = services.get(dependency.service)
            if address and target and _leads_to(address, target):
                depends_on[index] = _on_health(dependency, target)
                _note_replaced(setting, unit, service, target, address)
                break
    return replace(service, depends_on=tuple(depends_on))


def _text_of(leaf: Cursor) -> str:
    """A word of a command line as the program gets it; what systemd puts in stays as it is written."""
    return "".join(atom.text for atom in atoms(leaf.peek() or ""))


def _leads_to(address: Address, target: Service) -> bool:
    is_here = not address.host or is_loopback(address.host)
    return is_here and listens_here(target, address.port)


def _on_health(dependency: Dependency, target: Service) -> Dependency:
    """The dependency on the health of a service that has a check."""
    check = target.healthcheck
    is_plain = dependency.condition == "service_started"
    if not is_plain or check is None or check.is_off:
        return dependency
    return replace(dependency, condition="service_healthy")


def _note_replaced(
    setting: Cursor,
    unit: QuadletUnit,
    service: Service,
    target: Service,
    address: Address,
) -> None:
    setting.note(
        REPLACED_CODE,
        subject=unit.subject,
        object=unit.name,
        key=_KEY,
        port=address.port,
        service=target.name,
        waiting=service.name,
    )
