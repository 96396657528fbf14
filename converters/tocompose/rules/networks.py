"""NET-SEG: the outside, the applications and the data each on a network of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tocompose.model import Attachment, Home, Network, Role, Service, Stack
from tocompose.notes import note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.services import (
    facts,
    is_data,
    only_data,
    overlay,
    remark,
    with_overlay,
)
from tocompose.syntax.model_path import ModelPath

FRONT, BACK, DATA = "frontend", "backend", "data"


class Plan(NamedTuple):
    """Which services are on which network, in the order from the outside in; `inner` is the one for data."""

    members: dict[str, tuple[str, ...]]
    inner: str | None


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack on separate networks where the source has none; networks of the source stay as they are."""
    if any(network.name != "default" for network in stack.networks) or any(
        map(_placed, stack.services)
    ):
        flat = [network for network in stack.networks if _holds_all(network, stack)]
        return Outcome(stack=stack, notes=tuple(note("TC634", item.origin, subject=ModelPath.of("networks", item.name),
                                                     network=item.name) for item in flat))  # fmt: skip
    plan = planned(stack)
    if plan is None:
        return Outcome(stack=stack)
    services = tuple(_attached(service, plan) for service in stack.services)
    networks = (*stack.networks, *(Network(name=name) for name in plan.members))
    notes = [
        note(
            "TC631",
            subject=ModelPath.of("networks", name),
            network=name,
            purpose=_PURPOSE[name],
        )
        for name in plan.members
    ]
    notes += [
        remark("TC630", service, "networks", networks=" and ".join(_on(service, plan)))
        for service in stack.services
        if _on(service, plan)
    ]
    notes += [
        remark("TC635", service, f"labels.{_ROUTED}")
        for service, old in zip(services, stack.services, strict=True)
        if _ROUTED in service.labels and _ROUTED not in old.labels
    ]
    notes += [
        remark("TC632", service, "networks")
        for service in services
        if _has_dev_network(service)
    ]
    return Outcome(
        stack=replace(stack, services=services, networks=networks), notes=tuple(notes)
    )


_ROUTED = "traefik.docker.network"
_BY_LABELS = frozenset({"--providers.docker.exposedbydefault=false"})
_PURPOSE = {
    FRONT: "what the outside reaches",
    BACK: "the services among themselves",
    DATA: "what keeps data",
}


def _placed(service: Service) -> bool:
    return any(item.network != "default" for item in service.networks)


def _holds_all(network: Network, stack: Stack) -> bool:
    """Whether a single network of the source joins data and published services: no separation."""
    members = [
        service
        for service in stack.services
        if any(item.network == network.name for item in service.networks)
    ]
    open_ones = [service for service in members if service.ports and not is_data(service)]
    alone = all(len(service.networks) == 1 for service in members)
    return alone and bool(open_ones) and any(is_data(service) for service in members)


def planned(stack: Stack) -> Plan | None:
    """Who is put on which network; None where separation would not separate anything."""
    own = {
        service.name: service
        for service in stack.services
        if service.network_mode in (None, "bridge")
    }
    needs = _needs(stack, own)
    data = [name for name, service in own.items() if only_data(service, stack)]
    proxies = [name for name, service in own.items() if service.role is Role.PROXY]
    outside = [
        name for name in own if name not in data and _is_front(own[name], needs, proxies)
    ]
    inside = [name for name in own if name not in data and name not in outside]
    if len(own) < 2 or not (data or (proxies and inside)) or not (outside or inside):
        return None
    inner = None if not data else DATA if inside else BACK
    members: dict[str, tuple[str, ...]] = {}
    if outside:
        members[FRONT] = tuple(outside)
    if inside:
        called = {name for other in inside for name in needs[other]} - set(data)
        members[BACK] = tuple(
            name
            for name in own
            if name in inside
            or name in called
            or _talks_inside(own[name], needs, proxies, data)
        )
    if inner:
        clients = _clients(own, needs, data, proxies)
        members[inner] = tuple(name for name in own if name in data or name in clients)
    return Plan(members, inner)


