"""What Traefik's own annotations on Ingresses and Services say.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/ingress/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.backends import Reached
from tocompose.importers.kubernetes.routing.middlewares import named
from tocompose.importers.kubernetes.routing.proxy import SECURE, WEB, Middleware
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.scalars import value
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


class Wishes(NamedTuple):
    """What Traefik's annotations ask of the routers of an Ingress."""

    entrypoints: tuple[str, ...] = ()
    middlewares: tuple[Middleware, ...] = ()
    priority: int | None = None
    tls: tuple[tuple[str, str], ...] | None = None


def entrypoint(name: str) -> str:
    """An entry point by the name that it has here."""
    return _POINTS.get(name.strip().lower(), name.strip().lower())


def wishes(annotations: Cursor, site: Site, labels: str) -> Wishes:
    """The wishes that stand in the annotations of an Ingress."""
    points = _take(annotations, "router.entrypoints", labels)
    priority = _take(annotations, "router.priority", labels)
    names = tuple(entrypoint(name) for name in (points or "").split(",") if name.strip())
    for name in names:
        guessed = site.proxy.listen(name)
        if guessed:
            cursor = annotations.at(f"{PREFIX}router.entrypoints")
            cursor.remark(
                "TC299", subject=f"services.{site.proxy.name}", name=name, port=guessed
            )
    return Wishes(
        entrypoints=names,
        middlewares=tuple(
            _middlewares(annotations.at(f"{PREFIX}router.middlewares"), site, labels)
        ),
        priority=integer(priority) if priority else None,
        tls=_tls(annotations, site, labels),
    )


def _take(annotations: Cursor, name: str, labels: str) -> str | None:
    cursor = annotations.at(f"{PREFIX}{name}")
    text = value(cursor)
    if text is not None:
        cursor.take(to=labels)
    return text


def _tls(
    annotations: Cursor, site: Site, labels: str
) -> tuple[tuple[str, str], ...] | None:
    said = _take(annotations, "router.tls", labels)
    resolver = _take(annotations, "router.tls.certresolver", labels)
    if resolver:
        site.resolver(resolver, annotations.at(f"{PREFIX}router.tls.certresolver"))
        return (("certresolver", resolver),)
    return () if said == "true" else None


def _middlewares(cursor: Cursor, site: Site, labels: str) -> Iterator[Middleware]:
    """The objects named as `namespace-name@kubernetescrd`."""
    text = value(cursor)
    if text is None:
        return
    missing: list[str] = []
    for entry in (part.strip() for part in text.split(",") if part.strip()):
        found = _find(entry, site, labels)
        if found is None:
            missing.append(entry)
            yield site.proxy.absent(entry.partition("@")[0])
        else:
            yield from found
    cursor.take(to=labels)
    if missing:
        cursor.remark("TC292", route=f"Ingress {site.name}", names=", ".join(missing))


def _find(entry: str, site: Site, labels: str) -> tuple[Middleware, ...] | None:
    """The name is the namespace's and the object's own, joined by a hyphen that either may hold."""
    name, _, provider = entry.partition("@")
    if provider not in ("", "kubernetescrd"):
        return None
    parts = name.split("-")
    for cut in range(1, len(parts)):
        found = named(site, "-".join(parts[:cut]), "-".join(parts[cut:]), labels)
        if found is not None:
            return found
    return None


def of_service(reached: Reached) -> Iterator[tuple[str, str]]:
    """The options of a target that the annotations of its Service set."""
    annotations = reached.backend.object.at("metadata", "annotations")
    for name, option in _SERVICE.items():
        text = _take(annotations, name, reached.labels)
        if text is not None:
            yield option, text
