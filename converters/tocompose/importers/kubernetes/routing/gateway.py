"""Gateway API: HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute as Traefik's routers.

https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing import filters
from tocompose.importers.kubernetes.routing.backends import Reached, reach, target
from tocompose.importers.kubernetes.routing.listeners import (
    Listener,
    Listeners,
    common,
    shared_hosts,
    take_parents,
)
from tocompose.importers.kubernetes.routing.matches import Condition, conditions
from tocompose.importers.kubernetes.routing.nginx import unchecked
from tocompose.importers.kubernetes.routing.proxy import Proxy, Router, Target
from tocompose.importers.kubernetes.routing.rules import (
    all_of,
    any_of,
    call,
    hosts,
    priority,
)
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer

HTTP_KINDS, STREAM_KINDS = ("HTTPRoute", "GRPCRoute"), ("TCPRoute", "TLSRoute", "UDPRoute")
_NOTHING = Target("noop@internal")


class Rule(NamedTuple):
    """One rule of a route: what it leads to, and the model path where its labels stand."""

    cursor: Cursor
    target: Target
    labels: str


def gateways(world: World, proxy: Proxy) -> None:
    """Adds the routes of Gateway API to the proxy."""
    listeners = Listeners(world, proxy)
    for item in world.objects.of(*HTTP_KINDS, *STREAM_KINDS):
        _route(item, listeners, Site(world, proxy, item.namespace, item.name))
    listeners.settle()


def _route(item: Object, listeners: Listeners, site: Site) -> None:
    route = str(item)
    rules = [
        rule
        for cursor in items(item.at("spec", "rules"))
        if (rule := _rule(cursor, item, site))
    ]
    if not rules:
        site.nowhere(item)
        return
    places = listeners.of(item)
    if not places:
        item.cursor.note("TC282", route=route, why="no listener of its Gateway takes it")
        return
    site.proxy.origin = site.proxy.origin or item.span
    labels = rules[0].labels
    item.took(labels)
    take_parents(item, labels)
    names = tuple(
        name for each in items(item.at("spec", "hostnames")) if (name := value(each))
    )
    groups = _groups(places, names)
    _hostnames(item, groups, labels)
    for group in groups:
        group.open()
        for rule in rules:
            add = _http if item.kind in HTTP_KINDS else _stream
            add(rule, item, group, site)


def _hostnames(item: Object, groups: list[Group], labels: str) -> None:
    """Settles each host name: routed, or taken by no listener."""
    routed = {name for group in groups for name in group.hosts}
    for each in items(item.at("spec", "hostnames")):
        if any(common(name, value(each) or "") for name in routed):
            take(each, labels)
        else:
            each.note(
                "TC282",
                route=f"{item}, host {value(each)}",
                why="no listener of its Gateway takes it",
            )


class Group(NamedTuple):
    """Listeners that differ in nothing but the port, with the hosts that they take of a route."""

    listeners: tuple[Listener, ...]
    hosts: tuple[str, ...]

    @property
    def entrypoints(self) -> tuple[str, ...]:
        """The entry points of the listeners."""
        return tuple(dict.fromkeys(each.entrypoint for each in self.listeners))

    def open(self) -> None:
        """Opens the listeners."""
        for each in self.listeners:
            each.open()


def _groups(places: list[Listener], names: tuple[str, ...]) -> list[Group]:
    groups: dict[tuple[bool, bool, tuple[str, ...]], list[Listener]] = {}
    for each in places:
        taken = shared_hosts(each, names)
        if taken is not None:
            groups.setdefault((each.secure, each.passthrough, taken), []).append(each)
    return [Group(tuple(found), key[2]) for key, found in groups.items()]


def _rule(cursor: Cursor, item: Object, site: Site) -> Rule | None:
    """What a rule leads to; a redirect needs no backend."""
    parts = list(_targets(cursor, item, site))
    weighted = [(target, weight) for target, _, weight in parts if weight > 0]
    if weighted:
        shared = (
            weighted[0][0] if len(weighted) == 1 else site.proxy.share(item.name, weighted)
        )
        labels = parts[0][1].labels if shared.homes else site.proxy.labels
        return Rule(cursor, shared, labels)
    if filters.redirects(cursor.at("filters")):
        return Rule(cursor, _NOTHING, site.proxy.labels)
    return None


def _targets(
    cursor: Cursor, item: Object, site: Site
) -> Iterator[tuple[Target, Reached, int]]:
    for each in items(cursor.at("backendRefs")):
        if value(each.at("kind")) not in (None, "Service"):
            each.note(
                "TC282", route=str(item), why=f"its backend is a {value(each.at('kind'))}"
            )
            continue
        namespace = value(each.at("namespace")) or item.namespace
        port = value(each.at("port"))
        reached = reach(
            site, namespace, value(each.at("name")) or "", port, each, str(item)
        )
        if reached is None:
            continue
        for key in ("group", "kind", "name", "namespace", "port"):
            each.at(key).take(to=reached.labels)
        weight = integer(take(each.at("weight"), reached.labels) or "1")
        options = tuple(_options(cursor, item, reached, site.proxy))
        yield target(reached, site.proxy, options), reached, 1 if weight is None else weight


def _options(
    cursor: Cursor, item: Object, reached: Reached, proxy: Proxy
) -> Iterator[tuple[str, str]]:
    scheme = reached.scheme or ("h2c" if item.kind == "GRPCRoute" else None)
    if reached.scheme:
        reached.protocol.take(to=reached.labels)
    if scheme and item.kind in HTTP_KINDS:
        yield "loadbalancer.server.scheme", scheme
        if scheme == "https":
            yield from unchecked(proxy, reached.protocol, str(item))
    persistence = cursor.at("sessionPersistence")
    if persistence and value(persistence.at("type")) in (None, "Cookie"):
        persistence.at("type").take(to=reached.labels)
        yield (
            "loadbalancer.sticky.cookie.name",
            take(persistence.at("sessionName"), reached.labels) or "session",
        )


def _http(rule: Rule, item: Object, group: Group, site: Site) -> None:
    """One router for each of the rule's matches, of which any may hold; the matches share all but the path."""
    tls: tuple[tuple[str, str], ...] | None = () if group.listeners[0].secure else None
    for condition in conditions(rule.cursor.at("matches"), item, rule.labels):
        made = filters.middlewares(
            rule.cursor.at("filters"), condition.path, site, rule.labels
        )
        text = all_of(
            (hosts(group.hosts, deep=True), condition.path.rule, *condition.rules)
        )
        rank = _rank(group, condition)
        site.proxy.router(
            Router(item.name, text, rule.target, rank, group.entrypoints, made, tls)
        )


def _rank(group: Group, condition: Condition) -> int:
    return priority(group.hosts, condition.path) + condition.weight


def _stream(rule: Rule, item: Object, group: Group, site: Site) -> None:
    first = group.listeners[0]
    if item.kind == "UDPRoute":
        site.proxy.router(
            Router(item.name, "", rule.target, None, group.entrypoints, (), None, "udp")
        )
        return
    text = any_of(call("HostSNI", name) for name in group.hosts) or call("HostSNI", "*")
    tls: tuple[tuple[str, str], ...] | None = (
        (("passthrough", "true"),) if first.passthrough else None
    )
    tls = () if first.secure else tls
    site.proxy.router(
        Router(item.name, text, rule.target, None, group.entrypoints, (), tls, "tcp")
    )
