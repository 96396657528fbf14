"""Traefik's own Middleware objects, each decoded once.

https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/middleware/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import Stated, list_entries, peek_text, stated
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

GROUPS = ("traefik.io", "traefik.containo.us")
AUTHENTICATION = ("basicauth", "digestauth")
# Options that changed their names with version 3: https://doc.traefik.io/traefik/migrate/v2-to-v3-details/
_RENAMED_OPTIONS = {"ipwhitelist": "ipallowlist"}


class MiddlewareReference(NamedTuple):
    """The Middleware that a route or a chain names."""

    cursor: Cursor
    name: Stated
    namespace: Stated


class MiddlewareSetting(NamedTuple):
    """One setting by its dotted path; the entries of a list are joined by commas."""

    path: str
    text: str
    cursor: Cursor


class MiddlewareOption(NamedTuple):
    """What an object does to requests: `kind` is Traefik's word in version 3, `chain` what it stands for instead."""

    cursor: Cursor
    kind: str
    settings: tuple[MiddlewareSetting, ...]
    secret: Stated
    chain: tuple[MiddlewareReference, ...]


class MiddlewareObject(NamedTuple):
    """A Middleware with its options."""

    kube_object: KubeObject
    spec: Cursor
    options: tuple[MiddlewareOption, ...]


def traefik_objects(objects: KubeObjects, kind: str) -> list[KubeObject]:
    """The objects of one of Traefik's own kinds."""
    return objects.of_kind(*(f"{kind}.{group}" for group in GROUPS))


def decode_middleware(middleware: KubeObject) -> MiddlewareObject:
    """The Middleware of an object."""
    spec = middleware.at("spec")
    return MiddlewareObject(middleware, spec, tuple(map(_decode_option, spec)))


def _decode_option(option: Cursor) -> MiddlewareOption:
    kind = _RENAMED_OPTIONS.get(option.key.lower(), option.key.lower())
    left_out = ("secret",) if kind in AUTHENTICATION else ()
    chain = option.at("middlewares") if kind == "chain" else ()
    return MiddlewareOption(
        option,
        kind,
        settings=tuple(_decode_settings(option, left_out)),
        secret=stated(option, "secret"),
        chain=tuple(map(_decode_reference, chain)),
    )


def _decode_settings(
    cursor: Cursor, left_out: tuple[str, ...] = (), path: str = ""
) -> Iterator[MiddlewareSetting]:
    """Every setting below a cursor."""
    for child in cursor:
        if child.key in left_out:
            continue
        setting_path = f"{path}.{child.key}" if path else child.key.lower()
        if child.kind == "map":
            yield from _decode_settings(child, (), setting_path)
            continue
        text = _decode_text(child)
        if text is not None:
            yield MiddlewareSetting(setting_path, text, child)


def _decode_text(cursor: Cursor) -> str | None:
    if cursor.kind == "list":
        leaves = (entry for entry in cursor if entry.kind == "leaf")
        return ",".join(peek_text(leaf) or "" for leaf in leaves)
    if cursor.style == "{}":
        return "true"
    return peek_text(cursor)


def decode_references(cursor: Cursor) -> tuple[MiddlewareReference, ...]:
    """The references of a list."""
    return tuple(map(_decode_reference, list_entries(cursor)))


def _decode_reference(reference: Cursor) -> MiddlewareReference:
    return MiddlewareReference(
        reference, name=stated(reference, "name"), namespace=stated(reference, "namespace")
    )
