"""Traefik's own Middleware objects as labels, option for option.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing.credentials import users
from tocompose.importers.kubernetes.routing.proxy import Middleware
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.scalars import value
from tocompose.ledger import Cursor

GROUPS = ("traefik.io", "traefik.containo.us")
# Options that changed their names with version 3: https://doc.traefik.io/traefik/migrate/v2-to-v3-details/
_RENAMED = {"ipwhitelist": "ipallowlist"}
_AUTH = ("basicauth", "digestauth")
# What labels cannot say, or what needs a part of the proxy's own start-up.
_UNSAID = ("plugin", "errors")


def objects(site: Site, kind: str) -> Iterator[Object]:
    """The objects of one of Traefik's own kinds."""
    yield from site.world.objects.of(*(f"{kind}.{group}" for group in GROUPS))


def named(
    site: Site, namespace: str, name: str, labels: str, seen: tuple[Object, ...] = ()
) -> tuple[Middleware, ...] | None:
    """The middlewares of an object (several for a chain), mapped to `labels`; None when there is no such object or
    labels cannot say it."""
    same = (
        each
        for each in objects(site, "Middleware")
        if (each.namespace, each.name) == (namespace, name)
    )
    item = next(same, None)
    if item is None or item in seen:
        return None
    found: list[Middleware] = []
    for option in item.at("spec"):
        made = _of(option, item, site, labels, (*seen, item))
        if made is None:
            return None
        found += made
    item.took(labels)
    return tuple(found)


def _of(
    option: Cursor, item: Object, site: Site, labels: str, seen: tuple[Object, ...]
) -> tuple[Middleware, ...] | None:
    kind = _RENAMED.get(option.key.lower(), option.key.lower())
    if kind == "chain":
        return _chain(option, item, site, labels, seen)
    if kind in _UNSAID:
        option.note("TC291", object=str(item), what=option.key)
        return None
    if option.style == "{}":
        option.take(to=labels)
    settings = dict(_flat(option, labels, ("secret",) if kind in _AUTH else ()))
    if kind in _AUTH and (secret := option.at("secret")):
        name = value(secret) or ""
        settings["usersfile"] = users(
            site.world, site.proxy, item.namespace, name, "auth-file", secret
        )
        secret.take(to=labels)
    own = site._replace(name=item.name)
    return (own.middleware(kind, settings),)


def _chain(
    option: Cursor, item: Object, site: Site, labels: str, seen: tuple[Object, ...]
) -> tuple[Middleware, ...] | None:
    found: list[Middleware] = []
    for each in option.at("middlewares"):
        name, namespace = (
            value(each.at("name")) or "",
            value(each.at("namespace")) or item.namespace,
        )
        made = named(site, namespace, name, labels, seen)
        if made is None:
            return None
        each.map(to=labels)
        found += made
    return tuple(found)


def _flat(
    cursor: Cursor, labels: str, without: tuple[str, ...] = (), path: str = ""
) -> Iterator[tuple[str, str]]:
    """Every option below a cursor by its dotted path; the entries of a list joined by commas."""
    for child in cursor:
        if child.key in without:
            continue
        here = f"{path}.{child.key}" if path else child.key.lower()
        if child.kind == "map":
            yield from _flat(child, labels, (), here)
        elif child.kind == "list":
            texts = [value(each) or "" for each in child if each.kind == "leaf"]
            child.map(to=labels)
            yield here, ",".join(texts)
        elif (text := value(child)) is not None:
            child.take(to=labels)
            yield here, text
        elif child.style == "{}":
            child.take(to=labels)
            yield here, "true"
