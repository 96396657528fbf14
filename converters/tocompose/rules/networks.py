"""NET-SEG: the outside, the applications and the data each on a network of their own."""

from __future__ import annotations

from collections.abc import Iterator

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
    overlay_of,
    remark,
    verdict,
    with_overlay,
)
from tocompose.rules.network_plan import BACK, DATA, FRONT, Plan, plan_networks
from tocompose.rules.roles import holds_only_data, is_data
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

_PURPOSES = {
    FRONT: "services reached from outside",
    BACK: "services among themselves",
    DATA: "services that keep data",
}
_TRAEFIK_NETWORK = "traefik.docker.network"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack on separate networks where the source has none; networks of the source stay as they are."""
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
        names = " and ".join(plan.networks_of(service))
        if names:
            yield remark("TC630", service, "networks", networks=names)
    for service, original in zip(mended.services, stack.services, strict=True):
        if _TRAEFIK_NETWORK in service.labels.keys() - original.labels.keys():
            yield remark("TC635", service, ("labels", _TRAEFIK_NETWORK))
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
        labels=_labels_for(service, names),
    )
    overlay = overlay_of(service, ComposeFileRole.DEV)
    if names == (plan.data_network,) and overlay.ports:
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
    exposed_data = _names_beside_proxies(attached, data)
    problem, names = "the proxy shares a network with", ", ".join(exposed_data)
    if everywhere:
        problem, names = "every service is on the network", everywhere
    yield verdict(
        "Q-06 S-02 M-04",
        not names,
        "TC711",
        span_of_networks(view.main),
        ModelPath.of("networks"),
        told=problem,
        names=names,
    )


def _names_beside_proxies(attached: list[Service], data: list[Service]) -> list[str]:
    """The data services that a proxy shares a network with, once for each proxy."""
    names: list[str] = []
    for proxy in attached:
        if proxy.role is Role.PROXY:
            reached = networks_of(proxy)
            names += [
                data_service.name
                for data_service in data
                if networks_of(data_service) & reached
            ]
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
