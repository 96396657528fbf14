"""Gateway API: HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute as Traefik's routers.

https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import filterfalse

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing import filters
from tocompose.importers.kubernetes.routing.backends import (
    SCHEME,
    ReachedService,
    reached_backends,
    shared_servers,
)
from tocompose.importers.kubernetes.routing.gateway_fields import decode_gateways
from tocompose.importers.kubernetes.routing.gateway_matches import (
    MatchCondition,
    match_conditions,
)
from tocompose.importers.kubernetes.routing.listeners import (
    GatewayListeners,
    Listener,
    common_host,
    listener_parts,
    note_unused,
    parent_gateways,
    place_listeners,
    settle_gateway,
    shared_hosts,
    take_parents,
)
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteRule,
    decode_gateway_route,
)
from tocompose.importers.kubernetes.routing.site import (
    RouteSite,
    RoutingModel,
    route_site,
    route_title,
)
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import RouteClaim, TraefikService
from tocompose.traefik.proxy_parts import (
    UNCHECKED,
    ContainerServers,
    ProxyPart,
    RouteOrigin,
    RouterTarget,
    ServerOptions,
    UncheckedServers,
    WantedRouter,
)
from tocompose.traefik.rules import (
    PathMatch,
    all_of,
    any_of,
    host_rank,
    hosts_matcher,
    matcher_call,
    rule_priority,
)

HTTP_KINDS, STREAM_KINDS = ("HTTPRoute", "GRPCRoute"), ("TCPRoute", "TLSRoute", "UDPRoute")
_NO_TARGET = TraefikService("noop@internal")


class ReachedRule(NamedTuple):
    """One rule of a route with what it leads to, and the model path where its labels stand."""

    rule: RouteRule
    target: RouterTarget
    labels: ModelPath


class TakenRoute(NamedTuple):
    """A route that listeners take, with those of its rules that lead somewhere."""

    route: Route
    rules: tuple[ReachedRule, ...]
    groups: tuple[ListenerGroup, ...]
    site: RouteSite


def gateway_parts(model: RoutingModel) -> Iterator[ProxyPart]:
    """What the routes of Gateway API ask of the proxy."""
    objects = model.cluster.objects
    gateways = decode_gateways(objects)
    listeners = place_listeners(gateways)
    route_objects = objects.of_kind(*HTTP_KINDS, *STREAM_KINDS)
    decoded_routes = map(decode_gateway_route, route_objects)
    candidates = (_take_route(route, listeners, model) for route in decoded_routes)
    taken_routes = [taken_route for taken_route in candidates if taken_route]
    opened = _opened_listeners(taken_routes)
    for listener in opened.values():
        yield from listener_parts(listener, model)
    for taken_route in taken_routes:
        yield from _route_parts(taken_route)
    used_keys = _used_gateways(taken_routes)
    for key, gateway in gateways.items():
        if key in used_keys:
            yield from settle_gateway(gateway, opened, model)
        else:
            note_unused(gateway.kube_object.cursor, str(gateway.kube_object))


def _used_gateways(taken_routes: Iterable[TakenRoute]) -> set[tuple[str, str]]:
    """The namespaces and names of the Gateways that taken routes hang on."""
    routes = (taken_route.route for taken_route in taken_routes)
    return {key for route in routes for key in parent_gateways(route)}


def _opened_listeners(
    taken_routes: Iterable[TakenRoute],
) -> dict[Cursor | str, Listener]:
    """The listeners that take routes, each once."""
    opened: dict[Cursor | str, Listener] = {}
    for taken_route in taken_routes:
        for group in taken_route.groups:
            for listener in group.listeners:
                opened.setdefault(listener.identity, listener)
    return opened


def _take_route(
    route: Route, listeners: GatewayListeners, model: RoutingModel
) -> TakenRoute | None:
    route_object = route.kube_object
    groups = _listener_groups(listeners.of_route(route), route.host_names)
    if route.rules and not groups:
        route_object.cursor.note(
            "TC282", route=str(route_object), why="no listener of its Gateway takes it"
        )
        return None
    site = route_site(model, route_object)
    reached_rules = [_reach_rule(rule, route, site) for rule in route.rules]
    rules = tuple(reached_rule for reached_rule in reached_rules if reached_rule)
    if not rules:
        site.note_nowhere(route)
        return None
    for rule, reached_rule in zip(route.rules, reached_rules, strict=True):
        if reached_rule is None:
            _note_unreached(rule, route_title(route, rule))
    return TakenRoute(route, rules, groups, site)


def _note_unreached(rule: RouteRule, title: str) -> None:
    """Says of one rule that no request comes through it, unless why was said of its backends."""
    if any(map(_gets_requests, rule.backends)):
        rule.cursor.mark_noted("TC282")
    else:
        rule.cursor.note("TC282", route=title, why="none of its backends gets requests")


def _gets_requests(backend: RouteBackend) -> bool:
    """Whether its weight gives it a share of the requests."""
    weight = integer(backend.weight.text or "1")
    return weight is None or weight > 0


def _route_parts(taken_route: TakenRoute) -> Iterator[ProxyPart]:
    route, rules, groups, _ = taken_route
    route_object, labels = route.kube_object, rules[0].labels
    yield RouteOrigin(route_object.span)
    route_object.count_identity_as_mapped(labels)
    take_parents(route, labels)
    _settle_hostnames(route, groups, labels)
    is_http = route_object.kind in HTTP_KINDS
    for group in groups:
        for rule in rules:
            if is_http:
                yield from _http_routers(rule, group, taken_route)
            else:
                yield _stream_router(rule.target, route_object, group)


def _settle_hostnames(
    route: Route, groups: tuple[ListenerGroup, ...], labels: ModelPath
) -> None:
    """Settles each host name: routed, or taken by no listener."""
    routed = {name for group in groups for name in group.hosts}
    for hostname in route.hostnames:
        if any(common_host(name, hostname.text or "") for name in routed):
            hostname.take(labels)
        else:
            hostname.cursor.note(
                "TC282",
                route=f"{route.kube_object}, host {hostname.text}",
                why="no listener of its Gateway takes it",
            )


class ListenerGroup(NamedTuple):
    """Listeners that differ in nothing but the port, with the hosts that they take of a route."""

    listeners: tuple[Listener, ...]
    hosts: tuple[str, ...]

    @property
    def entrypoints(self) -> tuple[str, ...]:
        """The entry points of the listeners."""
        return tuple(dict.fromkeys(listener.entrypoint for listener in self.listeners))


def _listener_groups(
    listeners: Iterable[Listener], names: tuple[str, ...]
) -> tuple[ListenerGroup, ...]:
    groups: dict[tuple[bool, bool, tuple[str, ...]], list[Listener]] = {}
    for listener in listeners:
        shared = shared_hosts(listener, names)
        if shared is not None:
            groups.setdefault((listener.secure, listener.passthrough, shared), []).append(
                listener
            )
    return tuple(
        ListenerGroup(tuple(group_listeners), key[2])
        for key, group_listeners in groups.items()
    )


def _reach_rule(rule: RouteRule, route: Route, site: RouteSite) -> ReachedRule | None:
    """What a rule leads to; a redirect needs no backend."""
    route_object, title = route.kube_object, route_title(route, rule)
    proxy_labels = site.model.proxy_path("labels")

    def server_options(_: RouteBackend, reached: ReachedService) -> ServerOptions:
        return _server_options(rule, route_object, reached)

    serving = filter(_gets_requests, rule.backends)
    for idle in filterfalse(_gets_requests, rule.backends):
        idle.cursor.skip("with a weight of 0 it gets no requests")
    backends = list(reached_backends(serving, site, title, server_options))
    if backends:
        target = shared_servers(backends, route_object.name)
        has_labels = isinstance(target, ContainerServers)
        labels = backends[0].reached.labels if has_labels else proxy_labels
        return ReachedRule(rule, target, labels)
    if filters.has_redirect(rule.filters):
        return ReachedRule(rule, _NO_TARGET, proxy_labels)
    return None


def _server_options(
    rule: RouteRule, route_object: KubeObject, reached: ReachedService
) -> ServerOptions:
    options, unchecked, labels = [], None, reached.labels
    scheme = reached.scheme or ("h2c" if route_object.kind == "GRPCRoute" else None)
    if reached.scheme:
        reached.protocol.take(labels)
    if scheme and route_object.kind in HTTP_KINDS:
        options.append((SCHEME, scheme))
        if scheme == "https":
            options += UNCHECKED
            unchecked = UncheckedServers(str(route_object), reached.protocol.cursor)
    if rule.session and rule.session_kind.text in (None, "Cookie"):
        rule.session_kind.cursor.take(to=labels)
        session_name = rule.session_name.take(labels) or "session"
        options.append(("loadbalancer.sticky.cookie.name", session_name))
    return ServerOptions(tuple(options), unchecked)


def _http_routers(
    reached_rule: ReachedRule, group: ListenerGroup, taken_route: TakenRoute
) -> Iterator[WantedRouter]:
    """A router for each of the rule's matches, of which any may hold, and for hosts that are as exact as each other."""
    rule, _, labels = reached_rule
    site, route_object = taken_route.site, taken_route.route.kube_object
    for condition in match_conditions(rule.matches, route_object, labels):
        middlewares = filters.filter_middlewares(rule.filters, condition.path, site, labels)
        for hosts in _hosts_by_rank(group.hosts):
            router = _http_router(
                reached_rule, route_object, group._replace(hosts=hosts), condition
            )
            yield router._replace(middlewares=middlewares)


