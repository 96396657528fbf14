"""Ingresses: each path of each host becomes a Traefik router that leads to the containers of its Service.

https://kubernetes.io/docs/concepts/services-networking/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing import nginx, traefik_annotations
from tocompose.importers.kubernetes.routing.annotations import Annotations, expected, settle
from tocompose.importers.kubernetes.routing.backends import Reached, reach, target
from tocompose.importers.kubernetes.routing.expressions import foreign
from tocompose.importers.kubernetes.routing.nginx import Effect
from tocompose.importers.kubernetes.routing.proxy import (
    SECURE,
    WEB,
    Middleware,
    Proxy,
    Router,
    Target,
)
from tocompose.importers.kubernetes.routing.rules import (
    EXACT,
    PREFIX,
    REGEX,
    Match,
    all_of,
    hosts,
    priority,
)
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.routing.tls import Secured, secured
from tocompose.importers.kubernetes.routing.traefik_annotations import Wishes
from tocompose.importers.kubernetes.scalars import items, take, value
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor

CLASS = "kubernetes.io/ingress.class"


class Path(NamedTuple):
    """One path of one host, and the containers that it leads to; `cursor` is None for a default backend."""

    host: str
    reached: Reached
    cursor: Cursor | None
    rule: Cursor | None


def ingresses(world: World, proxy: Proxy) -> None:
    """Adds the routes of every Ingress to the proxy."""
    for item in world.objects.of("Ingress"):
        _ingress(item, world, proxy)


def _ingress(item: Object, world: World, proxy: Proxy) -> None:
    spec, route = item.at("spec"), f"Ingress {item.name}"
    site = Site(world, proxy, item.namespace, item.name)
    paths = [*_paths(item, site), *_default(item, site)]
    if not paths:
        site.nowhere(item)
        return
    proxy.origin = proxy.origin or item.span
    labels = paths[0].reached.labels
    item.took(labels)
    kind = _class(item, site, labels)
    annotations = item.at("metadata", "annotations")
    said = Annotations(annotations, nginx.PREFIX, labels)
    effect = nginx.effect(said, site)
    wishes = traefik_annotations.wishes(annotations, site, labels)
    tls = secured(items(spec.at("tls")), site, labels, managed=_managed(annotations))
    for path in paths:
        _route(path, site, effect, wishes, tls, nginx_like=kind in ("", "nginx"))
    settle(annotations, route, labels.removesuffix(".labels"))


def _class(item: Object, site: Site, labels: str) -> str:
    """The controller that the Ingress is meant for; a note for one whose own annotations mean nothing here."""
    name = take(item.at("spec", "ingressClassName"), labels) or take(
        item.at("metadata", "annotations", CLASS), labels
    )
    if name is None:
        return ""
    site.proxy.classes[name] = None
    declared = next(
        (each for each in site.world.objects.of("IngressClass") if each.name == name), None
    )
    controller = (value(declared.at("spec", "controller")) if declared else None) or name
    known = next((word for word in ("nginx", "traefik") if word in controller), None)
    if known is None:
        cursor = item.at("spec", "ingressClassName") or item.at(
            "metadata", "annotations", CLASS
        )
        cursor.remark("TC281", route=f"Ingress {item.name}", controller=name)
    return known or controller


def _managed(annotations: Cursor) -> Cursor | None:
    """The annotation that asks a certificate manager for the certificate."""
    names = (
        "cert-manager.io/cluster-issuer",
        "cert-manager.io/issuer",
        "kubernetes.io/tls-acme",
    )
    return next((annotations.at(name) for name in names if annotations.at(name)), None)


def _paths(item: Object, site: Site) -> Iterator[Path]:
    for rule in items(item.at("spec", "rules")):
        host = value(rule.at("host")) or ""
        found = list(items(rule.at("http", "paths")))
        for cursor in found:
            route = f"Ingress {item.name}, {host}{value(cursor.at('path')) or '/'}"
            reached = _backend(cursor.at("backend"), item, site, cursor, route)
            if reached:
                yield Path(host, reached, cursor, rule)
        if not found and host:
            reached = _backend(
                _default_cursor(item), item, site, rule, f"Ingress {item.name}, {host}"
            )
            if reached:
                yield Path(host, reached, None, rule)
        if rule.at("host").unread() and not any(cursor.unread() for cursor in found):
            rule.at("host").noted("TC282")


def _default(item: Object, site: Site) -> Iterator[Path]:
    """What takes the requests that no rule matches."""
    cursor = _default_cursor(item)
    if cursor:
        reached = _backend(
            cursor, item, site, cursor, f"Ingress {item.name}, default backend"
        )
        if reached:
            yield Path("", reached, None, None)


def _default_cursor(item: Object) -> Cursor:
    return item.at("spec", "defaultBackend") or item.at("spec", "backend")


def _backend(
    backend: Cursor, item: Object, site: Site, blame: Cursor, route: str
) -> Reached | None:
    """The containers of a backend, in the form of networking.k8s.io/v1 or that of the beta versions."""
    if backend.at("resource"):
        blame.note(
            "TC282",
            route=route,
            why="its backend is a resource, which only its controller can serve",
        )
        return None
    name = backend.at("service", "name") or backend.at("serviceName")
    number, port = (
        backend.at("service", "port", "number"),
        backend.at("service", "port", "name"),
    )
    wanted = number or port or backend.at("servicePort")
    if value(name) is None:
        blame.note("TC282", route=route, why="it names no backend")
        return None
    reached = reach(site, item.namespace, value(name) or "", value(wanted), blame, route)
    if reached:
        name.take(to=reached.labels)
        wanted.take(to=reached.labels)
        if number and port:
            port.skip("the number of the port is given as well")
    return reached


def _route(
    path: Path,
    site: Site,
    effect: Effect,
    wishes: Wishes,
    tls: Secured,
    *,
    nginx_like: bool,
) -> None:
    """The routers of one path: on both entry points, or on the secure one with a redirect to it."""
    labels, proxy = path.reached.labels, site.proxy
    if path.rule is not None:
        path.rule.at("host").take(to=labels)
    match, middlewares = _match(path, site, effect, labels)
    if match is None:
        return
    names = (path.host, *effect.aliases) if path.host else ()
    rule = all_of((hosts(names), match.rule))
    if path.cursor is None and not path.host:
        rank = 1
    else:
        rank = wishes.priority or priority(names, match)
    leads_to = _target(path, proxy, effect.target)
    all_middlewares = (*effect.middlewares, *wishes.middlewares, *middlewares)
    router = Router(
        path.reached.backend.name, rule, leads_to, rank, (WEB,), all_middlewares
    )
    if wishes.entrypoints or wishes.tls is not None:
        points = wishes.entrypoints or ((SECURE,) if wishes.tls is not None else (WEB,))
        proxy.router(
            router._replace(
                entrypoints=points,
                tls=wishes.tls if wishes.tls is not None else _tls(points),
            )
        )
        return
    _both(router, path.host, proxy, effect, tls, site, nginx_like=nginx_like)


def _tls(points: tuple[str, ...]) -> tuple[tuple[str, str], ...] | None:
    return () if points == (SECURE,) else None


def _both(
    router: Router,
    host: str,
    proxy: Proxy,
    effect: Effect,
    tls: Secured,
    site: Site,
    *,
    nginx_like: bool,
) -> None:
    """ingress-nginx sends plain requests to https where the host has a certificate, unless told not to."""
    covered = tls.covers(host)
    asked = nginx_like if effect.ssl_redirect is None else effect.ssl_redirect
    redirect = effect.force_ssl or (covered and asked)
    if not covered and not effect.force_ssl:
        proxy.router(router)
        return
    proxy.router(router._replace(entrypoints=(SECURE,), tls=()))
    if redirect:
        secure = site.middleware("redirectscheme", {"scheme": "https", "permanent": "true"})
        proxy.router(router._replace(name=f"{router.name}-http", middlewares=(secure,)))
    else:
        proxy.router(router._replace(name=f"{router.name}-http"))


def _match(
    path: Path, site: Site, effect: Effect, labels: str
) -> tuple[Match | None, tuple[Middleware, ...]]:
    """The path as a matcher, and the rewriting that belongs to it."""
    if path.cursor is None:
        return Match("/"), ()
    text = take(path.cursor.at("path"), labels) or "/"
    kind = take(path.cursor.at("pathType"), labels) or ""
    if not kind and path.cursor.at("backend", "service"):
        path.cursor.remark("TC277", route=f"Ingress {site.name}", path=text)
    expected(path.cursor.at("pathType"), EXACT, PREFIX, "ImplementationSpecific")
    if not effect.regex:
        return _plain(text, kind), ()
    pattern = "(?i)^" + text
    if foreign(text):
        path.cursor.note("TC283", route=f"Ingress {site.name}", pattern=text)
        return None, ()
    rewritten = (nginx.rewriting(site, pattern, effect.rewrite),) if effect.rewrite else ()
    exact = kind == EXACT and text.replace("/", "").replace("-", "").isalnum()
    return (Match(text, EXACT) if exact else Match(pattern, REGEX)), rewritten


def _plain(text: str, kind: str) -> Match:
    if kind == "ImplementationSpecific" and text.endswith("/*"):
        # The load balancers of GKE and AWS write a prefix so.
        return Match(text.removesuffix("*"))
    return Match(
        text if text.startswith("/") else f"/{text}", EXACT if kind == EXACT else PREFIX
    )


def _target(path: Path, proxy: Proxy, options: tuple[tuple[str, str], ...]) -> Target:
    reached = path.reached
    known = dict(options)
    if reached.scheme and "loadbalancer.server.scheme" not in known:
        reached.protocol.take(to=reached.labels)
        known["loadbalancer.server.scheme"] = reached.scheme
        if reached.scheme == "https":
            known |= dict(nginx.unchecked(proxy, reached.protocol, reached.backend.name))
    known.update(traefik_annotations.of_service(reached))
    return target(reached, proxy, tuple(sorted(known.items())))
