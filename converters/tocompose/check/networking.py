"""Who reaches whom: Q-05, Q-06, Q-07, A-04, A-06, S-02, M-04 and the traps about ports and networks."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.check.scene import Scene, Verdict, View, judge, networks_of, of_service
from tocompose.model import Port, Role, Service
from tocompose.rules.services import facts, is_data
from tocompose.syntax.interpolation import variable_names
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.ports import is_loopback

# Ports on which a server of the host often listens already.
_TAKEN = frozenset(
    {"3306", "5432", "6379", "9200", "27017", "5672", "11211", "1433", "9092"}
)


def rules(scene: Scene) -> Iterator[Verdict]:
    """The verdicts on ports and networks."""
    for service in scene.production.stack.services:
        yield from _published_data(scene.production, service)
    for service in scene.main.stack.services:
        yield from _host_network(scene.main, service)
        yield from _taken(scene.main, service)
        yield from _internal(scene.main, service)
        yield from _two_forms(scene.main, service)
    yield from _separated(scene.main)
    yield from _conflicts(scene.main)


def _published_data(view: View, service: Service) -> Iterator[Verdict]:
    if not is_data(service):
        return
    open_ports = [
        item for item in own_ports(view, service) if not is_loopback(item.host_ip)
    ]
    ports = ", ".join(item.published or item.target for item in open_ports)
    yield of_service(
        view,
        service,
        "ports" if open_ports else "",
        "Q-05",
        not open_ports,
        "TC710",
        ports=ports,
    )


def own_ports(view: View, service: Service) -> tuple[Port, ...]:
    """The published ports of the service itself, without those of services that share its network."""
    known = facts(service)
    guests = [
        item
        for item in view.stack.services
        if item.network_mode == f"service:{service.name}"
    ]
    if not guests or known is None or not known.ports:
        return service.ports
    return tuple(item for item in service.ports if item.target in known.ports)


def _host_network(view: View, service: Service) -> Iterator[Verdict]:
    known = facts(service)
    justified = known is not None and bool(known.host)
    holds = service.network_mode != "host" or justified
    yield of_service(
        view, service, "network_mode" if not holds else "", "Q-07 A-04", holds, "TC712"
    )


def _taken(view: View, service: Service) -> Iterator[Verdict]:
    for item in service.ports:
        fixed = item.published is not None and not any(
            True for _ in variable_names(item.published)
        )
        taken = fixed and is_data(service) and item.published in _TAKEN
        yield of_service(
            view,
            service,
            "ports",
            "A-06",
            not taken,
            "TC723",
            port=item.published or item.target,
        )


def _internal(view: View, service: Service) -> Iterator[Verdict]:
    internal = {network.name for network in view.stack.networks if network.internal}
    own = networks_of(service)
    only_internal = bool(own) and own <= internal
    if service.ports:
        yield of_service(
            view,
            service,
            "ports",
            "T1",
            not only_internal,
            "TC724",
            networks=", ".join(sorted(own)),
        )
    elif service.role in (Role.APP, Role.JOB) and own:
        key = "networks" if only_internal else ""
        yield of_service(
            view,
            service,
            key,
            "T2 T3",
            not only_internal,
            "TC725",
            networks=", ".join(sorted(own)),
        )


def _two_forms(view: View, service: Service) -> Iterator[Verdict]:
    both = service.network_mode is not None and bool(service.networks)
    key = "network_mode" if both else ""
    yield of_service(
        view, service, key, "T14", not both, "TC735", mode=service.network_mode or ""
    )


def _separated(view: View) -> Iterator[Verdict]:
    """One verdict on the stack: no network holds everything, and no proxy stands beside the data."""
    own = {
        item.name: networks_of(item) for item in view.stack.services if networks_of(item)
    }
    data = [item.name for item in view.stack.services if is_data(item) and item.name in own]
    if len(own) < 2 or not data:
        return
    outside = [
        item
        for item in view.stack.services
        if item.role is Role.PROXY or (item.ports and not is_data(item))
    ]
    proxies = [
        item.name
        for item in view.stack.services
        if item.role is Role.PROXY and item.name in own
    ]
    shared = frozenset.intersection(*own.values())
    flat = bool(shared) and all(len(given) == 1 for given in own.values()) and bool(outside)
    beside = sorted(name for name in data for proxy in proxies if own[name] & own[proxy])
    names = ", ".join(sorted(shared)) if flat else ", ".join(beside)
    told = "every service is on the network" if flat else "the proxy shares a network with"
    span = (
        view.places.span("networks")
        if view.stack.networks
        else view.places.span("services")
    )
    yield judge(
        "Q-06 S-02 M-04",
        not flat and not beside,
        "TC711",
        span,
        ModelPath.of("networks"),
        told=told,
        names=names,
    )


def _conflicts(view: View) -> Iterator[Verdict]:
    """Ports that two services want, and ports that two files bind differently."""
    taken: dict[tuple[str, str], list[tuple[Service, Port]]] = {}
    for service in view.stack.services:
        for item in service.ports:
            if item.published is None or any(True for _ in variable_names(item.published)):
                continue
            key = (item.published, item.protocol)
            rivals = (
                rival
                for rival, other in taken.get(key, ())
                if _together(service, rival) and _overlap(item, other)
            )
            clash = next((rival.name for rival in rivals), None)
            own = clash == service.name
            facts_ = {"port": item.published, "other": clash or ""}
            code, ids = ("TC736", "T15") if own else ("TC722", "A-06")
            yield of_service(view, service, "ports", ids, clash is None, code, **facts_)
            taken.setdefault(key, []).append((service, item))


def _together(one: Service, two: Service) -> bool:
    """Whether some profile starts both; profiles that have none in common are alternatives."""
    return (
        one.name == two.name
        or not (one.profiles and two.profiles)
        or bool(set(one.profiles) & set(two.profiles))
    )


def _overlap(one: Port, two: Port) -> bool:
    everywhere = (None, "", "0.0.0.0", "::")
    return (
        one.host_ip == two.host_ip or one.host_ip in everywhere or two.host_ip in everywhere
    )
