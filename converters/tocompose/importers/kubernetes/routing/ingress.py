"""Ingresses: each path of each host becomes a Traefik router that leads to the containers of its Service.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tocompose.importers.kubernetes.routing import nginx, traefik_annotations
from tocompose.importers.kubernetes.routing.annotations import (
    Annotations,
    check_expected,
    settle_unread,
)
from tocompose.importers.kubernetes.routing.backends import (
    SCHEME,
    ReachedService,
    reach_backend,
    reached_servers,
)
from tocompose.importers.kubernetes.routing.credentials import (
    SecuredHosts,
    ingress_certificates,
    secured_hosts,
)
from tocompose.importers.kubernetes.routing.nginx import AnnotationEffect
from tocompose.importers.kubernetes.routing.nginx_servers import (
    NginxServers,
    controller_name,
    nginx_servers,
)
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteMatch,
    RouteRule,
    decode_ingress,
)
from tocompose.importers.kubernetes.routing.site import (
    RouteSite,
    RoutingModel,
    route_site,
)
from tocompose.importers.kubernetes.routing.traefik_annotations import RouterWishes
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import SECURE, WEB, RouteClaim
from tocompose.traefik.proxy_parts import (
    UNCHECKED,
    ProxyPart,
    ReplacedController,
    RouteOrigin,
    ServerOptions,
    UncheckedServers,
    WantedMiddleware,
    WantedRouter,
)
from tocompose.traefik.rules import (
    EXACT,
    PREFIX,
    REGEX,
    PathMatch,
    all_of,
    hosts_matcher,
    is_foreign,
    rule_priority,
)


class IngressPath(NamedTuple):
    """One path of one host, and the containers that it leads to; `match` is None for a default backend.

    `is_typed` says that it is written in the form of networking.k8s.io/v1, which asks for the type of a path.
    """

    host: Stated | None
    reached: ReachedService
    match: RouteMatch | None = None
    is_typed: bool = False

    @property
    def hostname(self) -> str:
        """The host; empty for every host."""
        return (self.host.text or "") if self.host else ""


class IngressTerms(NamedTuple):
    """What holds for all paths of an Ingress; `pattern_hosts` are hosts of which all paths are regular expressions."""

    site: RouteSite
    effect: AnnotationEffect
    wishes: RouterWishes
    tls: SecuredHosts
    pattern_hosts: frozenset[str]
    is_nginx_like: bool

    @property
    def middlewares(self) -> tuple[WantedMiddleware, ...]:
        """The middlewares that all requests pass."""
        return (*self.effect.middlewares, *self.wishes.middlewares)


def ingress_parts(model: RoutingModel) -> Iterator[ProxyPart]:
    """What the routes of every Ingress ask of the proxy."""
    routes = tuple(map(decode_ingress, model.cluster.objects.of_kind("Ingress")))
    servers = nginx_servers(routes, model.controllers)
    for route in routes:
        yield from _route_parts(route, servers, route_site(model, route.kube_object))


def _route_parts(
    route: Route, servers: NginxServers, site: RouteSite
) -> Iterator[ProxyPart]:
    ingress = route.kube_object
    patterns = _pattern_hosts(route, servers, site)
    paths = [*_rule_paths(route, site, patterns), *_default_path(route, site)]
    if not paths:
        site.note_nowhere(route)
        return
    labels = paths[0].reached.labels
    yield RouteOrigin(ingress.span)
    ingress.count_identity_as_mapped(labels)
    if class_name := route.class_name.take(labels):
        yield ReplacedController(class_name)
    terms = _ingress_terms(route, servers, site, labels)
    wishes = Annotations(route.annotations, traefik_annotations.PREFIX, labels)
    yield from traefik_annotations.wished_parts(wishes, terms.wishes)
    for middleware in terms.middlewares:
        # Also where no path can be told: what is said of a file is true of one that is written.
        yield from middleware.needs
    managed = _certificate_annotation(route)
    yield from ingress_certificates(route.tls, site, labels, managed)
    for path in paths:
        yield from _path_routers(path, terms)
    settle_unread(route.annotations, f"Ingress {ingress.name}", labels.parent)


def _pattern_hosts(route: Route, servers: NginxServers, site: RouteSite) -> frozenset[str]:
    """The hosts of the Ingress of which nginx reads each path as a regular expression."""
    if route.annotations.stated(f"{nginx.PREFIX}/use-regex").text == "true":
        return frozenset(rule.host.text or "" for rule in route.rules)
    controller = controller_name(route, site.model.controllers) or "nginx"
    return servers.pattern_hosts if "nginx" in controller else frozenset()


def _ingress_terms(
    route: Route, servers: NginxServers, site: RouteSite, labels: ModelPath
) -> IngressTerms:
    controller = _controller_kind(route, site.model)
    effect = nginx.read_effect(Annotations(route.annotations, nginx.PREFIX, labels), site)
    wishes = traefik_annotations.router_wishes(
        Annotations(route.annotations, traefik_annotations.PREFIX, labels), site
    )
    tls = secured_hosts(route.tls)
    if controller not in ("", "nginx"):
        return IngressTerms(site, effect, wishes, tls, frozenset(), is_nginx_like=False)
    tls = tls._replace(hosts=tls.hosts | servers.secured_hosts)
    return IngressTerms(
        site, effect, wishes, tls, servers.pattern_hosts, is_nginx_like=True
    )


def _controller_kind(route: Route, model: RoutingModel) -> str:
    """The controller that the Ingress is meant for; a note for one whose own annotations mean nothing here."""
    name, controller = route.class_name.text, controller_name(route, model.controllers)
    if name is None or controller is None:
        return ""
    for kind in ("nginx", "traefik"):
        if kind in controller:
            return kind
    title = f"Ingress {route.kube_object.name}"
    carried = "hosts and paths were" if route.rules else "default backend was"
    route.class_name.cursor.annotate("TC281", route=title, controller=name, carried=carried)
    return controller


def _certificate_annotation(route: Route) -> Stated | None:
    """The annotation that asks a certificate manager for the certificate."""
    stated_annotations = map(
        route.annotations.stated,
        (
            "cert-manager.io/cluster-issuer",
            "cert-manager.io/issuer",
            "kubernetes.io/tls-acme",
        ),
    )
    return next((asking for asking in stated_annotations if asking.cursor), None)


def _rule_paths(
    route: Route, site: RouteSite, patterns: frozenset[str]
) -> Iterator[IngressPath]:
    """The paths of the rules; of the hosts in `patterns` those that a rule of Traefik can tell."""
    for _, entry_rules in groupby(route.rules, key=lambda rule: id(rule.entry)):
        rules = tuple(entry_rules)
        for rule in rules:
            yield from _rule_path(rule, route, site, patterns)
        host, with_paths = rules[0].host.cursor, [rule for rule in rules if rule.matches]
        if host.unread() and not any(rule.cursor.unread() for rule in with_paths):
            host.mark_noted("TC282")


def _rule_path(
    rule: RouteRule, route: Route, site: RouteSite, patterns: frozenset[str]
) -> Iterator[IngressPath]:
    """The path of a rule; a rule without one leads all of its host to the default backend."""
    if not rule.matches and not rule.host.text:
        return
    match = rule.matches[0] if rule.matches else None
    path = (match.path.text or "/") if match else ""
    title = f"Ingress {route.kube_object.name}, {rule.host.text or ''}{path}"
    if (rule.host.text or "") in patterns and is_foreign(path):
        _note_pattern(rule, title, path)
        return
    if reached := _reach_backend(rule.backends[0], site, rule.cursor, title):
        is_typed = bool(rule.backends[0].service)
        yield IngressPath(rule.host, reached, match, is_typed)


def _note_pattern(rule: RouteRule, title: str, pattern: str) -> None:
    """Says that no rule of Traefik can tell a path, and where it led."""
    backend = rule.backends[0]
    target = f"{backend.name.text or 'nothing'}:{backend.port.text or '?'}"
    rule.cursor.note("TC283", route=f"{title} to {target}", pattern=pattern)


def _default_path(route: Route, site: RouteSite) -> Iterator[IngressPath]:
    """What takes the requests that no rule matches."""
    cursor = route.default_backend.cursor
    if cursor:
        title = f"Ingress {route.kube_object.name}, default backend"
        if reached := _reach_backend(route.default_backend, site, cursor, title):
            yield IngressPath(None, reached)


def _reach_backend(
    backend: RouteBackend, site: RouteSite, blame: Cursor, route: str
) -> ReachedService | None:
    """The containers of a backend."""
    if backend.resource:
        blame.note(
            "TC282",
            route=route,
            why="its backend is a resource, which only its controller can serve",
        )
        return None
    name = backend.name.text
    if name is None:
        blame.note("TC282", route=route, why="it names no backend")
        return None
    reached = reach_backend(site, site.namespace, name, backend.port.text, blame, route)
    if reached:
        backend.name.cursor.take(to=reached.labels)
        backend.port.cursor.take(to=reached.labels)
        if backend.second_port:
            backend.second_port.cursor.skip("the number of the port is given as well")
    return reached


def _path_routers(path: IngressPath, terms: IngressTerms) -> Iterator[WantedRouter]:
    """The routers of one path: on both entry points, or on the secure one with a redirect to it."""
    effect, wishes, site = terms.effect, terms.wishes, terms.site
    if path.host is not None:
        path.host.cursor.take(to=path.reached.labels)
    match = _path_match(path, terms)
    path.reached.count_address_as_mapped()
    names = (path.hostname, *effect.aliases) if path.hostname else ()
    catches_all = path.match is None and not path.hostname
    rank = 1 if catches_all else wishes.priority or rule_priority(names, match)
    claim = RouteClaim(site.age, (site.namespace, site.name), names, match)
    router = WantedRouter(
        path.reached.kube_service.name,
        all_of((hosts_matcher(names), match.rule)),
        reached_servers(path.reached, _server_options(path.reached, effect.servers)),
        rank,
        (WEB,),
        (*terms.middlewares, *_rewriting(match, path, terms)),
        claim=None if wishes.priority else claim,
    )
    if wishes.entrypoints or wishes.tls is not None:
        yield _as_wished(router, wishes)
    else:
        yield from _on_both_entrypoints(router, path.hostname, terms)


def _as_wished(router: WantedRouter, wishes: RouterWishes) -> WantedRouter:
    """The router on the entry points, and with the TLS, that Traefik's own annotations ask for."""
    if wishes.tls is not None:
        return router._replace(entrypoints=wishes.entrypoints or (SECURE,), tls=wishes.tls)
    secure_only = wishes.entrypoints == (SECURE,)
    return router._replace(entrypoints=wishes.entrypoints, tls=() if secure_only else None)


