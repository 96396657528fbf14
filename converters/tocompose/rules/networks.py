"""NET-SEG: the outside, the applications and the data each on a network of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.model import (
    ComposeFileRole,
    Network,
    NetworkAttachment,
    Role,
    Service,
    Stack,
)
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    overlay_of,
    remark,
    verdict,
    with_overlay,
)
from tocompose.rules.network_plan import BACK, DATA, FRONT, Plan, plan_networks
from tocompose.rules.roles import holds_only_data, is_data
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.networks import name_proxy_networks
from tocompose.wording import enumerated

_PURPOSES = {
    FRONT: "services that are reached from outside",
    BACK: "the services among themselves",
    DATA: "services that keep data",
}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack on separate networks where the source has none; networks of the source stay as they are.

    Proxies are told by which of them they reach a service that is on several; what joins others is told there.
    """
    outcome = _separate(stack)
    if context.joins is not None:
        return outcome
    open_network = "" if _has_networks(stack) else FRONT
    labelled = name_proxy_networks(outcome.stack, fallback=open_network)
    return Outcome(labelled.stack, (*outcome.notes, *labelled.notes))


def _separate(stack: Stack) -> Outcome:
    if _has_networks(stack):
        joined = [
            network for network in stack.networks if _joins_sides(network.name, stack)
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
        names = plan.networks_of(service)
        if names:
            yield remark("TC630", service, "networks", networks=enumerated(names))
    for service in mended.services:
        if overlay_of(service, ComposeFileRole.DEV).networks:
            yield remark("TC632", service, "networks")


def _is_outside(service: Service) -> bool:
    """Whether the outside reaches the service itself."""
    return service.role is Role.PROXY or (bool(service.ports) and not is_data(service))


def _keeps_networks(service: Service | None, stack: Stack) -> bool:
    planned_names = {FRONT, BACK, DATA, "default"}
    return any(network.name not in planned_names for network in stack.networks)


def _is_beside_data(service: Service | None, stack: Stack) -> bool:
    """Whether a proxy waits for data, or an application shares the network of a data service."""
    proxies = (proxy for proxy in stack.services if proxy.role is Role.PROXY)
    called = {edge.service for proxy in proxies for edge in proxy.depends_on}
    return any(
        data.name in called or not holds_only_data(data, stack)
        for data in filter(is_data, stack.services)
    )


def _joins_sides(network: str, stack: Stack) -> bool:
    """Whether a network of the source joins data and what the outside reaches: no separation."""
    members = [service for service in stack.services if network in _names_of(service)]
    if not any(map(is_data, members)):
        return False
    alone = all(len(member.networks) == 1 for member in members)
    return alone and any(map(_is_outside, members))


def _names_of(service: Service) -> list[str]:
    return [attachment.network for attachment in service.networks]


def _attach(service: Service, plan: Plan) -> Service:
    names = plan.networks_of(service)
    if not names:
        return service
    default = NetworkAttachment(network="default")
    attachment = service.networks[0] if service.networks else default
    if names == (plan.data_network,) and service.ports:
        names = (plan.open_network, *names)
    attached = replace(
        service,
        networks=tuple(replace(attachment, network=name) for name in names),
    )
    overlay = overlay_of(service, ComposeFileRole.DEV)
    if names == (plan.data_network,) and overlay.ports:
        # A port of a service that is on internal networks only is published nowhere, without a word of the engine.
        open_network = NetworkAttachment(network=plan.open_network)
        overlay = replace(overlay, networks=(*overlay.networks, open_network))
        attached = with_overlay(attached, ComposeFileRole.DEV, overlay)
    return attached


def networks_of(service: Service) -> frozenset[str]:
    """The networks that a service is on; `default` where it names none."""
    if service.network_mode not in (None, "bridge"):
        return frozenset()
    return frozenset(_names_of(service)) or frozenset({"default"})


def is_shut_in(service: Service, stack: Stack) -> bool:
    """Whether it is on internal networks only: the engine publishes none of its ports, without a word.

    https://docs.docker.com/reference/compose-file/networks/#internal
    """
    internal = {network.name for network in stack.networks if network.internal}
    names = networks_of(service)
    return bool(names) and names <= internal


def _told_pairs(pairs: Iterable[tuple[Service, Service]]) -> str:
    return "; ".join(
        f"{data_service.name} shares a network with the proxy {proxy.name}"
        for data_service, proxy in pairs
    )


def _judge_separated(view: View) -> Iterator[Verdict]:
    """One verdict on the stack: no network holds everything, and no proxy stands beside the data."""
    startup = view.main
    attached = [service for service in startup.stack.services if networks_of(service)]
    data = [service for service in attached if is_data(service)]
    if len(attached) < 2 or not data:
        return
    mixed = _mixed_sides(startup, attached, data)
    key = ("networks",) if mixed.data[0].networks else ()
    facts = {
        "problem": mixed.problem,
        "outside": _told_services(mixed.outside),
        "data": _told_services(mixed.data),
    }
    span, subject = startup.span(mixed.data[0], *key), ModelPath.of("networks")
    holds = not mixed.problem
    yield verdict("Q-06 S-02 M-04", holds, "TC711", span, subject, **facts)


class _MixedSides(NamedTuple):
    """What is wrong where services of the outside and of data are on one network, and who they are."""

    problem: str
    outside: list[Service]
    data: list[Service]


def _mixed_sides(
    startup: Startup, attached: list[Service], data: list[Service]
) -> _MixedSides:
    """The services that should be apart; without a problem where they are."""
    if network := _network_of_all(startup):
        problem = _told_network(network, data)
        return _MixedSides(problem, list(filter(_is_outside, attached)), data)
    pairs = _pairs_with_proxies(attached, data)
    if not pairs:
        return _MixedSides("", [], data)
    data_services, proxies = zip(*pairs, strict=True)
    return _MixedSides(_told_pairs(pairs), _unique(proxies), _unique(data_services))


def _unique(services: Iterable[Service]) -> list[Service]:
    return list({service.name: service for service in services}.values())


def _told_services(services: Iterable[Service]) -> str:
    return enumerated([service.name for service in services] or [""])


def _told_network(network: str, data: list[Service]) -> str:
    """What is said of a stack that has but one network in use."""
    are = "are" if data[1:] else "is"
    which = "the default network" if network == "default" else f"the network {network}"
    return f"{_told_services(data)} {are} on {which}, as all services are"


def _pairs_with_proxies(
    attached: list[Service], data: list[Service]
) -> list[tuple[Service, Service]]:
    """The data services that a proxy shares a network with, each with the proxy."""
    proxies = [service for service in attached if service.role is Role.PROXY]
    return [
        (data_service, proxy)
        for data_service in data
        for proxy in proxies
        if networks_of(data_service) & networks_of(proxy)
    ]


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
    title="Separate public services, applications and data",
    summary=(
        "Puts public services, applications and data on networks of their own, unless the "
        "source defines networks, so that a break-in at the front does not reach the data."
    ),
    tells=("TC711",),
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
