"""How the decoders of this package read a custom object: each value is settled where it is read."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.knowledge.image_conditions import matches_glob
from tocompose.ledger import Cursor
from tocompose.readers.yaml import resolve
from tocompose.source import Node
from tocompose.syntax.model_path import ModelPath

# Where what an operator reads goes: into services, whose names are not settled yet.
SERVICES = ModelPath.of("services")
_EMPTY: Mapping[str, dict[str, object] | list[object]] = {"{}": {}, "[]": []}


def decode_text(cursor: Cursor, *path: str | int) -> str | None:
    """The text of a field, which thereby counts as carried over."""
    return take_scalar(cursor.at(*path), SERVICES)


def decode_flag(cursor: Cursor, *path: str | int) -> bool:
    """Whether a field says `true`."""
    return decode_text(cursor, *path) == "true"


def decode_part(cursor: Cursor, *path: str | int) -> Node | None:
    """What stands at a path, for objects in which it stands as it is: who reads these settles it."""
    field = cursor.at(*path)
    return None if field.kind == "leaf" and peek_text(field) is None else field.node


def decode_claim_size(cursor: Cursor, *path: str | int) -> Node | None:
    """The size that the claim at a path asks for."""
    return decode_part(cursor, *path, "spec", "resources", "requests", "storage")


def decode_parts(cursor: Cursor, *path: str | int) -> tuple[Node, ...]:
    """The entries of a list as they are."""
    members = list_entries(cursor.at(*path))
    return tuple(member.node for member in members if member.node is not None)


def decode_texts(cursor: Cursor, *path: str | int) -> tuple[str, ...]:
    """The texts of a list, the empty ones too."""
    members = list_entries(cursor.at(*path))
    return tuple(take_scalar(member, SERVICES) or "" for member in members)


def decode_map(cursor: Cursor, *path: str | int) -> dict[str, str]:
    """The texts of a map."""
    return {field.key: take_scalar(field, SERVICES) or "" for field in cursor.at(*path)}


def decode_options(config: Cursor, left_out: tuple[str, ...]) -> dict[str, str]:
    """The texts of a map without those that are left out; `*` at the end of a name stands for anything."""
    return {
        field.key: take_scalar(field, SERVICES) or ""
        for field in config
        if not any(matches_glob(name, field.key) for name in left_out)
    }


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
