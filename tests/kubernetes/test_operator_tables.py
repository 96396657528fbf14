"""Each field of a custom object has a row: it is read, or told in a note, or loses nothing for a reason."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

import tree
from ablation import converted, losses, seen
from operator_fields import BESIDE, CONTEXT, SAMPLES, SHOWN_WITH_OTHERS, VALUES
from tocompose.importers.field_tables import FieldRow
from tocompose.importers.kubernetes.kinds import field_tables
from tocompose.importers.kubernetes.operators.custom_kinds import (
    fields_table,
    operator_rows,
    spec_tables,
)
from tocompose.ledger import Fate, Settlement
from tocompose.notes import explanation
from tocompose.pipeline import Result
from tocompose.source import Path
from tocompose.tables import load

PACKAGE = "tocompose.importers.kubernetes.operators"
KINDS = sorted(operator_rows())
TABLES = sorted({fields_table(kind) for kind in KINDS})
# Shapes that only decide something: the note on the object says what, and another that the field itself is lost.
DECIDING = frozenset({"tls-secret"})
# Shapes of Kubernetes' own types, whose values are settled as those of any object.
ORDINARY = frozenset(
    {
        "annotations",
        "host",
        "labels",
        "pull-secrets",
        "runtime",
        "service-account",
        "shared-pid",
    }
)
# Shapes that a decoder looks at, and skips for a reason of its own.
SKIPPED = frozenset({"pool-roles", "port-name"})


class FieldCase(NamedTuple):
    """A field of the spec of a kind: the keys that lead to it, and its row."""

    kind: str
    path: tuple[str, ...]
    row: FieldRow

    def __str__(self) -> str:
        return f"{self.title}.{'.'.join(self.path)}"

    @property
    def title(self) -> str:
        """The kind without its API group."""
        return self.kind.partition(".")[0]


def cases(kind: str, type_name: str, path: tuple[str, ...] = ()) -> Iterator[FieldCase]:
    """Every field below a value of an operator's type; of a list its entries have the key `[]`."""
    table_name = fields_table(kind)
    for key, row in spec_tables(table_name)[type_name].items():
        if row.type in load(table_name):
            below = (*path, key, "[]") if row.many else (*path, key)
            yield from cases(kind, row.type, below)
        else:
            yield FieldCase(kind, (*path, key), row)


CASES = [case for kind in KINDS for case in cases(kind, kind)]


def test_each_kind_has_a_table_of_its_own_types() -> None:
    for table_name in TABLES:
        assert not load(table_name).keys() & field_tables().keys(), table_name
    for kind in KINDS:
        assert kind in load(fields_table(kind)), kind


@pytest.mark.parametrize("table_name", TABLES)
def test_each_type_is_used_and_each_note_can_name_fields(table_name: str) -> None:
    used = {
        row.type
        for type_name in load(table_name)
        for row in spec_tables(table_name)[type_name].values()
    }
    assert {name for name in load(table_name) if "." not in name} <= used
    codes = {
        row.note
        for case in CASES
        if fields_table(case.kind) == table_name
        for row in [case.row]
    }
    for code in filter(None, codes):
        message = explanation(code)["message"]
        assert "{fields}" in message or code in ("TC391", "TC399"), code


