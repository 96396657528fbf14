"""NET-SEG: the outside, the applications and the data each on a network of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.model import (
    ComposeFileRole,
    Network,
    NetworkAttachment,
    Role,
    Service,
    Stack,
)
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    remark,
    verdict,
)
from tocompose.rules.dependencies import is_monitor
from tocompose.rules.overlays import overlay_of, with_overlay
from tocompose.rules.roles import holds_only_data, is_data
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

FRONT, BACK, DATA = "frontend", "backend", "data"
_PURPOSES = {
    FRONT: "what the outside reaches",
    BACK: "the services among themselves",
    DATA: "what keeps data",
}
_TRAEFIK_NETWORK = "traefik.docker.network"
# A proxy with this option takes only services with labels, and finds all of them on the front network.
_ONLY_LABELLED = "--providers.docker.exposedbydefault=false"


class Plan(NamedTuple):
    """Which services are on which network, in the order from the outside in; `inner` is the one for data."""

    members: dict[str, tuple[str, ...]]
    inner: str | None

    def networks_of(self, service: Service) -> tuple[str, ...]:
        """The networks that the service is put on."""
        return tuple(
            name for name, members in self.members.items() if service.name in members
        )

    @property
    def open_network(self) -> str:
        """The network with a way out that what is on the inner one may be put on too."""
        return next(
            name for name in (BACK, FRONT) if name in self.members and name != self.inner
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


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack on separate networks where the source has none; networks of the source stay as they are."""
    if _has_networks(stack):
        joined = [
            service for service in stack.networks if _joins_sides(service.name, stack)
        ]
        return Outcome(stack, tuple(map(_note_joined, joined)))
    plan = plan_networks(stack)
    if plan is None:
        return Outcome(stack=stack)
    services = tuple(_attach(service, plan) for service in stack.services)
    networks = (*stack.networks, *(Network(name=name) for name in plan.members))
    mended = replace(stack, services=services, networks=networks)
    return Outcome(mended, tuple(_note_changes(stack, mended, plan)))


def _has_networks(stack: Stack) -> bool:
    names = {network.name for network in stack.networks}
    for service in stack.services:
        names |= {attachment.network for attachment in service.networks}
    return not names <= {"default"}


def _note_joined(network: Network) -> Note:
    subject = ModelPath.of("networks", network.name)
    return note("TC634", network.origin, subject=subject, network=network.name)


def _note_changes(stack: Stack, mended: Stack, plan: Plan) -> Iterator[Note]:
    for name in plan.members:
        subject, purpose = ModelPath.of("networks", name), _PURPOSES[name]
        yield note("TC631", subject=subject, network=name, purpose=purpose)
    for service in stack.services:
        names = " and ".join(plan.networks_of(service))
        if names:
            yield remark("TC630", service, "networks", networks=names)
    for service, before in zip(mended.services, stack.services, strict=True):
        if _TRAEFIK_NETWORK in service.labels.keys() - before.labels.keys():
            yield remark("TC635", service, ("labels", _TRAEFIK_NETWORK))
    for service in mended.services:
        if overlay_of(service, ComposeFileRole.DEV).networks:
            yield remark("TC632", service, "networks")


def _is_outside(service: Service) -> bool:
    """Whether the outside reaches the service itself."""
    return service.role is Role.PROXY or (bool(service.ports) and not is_data(service))


def _keeps_networks(service: Service | None, stack: Stack) -> bool:
    own = {FRONT, BACK, DATA, "default"}
    return any(network.name not in own for network in stack.networks)


def _is_beside_data(service: Service | None, stack: Stack) -> bool:
    """Whether a proxy waits for data, or an application shares the network of a data service."""
    for data in filter(is_data, stack.services):
        if not holds_only_data(data, stack):
            return True
        for proxy in stack.services:
            calls = any(edge.service == data.name for edge in proxy.depends_on)
            if proxy.role is Role.PROXY and calls:
                return True
    return False


