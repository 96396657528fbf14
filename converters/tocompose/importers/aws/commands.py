"""Writes the fields of a container, each by the function of its shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

from tocompose.importers.aws import engine_shapes, shapes
from tocompose.importers.aws.fields import (
    HOLDS_ANYWAY,
    FieldWriter,
    field_tables,
    is_absent,
)
from tocompose.importers.field_tables import FieldRow
from tocompose.ledger import Cursor


def write_fields(writer: FieldWriter, cursor: Cursor, type_name: str) -> None:
    """The flags of every field that has one."""
    for key, row in field_tables()[type_name].items():
        nested = cursor.at(key)
        if is_absent(nested):
            continue
        if row.type:
            for element in nested if row.many else (nested,):
                write_fields(writer, element, row.type)
            continue
        write = _shape_function(row.shape)
        if write is None:
            continue
        if row.default and nested.peek() == row.default:
            nested.skip(HOLDS_ANYWAY)
        else:
            write(writer, row, nested)


ShapeFunction: TypeAlias = Callable[[FieldWriter, FieldRow, Cursor], None]


@cache
def _shape_function(shape: str) -> ShapeFunction | None:
    name = f"write_{shape.replace('-', '_')}"
    functions = (getattr(module, name, None) for module in (shapes, engine_shapes))
    return next((function for function in functions if function is not None), None)


def dependencies_of(cursor: Cursor) -> Iterator[tuple[str, str, Cursor]]:
    """The containers that one waits for, each with the condition: of a list of ECS, or a map of Copilot."""
    for element in cursor.at("dependsOn"):
        yield (
            element.peek("containerName") or "",
            element.peek("condition") or "START",
            element,
        )
    for element in cursor.at("depends_on"):
        yield element.key, (element.peek() or "start").upper(), element
