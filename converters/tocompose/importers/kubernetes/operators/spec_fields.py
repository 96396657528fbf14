"""How the decoders of this package read a custom object: each value is settled where it is read.

Where a field stands its table says (`mappings/kubernetes/operators/`): a decoder asks for it by its shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.custom_kinds import (
    fields_table,
    shape_places,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.knowledge.image_conditions import matches_glob
from tocompose.ledger import Cursor
from tocompose.readers.yaml import resolve
from tocompose.record import NamedTuple
from tocompose.source import Node
from tocompose.syntax.model_path import ModelPath

# Where what an operator reads goes: into services, whose names are not settled yet.
SERVICES = ModelPath.of("services")
_NOWHERE = ""
_EMPTY: Mapping[str, dict[str, object] | list[object]] = {"{}": {}, "[]": []}


class SpecFields(NamedTuple):
    """The spec of a custom object, or a value in it: its fields by the shapes that the table of its type gives them."""

    cursor: Cursor
    table_name: str
    type_name: str

    def at(self, *path: str | int) -> Cursor:
        """What stands below the field of a shape, which begins the path; of several such fields the first there is."""
        shape, *deeper_keys = path
        paths = shape_places(self.table_name, self.type_name)
        fields = [self.cursor.at(*field_path) for field_path in paths.get(str(shape), ())]
        return next(filter(None, fields), self.cursor.at(_NOWHERE)).at(*deeper_keys)

    def each(self, type_name: str) -> Iterator[SpecFields]:
        """The entries of the list, or of the map, that consists of values of a type."""
        typed = self.at(type_name)
        for value_cursor in typed if typed.kind == "map" else list_entries(typed):
            yield SpecFields(value_cursor, self.table_name, type_name)


# A place in a custom object, or a value whose fields have shapes.
FieldSource: TypeAlias = Cursor | SpecFields


def decode_spec(kube_object: KubeObject) -> SpecFields:
    """The spec of a custom object."""
    kind = kube_object.kind
    return SpecFields(kube_object.at("spec"), fields_table(kind), kind)


def decode_text(source: FieldSource, *path: str | int) -> str | None:
    """The text of a field, which thereby counts as carried over."""
    return take_scalar(source.at(*path), SERVICES)


def decode_flag(source: FieldSource, *path: str | int) -> bool:
    """Whether a field says `true`."""
    return decode_text(source, *path) == "true"


def decode_part(source: FieldSource, *path: str | int) -> Node | None:
    """What stands at a path, for objects in which it stands as it is: who reads these settles it."""
    field = source.at(*path)
    return None if field.kind == "leaf" and peek_text(field) is None else field.node


def decode_parts(source: FieldSource, *path: str | int) -> tuple[Node, ...]:
    """The entries of a list as they are."""
    members = list_entries(source.at(*path))
    return tuple(member.node for member in members if member.node is not None)


def decode_texts(source: FieldSource, *path: str | int) -> tuple[str, ...]:
    """The texts of a list, the empty ones too."""
    members = list_entries(source.at(*path))
    return tuple(take_scalar(member, SERVICES) or "" for member in members)


def decode_map(source: FieldSource, *path: str | int) -> dict[str, str]:
    """The texts of a map."""
    return {field.key: take_scalar(field, SERVICES) or "" for field in source.at(*path)}


def decode_options(config: Cursor, left_out: Mapping[str, str] = {}) -> dict[str, str]:
    """The texts of a map without those that are left out, each for its reason: without one it stays unread. `*` at the
    end of a name stands for anything."""
    options: dict[str, str] = {}
    for field in config:
        reason = next(
            (why for name, why in left_out.items() if matches_glob(name, field.key)), None
        )
        if reason is None:
            options[field.key] = take_scalar(field, SERVICES) or ""
        elif reason:
            field.skip(reason)
    return options


def decode_value(cursor: Cursor) -> object:
    """What stands at the cursor as a plain value, which thereby counts as carried over."""
    if cursor.style in _EMPTY:
        cursor.take(to=SERVICES)
        return _EMPTY[cursor.style].copy()
    if cursor.kind == "map":
        return {child.key: decode_value(child) for child in cursor}
    if cursor.kind == "list":
        return [decode_value(child) for child in cursor]
    return resolve(cursor.take(to=SERVICES) or "", cursor.style)


def decode_fields(cursor: Cursor, left_out: tuple[str, ...]) -> dict[str, Node]:
    """The fields of a map as they are, without those that are left out."""
    return {
        str(child.key): child.node for child in cursor.children if child.key not in left_out
    }


def decode_named(containers: Cursor, name: str) -> Cursor:
    """The container of that name in a pod template, in which the operator writes its own; one without a name is it."""
    for container in list_entries(containers):
        if peek_text(container.at("name")) in (None, name):
            return container
    return containers.at(len(containers))
