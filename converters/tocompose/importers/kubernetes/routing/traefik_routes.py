"""IngressRoute, IngressRouteTCP and IngressRouteUDP: Traefik's own routes, one to one.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.backends import (
    ReachedService,
    shared_target,
    weighted_targets,
)
from tocompose.importers.kubernetes.routing.credentials import settle_certificate
from tocompose.importers.kubernetes.routing.middlewares import (
    GROUPS,
    listed_middlewares,
    referenced_middlewares,
)
from tocompose.importers.kubernetes.routing.nginx import skip_verification
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteDomain,
    RouteRule,
    RouteTls,
    decode_traefik_route,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.routing.traefik_annotations import known_entrypoint
from tocompose.importers.kubernetes.scalars import list_entries, take_scalar
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import (
    SECURE,
    WEB,
    Middleware,
    Router,
    TraefikService,
)
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.rules import all_of

KINDS = {"IngressRoute": "http", "IngressRouteTCP": "tcp", "IngressRouteUDP": "udp"}
# Matchers of version 2 took several values, and two had other names: version 3 takes one.
_CALL = regex(
    r"(?P<name>[A-Z][A-Za-z]*)\((?P<arguments>(?:\s*(?:`[^`]*`|\"(?:[^\"\\]|\\.)*\")\s*,?)*)\)"
)
_ARGUMENT = regex(r"`[^`]*`|\"(?:[^\"\\]|\\.)*\"")
_OLD_NAMES = {"Headers": "Header", "HeadersRegexp": "HeaderRegexp"}
_PAIRS = ("Header", "HeaderRegexp", "Query", "QueryRegexp")


def ingress_routes(world: ClusterModel, proxy: ProxyBuilder) -> None:
    """Adds the routes of Traefik's own objects to the proxy, then says which of its middlewares nobody uses."""
    for kind, protocol in KINDS.items():
        for route_object in world.objects.of_kind(*(f"{kind}.{group}" for group in GROUPS)):
            _add_route(decode_traefik_route(route_object), protocol, world, proxy)


def _add_route(
    route: Route, protocol: str, world: ClusterModel, proxy: ProxyBuilder
) -> None:
    route_object = route.kube_object
    site = RouteSite(world, proxy, route_object.namespace, route_object.name)
    title = f"{route_object.title} {route_object.name}"
    reachable_rules = []

    def options_of(
        reference: RouteBackend, reached: ReachedService
    ) -> list[tuple[str, str]]:
        return sorted(_target_options(reference, reached, proxy))

    for rule in route.rules:
        targets = list(weighted_targets(rule.backends, site, title, options_of))
        if targets:
            reachable_rules.append((rule, targets))
        else:
            # Why its services cannot be reached has been said for each of them.
            rule.cursor.mark_noted("TC282")
    if not reachable_rules:
        site.note_nowhere(route_object)
        return
    proxy.begin_at(route_object.span)
    labels = reachable_rules[0][1][0][1].labels
    route_object.count_identity_as_mapped(labels)
    entrypoints = tuple(
        known_entrypoint(name)
        for entry_point in route.entrypoints
        if (name := entry_point.take(labels))
    )
    tls = _tls_options(route.tls[0], site, labels) if route.tls else None
    if tls is None and protocol == "http" and entrypoints == (SECURE,):
        # Traefik's Helm chart turns TLS on for that entry point: https://github.com/traefik/traefik-helm-chart
        tls = ()
        route.entrypoints[0].cursor.annotate(
            "TC691", subject=labels, route=site.name, name=SECURE
        )
    for rule, targets in reachable_rules:
        target = shared_target(
            [(target, weight) for target, _, weight in targets], proxy, route_object.name
        )
        _add_router(rule, target, targets[0][1], entrypoints, tls, site, protocol)


def _target_options(
    reference: RouteBackend, reached: ReachedService, proxy: ProxyBuilder
) -> Iterator[tuple[str, str]]:
    labels = reached.labels
    scheme = reference.scheme.take(labels) or reached.scheme
    if scheme and scheme != "http":
        yield "loadbalancer.server.scheme", scheme
    if scheme == "https" and not reference.transport.cursor:
        blamed = reference.scheme.cursor or reference.cursor
        yield from skip_verification(proxy, blamed, reached.kube_service.name)
    if host := reference.passes_host.take(labels):
        yield "loadbalancer.passhostheader", host
    yield from _cookie_options(reference.cookie, labels)


def _cookie_options(cookie: Cursor, labels: ModelPath) -> Iterator[tuple[str, str]]:
    for option in cookie:
        if text := take_scalar(option, labels):
            yield f"loadbalancer.sticky.cookie.{option.key.lower()}", text
    if cookie.style == "{}":
        cookie.take(to=labels)
        yield "loadbalancer.sticky.cookie", "true"


