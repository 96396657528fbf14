"""Ingresses: each path of each host becomes a Traefik router that leads to the containers of its Service.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing import nginx, traefik_annotations
from tocompose.importers.kubernetes.routing.annotations import (
    Annotations,
    check_expected,
    settle_unread,
)
from tocompose.importers.kubernetes.routing.backends import (
    ReachedService,
    reach_backend,
    traefik_target,
)
from tocompose.importers.kubernetes.routing.credentials import SecuredHosts, secured_hosts
from tocompose.importers.kubernetes.routing.nginx import AnnotationEffect
from tocompose.importers.kubernetes.routing.nginx_servers import (
    NginxServers,
    declared_controller,
    nginx_servers,
)
from tocompose.importers.kubernetes.routing.route_fields import (
    Route,
    RouteBackend,
    RouteMatch,
    RouteRule,
    decode_ingress,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.routing.traefik_annotations import RouterWishes
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import (
    SECURE,
    WEB,
    Middleware,
    RouteClaim,
    Router,
    TraefikService,
)
from tocompose.traefik.proxy_builder import ProxyBuilder
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
    """One path of one host, and the containers that it leads to; `match` is None for a default backend."""

    host: Stated | None
    reached: ReachedService
    match: RouteMatch | None

    @property
    def hostname(self) -> str:
        """The host; empty for every host."""
        return (self.host.text or "") if self.host else ""


def add_ingress_routes(world: ClusterModel, proxy: ProxyBuilder) -> None:
    """Adds the routes of every Ingress to the proxy."""
    routes = tuple(map(decode_ingress, world.objects.of_kind("Ingress")))
    servers = nginx_servers(routes, world)
    for route in routes:
        _add_ingress(route, world, proxy, servers)


def _add_ingress(
    route: Route, world: ClusterModel, proxy: ProxyBuilder, servers: NginxServers
) -> None:
    ingress = route.kube_object
    site = RouteSite(world, proxy, ingress.namespace, ingress.name, ingress.age)
    paths = [*_rule_paths(route, site), *_default_path(route, site)]
    if not paths:
        site.note_nowhere(ingress)
        return
    proxy.begin_at(ingress.span)
    labels = paths[0].reached.labels
    ingress.count_identity_as_mapped(labels)
    controller = _controller_kind(route, site, labels)
    annotations = ingress.at("metadata", "annotations")
    nginx_annotations = Annotations(annotations, nginx.PREFIX, labels)
    effect = nginx.read_effect(nginx_annotations, site)
    wishes = traefik_annotations.router_wishes(annotations, site, labels)
    tls = secured_hosts(
        route.tls,
        site,
        labels,
        managed=_certificate_annotation(annotations),
    )
    nginx_like = controller in ("", "nginx")
    if nginx_like:
        tls = tls._replace(hosts=tls.hosts | servers.secured_hosts)
    for path in paths:
        has_patterns = effect.regex or (
            nginx_like and path.hostname in servers.pattern_hosts
        )
        path_effect = effect._replace(regex=has_patterns)
        _add_routers(path, site, path_effect, wishes, tls, nginx_like=nginx_like)
    settle_unread(annotations, f"Ingress {ingress.name}", labels.parent)


def _controller_kind(route: Route, site: RouteSite, labels: ModelPath) -> str:
    """The controller that the Ingress is meant for; a note for one whose own annotations mean nothing here."""
    name = route.class_name.take(labels)
    if name is None:
        return ""
    site.proxy.add_class(name)
    controller = declared_controller(name, site.model) or name
    for kind in ("nginx", "traefik"):
        if kind in controller:
            return kind
    title = f"Ingress {route.kube_object.name}"
    route.class_name.cursor.annotate("TC281", route=title, controller=name)
    return controller


def _certificate_annotation(annotations: Cursor) -> Cursor | None:
    """The annotation that asks a certificate manager for the certificate."""
    names = (
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "kubernetes.io/tls-acme",
    )
    return next((annotations.at(name) for name in names if annotations.at(name)), None)


def _rule_paths(route: Route, site: RouteSite) -> Iterator[IngressPath]:
    for _, entry_rules in groupby(route.rules, key=lambda rule: id(rule.entry)):
        rules = tuple(entry_rules)
        for rule in rules:
            yield from _rule_path(rule, route, site)
        host, with_paths = rules[0].host.cursor, [rule for rule in rules if rule.matches]
        if host.unread() and not any(rule.cursor.unread() for rule in with_paths):
            host.mark_noted("TC282")


def _rule_path(rule: RouteRule, route: Route, site: RouteSite) -> Iterator[IngressPath]:
    """The path of a rule; a rule without one leads all of its host to the default backend."""
    if not rule.matches and not rule.host.text:
        return
    match = rule.matches[0] if rule.matches else None
    path = (match.path.text or "/") if match else ""
    title = f"Ingress {route.kube_object.name}, {rule.host.text or ''}{path}"
    if reached := _reach_backend(rule.backends[0], site, rule.cursor, title):
        yield IngressPath(rule.host, reached, match)


def _default_path(route: Route, site: RouteSite) -> Iterator[IngressPath]:
    """What takes the requests that no rule matches."""
    cursor = route.default_backend.cursor
    if cursor:
        title = f"Ingress {route.kube_object.name}, default backend"
        if reached := _reach_backend(route.default_backend, site, cursor, title):
            yield IngressPath(None, reached, None)


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


def _add_routers(
    path: IngressPath,
    site: RouteSite,
    effect: AnnotationEffect,
    wishes: RouterWishes,
    tls: SecuredHosts,
    *,
    nginx_like: bool,
) -> None:
    """The routers of one path: on both entry points, or on the secure one with a redirect to it."""
    labels, proxy = path.reached.labels, site.proxy
    if path.host is not None:
        path.host.cursor.take(to=labels)
    match, middlewares = _path_match(path, site, effect, labels)
    if match is None:
        return
    names = (path.hostname, *effect.aliases) if path.hostname else ()
    rule = all_of((hosts_matcher(names), match.rule))
    catches_all = path.match is None and not path.hostname
    rank = 1 if catches_all else wishes.priority or rule_priority(names, match)
    leads_to = _router_target(path, proxy, effect.target)
    all_middlewares = (*effect.middlewares, *wishes.middlewares, *middlewares)
    claim = RouteClaim(site.age, (site.namespace, site.name), names, match)
    router = Router(
        path.reached.kube_service.name,
        rule,
        leads_to,
        rank,
        (WEB,),
        all_middlewares,
        claim=None if wishes.priority else claim,
    )
    if wishes.entrypoints or wishes.tls is not None:
        proxy.add_router(_as_wished(router, wishes))
        return
    _add_both_entrypoints(
        router, path.hostname, proxy, effect, tls, site, nginx_like=nginx_like
    )


def _as_wished(router: Router, wishes: RouterWishes) -> Router:
    """The router on the entry points, and with the TLS, that Traefik's own annotations ask for."""
    if wishes.tls is not None:
        return router._replace(entrypoints=wishes.entrypoints or (SECURE,), tls=wishes.tls)
    secure_only = wishes.entrypoints == (SECURE,)
    return router._replace(entrypoints=wishes.entrypoints, tls=() if secure_only else None)