def _joins_sides(network: str, stack: Stack) -> bool:
    """Whether a network of the source joins data and what the outside reaches: no separation."""
    members = [service for service in stack.services if network in _names_of(service)]
    if not any(map(is_data, members)):
        return False
    alone = all(len(member.networks) == 1 for member in members)
    return alone and any(map(_is_outside, members))


def _names_of(service: Service) -> list[str]:
    return [attachment.network for attachment in service.networks]


def plan_networks(stack: Stack) -> Plan | None:
    """Who is put on which network; None where separation would not separate anything."""
    sides = _tell_sides(stack)
    if not sides.can_be_parted:
        return None
    members: dict[str, tuple[str, ...]] = {}
    if sides.outside:
        members[FRONT] = tuple(sides.outside)
    if sides.inside:
        members[BACK] = _back_members(sides)
    if not sides.data:
        return Plan(members, None)
    inner = DATA if sides.inside else BACK
    clients = _find_clients(sides)
    members[inner] = tuple(
        name for name in sides.services if name in sides.data or name in clients
    )
    return Plan(members, inner)


def _tell_sides(stack: Stack) -> _Sides:
    services = {
        service.name: service
        for service in stack.services
        if service.network_mode in (None, "bridge")
    }
    calls = _find_calls(stack, services)
    data = [name for name, service in services.items() if holds_only_data(service, stack)]
    proxies = [name for name, service in services.items() if service.role is Role.PROXY]
    called: set[str] = set().union(*(calls[proxy] for proxy in proxies))
    applications = [name for name in services if name not in data]
    outside = [
        name for name in applications if name in called or _faces_outside(services[name])
    ]
    inside = [name for name in applications if name not in outside]
    return _Sides(services, calls, data, proxies, outside, inside)


def _find_calls(stack: Stack, services: dict[str, Service]) -> dict[str, set[str]]:
    """What each service depends on; a service that shares another's network counts as part of it."""
    owners: dict[str, str] = {}
    for service in stack.services:
        owner = (service.network_mode or "").removeprefix("service:")
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
    return tuple(name for name in sides.services if name in members)


def _talks_inside(name: str, sides: _Sides) -> bool:
    """Whether a front service is on the inner side too: applications are, and a proxy that calls nobody known."""
    words = {word.lower() for word in sides.services[name].command or ()}
    if name in sides.data or _ONLY_LABELLED in words:
        return False
    return name not in sides.proxies or not sides.calls[name] - set(sides.data)


def _find_clients(sides: _Sides) -> set[str]:
    """The services that use data: those that say so, tools, monitoring, and all where the users of one are unknown."""
    data = set(sides.data)
    clients = {name for name in sides.services if sides.calls[name] & data}
    for name, service in sides.services.items():
        if service.role is Role.TOOL or is_monitor(service):
            clients.add(name)
    called: set[str] = set().union(*sides.calls.values())
    if not data <= called:
        clients |= sides.services.keys() - set(sides.proxies)
    return clients


def _attach(service: Service, plan: Plan) -> Service:
    names = plan.networks_of(service)
    if not names:
        return service
    default = NetworkAttachment(network="default")
    attachment = service.networks[0] if service.networks else default
    if names == (plan.inner,) and service.ports:
        names = (plan.open_network, *names)
    attached = replace(
        service,
        networks=tuple(replace(attachment, network=name) for name in names),
        labels=_labels_for(service, names),
    )
    overlay = overlay_of(service, ComposeFileRole.DEV)
    if names == (plan.inner,) and overlay.ports:
        # A port of a service that is on internal networks only is published nowhere, without a word of the engine.
        open_network = NetworkAttachment(network=plan.open_network)
        overlay = replace(overlay, networks=(*overlay.networks, open_network))
        attached = with_overlay(attached, ComposeFileRole.DEV, overlay)
    return attached


def _labels_for(service: Service, names: tuple[str, ...]) -> dict[str, str]:
    labels = dict(service.labels)
    routed = any(label.startswith("traefik.") for label in labels)
    if len(names) > 1 and routed and _TRAEFIK_NETWORK not in labels:
        # Traefik takes any of a container's networks, also one on which it is not itself.
        labels[_TRAEFIK_NETWORK] = f"${{COMPOSE_PROJECT_NAME}}_{FRONT}"
    return labels