@pytest.mark.parametrize("table_name", TABLES)
def test_each_shape_is_asked_for_by_a_decoder(table_name: str) -> None:
    """Guards the tables: a row that says where a field goes has code that takes it there."""
    modules = {
        f"{PACKAGE}.{operator_rows()[kind]['module']}"
        for kind in KINDS
        if fields_table(kind) == table_name
    }
    modules |= {f"{PACKAGE}.{name}_fields" for name in ("istio", "monitor")}
    asked = {
        node.value
        for module in modules
        for node in ast.walk(tree.modules()[module])
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    shapes = {
        row.shape
        for type_name in load(table_name)
        for row in spec_tables(table_name)[type_name].values()
        if row.shape and not row.type and row.shape not in ORDINARY
    }
    parts = tuple(text for text in asked if text.endswith("-"))
    assert [
        shape for shape in sorted(shapes - asked) if not shape.startswith(parts or "\0")
    ] == []


def with_field(case: FieldCase) -> dict[str, Any]:
    """The object of the kind with that field."""
    made = copy.deepcopy(SAMPLES[case.kind])
    parent: Any = made["spec"]
    for depth, (key, below) in enumerate(itertools.pairwise((*case.path, "")), 1):
        if not below:
            parent[key] = value_of(case)
        elif key == "[]":
            parent = parent[0]
        else:
            beside = BESIDE.get(f"{case.title}.{'.'.join(case.path[:depth])}", {})
            made_value = copy.deepcopy(beside)
            parent = parent.setdefault(key, [made_value] if below == "[]" else made_value)
    return made


def value_of(case: FieldCase) -> Any:
    """A value that the field may have, and that is not its default."""
    row = case.row
    own_value = VALUES.get(str(case))
    if own_value is not None:
        return own_value
    plain = "true" if row.default == "false" else "7"
    usual = VALUES.get(row.type or row.shape, plain) if row.target else plain
    return [usual] if row.many else usual


def files_of(case: FieldCase, custom_object: dict[str, Any]) -> dict[str, str]:
    """The object, and what else the input holds."""
    context = yaml.safe_dump_all(CONTEXT.get(case.kind, []))
    return {"context.yaml": context, "m.yaml": yaml.safe_dump(custom_object)}


def settled_of(case: FieldCase) -> tuple[Result, dict[Path, Settlement]]:
    """The conversion with that field set, and what became of each of its values."""
    result = converted(files_of(case, with_field(case)), "kubernetes")
    place = ("spec", *(0 if key == "[]" else key for key in case.path))
    ledger = result.ledger
    return result, {
        ledger.path(leaf): ledger.fate(leaf)
        for leaf in ledger.leaves()
        if leaf.span.file == "m.yaml" and ledger.path(leaf)[: len(place)] == place
    }


def problem_of(case: FieldCase) -> str:
    """What is wrong with how a field was settled; empty if it is as its row says."""
    result, settled_paths = settled_of(case)
    fates = list(settled_paths.values())
    row, told = case.row, {note.code for note in result.notes}
    details = {detail for fate in fates for detail in fate.detail}
    if not fates or losses(result):
        return f"silent: {losses(result)}"
    if row.ignore:
        return "" if details == {row.ignore} else f"not ignored: {details}"
    if row.note:
        return "" if row.note in details & told else f"not noted: {details}"
    if row.type or row.shape in ORDINARY:
        return ""
    if row.shape in DECIDING:
        return "" if "TC697" in details & told else f"not told: {fates}"
    settled = {fate.fate for fate in fates}
    return "" if settled == {Fate.MAPPED} or row.shape in SKIPPED else f"not read: {fates}"


@pytest.mark.parametrize("kind", KINDS)
def test_each_field_meets_what_its_row_says(kind: str) -> None:
    problems = {str(case): problem_of(case) for case in cases(kind, kind)}
    assert {case: problem for case, problem in problems.items() if problem} == {}


def silent_changes(case: FieldCase) -> Iterator[Path]:
    """The values of a field that count as carried over, and that nobody would see changed."""
    _, settled_paths = settled_of(case)
    custom_object = with_field(case)
    base = seen(files_of(case, custom_object), "kubernetes")
    for path, settlement in settled_paths.items():
        if settlement.fate is Fate.MAPPED:
            changed = with_other_value(custom_object, path)
            if seen(files_of(case, changed), "kubernetes") == base:
                yield path


def with_other_value(custom_object: dict[str, Any], path: Path) -> dict[str, Any]:
    """The object with another value at a path."""
    made = copy.deepcopy(custom_object)
    parent: Any = made
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = OPPOSITES.get(parent[path[-1]], f"{parent[path[-1]]}x")
    return made


# Other values than these must be of the same form.
OPPOSITES: dict[Any, Any] = {"true": "false", "false": "true", "7": "8", True: False}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_changing_any_value_that_was_carried_over_shows(kind: str) -> None:
    asked = [case for case in cases(kind, kind) if str(case) not in SHOWN_WITH_OTHERS]
    silent = [(str(case), path) for case in asked for path in silent_changes(case)]
    assert silent == []