def _add_both_entrypoints(
    router: Router,
    host: str,
    proxy: ProxyBuilder,
    effect: AnnotationEffect,
    tls: SecuredHosts,
    site: RouteSite,
    *,
    nginx_like: bool,
) -> None:
    """ingress-nginx sends plain requests to https where the host has a certificate, unless told not to."""
    covered = tls.covers(host)
    redirect_asked = nginx_like if effect.ssl_redirect is None else effect.ssl_redirect
    redirect = effect.force_ssl or (covered and redirect_asked)
    if not covered and not effect.force_ssl:
        proxy.add_router(router)
        return
    proxy.add_router(router._replace(entrypoints=(SECURE,), tls=()))
    if redirect:
        secure = site.middleware("redirectscheme", {"scheme": "https", "permanent": "true"})
        proxy.add_router(router._replace(name=f"{router.name}-http", middlewares=(secure,)))
    else:
        proxy.add_router(router._replace(name=f"{router.name}-http"))


def _path_match(
    path: IngressPath, site: RouteSite, effect: AnnotationEffect, labels: ModelPath
) -> tuple[PathMatch | None, tuple[Middleware, ...]]:
    """The path as a matcher, and the rewriting that belongs to it."""
    match = path.match
    if match is None:
        return PathMatch("/"), ()
    path_text = match.path.take(labels) or "/"
    kind = match.path_kind.take(labels) or ""
    if not kind and match.cursor.at("backend", "service"):
        match.cursor.annotate("TC277", route=f"Ingress {site.name}", path=path_text)
    check_expected(match.path_kind.cursor, EXACT, PREFIX, "ImplementationSpecific")
    if not effect.regex:
        return _plain_match(path_text, kind), ()
    pattern = "(?i)^" + path_text
    if is_foreign(path_text):
        match.cursor.note("TC283", route=f"Ingress {site.name}", pattern=path_text)
        return None, ()
    rewritten: tuple[Middleware, ...] = ()
    if effect.rewrite and nginx.needs_rewrite(path_text, effect.rewrite):
        rewritten = (nginx.rewrite_path(site, pattern, effect.rewrite),)
    return PathMatch(pattern, REGEX), rewritten


def _plain_match(path_text: str, kind: str) -> PathMatch:
    if kind == "ImplementationSpecific" and path_text.endswith("/*"):
        # The load balancers of GKE and AWS write a prefix so.
        return PathMatch(path_text.removesuffix("*"))
    return PathMatch(
        path_text if path_text.startswith("/") else f"/{path_text}",
        EXACT if kind == EXACT else PREFIX,
    )


def _router_target(
    path: IngressPath, proxy: ProxyBuilder, options: tuple[tuple[str, str], ...]
) -> TraefikService:
    reached = path.reached
    target_options = dict(options)
    if reached.scheme and "loadbalancer.server.scheme" not in target_options:
        reached.protocol.cursor.take(to=reached.labels)
        target_options["loadbalancer.server.scheme"] = reached.scheme
        if reached.scheme == "https":
            target_options |= dict(
                nginx.skip_verification(
                    proxy, reached.protocol.cursor, reached.kube_service.name
                )
            )
    target_options.update(traefik_annotations.service_options(reached))
    return traefik_target(reached, proxy, tuple(sorted(target_options.items())))
