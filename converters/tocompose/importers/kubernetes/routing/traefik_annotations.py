"""What Traefik's own annotations on Ingresses and Services say.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.backends import ReachedService
from tocompose.importers.kubernetes.routing.middlewares import named_middlewares
from tocompose.importers.kubernetes.routing.proxy import SECURE, WEB, Middleware
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer

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


def router_wishes(annotations: Cursor, site: RouteSite, labels: str) -> RouterWishes:
    """The wishes that stand in the annotations of an Ingress."""
    entrypoints_text = _take_annotation(annotations, "router.entrypoints", labels)
    priority = _take_annotation(annotations, "router.priority", labels)
    names = tuple(
        known_entrypoint(name)
        for name in (entrypoints_text or "").split(",")
        if name.strip()
    )
    for name in names:
        guessed = site.proxy.listen_on(name)
        if guessed:
            cursor = annotations.at(f"{PREFIX}router.entrypoints")
            cursor.remark(
                "TC299", subject=f"services.{site.proxy.name}", name=name, port=guessed
            )
    return RouterWishes(
        entrypoints=names,
        middlewares=tuple(
            _named_middlewares(annotations.at(f"{PREFIX}router.middlewares"), site, labels)
        ),
        priority=integer(priority) if priority else None,
        tls=_tls_options(annotations, site, labels),
    )


def _take_annotation(annotations: Cursor, name: str, labels: str) -> str | None:
    cursor = annotations.at(f"{PREFIX}{name}")
    text = peek_text(cursor)
    if text is not None:
        cursor.take(to=labels)
    return text


def _tls_options(
    annotations: Cursor, site: RouteSite, labels: str
) -> tuple[tuple[str, str], ...] | None:
    tls_text = _take_annotation(annotations, "router.tls", labels)
    resolver = _take_annotation(annotations, "router.tls.certresolver", labels)
    if resolver:
        site.note_resolver(resolver, annotations.at(f"{PREFIX}router.tls.certresolver"))
        return (("certresolver", resolver),)
    return () if tls_text == "true" else None


def _named_middlewares(
    cursor: Cursor, site: RouteSite, labels: str
) -> Iterator[Middleware]:
    """The objects named as `namespace-name@kubernetescrd`."""
    text = peek_text(cursor)
    if text is None:
        return
    missing: list[str] = []
    for reference in (
        reference_text.strip()
        for reference_text in text.split(",")
        if reference_text.strip()
    ):
        middlewares = _find_middlewares(reference, site, labels)
        if middlewares is None:
            missing.append(reference)
            yield site.proxy.absent_middleware(reference.partition("@")[0])
        else:
            yield from middlewares
    cursor.take(to=labels)
    if missing:
        cursor.remark("TC292", route=f"Ingress {site.name}", names=", ".join(missing))


def _find_middlewares(
    reference: str, site: RouteSite, labels: str
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