def _on_both_entrypoints(
    router: WantedRouter, host: str, terms: IngressTerms
) -> Iterator[WantedRouter]:
    """ingress-nginx sends plain requests to https where the host has a certificate, unless told not to."""
    effect, is_covered = terms.effect, terms.tls.covers(host)
    asks_redirect = effect.ssl_redirect
    if asks_redirect is None:
        asks_redirect = terms.is_nginx_like
    if not is_covered and not effect.force_ssl:
        yield router
        return
    yield router._replace(entrypoints=(SECURE,), tls=())
    plain_router = router._replace(name=f"{router.name}-http")
    if effect.force_ssl or asks_redirect:
        to_https = {"scheme": "https", "permanent": "true"}
        redirect = terms.site.middleware("redirectscheme", to_https)
        plain_router = plain_router._replace(middlewares=(redirect,))
    yield plain_router


def _path_match(path: IngressPath, terms: IngressTerms) -> PathMatch:
    """The path as a matcher."""
    match, labels, site = path.match, path.reached.labels, terms.site
    if match is None:
        return PathMatch("/")
    path_text = match.path.take(labels) or "/"
    kind = match.path_kind.take(labels) or ""
    if not kind and path.is_typed:
        match.cursor.annotate("TC277", route=f"Ingress {site.name}", path=path_text)
    check_expected(match.path_kind, EXACT, PREFIX, "ImplementationSpecific")
    if not terms.effect.regex and path.hostname not in terms.pattern_hosts:
        return _plain_match(path_text, kind)
    return PathMatch("(?i)^" + path_text, REGEX)