def _add_router(
    rule: RouteRule,
    target: TraefikService,
    reached: ReachedService,
    entrypoints_asked: tuple[str, ...],
    tls: tuple[tuple[str, str], ...] | None,
    site: RouteSite,
    protocol: str,
) -> None:
    labels = reached.labels if target.homes else site.proxy.labels
    stated_match = rule.matches[0].rule_text
    match_text = stated_match.take(labels) or ""
    rule.kind.cursor.skip("`Rule` is the only kind of a route")
    if (
        "{" in match_text
        and "Regexp" in match_text
        and re.search(r"`\{[\w-]+:", match_text)
    ):
        stated_match.cursor.annotate("TC283", route=site.name, pattern=match_text)
    priority = integer(rule.priority.take(labels) or "")
    middlewares = tuple(_rule_middlewares(rule.middlewares, site, labels))
    entrypoints = entrypoints_asked or ((SECURE,) if tls is not None else (WEB,))
    written = modernize_rule(match_text) if protocol != "udp" else ""
    router = Router(
        site.name, written, target, priority, entrypoints, middlewares, tls, protocol
    )
    _open_entrypoints(router, reached, site, rule.cursor)
    site.proxy.add_router(router)


def _open_entrypoints(
    router: Router, reached: ReachedService, site: RouteSite, rule: Cursor
) -> None:
    """Opens entry points of the user's own name: their ports stand in the start-up of the Traefik of the cluster."""
    for entry_name in router.entrypoints:
        port = (
            reached.homes[0].port
            if reached.homes
            and router.protocol != "http"
            and entry_name not in (WEB, SECURE)
            else None
        )
        is_open = entry_name in site.proxy.entrypoints or entry_name in (WEB, SECURE)
        guessed = site.proxy.listen_on(
            entry_name, port, "udp" if router.protocol == "udp" else "tcp", rule.span
        )
        if not is_open:
            rule.annotate(
                "TC299",
                subject=ModelPath.service(site.proxy.name),
                name=entry_name,
                port=guessed or port,
            )


def _rule_middlewares(
    references: Cursor, site: RouteSite, labels: ModelPath
) -> Iterator[Middleware]:
    named = []
    for reference in list_entries(references):
        named.append(referenced_middlewares(reference, site, labels))
        reference.map(to=labels)
    yield from listed_middlewares(named, references, site, site.name)


def _tls_options(
    tls: RouteTls, site: RouteSite, labels: ModelPath
) -> tuple[tuple[str, str], ...]:
    """The options of TLS."""
    tls_options: list[tuple[str, str]] = []
    settle_certificate(tls.secret, site, labels, None)
    if resolver := tls.resolver.take(labels):
        site.note_resolver(resolver, tls.resolver.cursor)
        tls_options.append(("certresolver", resolver))
    if (passthrough := tls.passthrough.take(labels)) is not None:
        tls_options.append(("passthrough", passthrough))
    for number, domain in enumerate(tls.domains):
        tls_options += _domain_options(domain, f"domains[{number}]", labels)
    if tls.cursor.style == "{}":
        tls.cursor.take(to=labels)
    return tuple(tls_options)


def _domain_options(
    domain: RouteDomain, option: str, labels: ModelPath
) -> Iterator[tuple[str, str]]:
    if main := domain.main.take(labels):
        yield f"{option}.main", main
    alternatives = [name.take(labels) for name in domain.alternatives]
    if names := [name for name in alternatives if name]:
        yield f"{option}.sans", ",".join(names)


def modernize_rule(rule: str) -> str:
    """A rule in the words of version 3: one value a matcher."""
    return _CALL.sub(_modern_call, rule) if rule else all_of(())


def _modern_call(match: re.Match[str]) -> str:
    name = _OLD_NAMES.get(match["name"], match["name"])
    arguments: list[str] = _ARGUMENT.findall(match["arguments"])
    if name == "Query" and all("=" in argument for argument in arguments):
        arguments = list(chain.from_iterable(map(_split_query, arguments)))
    if name in _PAIRS:
        pairs = zip_longest(arguments[::2], arguments[1::2])
        return _joined_calls(name, (", ".join(filter(None, pair)) for pair in pairs), "&&")
    return _joined_calls(name, arguments, "||")


def _joined_calls(name: str, arguments: Iterable[str], operator: str) -> str:
    calls = [f"{name}({argument})" for argument in arguments]
    return f"({f' {operator} '.join(calls)})" if len(calls) > 1 else "".join(calls)


def _split_query(argument: str) -> tuple[str, str]:
    quote = argument[0]
    key, _, text = argument[1:-1].partition("=")
    return f"{quote}{key}{quote}", f"{quote}{text}{quote}"
