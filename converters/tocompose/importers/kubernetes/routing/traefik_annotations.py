"""What Traefik's own annotations on Ingresses and Services say.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.routing.annotations import Annotations, split_names
from tocompose.importers.kubernetes.routing.backends import ReachedService
from tocompose.importers.kubernetes.routing.middlewares import (
    NamedMiddlewares,
    listed_middlewares,
    named_middlewares,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import SECURE, WEB
from tocompose.traefik.proxy_parts import (
    ProxyPart,
    UnknownResolver,
    WantedEntryPoint,
    WantedMiddleware,
)

PREFIX = "traefik.ingress.kubernetes.io"
_RESOLVER = "router.tls.certresolver"
# Names that installations commonly give to the two usual entry points.
_POINTS = {
    "http": WEB,
    "https": SECURE,
    "web-secure": SECURE,
    "web": WEB,
    "websecure": SECURE,
}
# What a Service may say of its servers, by the name of the label's last part.
_SERVICE = {
    "service.serversscheme": "loadbalancer.server.scheme",
    "service.passhostheader": "loadbalancer.passhostheader",
    "service.sticky.cookie": "loadbalancer.sticky.cookie",
    "service.sticky.cookie.name": "loadbalancer.sticky.cookie.name",
    "service.sticky.cookie.secure": "loadbalancer.sticky.cookie.secure",
    "service.sticky.cookie.httponly": "loadbalancer.sticky.cookie.httponly",
    "service.sticky.cookie.samesite": "loadbalancer.sticky.cookie.samesite",
    "service.sticky.cookie.maxage": "loadbalancer.sticky.cookie.maxage",
}


class RouterWishes(NamedTuple):
    """What Traefik's annotations ask of the routers of an Ingress."""

    entrypoints: tuple[str, ...] = ()
    middlewares: tuple[WantedMiddleware, ...] = ()
    priority: int | None = None
    tls: tuple[tuple[str, str], ...] | None = None


def known_entrypoint(name: str) -> str:
    """An entry point by the name that it has here."""
    return _POINTS.get(name.strip().lower(), name.strip().lower())


def router_wishes(annotations: Annotations, site: RouteSite) -> RouterWishes:
    """The wishes that stand in the annotations of an Ingress."""
    entrypoints = split_names(annotations.take("router.entrypoints"))
    priority = annotations.take("router.priority")
    references = split_names(annotations.take("router.middlewares"))
    middlewares = listed_middlewares(
        (_find_middlewares(reference, site, annotations.to) for reference in references),
        annotations.stated("router.middlewares").cursor,
        f"Ingress {site.name}",
    )
    return RouterWishes(
        entrypoints=tuple(map(known_entrypoint, entrypoints)),
        middlewares=tuple(middlewares),
        priority=integer(priority) if priority else None,
        tls=_tls_options(annotations),
    )


def wished_parts(annotations: Annotations, wishes: RouterWishes) -> Iterator[ProxyPart]:
    """What the wishes ask of the proxy itself: entry points, and a certificate resolver."""
    asked_at = annotations.stated("router.entrypoints").cursor
    for name in wishes.entrypoints:
        yield WantedEntryPoint(name, asked_at=asked_at)
    resolver, cursor = annotations.stated(_RESOLVER)
    if resolver:
        yield UnknownResolver(resolver, cursor)


def _tls_options(annotations: Annotations) -> tuple[tuple[str, str], ...] | None:
    tls_text, resolver = annotations.take("router.tls"), annotations.take(_RESOLVER)
    if resolver:
        return (("certresolver", resolver),)
    return () if tls_text == "true" else None


def _find_middlewares(
    reference: str, site: RouteSite, labels: ModelPath
) -> NamedMiddlewares:
    """The name is the namespace's and the object's own, joined by a hyphen that either may hold."""
    name, _, provider = reference.partition("@")
    name_parts = name.split("-") if provider in ("", "kubernetescrd") else []
    for cut in range(1, len(name_parts)):
        namespace, own_name = "-".join(name_parts[:cut]), "-".join(name_parts[cut:])
        middlewares = named_middlewares(site.model, namespace, own_name, labels)
        if middlewares is not None:
            return NamedMiddlewares(reference, middlewares)
    return NamedMiddlewares(reference, None)


def service_options(reached: ReachedService) -> Iterator[tuple[str, str]]:
    """The options of a target that the annotations of its Service set."""
    annotations = reached.kube_service.spec.annotations
    for name, option in _SERVICE.items() if annotations else ():
        annotation = annotations.get(f"{PREFIX}/{name}")
        text = annotation.take(reached.labels) if annotation else None
        if text is not None:
            yield option, text
