"""The variables of a container as the manifests state them, and what their values refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tocompose.importers.kubernetes.scalars import Stated, list_entries, peek_bool, stated
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

# The keys of references to an object's entries, with the kinds of those objects.
_KEY_REFERENCES = {"configMapKeyRef": "ConfigMap", "secretKeyRef": "Secret"}
_WHOLE_REFERENCES = {"configMapRef": "ConfigMap", "secretRef": "Secret"}


class ConfigReference(NamedTuple):
    """What names a ConfigMap or a Secret; `key` says nothing where all of its entries are meant."""

    cursor: Cursor
    kind: str
    name: Stated
    key: Stated
    is_optional: bool


class FieldReference(NamedTuple):
    """What names a field of the pod itself."""

    cursor: Cursor
    field_path: Stated


class ResourceReference(NamedTuple):
    """What names an amount of a container of the pod."""

    cursor: Cursor
    resource: Stated
    container_name: Stated
    divisor: Stated


ValueReference: TypeAlias = ConfigReference | FieldReference | ResourceReference


class EnvEntry(NamedTuple):
    """One entry of `env`; `origin` stands where `valueFrom` is a map, `reference` where it says what is known."""

    cursor: Cursor
    name: Stated
    value: Stated
    origin: Cursor | None
    reference: ValueReference | None


class EnvSource(NamedTuple):
    """One entry of `envFrom`."""

    cursor: Cursor
    prefix: Stated
    references: tuple[ConfigReference, ...]


def decode_env(container: Cursor) -> tuple[EnvEntry, ...]:
    """The variables of a container, in the order of the source."""
    return tuple(map(_decode_entry, list_entries(container.at("env"))))


def _decode_entry(cursor: Cursor) -> EnvEntry:
    origin = cursor.at("valueFrom")
    is_map = origin.kind == "map"
    return EnvEntry(
        cursor,
        name=stated(cursor, "name"),
        value=stated(cursor, "value"),
        origin=origin if is_map else None,
        reference=_decode_origin(origin) if is_map else None,
    )


def _decode_origin(origin: Cursor) -> ValueReference | None:
    """What a value comes from; of several the first in this order counts."""
    for key, kind in _KEY_REFERENCES.items():
        if reference := origin.at(key):
            return _decode_reference(reference, kind)
    if reference := origin.at("fieldRef"):
        return decode_field_reference(reference)
    if reference := origin.at("resourceFieldRef"):
        return decode_resource_reference(reference)
    return None


def _decode_reference(cursor: Cursor, kind: str) -> ConfigReference:
    is_optional = bool(peek_bool(cursor.at("optional")))
    return ConfigReference(
        cursor, kind, stated(cursor, "name"), stated(cursor, "key"), is_optional
    )


def decode_field_reference(cursor: Cursor) -> FieldReference:
    """The `fieldRef` that stands at the cursor."""
    return FieldReference(cursor, stated(cursor, "fieldPath"))


def decode_resource_reference(cursor: Cursor) -> ResourceReference:
    """The `resourceFieldRef` that stands at the cursor."""
    return ResourceReference(
        cursor,
        resource=stated(cursor, "resource"),
        container_name=stated(cursor, "containerName"),
        divisor=stated(cursor, "divisor"),
    )


def decode_env_sources(container: Cursor) -> tuple[EnvSource, ...]:
    """What `envFrom` of a container brings in, in the order of the source."""
    return tuple(
        EnvSource(source, stated(source, "prefix"), tuple(_decode_sources(source)))
        for source in list_entries(container.at("envFrom"))
    )


def _decode_sources(source: Cursor) -> Iterator[ConfigReference]:
    for key, kind in _WHOLE_REFERENCES.items():
        if reference := source.at(key):
            yield _decode_reference(reference, kind)