def _rewriting(
    match: PathMatch, path: IngressPath, terms: IngressTerms
) -> Iterator[WantedMiddleware]:
    """What gives requests of a pattern another path."""
    target = terms.effect.rewrite
    if match.kind != REGEX or path.match is None or not target:
        return
    if nginx.needs_rewrite(path.match.path.text or "/", target):
        yield nginx.rewrite_path(terms.site, match.path, target)


def _plain_match(path_text: str, kind: str) -> PathMatch:
    if kind == "ImplementationSpecific" and path_text.endswith("/*"):
        # The load balancers of GKE and AWS write a prefix so.
        return PathMatch(path_text.removesuffix("*"))
    return PathMatch(
        path_text if path_text.startswith("/") else f"/{path_text}",
        EXACT if kind == EXACT else PREFIX,
    )


def _server_options(reached: ReachedService, shared: ServerOptions) -> ServerOptions:
    """How the servers are spoken to: what the Ingress says of all, else what their Service says."""
    options, unchecked = dict(shared.pairs), shared.unchecked
    if reached.scheme and SCHEME not in options:
        reached.protocol.take(reached.labels)
        options[SCHEME] = reached.scheme
        if reached.scheme == "https":
            options |= dict(UNCHECKED)
            service_name = reached.kube_service.name
            unchecked = UncheckedServers(service_name, reached.protocol.cursor)
    options.update(traefik_annotations.service_options(reached))
    return ServerOptions(tuple(sorted(options.items())), unchecked)
