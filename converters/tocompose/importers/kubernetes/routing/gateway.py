"""Gateway API: HTTPRoute, GRPCRoute, TCPRoute, TLSRoute and UDPRoute as Traefik's routers.

https://gateway-api.sigs.k8s.io/reference/spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing import filters
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.routing.backends import (
    ReachedService,
    shared_target,
    weighted_targets,
)
from tocompose.importers.kubernetes.routing.listeners import (
    Listener,
    Listeners,
    common_host,
    shared_hosts,
    take_parents,
)
from tocompose.importers.kubernetes.routing.nginx import skip_verification
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteCondition,
    RouteMatch,
    RouteRule,
    decode_gateway_route,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import RouteClaim, Router, TraefikService
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.rules import (
    EXACT,
    PREFIX,
    REGEX,
    TEXT_PREFIX,
    PathMatch,
    all_of,
    any_of,
    host_rank,
    hosts_matcher,
    is_foreign,
    matcher_call,
    rule_priority,
)

HTTP_KINDS, STREAM_KINDS = ("HTTPRoute", "GRPCRoute"), ("TCPRoute", "TLSRoute", "UDPRoute")
_NO_TARGET = TraefikService("noop@internal")


class ReachedRule(NamedTuple):
    """One rule of a route with what it leads to, and the model path where its labels stand."""

    rule: RouteRule
    target: TraefikService
    labels: ModelPath


def add_gateway_routes(world: ClusterModel, proxy: ProxyBuilder) -> None:
    """Adds the routes of Gateway API to the proxy."""
    listeners = Listeners(world, proxy)
    for route_object in world.objects.of_kind(*HTTP_KINDS, *STREAM_KINDS):
        _add_route(
            decode_gateway_route(route_object),
            listeners,
            RouteSite(world, proxy, route_object.namespace, route_object.name),
        )
    listeners.settle()


def _add_route(route: Route, listeners: Listeners, site: RouteSite) -> None:
    route_object = route.kube_object
    if route.rules and not listeners.takes(route):
        route_object.cursor.note(
            "TC282", route=str(route_object), why="no listener of its Gateway takes it"
        )
        return
    rules = [
        reached_rule
        for rule in route.rules
        if (reached_rule := _reach_rule(rule, route_object, site))
    ]
    if not rules:
        site.note_nowhere(route_object)
        return
    parent_listeners = listeners.of_route(route)
    site.proxy.begin_at(route_object.span)
    labels = rules[0].labels
    route_object.count_identity_as_mapped(labels)
    take_parents(route, labels)
    groups = _listener_groups(parent_listeners, route.host_names)
    _settle_hostnames(route, groups, labels)
    is_http = route_object.kind in HTTP_KINDS
    add_router = _add_http_routers if is_http else _add_stream_router
    for group in groups:
        group.open_entrypoints()
        for rule in rules:
            add_router(rule, route_object, group, site)


def _settle_hostnames(route: Route, groups: list[ListenerGroup], labels: ModelPath) -> None:
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

    def open_entrypoints(self) -> None:
        """Opens the listeners."""
        for listener in self.listeners:
            listener.open_entrypoints()


def _listener_groups(
    listeners: list[Listener], names: tuple[str, ...]
) -> list[ListenerGroup]:
    groups: dict[tuple[bool, bool, tuple[str, ...]], list[Listener]] = {}
    for listener in listeners:
        shared = shared_hosts(listener, names)
        if shared is not None:
            groups.setdefault((listener.secure, listener.passthrough, shared), []).append(
                listener
            )
    return [
        ListenerGroup(tuple(group_listeners), key[2])
        for key, group_listeners in groups.items()
    ]


def _reach_rule(
    rule: RouteRule, route_object: KubeObject, site: RouteSite
) -> ReachedRule | None:
    """What a rule leads to; a redirect needs no backend."""
    route = str(route_object)

    def options_of(_: RouteBackend, reached: ReachedService) -> Iterator[tuple[str, str]]:
        return _target_options(rule, route_object, reached, site.proxy)

    reached_targets = list(weighted_targets(rule.backends, site, route, options_of))
    weighted = [(target, weight) for target, _, weight in reached_targets if weight > 0]
    if weighted:
        rule_target = shared_target(weighted, site.proxy, route_object.name)
        labels = reached_targets[0][1].labels if rule_target.homes else site.proxy.labels
        return ReachedRule(rule, rule_target, labels)
    if filters.has_redirect(rule.filters):
        return ReachedRule(rule, _NO_TARGET, site.proxy.labels)
    return None


def _target_options(
    rule: RouteRule, route_object: KubeObject, reached: ReachedService, proxy: ProxyBuilder
) -> Iterator[tuple[str, str]]:
    scheme = reached.scheme or ("h2c" if route_object.kind == "GRPCRoute" else None)
    if reached.scheme:
        reached.protocol.cursor.take(to=reached.labels)
    if scheme and route_object.kind in HTTP_KINDS:
        yield "loadbalancer.server.scheme", scheme
        if scheme == "https":
            yield from skip_verification(proxy, reached.protocol.cursor, str(route_object))
    if rule.session and rule.session_kind.text in (None, "Cookie"):
        rule.session_kind.cursor.take(to=reached.labels)
        session_name = rule.session_name.take(reached.labels) or "session"
        yield "loadbalancer.sticky.cookie.name", session_name


def _add_http_routers(
    reached_rule: ReachedRule,
    route_object: KubeObject,
    group: ListenerGroup,
    site: RouteSite,
) -> None:
    """A router for each of the rule's matches, of which any may hold, and for hosts that are as exact as each other."""
    rule, labels = reached_rule.rule, reached_rule.labels
    for condition in match_conditions(rule.matches, route_object, labels):
        middlewares = filters.filter_middlewares(rule.filters, condition.path, site, labels)
        for hosts in _hosts_by_rank(group.hosts):
            router = _http_router(
                reached_rule, route_object, group._replace(hosts=hosts), condition
            )
            site.proxy.add_router(router._replace(middlewares=middlewares))


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
) -> Router:
    owner = (route_object.namespace, route_object.name)
    hosts_rule = hosts_matcher(group.hosts, deep=True)
    order = integer(rule.rule.source_order.take(rule.labels) or "")
    claim = RouteClaim(route_object.age, owner, group.hosts, condition.path)
    return Router(
        route_object.name,
        all_of((hosts_rule, condition.path.rule, *condition.rules)),
        rule.target,
        rule_priority(group.hosts, PathMatch("/") if order else condition.path)
        + (order or condition.weight),
        group.entrypoints,
        tls=() if group.listeners[0].secure else None,
        claim=None if order else claim,
    )