def networks_of(service: Service) -> frozenset[str]:
    """The networks that a service is on; `default` where it names none."""
    if service.network_mode not in (None, "bridge"):
        return frozenset()
    return frozenset(_names_of(service)) or frozenset({"default"})


def _judge_separated(view: View) -> Iterator[Verdict]:
    """One verdict on the stack: no network holds everything, and no proxy stands beside the data."""
    attached = [service for service in view.main.stack.services if networks_of(service)]
    data = [service for service in attached if is_data(service)]
    if len(attached) < 2 or not data:
        return
    everywhere = _network_of_all(view.main)
    beside = _names_beside_proxies(attached, data)
    told, names = "the proxy shares a network with", ", ".join(beside)
    if everywhere:
        told, names = "every service is on the network", everywhere
    yield verdict(
        "Q-06 S-02 M-04",
        not names,
        "TC711",
        span_of_networks(view.main),
        ModelPath.of("networks"),
        told=told,
        names=names,
    )


def _names_beside_proxies(attached: list[Service], data: list[Service]) -> list[str]:
    """The data services that a proxy shares a network with, once for each proxy."""
    names: list[str] = []
    for proxy in attached:
        if proxy.role is Role.PROXY:
            reached = networks_of(proxy)
            names += [item.name for item in data if networks_of(item) & reached]
    return sorted(names)


def _network_of_all(startup: Startup) -> str:
    """The one network that all services are on, data and what the outside reaches; empty where they are apart."""
    networks = {networks_of(service) for service in startup.stack.services} - {frozenset()}
    if len(networks) != 1 or not any(map(_is_outside, startup.stack.services)):
        return ""
    (names,) = networks
    return next(iter(names)) if len(names) == 1 else ""


def span_of_networks(startup: Startup) -> Span | None:
    """Where the networks stand; the services where there are none."""
    return startup.places.span("networks" if startup.stack.networks else "services")


RULE = Rule(
    id="NET-SEG",
    title="Separate the outside, the applications and the data",
    severity="must",
    mend=apply,
    covers=("Q-06", "S-02", "M-04", "T-01", "T-02", "T-03", "T-04"),
    url="https://docs.docker.com/compose/how-tos/networking/",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', ports: ['80:80'], depends_on: [db]}
              db: {image: 'postgres:16', x-overlays: {override: {ports: ['127.0.0.1:5432:5432']}}}
            """,
            """
            services:
              web:
                image: corp/web:1
                ports: ['80:80']
                depends_on: {db: {condition: service_started}}
                networks: [frontend, backend]
              db: {image: 'postgres:16', networks: [backend]}
            networks: {frontend: , backend: }
            """,
            override="""
            services: {db: {ports: ['127.0.0.1:5432:5432'], networks: [frontend]}}
            networks: {frontend: }
            """,
        ),
        Example(
            """
            services:
              web: {image: 'corp/web:1', ports: ['80:80'], depends_on: [db]}
              worker: {image: 'corp/web:1', command: [work], depends_on: [db]}
              db: {image: 'postgres:16'}
            """,
            """
            services:
              web:
                image: corp/web:1
                ports: ['80:80']
                depends_on: {db: {condition: service_started}}
                networks: [frontend, backend, data]
              worker:
                image: corp/web:1
                command: [work]
                depends_on: {db: {condition: service_started}}
                networks: [backend, data]
              db: {image: 'postgres:16', networks: [data]}
            networks: {frontend: , backend: , data: }
            """,
        ),
        Example(
            "services: {web: {image: 'corp/web:1', ports: ['80:80']}}",
            "services: {web: {image: 'corp/web:1', ports: ['80:80']}}",
        ),
    ),
    judge=_judge_separated,
    said_by={"TC711": ("TC632", "TC634", "TC641", "TC642", "TC643")},
    excuses=(
        Excuse("TC711", "networks of the source stay as they are", _keeps_networks),
        Excuse(
            "TC711",
            "what calls data itself, or shares their network, is beside them",
            _is_beside_data,
        ),
    ),
)
