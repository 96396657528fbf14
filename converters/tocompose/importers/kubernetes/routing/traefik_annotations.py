"""What Traefik's own annotations on Ingresses and Services say.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.routing.backends import ReachedService
from tocompose.importers.kubernetes.routing.middlewares import (
    listed_middlewares,
    named_middlewares,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import SECURE, WEB, Middleware

PREFIX = "traefik.ingress.kubernetes.io/"
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
    middlewares: tuple[Middleware, ...] = ()
    priority: int | None = None
    tls: tuple[tuple[str, str], ...] | None = None


def known_entrypoint(name: str) -> str:
    """An entry point by the name that it has here."""
    return _POINTS.get(name.strip().lower(), name.strip().lower())


def _stated_names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def router_wishes(annotations: Cursor, site: RouteSite, labels: ModelPath) -> RouterWishes:
    """The wishes that stand in the annotations of an Ingress."""
    entrypoints_text = _take_annotation(annotations, "router.entrypoints", labels)
    priority = _take_annotation(annotations, "router.priority", labels)
    names = tuple(map(known_entrypoint, _stated_names(entrypoints_text)))
    for name in names:
        guessed = site.proxy.listen_on(name)
        if guessed:
            cursor = annotations.at(f"{PREFIX}router.entrypoints")
            cursor.annotate(
                "TC299", subject=ModelPath.service(site.proxy.name), name=name, port=guessed
            )
    references = _stated_names(_take_annotation(annotations, "router.middlewares", labels))
    middlewares = listed_middlewares(
        [
            (reference, _find_middlewares(reference, site, labels))
            for reference in references
        ],
        annotations.at(f"{PREFIX}router.middlewares"),
        site,
        f"Ingress {site.name}",
    )
    return RouterWishes(
        entrypoints=names,
        middlewares=tuple(middlewares),
        priority=integer(priority) if priority else None,
        tls=_tls_options(annotations, site, labels),
    )


def _take_annotation(annotations: Cursor, name: str, labels: ModelPath) -> str | None:
    cursor = annotations.at(f"{PREFIX}{name}")
    text = peek_text(cursor)
    if text is not None:
        cursor.take(to=labels)
    return text


def _tls_options(
    annotations: Cursor, site: RouteSite, labels: ModelPath
) -> tuple[tuple[str, str], ...] | None:
    tls_text = _take_annotation(annotations, "router.tls", labels)
    resolver = _take_annotation(annotations, "router.tls.certresolver", labels)
    if resolver:
        site.note_resolver(resolver, annotations.at(f"{PREFIX}router.tls.certresolver"))
        return (("certresolver", resolver),)
    return () if tls_text == "true" else None


def _find_middlewares(
    reference: str, site: RouteSite, labels: ModelPath
) -> tuple[Middleware, ...] | None:
    """The name is the namespace's and the object's own, joined by a hyphen that either may hold."""
    name, _, provider = reference.partition("@")
    if provider not in ("", "kubernetescrd"):
        return None
    name_parts = name.split("-")
    for cut in range(1, len(name_parts)):
        middlewares = named_middlewares(
            site, "-".join(name_parts[:cut]), "-".join(name_parts[cut:]), labels
        )
        if middlewares is not None:
            return middlewares
    return None


def service_options(reached: ReachedService) -> Iterator[tuple[str, str]]:
    """The options of a target that the annotations of its Service set."""
    annotations = reached.kube_service.kube_object.at("metadata", "annotations")
    for name, option in _SERVICE.items():
        text = _take_annotation(annotations, name, reached.labels)
        if text is not None:
            yield option, text
