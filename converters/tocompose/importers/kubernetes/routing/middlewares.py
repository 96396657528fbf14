"""Traefik's own Middleware objects as labels, option for option.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.credentials import write_users
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import Middleware

GROUPS = ("traefik.io", "traefik.containo.us")
# Options that changed their names with version 3: https://doc.traefik.io/traefik/migrate/v2-to-v3-details/
_RENAMED_OPTIONS = {"ipwhitelist": "ipallowlist"}
_AUTH = ("basicauth", "digestauth")
# What labels cannot say, or what needs a part of the proxy's own start-up.
_UNSAID = ("plugin", "errors")


def traefik_objects(site: RouteSite, kind: str) -> Iterator[KubeObject]:
    """The objects of one of Traefik's own kinds."""
    yield from site.model.objects.of_kind(*(f"{kind}.{group}" for group in GROUPS))


def named_middlewares(
    site: RouteSite,
    namespace: str,
    name: str,
    labels: ModelPath,
    chain_above: tuple[KubeObject, ...] = (),
) -> tuple[Middleware, ...] | None:
    """The middlewares of an object (several for a chain), mapped to `labels`; None when there is no such object or
    labels cannot say it."""
    same_named = (
        candidate
        for candidate in traefik_objects(site, "Middleware")
        if (candidate.namespace, candidate.name) == (namespace, name)
    )
    middleware_object = next(same_named, None)
    if middleware_object is None or middleware_object in chain_above:
        return None
    own_site = site._replace(
        namespace=middleware_object.namespace, name=middleware_object.name
    )
    chain = (*chain_above, middleware_object)
    middlewares: list[Middleware] = []
    for option in middleware_object.at("spec"):
        option_middlewares = _option_middlewares(option, own_site, labels, chain)
        if option_middlewares is None:
            return None
        middlewares += option_middlewares
    middleware_object.count_identity_as_mapped(labels)
    return tuple(middlewares)


def listed_middlewares(
    references: Iterable[tuple[str, tuple[Middleware, ...] | None]],
    cursor: Cursor,
    site: RouteSite,
    route: str,
) -> Iterator[Middleware]:
    """The middlewares of references, each with its name; one that is not there closes the route, noted at `cursor`."""
    missing: list[str] = []
    for name, middlewares in references:
        if middlewares is None:
            missing.append(name)
            yield site.proxy.absent_middleware(name.partition("@")[0])
        else:
            yield from middlewares
    if missing:
        cursor.annotate("TC292", route=route, names=", ".join(missing))


def referenced_middlewares(
    reference: Cursor,
    site: RouteSite,
    labels: ModelPath,
    chain_above: tuple[KubeObject, ...] = (),
) -> tuple[str, tuple[Middleware, ...] | None]:
    """The name that a reference gives, and the middlewares of the object."""
    name = peek_text(reference.at("name")) or ""
    namespace = peek_text(reference.at("namespace")) or site.namespace
    return name, named_middlewares(site, namespace, name, labels, chain_above)


def _option_middlewares(
    option: Cursor, site: RouteSite, labels: ModelPath, chain: tuple[KubeObject, ...]
) -> tuple[Middleware, ...] | None:
    kind = _RENAMED_OPTIONS.get(option.key.lower(), option.key.lower())
    if kind == "chain":
        return _chain_middlewares(option, site, labels, chain)
    if kind in _UNSAID:
        option.note("TC291", object=str(chain[-1]), what=option.key)
        return None
    if option.style == "{}":
        option.take(to=labels)
    settings = dict(_flat_options(option, labels, ("secret",) if kind in _AUTH else ()))
    if kind in _AUTH and (secret := option.at("secret")):
        name = peek_text(secret) or ""
        settings["usersfile"] = write_users(
            site.model, site.proxy, site.namespace, name, "auth-file", secret
        )
        secret.take(to=labels)
    return (site.middleware(kind, settings),)


def _chain_middlewares(
    option: Cursor, site: RouteSite, labels: ModelPath, chain: tuple[KubeObject, ...]
) -> tuple[Middleware, ...] | None:
    middlewares: list[Middleware] = []
    for reference in option.at("middlewares"):
        _, of_reference = referenced_middlewares(reference, site, labels, chain)
        if of_reference is None:
            return None
        reference.map(to=labels)
        middlewares += of_reference
    return tuple(middlewares)


def _flat_options(
    cursor: Cursor, labels: ModelPath, left_out: tuple[str, ...] = (), path: str = ""
) -> Iterator[tuple[str, str]]:
    """Every option below a cursor by its dotted path; the entries of a list joined by commas."""
    for child in cursor:
        if child.key in left_out:
            continue
        option_path = f"{path}.{child.key}" if path else child.key.lower()
        if child.kind == "map":
            yield from _flat_options(child, labels, (), option_path)
        elif child.kind == "list":
            texts = [
                peek_text(list_entry) or ""
                for list_entry in child
                if list_entry.kind == "leaf"
            ]
            child.map(to=labels)
            yield option_path, ",".join(texts)
        elif (text := peek_text(child)) is not None:
            child.take(to=labels)
            yield option_path, text
        elif child.style == "{}":
            child.take(to=labels)
            yield option_path, "true"
