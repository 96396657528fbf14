"""IngressRoute, IngressRouteTCP and IngressRouteUDP: Traefik's own routes, one to one.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from tocompose.importers.kubernetes.routing.backends import (
    SCHEME,
    ReachedBackend,
    ReachedService,
    reached_backends,
    shared_servers,
)
from tocompose.importers.kubernetes.routing.credentials import secret_certificate
from tocompose.importers.kubernetes.routing.middleware_fields import traefik_objects
from tocompose.importers.kubernetes.routing.middlewares import (
    listed_middlewares,
    referenced_middlewares,
)
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteDomain,
    RouteRule,
    RouteTls,
    decode_traefik_route,
)
from tocompose.importers.kubernetes.routing.site import (
    RouteSite,
    RoutingModel,
    route_site,
    route_title,
)
from tocompose.importers.kubernetes.routing.traefik_annotations import known_entrypoint
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import SECURE, WEB
from tocompose.traefik.proxy_parts import (
    UNCHECKED,
    ContainerServers,
    ProxyPart,
    RouteOrigin,
    ServerOptions,
    UncheckedServers,
    UnknownResolver,
    WantedEntryPoint,
    WantedMiddleware,
    WantedRouter,
)
from tocompose.traefik.rules import all_of

KINDS = {"IngressRoute": "http", "IngressRouteTCP": "tcp", "IngressRouteUDP": "udp"}
# Matchers of version 2 took several values, and two had other names: version 3 takes one.
_CALL = regex(
    r"(?P<name>[A-Z][A-Za-z]*)\((?P<arguments>(?:\s*(?:`[^`]*`|\"(?:[^\"\\]|\\.)*\")\s*,?)*)\)"
)
_ARGUMENT = regex(r"`[^`]*`|\"(?:[^\"\\]|\\.)*\"")
# How version 2 names a part of a host: `{sub:[a-z]+}.example.com`.
_OLD_PATTERN = regex(r"`\{[\w-]+:")
_OLD_NAMES = {"Headers": "Header", "HeadersRegexp": "HeaderRegexp"}
_PAIRS = ("Header", "HeaderRegexp", "Query", "QueryRegexp")


class ReachedRoute(NamedTuple):
    """One rule of a route, with what it leads to."""

    rule: RouteRule
    backends: list[ReachedBackend]


class RouteTerms(NamedTuple):
    """What holds for all rules of a route."""

    site: RouteSite
    protocol: str
    entrypoints: tuple[str, ...]
    tls: tuple[tuple[str, str], ...] | None


def traefik_parts(model: RoutingModel) -> Iterator[ProxyPart]:
    """What the routes of Traefik's own objects ask of the proxy."""
    for kind, protocol in KINDS.items():
        for route_object in traefik_objects(model.cluster.objects, kind):
            site = route_site(model, route_object)
            yield from _route_parts(decode_traefik_route(route_object), protocol, site)


def _route_parts(route: Route, protocol: str, site: RouteSite) -> Iterator[ProxyPart]:
    route_object = route.kube_object
    reached_routes = list(_reached_routes(route, site))
    if not reached_routes:
        site.note_nowhere(route)
        return
    yield RouteOrigin(route_object.span)
    labels = reached_routes[0].backends[0].reached.labels
    route_object.count_identity_as_mapped(labels)
    for tls in route.tls:
        yield from _tls_parts(tls, site, labels)
    terms = _route_terms(route, protocol, site, labels)
    for reached_route in reached_routes:
        yield from _rule_parts(reached_route, terms)


def _reached_routes(route: Route, site: RouteSite) -> Iterator[ReachedRoute]:
    for rule in route.rules:
        title = route_title(route, rule)
        backends = list(reached_backends(rule.backends, site, title, _server_options))
        if backends:
            yield ReachedRoute(rule, backends)
        elif not rule.backends:
            rule.cursor.note("TC282", route=title, why="it names no backend")
        else:
            # Why its services cannot be reached has been said for each of them.
            rule.cursor.mark_noted("TC282")


