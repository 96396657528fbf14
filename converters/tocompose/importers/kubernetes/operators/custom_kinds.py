"""The tables of custom objects: which module answers for a kind, and what becomes of each field of its spec.

`mappings/kubernetes/operators.yaml` lists the kinds; `mappings/kubernetes/operators/` has a table of fields for each
operator, in which the name of a kind stands for its spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeAlias

from tocompose.importers.field_tables import FieldTables
from tocompose.importers.kubernetes import FIELD_TABLES
from tocompose.source import Path
from tocompose.tables import Row, load, table

ShapePlaces: TypeAlias = Mapping[str, tuple[Path, ...]]


@cache
def operator_rows() -> Mapping[str, Row]:
    """The kinds of custom objects that some module answers for, by their name with the API group."""
    return table(
        "kubernetes/operators",
        required={"module"},
        optional={"with", "url", "says", "stateless", "labels", "after", "fields", "moves"},
    )


def fields_table(kind: str) -> str:
    """The name of the table that has the fields of a kind."""
    row = operator_rows()[kind]
    return f"kubernetes/operators/{row.get('fields', row['module'])}"


@cache
def spec_tables(table_name: str) -> FieldTables:
    """The types of an operator, and those of Kubernetes that may stand in them."""
    return FieldTables.load(*FIELD_TABLES, table_name)


@cache
def shape_places(table_name: str, type_name: str) -> ShapePlaces:
    """Where in a value of an operator's type the fields of each shape stand; what consists of a type has its name.

    Below a field of another type of the operator the walk goes on; the entries of a list are places of their own.
    """
    paths_by_shape: dict[str, list[Path]] = {}
    own_types = load(table_name)
    for key, row in spec_tables(table_name)[type_name].items():
        paths_by_shape.setdefault(row.type or row.shape, []).append((key,))
        if row.type in own_types and not row.many:
            for shape, paths in shape_places(table_name, row.type).items():
                paths_by_shape.setdefault(shape, []).extend((key, *path) for path in paths)
    paths_by_shape.pop("", None)
    return {shape: tuple(paths) for shape, paths in paths_by_shape.items()}