def _hosts_by_rank(hosts: tuple[str, ...]) -> list[tuple[str, ...]]:
    ranked: dict[int, tuple[str, ...]] = {}
    for host in hosts:
        ranked[host_rank(host)] = (*ranked.get(host_rank(host), ()), host)
    return list(ranked.values()) or [()]


def _http_router(
    rule: ReachedRule,
    route_object: KubeObject,
    group: ListenerGroup,
    condition: MatchCondition,
) -> WantedRouter:
    owner = (route_object.namespace, route_object.name)
    hosts_rule = hosts_matcher(group.hosts, deep=True)
    order = integer(rule.rule.source_order.take(rule.labels) or "")
    claim = RouteClaim(route_object.age, owner, group.hosts, condition.path)
    return WantedRouter(
        route_object.name,
        all_of((hosts_rule, condition.path.rule, *condition.rules)),
        rule.target,
        rule_priority(group.hosts, PathMatch("/") if order else condition.path)
        + (order or condition.weight),
        group.entrypoints,
        tls=() if group.listeners[0].secure else None,
        claim=None if order else claim,
    )


def _stream_router(
    target: RouterTarget, route_object: KubeObject, group: ListenerGroup
) -> WantedRouter:
    router = WantedRouter(route_object.name, "", target, entrypoints=group.entrypoints)
    if route_object.kind == "UDPRoute":
        return router._replace(protocol="udp")
    hosts = (matcher_call("HostSNI", name) for name in group.hosts or ("*",))
    return router._replace(
        rule=any_of(hosts), tls=_stream_tls(group.listeners[0]), protocol="tcp"
    )


def _stream_tls(listener: Listener) -> tuple[tuple[str, str], ...] | None:
    if listener.secure:
        return ()
    return (("passthrough", "true"),) if listener.passthrough else None