def _add_stream_router(
    rule: ReachedRule, route_object: KubeObject, group: ListenerGroup, site: RouteSite
) -> None:
    listener = group.listeners[0]
    if route_object.kind == "UDPRoute":
        site.proxy.add_router(
            Router(
                route_object.name, "", rule.target, None, group.entrypoints, (), None, "udp"
            )
        )
        return
    rule_text = any_of(
        matcher_call("HostSNI", name) for name in group.hosts
    ) or matcher_call("HostSNI", "*")
    tls: tuple[tuple[str, str], ...] | None = (
        (("passthrough", "true"),) if listener.passthrough else None
    )
    tls = () if listener.secure else tls
    site.proxy.add_router(
        Router(
            route_object.name,
            rule_text,
            rule.target,
            None,
            group.entrypoints,
            (),
            tls,
            "tcp",
        )
    )


class MatchCondition(NamedTuple):
    """A path, the other matchers, and how much these count between rules of one path."""

    path: PathMatch
    rules: tuple[str, ...] = ()
    weight: int = 0


def match_conditions(
    matches: tuple[RouteMatch, ...], route: KubeObject, labels: ModelPath
) -> list[MatchCondition]:
    """Each match of a rule; without any, every request matches."""
    read_match = _grpc_condition if route.kind == "GRPCRoute" else _http_condition
    read_conditions = [
        condition for match in matches if (condition := read_match(match, route, labels))
    ]
    return read_conditions or ([] if matches else [MatchCondition(PathMatch("/"))])