def _needs(stack: Stack, own: Iterable[str]) -> dict[str, set[str]]:
    """What each service depends on; a service that shares another's network counts as part of it."""
    host = {
        service.name: (service.network_mode or "").removeprefix("service:")
        for service in stack.services
    }
    names = {
        service.name: service.name if service.name in own else host[service.name]
        for service in stack.services
    }
    needs: dict[str, set[str]] = {name: set() for name in own}
    for service in stack.services:
        for item in service.depends_on:
            if names[service.name] in needs and names.get(item.service) in needs:
                needs[names[service.name]].add(names[item.service])
    return needs


def _is_front(service: Service, needs: dict[str, set[str]], proxies: list[str]) -> bool:
    """Whether the outside reaches the service, by a port or through a proxy."""
    routed = any(key.startswith(("traefik.", "caddy")) for key in service.labels)
    called = any(service.name in needs[name] for name in proxies)
    return bool(service.ports) or service.role is Role.PROXY or routed or called


def _talks_inside(
    service: Service, needs: dict[str, set[str]], proxies: list[str], data: list[str]
) -> bool:
    """Whether a front service is on the inner side too: applications are, and a proxy that calls nobody known.

    A proxy that takes only services with labels finds all of them on the front network.
    """
    if service.name in data or _BY_LABELS & {
        word.lower() for word in service.command or ()
    }:
        return False
    return service.name not in proxies or not needs[service.name] - set(data)


def _clients(
    own: dict[str, Service], needs: dict[str, set[str]], data: list[str], proxies: list[str]
) -> set[str]:
    """The services that use data: those that say so, tools, monitoring, and all where the users of one are unknown."""
    users = {name for name in own if needs[name] & set(data)}
    watching = {
        name
        for name, service in own.items()
        if service.role is Role.TOOL or _watches(service)
    }
    unknown = [name for name in data if not any(name in needs[other] for other in own)]
    everybody = {name for name in own if name not in proxies} if unknown else set()
    return users | watching | everybody


def _watches(service: Service) -> bool:
    known = facts(service)
    return known is not None and known.kind == "monitoring"


def _on(service: Service, plan: Plan) -> tuple[str, ...]:
    return tuple(name for name, members in plan.members.items() if service.name in members)


def _attached(service: Service, plan: Plan) -> Service:
    names = _on(service, plan)
    if not names:
        return service
    given = service.networks[0] if service.networks else Attachment(network="default")
    if names == (plan.inner,) and service.ports:
        names = (_open_network(plan), *names)
    labels = dict(service.labels)
    if (
        len(names) > 1
        and _ROUTED not in labels
        and any(key.startswith("traefik.") for key in labels)
    ):
        # Traefik takes any of a container's networks, also one on which it is not itself.
        labels[_ROUTED] = f"${{COMPOSE_PROJECT_NAME}}_{FRONT}"
    attached = replace(
        service,
        networks=tuple(replace(given, network=name) for name in names),
        labels=labels,
    )
    part = overlay(service, Home.DEV)
    if names == (plan.inner,) and part.ports:
        # A port of a service that is on internal networks only is published nowhere, without a word of the engine.
        part = replace(
            part, networks=(*part.networks, Attachment(network=_open_network(plan)))
        )
        attached = with_overlay(attached, Home.DEV, part)
    return attached


def _open_network(plan: Plan) -> str:
    return next(
        name for name in (BACK, FRONT) if name in plan.members and name != plan.inner
    )


def _has_dev_network(service: Service) -> bool:
    return Home.DEV in service.overlays and bool(service.overlays[Home.DEV].networks)


PRACTICE = Practice(
    id="NET-SEG",
    title="Separate the outside, the applications and the data",
    severity="must",
    apply=apply,
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
)