def _route_terms(
    route: Route, protocol: str, site: RouteSite, labels: ModelPath
) -> RouteTerms:
    names = (entry_point.take(labels) for entry_point in route.entrypoints)
    entrypoints = tuple(known_entrypoint(name) for name in names if name)
    tls = _tls_options(route.tls[0], labels) if route.tls else None
    if tls is None and protocol == "http" and entrypoints == (SECURE,):
        # Traefik's Helm chart turns TLS on for that entry point: https://github.com/traefik/traefik-helm-chart
        tls = ()
        route.entrypoints[0].cursor.annotate(
            "TC691", subject=labels, route=site.name, name=SECURE
        )
    usual_entrypoint = WEB if tls is None else SECURE
    return RouteTerms(site, protocol, entrypoints or (usual_entrypoint,), tls)


def _server_options(reference: RouteBackend, reached: ReachedService) -> ServerOptions:
    labels, options, unchecked = reached.labels, dict[str, str](), None
    scheme = reference.scheme.take(labels) or reached.scheme
    if scheme and scheme != "http":
        options[SCHEME] = scheme
    if scheme == "https" and not reference.transport.cursor:
        options |= dict(UNCHECKED)
        blamed = reference.scheme.cursor or reference.cursor
        unchecked = UncheckedServers(reached.kube_service.name, blamed)
    if host := reference.passes_host.take(labels):
        options["loadbalancer.passhostheader"] = host
    options |= _cookie_options(reference, labels)
    return ServerOptions(tuple(sorted(options.items())), unchecked)


def _cookie_options(
    reference: RouteBackend, labels: ModelPath
) -> Iterator[tuple[str, str]]:
    for name, option in reference.cookie_options.items():
        if text := option.take(labels):
            yield f"loadbalancer.sticky.cookie.{name.lower()}", text
    if reference.cookie.style == "{}":
        reference.cookie.take(to=labels)
        yield "loadbalancer.sticky.cookie", "true"


def _rule_parts(reached_route: ReachedRoute, terms: RouteTerms) -> Iterator[ProxyPart]:
    rule, backends = reached_route
    site, protocol = terms.site, terms.protocol
    target = shared_servers(backends, site.name)
    is_labelled = isinstance(target, ContainerServers)
    proxy_labels = site.model.proxy_path("labels")
    labels = backends[0].reached.labels if is_labelled else proxy_labels
    match_text = _match_text(rule, site, labels)
    router = WantedRouter(
        site.name,
        modernize_rule(match_text) if protocol != "udp" else "",
        target,
        integer(rule.priority.take(labels) or ""),
        terms.entrypoints,
        tuple(_rule_middlewares(rule, site, labels)),
        terms.tls,
        protocol,
    )
    yield from _entry_points(router, backends[0].reached, rule)
    yield router


def _match_text(rule: RouteRule, site: RouteSite, labels: ModelPath) -> str:
    stated_match = rule.matches[0].rule_text
    match_text = stated_match.take(labels) or ""
    rule.kind.cursor.skip("`Rule` is the only kind of a route")
    if "Regexp" in match_text and _OLD_PATTERN.search(match_text):
        stated_match.cursor.annotate("TC283", route=site.name, pattern=match_text)
    return match_text


def _entry_points(
    router: WantedRouter, reached: ReachedService, rule: RouteRule
) -> Iterator[WantedEntryPoint]:
    """Entry points of the user's own name: their ports stand in the start-up of the Traefik of the cluster."""
    transport = "udp" if router.protocol == "udp" else "tcp"
    is_stream = router.protocol != "http"
    port = reached.homes[0].port if reached.homes and is_stream else None
    for name in router.entrypoints:
        own_port = None if name in (WEB, SECURE) else port
        yield WantedEntryPoint(
            name, own_port, transport, rule.cursor.span, asked_at=rule.cursor
        )


def _rule_middlewares(
    rule: RouteRule, site: RouteSite, labels: ModelPath
) -> Iterator[WantedMiddleware]:
    named = []
    for reference in rule.middlewares:
        named.append(referenced_middlewares(reference, site, labels))
        reference.cursor.map(to=labels)
    yield from listed_middlewares(named, rule.middlewares_at, site.name)


def _tls_parts(tls: RouteTls, site: RouteSite, labels: ModelPath) -> Iterator[ProxyPart]:
    """The certificate of a route, and its resolver."""
    yield from secret_certificate(tls.secret, site, labels)
    if tls.resolver.text:
        yield UnknownResolver(tls.resolver.text, tls.resolver.cursor)


def _tls_options(tls: RouteTls, labels: ModelPath) -> tuple[tuple[str, str], ...]:
    """The options of TLS."""
    tls_options: list[tuple[str, str]] = []
    if resolver := tls.resolver.take(labels):
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