def _http_condition(
    match: RouteMatch, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    kinds = ("Exact", "PathPrefix", "RegularExpression", TEXT_PREFIX)
    check_expected(match.path_kind.cursor, *kinds)
    kind = match.path_kind.take(labels) or "PathPrefix"
    path = match.path.take(labels) or "/"
    if _note_foreign(match.path_cursor, kind, path, route):
        return None
    method = match.method.take(labels)
    headers = _pair_matchers(match.headers, "Header", route, labels)
    queries = _pair_matchers(match.parameters, "Query", route, labels)
    if headers is None or queries is None:
        return None
    # The longest path counts first, then the method, then the number of headers, then that of parameters.
    weight = (50 if method else 0) + min(4, len(headers)) * 10 + min(9, len(queries))
    rules = (*((matcher_call("Method", method),) if method else ()), *headers, *queries)
    path_matches = {
        "Exact": PathMatch(path, EXACT),
        TEXT_PREFIX: PathMatch(path, TEXT_PREFIX),
        "RegularExpression": PathMatch(_whole_path(path), REGEX),
    }
    return MatchCondition(path_matches.get(kind, PathMatch(path, PREFIX)), rules, weight)


def _whole_path(pattern: str) -> str:
    """Implementations compare the whole path; Traefik looks anywhere in it."""
    return f"^(?:{pattern})$"


def _grpc_condition(
    rule_match: RouteMatch, route: KubeObject, labels: ModelPath
) -> MatchCondition | None:
    """The path of a call is `/service/method`."""
    check_expected(rule_match.method_kind.cursor, "Exact", "RegularExpression")
    kind = rule_match.method_kind.take(labels) or "Exact"
    service, method = rule_match.service.take(labels), rule_match.method.take(labels)
    match = _grpc_path(kind, service, method)
    if match.kind == REGEX and is_foreign(match.path):
        rule_match.method_cursor.note("TC283", route=str(route), pattern=match.path)
        return None
    headers = _pair_matchers(rule_match.headers, "Header", route, labels)
    return (
        None
        if headers is None
        else MatchCondition(match, headers, min(4, len(headers)) * 10)
    )


def _grpc_path(kind: str, service: str | None, method: str | None) -> PathMatch:
    if kind == "RegularExpression":
        return PathMatch(f"^/{service or '[^/]+'}/{method or '[^/]+'}$", REGEX)
    if service and method:
        return PathMatch(f"/{service}/{method}", EXACT)
    if service:
        return PathMatch(f"/{service}", PREFIX)
    return PathMatch(f"^/[^/]+/{re.escape(method)}$", REGEX) if method else PathMatch("/")


def _pair_matchers(
    conditions: tuple[RouteCondition, ...],
    matcher: str,
    route: KubeObject,
    labels: ModelPath,
) -> tuple[str, ...] | None:
    """The matchers of headers or parameters; None when one cannot be told: a rule without it would let more in."""
    matchers = []
    for condition in conditions:
        check_expected(condition.kind.cursor, "Exact", "RegularExpression")
        kind = condition.kind.take(labels) or "Exact"
        name = condition.name.take(labels) or ""
        expected_value = condition.value.take(labels) or ""
        if _note_foreign(condition.cursor, kind, expected_value, route):
            return None
        matchers.append(
            matcher_call(
                f"{matcher}Regexp" if kind == "RegularExpression" else matcher,
                name,
                expected_value,
            )
        )
    return tuple(matchers)


def _note_foreign(cursor: Cursor, kind: str, pattern: str, route: KubeObject) -> bool:
    """Whether it is a regular expression that Go cannot compile; noted."""
    if kind == "RegularExpression" and is_foreign(pattern):
        cursor.annotate("TC283", route=str(route), pattern=pattern)
        return True
    return False
