"""Which networks the services of a stack are put on: the outside, the applications and the data apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tocompose.compose.start_order import joined_service
from tocompose.model import (
    Role,
    Service,
    Stack,
)
from tocompose.record import NamedTuple
from tocompose.rules.dependencies import is_monitor
from tocompose.rules.roles import holds_only_data
from tocompose.rules.service_images import facts_of, services_of_same_image

FRONT, BACK, DATA = "frontend", "backend", "data"
# A proxy with this option takes only services with labels, and finds all of them on the front network.
_ONLY_LABELLED = "--providers.docker.exposedbydefault=false"


class Plan(NamedTuple):
    """Which services are on which network, in the order from the outside in; `inner` is the one for data."""

    members: dict[str, tuple[str, ...]]
    data_network: str | None

    def networks_of(self, service: Service) -> tuple[str, ...]:
        """The networks that the service is put on."""
        return tuple(
            name for name, members in self.members.items() if service.name in members
        )

    @property
    def open_network(self) -> str:
        """The network with a way out that what is on the inner one may be put on too."""
        return next(
            name
            for name in (BACK, FRONT)
            if name in self.members and name != self.data_network
        )


class _Sides(NamedTuple):
    """The services that are on networks at all, by the side that they stand on, and whom each calls."""

    services: dict[str, Service]
    calls: dict[str, set[str]]
    data: list[str]
    proxies: list[str]
    outside: list[str]
    inside: list[str]

    @property
    def can_be_parted(self) -> bool:
        """Whether networks of their own would keep anybody from anybody."""
        applications = self.outside or self.inside
        parted = self.data or (self.proxies and self.inside)
        return len(self.services) > 1 and bool(parted and applications)


def plan_networks(stack: Stack) -> Plan | None:
    """Who is put on which network; None where separation would not separate anything."""
    sides = _tell_sides_apart(stack)
    if not sides.can_be_parted:
        return None
    members: dict[str, tuple[str, ...]] = {}
    if sides.outside:
        members[FRONT] = tuple(sides.outside)
    if sides.inside:
        members[BACK] = _back_members(sides)
    if not sides.data:
        return Plan(_bring_together(members, sides), None)
    data_network = DATA if sides.inside else BACK
    clients = _find_clients(sides)
    clients |= _same_programs(clients, sides, stack)
    members[data_network] = tuple(
        name for name in sides.services if name in sides.data or name in clients
    )
    return Plan(_bring_together(members, sides), data_network)


def _bring_together(
    members: dict[str, tuple[str, ...]], sides: _Sides
) -> dict[str, tuple[str, ...]]:
    """The members with each service that is called on a network of its caller, whatever the two are for.

    The innermost network of the caller it is: a server of data that calls an application stays inside.
    """
    joined = {network: set(names) for network, names in members.items()}
    for caller, targets in sides.calls.items():
        networks = [network for network, names in joined.items() if caller in names]
        for target in targets if networks else ():
            if not any(target in joined[network] for network in networks):
                joined[networks[-1]].add(target)
    return {network: _in_order(names, sides) for network, names in joined.items()}


def _in_order(names: set[str], sides: _Sides) -> tuple[str, ...]:
    return tuple(name for name in sides.services if name in names)


def _tell_sides_apart(stack: Stack) -> _Sides:
    services = _services_on_bridges(stack)
    calls = _find_calls(stack, services)
    proxies = [name for name, service in services.items() if service.role is Role.PROXY]
    called: set[str] = set().union(*(calls[proxy] for proxy in proxies))
    data, applications = _parted(
        services, lambda name: holds_only_data(services[name], stack)
    )
    outside, inside = _parted(
        applications, lambda name: name in called or _faces_outside(services[name])
    )
    return _Sides(services, calls, data, proxies, outside, inside)


def _parted(
    names: Iterable[str], is_on_side: Callable[[str], bool]
) -> tuple[list[str], list[str]]:
    """The names on a side, and those that are not."""
    sides: tuple[list[str], list[str]] = ([], [])
    for name in names:
        sides[0 if is_on_side(name) else 1].append(name)
    return sides


def _services_on_bridges(stack: Stack) -> dict[str, Service]:
    return {
        service.name: service
        for service in stack.services
        if service.network_mode in (None, "bridge")
    }


def _find_calls(stack: Stack, services: dict[str, Service]) -> dict[str, set[str]]:
    """What each service depends on; a service that shares another's network counts as part of it."""
    owners: dict[str, str] = {}
    for service in stack.services:
        owner = joined_service(service.network_mode) or ""
        owners[service.name] = service.name if service.name in services else owner
    calls: dict[str, set[str]] = {name: set() for name in services}
    for service in stack.services:
        caller = owners[service.name]
        for edge in service.depends_on:
            target = owners.get(edge.service)
            if caller in calls and target in calls:
                calls[caller].add(target)
    return calls


def _faces_outside(service: Service) -> bool:
    """Whether the outside reaches the service, by a port or by the labels of a proxy."""
    routed = any(label.startswith(("traefik.", "caddy")) for label in service.labels)
    return bool(service.ports) or service.role is Role.PROXY or routed


def _back_members(sides: _Sides) -> tuple[str, ...]:
    """Who is on the network of the applications: they, whom they call, and who calls them from the outside."""
    called = {name for caller in sides.inside for name in sides.calls[caller]}
    members = {*sides.inside, *called} - set(sides.data)
    members |= {name for name in sides.services if _talks_inside(name, sides)}
    return _in_order(members, sides)


def _talks_inside(name: str, sides: _Sides) -> bool:
    """Whether a front service is on the inner side too: applications are, and a proxy that calls nobody known."""
    arguments = {argument.lower() for argument in sides.services[name].command or ()}
    if name in sides.data or _ONLY_LABELLED in arguments:
        return False
    return name not in sides.proxies or not sides.calls[name] - set(sides.data)


def _find_clients(sides: _Sides) -> set[str]:
    """The services that use data: those that say so, tools, monitoring, and all where the users of one are unknown."""
    data = set(sides.data)
    clients = {name for name in sides.services if sides.calls[name] & data}
    for name, service in sides.services.items():
        if service.role is Role.TOOL or is_monitor(service):
            clients.add(name)
    called_services: set[str] = set().union(*sides.calls.values())
    if not data <= called_services:
        clients |= sides.services.keys() - set(sides.proxies)
    return clients


def _same_programs(clients: set[str], sides: _Sides, stack: Stack) -> set[str]:
    """The applications and jobs that run the image of a client, whatever their own settings say: a migration, say."""
    return {
        sibling.name
        for client in clients
        if _is_own_program(sides.services[client])
        for sibling in services_of_same_image(sides.services[client], stack)
        if sibling.name in sides.services
    }


def _is_own_program(service: Service) -> bool:
    """Whether the image is none that is known for what it serves: it is the user's own application."""
    return service.role in (Role.APP, Role.JOB) and facts_of(service) is None
