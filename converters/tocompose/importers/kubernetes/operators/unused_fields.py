"""What is said of the fields of custom objects that no decoder read: by the rows of their tables, or as lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.field_tables import FieldWalk, Finding, note_findings
from tocompose.importers.kubernetes.leftovers import PER_RUN, OperatedObject
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.custom_kinds import (
    fields_table,
    spec_tables,
)
from tocompose.ledger import Fate, Ledger
from tocompose.source import Branch, Leaf, Node, leaves
from tocompose.syntax.model_path import ModelPath

# What the cluster writes, and what every object has.
_OF_EVERY_OBJECT, _KIND = "metadata or status of the object", "kind"
_SAID_ELSEWHERE = ("apiVersion", "kind", "metadata", "status")
_LOST, _AS_HERE = "TC697", "it says what holds here anyway"
# So many values of a field are said one by one.
_FEW_VALUES = 3


def settle_spec(
    kube_object: KubeObject, subject: ModelPath, ledger: Ledger
) -> OperatedObject:
    """The object, after all of its fields were settled whose rows say why they lose nothing."""
    for key in _SAID_ELSEWHERE:
        kube_object.at(key).skip(_OF_EVERY_OBJECT)
    tables = spec_tables(fields_table(kube_object.kind))
    walk = FieldWalk(tables, ledger, default_reason=_AS_HERE)
    spec = kube_object.at("spec").node
    if spec is not None:
        walk.visit(spec, kube_object.kind)
    for shape, node in walk.shaped:
        if shape == _KIND and isinstance(node, Leaf):
            ledger.settle(node, Fate.IGNORED, _OF_EVERY_OBJECT)
    return OperatedObject(kube_object, subject, tuple(walk.findings), tuple(walk.shaped))


def note_unused_fields(operated: Iterable[OperatedObject], ledger: Ledger) -> None:
    """Says a note for each object and code about the fields whose rows ask for one, and one about all that nobody
    read."""
    for kube_object, subject, findings, _ in operated:
        noted = {leaf for finding in findings for leaf in leaves(finding.child.node)}
        unread = _unread_fields(kube_object.cursor.node, "", noted, ledger)
        own_findings = [finding for finding in findings if finding.code not in PER_RUN]
        note_findings([*own_findings, *unread], ledger, str(kube_object), subject)


def _unread_fields(
    node: Node | None, path: str, noted: set[Leaf], ledger: Ledger
) -> Iterator[Finding]:
    """The highest fields below a node of which nothing was settled; few values are told one by one."""
    if not isinstance(node, Branch):
        return
    for child in node.children:
        child_path = (
            f"{path}[{child.key}]" if node.kind == "list" else f"{path}.{child.key}"
        )
        own_leaves = list(leaves(child.node))
        unread_count = sum(_is_unread(leaf, noted, ledger) for leaf in own_leaves)
        is_whole = unread_count == len(own_leaves) > _FEW_VALUES and child_path != ".spec"
        if unread_count and (is_whole or isinstance(child.node, Leaf)):
            yield Finding(_LOST, child_path.removeprefix(".spec."), child)
        elif unread_count:
            yield from _unread_fields(child.node, child_path, noted, ledger)


def _is_unread(leaf: Leaf, noted: set[Leaf], ledger: Ledger) -> bool:
    return leaf not in noted and ledger.fate(leaf).fate is Fate.UNREAD
