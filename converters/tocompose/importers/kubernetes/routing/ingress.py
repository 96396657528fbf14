"""Ingresses: each path of each host becomes a Traefik router that leads to the containers of its Service.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
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
    CLASS_ANNOTATION,
    NginxServers,
    declared_controller,
    nginx_servers,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.routing.traefik_annotations import RouterWishes
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import (
    SECURE,
    WEB,
    Middleware,
    Proxy,
    RouteClaim,
    Router,
    TraefikService,
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
    """One path of one host, and the containers that it leads to; `cursor` is None for a default backend."""

    host: str
    reached: ReachedService
    cursor: Cursor | None
    rule: Cursor | None


def add_ingress_routes(world: ClusterModel, proxy: Proxy) -> None:
    """Adds the routes of every Ingress to the proxy."""
    servers = nginx_servers(world)
    for ingress in world.objects.of_kind("Ingress"):
        _add_ingress(ingress, world, proxy, servers)


def _add_ingress(
    ingress: KubeObject, world: ClusterModel, proxy: Proxy, servers: NginxServers
) -> None:
    spec, route = ingress.at("spec"), f"Ingress {ingress.name}"
    site = RouteSite(world, proxy, ingress.namespace, ingress.name, ingress.age)
    paths = [*_rule_paths(ingress, site), *_default_path(ingress, site)]
    if not paths:
        site.note_nowhere(ingress)
        return
    proxy.origin = proxy.origin or ingress.span
    labels = paths[0].reached.labels
    ingress.count_identity_as_mapped(labels)
    controller = _controller_kind(ingress, site, labels)
    annotations = ingress.at("metadata", "annotations")
    nginx_annotations = Annotations(annotations, nginx.PREFIX, labels)
    effect = nginx.read_effect(nginx_annotations, site)
    wishes = traefik_annotations.router_wishes(annotations, site, labels)
    tls = secured_hosts(
        list_entries(spec.at("tls")),
        site,
        labels,
        managed=_certificate_annotation(annotations),
    )
    nginx_like = controller in ("", "nginx")
    if nginx_like:
        tls = tls._replace(hosts=tls.hosts | servers.secured_hosts)
    for path in paths:
        has_patterns = effect.regex or (nginx_like and path.host in servers.pattern_hosts)
        path_effect = effect._replace(regex=has_patterns)
        _add_routers(path, site, path_effect, wishes, tls, nginx_like=nginx_like)
    settle_unread(annotations, route, labels.parent)


def _controller_kind(ingress: KubeObject, site: RouteSite, labels: ModelPath) -> str:
    """The controller that the Ingress is meant for; a note for one whose own annotations mean nothing here."""
    class_field = ingress.at("spec", "ingressClassName")
    class_annotation = ingress.at("metadata", "annotations", CLASS_ANNOTATION)
    name = take_scalar(class_field, labels) or take_scalar(class_annotation, labels)
    if name is None:
        return ""
    site.proxy.classes[name] = None
    controller = declared_controller(name, site.model) or name
    for kind in ("nginx", "traefik"):
        if kind in controller:
            return kind
    cursor = class_field or class_annotation
    cursor.annotate("TC281", route=f"Ingress {ingress.name}", controller=name)
    return controller


def _certificate_annotation(annotations: Cursor) -> Cursor | None:
    """The annotation that asks a certificate manager for the certificate."""
    names = (
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "kubernetes.io/tls-acme",
    )
    return next((annotations.at(name) for name in names if annotations.at(name)), None)


def _rule_paths(ingress: KubeObject, site: RouteSite) -> Iterator[IngressPath]:
    for rule in list_entries(ingress.at("spec", "rules")):
        host = peek_text(rule.at("host")) or ""
        route = f"Ingress {ingress.name}, {host}"
        path_cursors = list(list_entries(rule.at("http", "paths")))
        for cursor in path_cursors:
            path_route = f"{route}{peek_text(cursor.at('path')) or '/'}"
            backend = cursor.at("backend")
            if reached := _reach_backend(backend, ingress, site, cursor, path_route):
                yield IngressPath(host, reached, cursor, rule)
        if not path_cursors and host:
            backend = _default_cursor(ingress)
            if reached := _reach_backend(backend, ingress, site, rule, route):
                yield IngressPath(host, reached, None, rule)
        if rule.at("host").unread() and not any(cursor.unread() for cursor in path_cursors):
            rule.at("host").mark_noted("TC282")


def _default_path(ingress: KubeObject, site: RouteSite) -> Iterator[IngressPath]:
    """What takes the requests that no rule matches."""
    cursor = _default_cursor(ingress)
    if cursor:
        reached = _reach_backend(
            cursor, ingress, site, cursor, f"Ingress {ingress.name}, default backend"
        )
        if reached:
            yield IngressPath("", reached, None, None)


def _default_cursor(ingress: KubeObject) -> Cursor:
    return ingress.at("spec", "defaultBackend") or ingress.at("spec", "backend")


def _reach_backend(
    backend: Cursor, ingress: KubeObject, site: RouteSite, blame: Cursor, route: str
) -> ReachedService | None:
    """The containers of a backend, in the form of networking.k8s.io/v1 or that of the beta versions."""
    if backend.at("resource"):
        blame.note(
            "TC282",
            route=route,
            why="its backend is a resource, which only its controller can serve",
        )
        return None
    name = backend.at("service", "name") or backend.at("serviceName")
    number, port_name = (
        backend.at("service", "port", "number"),
        backend.at("service", "port", "name"),
    )
    asked_port = number or port_name or backend.at("servicePort")
    if peek_text(name) is None:
        blame.note("TC282", route=route, why="it names no backend")
        return None
    reached = reach_backend(
        site, ingress.namespace, peek_text(name) or "", peek_text(asked_port), blame, route
    )
    if reached:
        name.take(to=reached.labels)
        asked_port.take(to=reached.labels)
        if number and port_name:
            port_name.skip("the number of the port is given as well")
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
    if path.rule is not None:
        path.rule.at("host").take(to=labels)
    match, middlewares = _path_match(path, site, effect, labels)
    if match is None:
        return
    names = (path.host, *effect.aliases) if path.host else ()
    rule = all_of((hosts_matcher(names), match.rule))
    catches_all = path.cursor is None and not path.host
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
        router, path.host, proxy, effect, tls, site, nginx_like=nginx_like
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
    proxy: Proxy,
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
    if path.cursor is None:
        return PathMatch("/"), ()
    path_text = take_scalar(path.cursor.at("path"), labels) or "/"
    kind = take_scalar(path.cursor.at("pathType"), labels) or ""
    if not kind and path.cursor.at("backend", "service"):
        path.cursor.annotate("TC277", route=f"Ingress {site.name}", path=path_text)
    check_expected(path.cursor.at("pathType"), EXACT, PREFIX, "ImplementationSpecific")
    if not effect.regex:
        return _plain_match(path_text, kind), ()
    pattern = "(?i)^" + path_text
    if is_foreign(path_text):
        path.cursor.note("TC283", route=f"Ingress {site.name}", pattern=path_text)
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
    path: IngressPath, proxy: Proxy, options: tuple[tuple[str, str], ...]
) -> TraefikService:
    reached = path.reached
    target_options = dict(options)
    if reached.scheme and "loadbalancer.server.scheme" not in target_options:
        reached.protocol.take(to=reached.labels)
        target_options["loadbalancer.server.scheme"] = reached.scheme
        if reached.scheme == "https":
            target_options |= dict(
                nginx.skip_verification(proxy, reached.protocol, reached.kube_service.name)
            )
    target_options.update(traefik_annotations.service_options(reached))
    return traefik_target(reached, proxy, tuple(sorted(target_options.items())))
