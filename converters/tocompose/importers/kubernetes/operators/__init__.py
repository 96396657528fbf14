"""What operators of a cluster would make of their custom objects: ordinary workloads, Services and Secrets.

Each module here answers for some kinds; `mappings/kubernetes/operators.yaml` says which. Of a cluster of servers one
remains: one host has nothing to fail over to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from tocompose.importers.field_tables import count_filled
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects, MadeObject
from tocompose.importers.kubernetes.operators.manifests import (
    OperatorAnswer,
    build_answer,
)
from tocompose.ledger import Fate, Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.source import Branch, Leaf, Node, leaves
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import Row, table

_SHOWN_FIELDS = 8
# How operators call the number of servers.
_COUNTS = frozenset(
    "clusterSize count instances members numberOfInstances replicas".split()
)
# So many values of a field are said one by one.
_FEW_VALUES = 3
# What the cluster writes, and what every object has.
_SAID_ELSEWHERE = ("apiVersion", "kind", "metadata", "status")


class Expansion(NamedTuple):
    """The objects with what operators make, and the custom objects that were answered."""

    objects: KubeObjects
    answers: tuple[OperatorAnswer, ...]


@cache
def operator_rows() -> Mapping[str, Row]:
    """The kinds of custom objects that some module answers for, by their name with the API group."""
    return table(
        "kubernetes/operators",
        required={"module"},
        optional={"with", "url", "says", "stateless", "labels", "after", "backups"},
    )


def expand_operators(objects: KubeObjects) -> Expansion:
    """The objects, with those that operators would make in the place of the custom objects that ask for them."""
    answers: tuple[OperatorAnswer, ...] = ()
    # What watches others sees what they made.
    for is_after in (False, True):
        expanded = _expanded(objects, answers)
        answers += tuple(
            answer for answer in _answers(expanded, is_after=is_after) if answer.made
        )
    return Expansion(_expanded(objects, answers), answers)


def _expanded(objects: KubeObjects, answers: tuple[OperatorAnswer, ...]) -> KubeObjects:
    """The objects with those that were made in the place of what was answered."""
    if not answers:
        return objects
    answered = {kube_object for answer in answers for kube_object in answer.answered}
    made = [made_object for answer in answers for made_object in answer.made]
    remaining = [kube_object for kube_object in objects if kube_object not in answered]
    return KubeObjects(_without_twins(remaining, made))


def _answers(objects: KubeObjects, *, is_after: bool) -> Iterator[OperatorAnswer]:
    """What is made of the custom objects that some module here knows."""
    for kind in objects.kinds():
        row = operator_rows().get(kind)
        if row is None or row.get("with") or row.get("after", False) is not is_after:
            continue
        module = import_module(f"{__name__}.{row['module']}")
        for kube_object in objects.of_kind(kind):
            parts = module.answer(kube_object, objects)
            labels = _pod_labels(kube_object, row)
            yield build_answer(kube_object, objects, parts, labels)


def _pod_labels(kube_object: KubeObject, row: Row) -> Mapping[str, str]:
    """The labels that the operator gives the pods of an object, where its name stands for `NAME`."""
    labels: Mapping[str, str] = row.get("labels", {})
    return {key: text.replace("NAME", kube_object.name) for key, text in labels.items()}


def _without_twins(remaining: list[KubeObject], made: list[MadeObject]) -> list[KubeObject]:
    """All objects; of two with one name that of the manifests counts."""
    keys = {kube_object.key for kube_object in remaining}
    fresh: dict[tuple[str, str, str], KubeObject] = {}
    for made_object in made:
        if made_object.key not in keys:
            fresh.setdefault(made_object.key, made_object)
    return [*remaining, *fresh.values()]


def note_expansions(
    answers: tuple[OperatorAnswer, ...],
    services: Mapping[KubeObject, str],
    ledger: Ledger,
) -> None:
    """Says of each custom object which services it became, and which of its fields had no use; `services` names the
    service of each workload."""
    for answer in answers:
        kube_object = answer.kube_object
        workloads = [made for made in answer.made if made in services]
        described = ", ".join(
            f"{services[made]} ({answer.images.get(made, 'with its own image')})"
            for made in workloads
        )
        row = operator_rows()[kube_object.kind]
        code = "TC399" if row.get("stateless") else "TC391"
        subject = ModelPath.service(services[workloads[0]]) if workloads else ROOT
        _note_backups(kube_object, row, subject, ledger)
        remarks = [*answer.remarks, *_settle_answered(answer, ledger)]
        ledger.add_note(
            note(
                code if workloads else "TC392",
                kube_object.span,
                subject=subject,
                object=str(kube_object),
                what=f"{described or 'routes'}{row.get('says', '')}",
                rest="".join(f"; {remark}" for remark in remarks),
            )
        )


def _note_backups(
    kube_object: KubeObject, row: Row, subject: ModelPath, ledger: Ledger
) -> None:
    """Says that the backups are lost which the object asks its operator for."""
    fields = [kube_object.at("spec", key) for key in row.get("backups", "").split()]
    lost_fields = [field for field in fields if field.unread()]
    if not lost_fields:
        return
    for field in lost_fields:
        field.mark_noted("TC695")
    words = (
        _field_words(str(field.key), field.node) for field in lost_fields if field.node
    )
    ledger.add_note(
        note(
            "TC695",
            lost_fields[0].span,
            subject=subject,
            object=str(kube_object),
            fields=", ".join(words),
        )
    )


def _settle_answered(answer: OperatorAnswer, ledger: Ledger) -> Iterator[str]:
    """What is left of the objects that were answered, in words; all of it thereby counts as noted."""
    for kube_object in answer.answered:
        for key in _SAID_ELSEWHERE:
            kube_object.at(key).skip("metadata or status of the object")
        title = "" if kube_object is answer.kube_object else f"{kube_object}: "
        for fields in _unused_fields(kube_object.cursor.node, ledger):
            yield f"{title}{fields}"
        kube_object.cursor.mark_noted("TC391")


def _unused_fields(node: Node | None, ledger: Ledger) -> list[str]:
    """In words, the fields of the spec that nothing read."""
    fields = [
        _field_words(path, part)
        for path, part in _unread_parts(node, "", ledger)
        if not _is_one_server(path, part)
    ]
    if not fields:
        return []
    more = len(fields) - _SHOWN_FIELDS
    ellipsis = f" and {more} more fields" if more > 0 else ""
    return [f"not used here: {', '.join(fields[:_SHOWN_FIELDS])}{ellipsis}"]


def _is_one_server(path: str, node: Node) -> bool:
    """Whether a field says what holds here anyway: that there is one server."""
    is_count = path.rpartition(".")[2] in _COUNTS
    return is_count and isinstance(node, Leaf) and node.text == "1"


def _unread_parts(node: Node | None, path: str, ledger: Ledger) -> list[tuple[str, Node]]:
    """The highest fields of which nothing was read."""
    if node is None:
        return []
    own_leaves = list(leaves(node))
    unread = [leaf for leaf in own_leaves if ledger.fate(leaf).fate is Fate.UNREAD]
    if not unread:
        return []
    is_whole = len(unread) == len(own_leaves) and path.count(".") > 1
    if isinstance(node, Leaf) or (is_whole and len(unread) > _FEW_VALUES):
        return [(path.removeprefix(".spec."), node)]
    assert isinstance(node, Branch), "what is no leaf has children"
    return [
        part
        for child in node.children
        for part in _unread_parts(child.node, f"{path}.{child.key}", ledger)
    ]


def _field_words(path: str, node: Node) -> str:
    if isinstance(node, Leaf):
        return f"{path}: {node.text}" if 0 < len(node.text) <= 40 else path
    count = count_filled(node)
    return f"{path} ({count} {'value' if count == 1 else 'values'})"
