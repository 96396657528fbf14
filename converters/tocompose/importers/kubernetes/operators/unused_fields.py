"""What is said of the fields of custom objects that no decoder read: by the rows of their tables, or as lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.field_tables import (
    FieldRow,
    FieldWalk,
    Finding,
    note_findings,
)
from tocompose.importers.kubernetes.kinds import field_tables
from tocompose.importers.kubernetes.leftovers import PER_RUN, OperatedObject
from tocompose.importers.kubernetes.lost_init_containers import (
    has_init_containers,
    is_init_container,
    lost_init_containers,
    note_init_containers,
)
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.custom_kinds import (
    fields_table,
    spec_tables,
)
from tocompose.importers.kubernetes.stack_builder import NOT_APPLICABLE
from tocompose.ledger import Fate, Ledger
from tocompose.source import Branch, Child, Leaf, Node, leaves
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
    findings = []
    for finding in walk.findings:
        if _names_own_namespace(finding, kube_object):
            for leaf in leaves(finding.child.node):
                ledger.settle(leaf, Fate.IGNORED, _AS_HERE)
        else:
            findings.append(finding)
    return OperatedObject(kube_object, subject, tuple(findings), tuple(walk.shaped))


def _names_own_namespace(finding: Finding, kube_object: KubeObject) -> bool:
    """Whether a reference says that the other object is in the namespace of this one, which holds without it."""
    node = finding.child.node
    if not isinstance(node, Leaf) or not finding.path.endswith(".namespace"):
        return False
    return node.text == kube_object.namespace


def note_unused_fields(operated: Iterable[OperatedObject], ledger: Ledger) -> None:
    """Says a note for each object and code about the fields whose rows ask for one, and one about all that nobody
    read."""
    for kube_object, subject, findings, _ in operated:
        noted = {leaf for finding in findings for leaf in leaves(finding.child.node)}
        unread = _unread_fields(kube_object.cursor.node, "", noted, ledger)
        own_findings = [finding for finding in findings if finding.code not in PER_RUN]
        told = [*own_findings, *unread]
        note_init_containers(told, kube_object, subject, ledger)
        others = [finding for finding in told if not lost_init_containers(finding)]
        note_findings(others, ledger, str(kube_object), subject)


def _unread_fields(
    node: Node | None, path: str, noted: set[Leaf], ledger: Ledger
) -> Iterator[Finding]:
    """The highest fields below a node of which nothing was settled; few values are told one by one."""
    if not isinstance(node, Branch):
        return
    for child in node.children:
        child_path = _path_of(child, path, node.kind)
        own_leaves = _valued_leaves(child, node.kind)
        unread = [leaf for leaf in own_leaves if _is_unread(leaf, noted, ledger)]
        code = _code_in_pod(child_path) if len(unread) == len(own_leaves) else ""
        if unread and _is_told_whole(child, child_path, len(unread), code):
            yield Finding(code or _LOST, child_path.removeprefix(".spec."), child)
        elif unread:
            yield from _unread_fields(child.node, child_path, noted, ledger)


def _valued_leaves(child: Child, kind: str) -> list[Leaf]:
    """The values of a field, without the name of an entry of a list, which its path tells."""
    name_leaf = _name_leaf(child.node) if kind == "list" else None
    return [leaf for leaf in leaves(child.node) if leaf is not name_leaf]


def _is_told_whole(child: Child, path: str, unread_count: int, code: str) -> bool:
    """Whether a field is told in one: a value, what has no use here, and what holds many values, all unread."""
    if isinstance(child.node, Leaf) or code == NOT_APPLICABLE:
        return True
    if is_init_container(path):
        return True
    if has_init_containers(child.node):
        return False
    return bool(code) and path != ".spec" and unread_count > _FEW_VALUES


def _path_of(child: Child, path: str, kind: str) -> str:
    """Where a field stands: an entry of a list by its name, where it has one."""
    if kind != "list":
        return f"{path}.{child.key}"
    name_leaf = _name_leaf(child.node)
    return f"{path}[{child.key if name_leaf is None else name_leaf.text}]"


def _name_leaf(node: Node) -> Leaf | None:
    """What an entry of a list is called: a container, a set of nodes."""
    for child in node.children if isinstance(node, Branch) else ():
        if child.key == "name" and isinstance(child.node, Leaf):
            return child.node
    return None


def _code_in_pod(path: str) -> str:
    """The code for a field of a pod template: what has no use on one host loses nothing here either."""
    template, _, key = path.rpartition(".")
    if not template.lower().endswith("template.spec"):
        return _LOST
    row = field_tables()["PodSpec"].get(key, FieldRow())
    is_placement = row.note == NOT_APPLICABLE or row.shape == "node-selector"
    return NOT_APPLICABLE if is_placement else _LOST


def _is_unread(leaf: Leaf, noted: set[Leaf], ledger: Ledger) -> bool:
    return leaf not in noted and ledger.fate(leaf).fate is Fate.UNREAD
