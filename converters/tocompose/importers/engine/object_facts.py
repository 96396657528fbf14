"""What the fields of an object say of its service, by their rows: each value is settled where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tocompose.importers.docker_run.facts import FlagFact
from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine import (
    endpoints,
    host_settings,
    mounts,
    publication,
    shapes,
    swarm_shapes,
)
from tocompose.importers.engine.field_rows import field_tables
from tocompose.importers.engine.json_values import text_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.shapes import FieldFact, FieldShape
from tocompose.importers.field_tables import (
    ABSENT,
    FieldRow,
    FieldWalk,
    is_empty,
    note_findings,
)
from tocompose.ledger import Cursor
from tocompose.source import Leaf

# Where facts are written that are no keys of a service themselves.
_WRITTEN_ELSEWHERE = {
    "links": ("depends_on",),
    "mode": ("restart",),
    "replicas": ("deploy", "replicas"),
    "restart_attempts": ("restart",),
    "volume_driver": ("volumes",),
}
_SHAPE_MODULES = (shapes, host_settings, publication, mounts, endpoints, swarm_shapes)


@cache
def shape_function(name: str) -> FieldShape:
    """The function that a table's `shape` column names: `read_<name>` of one of the modules."""
    function = f"read_{name.replace('-', '_')}"
    module = next(module for module in _SHAPE_MODULES if hasattr(module, function))
    shape: FieldShape = getattr(module, function)
    return shape


def read_object(context: ObjectContext, type_name: str) -> list[FlagFact]:
    """The facts about the service of an object, every field of which is settled."""
    facts = list(read_fields(context, type_name))
    _settle_rest(context, type_name)
    return facts


def read_fields(context: ObjectContext, type_name: str) -> Iterator[FlagFact]:
    """The facts about the service of an object; what its rows say nothing of stays as it is."""
    for row, field_fact in _field_facts(context.cursor, type_name, context):
        if not _only_tells(row, field_fact, context):
            yield _settle_fact(row, field_fact, context)


def _field_facts(
    cursor: Cursor, type_name: str, context: ObjectContext
) -> Iterator[tuple[FieldRow, FieldFact]]:
    """What the fields of an object say, those with a target in the order of the input."""
    rows = field_tables()[type_name]
    for field in cursor:
        row = rows.get(field.key)
        if row is None or not row.target or _says_nothing(field, row):
            continue
        if row.type:
            yield from _field_facts(field, row.type, context)
            continue
        if row.shape == "name":
            continue
        if context.infra and text_at(field) == f"container:{context.infra}":
            field.skip("the service stands for the pod that it is in")
            continue
        for field_fact in shape_function(row.shape)(field, context):
            yield row, field_fact


def _says_nothing(field: Cursor, row: FieldRow) -> bool:
    """Whether a field is empty or holds the default; a list of hidden paths tells something when it is empty."""
    node = field.node
    if not isinstance(node, Leaf):
        return False
    if row.shape == "masked-paths" and node.style == "[]":
        return False
    return is_json_empty(node) or bool(row.default and node.text == row.default)


def is_json_empty(leaf: Leaf) -> bool:
    """Whether a value of JSON stands for nothing: null, an empty text, map or list."""
    return leaf.style == "null" or is_empty(leaf) or not leaf.text


def _only_tells(row: FieldRow, field_fact: FieldFact, context: ObjectContext) -> bool:
    """Whether nothing but a note comes of a fact, which is said then; or nothing at all, for a reason."""
    fact, cursor = field_fact
    if fact.merge is FactMerge.SKIP:
        cursor.skip(fact.key)
    elif fact.merge is FactMerge.NOTE:
        subject = context.path.child(*_written_key(fact.target or row.target, fact))
        note_facts: dict[str, Any] = {"flag": cursor.key, **dict(fact.note_facts)}
        cursor.annotate(fact.code, subject=subject, **note_facts)
    return fact.merge in (FactMerge.SKIP, FactMerge.NOTE)


def _settle_fact(row: FieldRow, field_fact: FieldFact, context: ObjectContext) -> FlagFact:
    fact, cursor = field_fact
    target = fact.target or row.target
    subject = context.path.child(*_written_key(target, fact))
    argument = Argument("", cursor.span, (cursor,))
    argument.take(subject)
    if fact.code:
        argument.annotate(fact.code, subject=subject, **dict(fact.note_facts))
    return FlagFact(target, fact, argument)


def _written_key(target: str, fact: Fact) -> tuple[str, ...]:
    """Where in the service a fact is written."""
    if target in _WRITTEN_ELSEWHERE:
        return _WRITTEN_ELSEWHERE[target]
    keys = tuple(target.split("."))
    if fact.merge is FactMerge.KEY:
        return (*keys, fact.key)
    return keys


def _settle_rest(context: ObjectContext, type_name: str) -> None:
    """Settles what the table ignores, and gives one note a code for what has no key."""
    ledger = context.cursor.ledger
    walk = FieldWalk(field_tables(), ledger, default_reason=shapes.ENGINE_FILLS_IN)
    if context.cursor.node is not None:
        walk.visit(context.cursor.node, type_name)
    note_findings(walk.findings, ledger, context.name, context.path)
    for leaf in _empty_leaves(context.cursor):
        leaf.skip(ABSENT)


def _empty_leaves(cursor: Cursor) -> Iterator[Cursor]:
    if isinstance(cursor.node, Leaf):
        if is_json_empty(cursor.node):
            yield cursor
        return
    for value_below in cursor:
        yield from _empty_leaves(value_below)
