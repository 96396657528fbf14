"""What operators of a cluster would make of their custom objects: ordinary workloads, Services and Secrets.

Each module here answers for some kinds; `mappings/kubernetes/operators.yaml` says which. Of a cluster of servers one
remains: one host has nothing to fail over to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import NamedTuple

from tocompose.importers.field_tables import count_filled
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects, MadeObject
from tocompose.importers.kubernetes.operators.manifests import OperatorRequest
from tocompose.ledger import Cursor, Fate, Ledger
from tocompose.notes import note
from tocompose.source import Branch, Leaf, Node, leaves
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.tables import Row, table

_SHOWN_FIELDS = 8
# So many values of a field are said one by one.
_FEW_VALUES = 3
# What the cluster writes, and what every object has.
_SAID_ELSEWHERE = ("apiVersion", "kind", "metadata", "status")


class Expansion(NamedTuple):
    """The objects with what operators make, and the requests that were answered."""

    objects: KubeObjects
    requests: tuple[OperatorRequest, ...]


@cache
def operator_rows() -> Mapping[str, Row]:
    """The kinds of custom objects that some module answers for, by their name with the API group."""
    return table(
        "kubernetes/operators",
        required={"module"},
        optional={"with", "url", "says", "stateless"},
    )


def expand_operators(objects: KubeObjects) -> Expansion:
    """The objects, with those that operators would make in the place of the custom objects that ask for them."""
    requests = [request for request in _requests(objects) if request.made]
    if not requests:
        return Expansion(objects, ())
    answered = {each for request in requests for each in request.answered()}
    made = [made_object for request in requests for made_object in request.made]
    remaining = [kube_object for kube_object in objects if kube_object not in answered]
    return Expansion(KubeObjects(_without_twins(remaining, made)), tuple(requests))


def _requests(objects: KubeObjects) -> Iterator[OperatorRequest]:
    """The custom objects that some module here knows, each with what was made of it."""
    for kind in objects.kinds():
        row = operator_rows().get(kind)
        if row is None or row.get("with"):
            continue
        module = import_module(f"{__name__}.{row['module']}")
        for kube_object in objects.of_kind(kind):
            request = OperatorRequest(kube_object, objects)
            module.answer(request)
            yield request


def _without_twins(remaining: list[KubeObject], made: list[MadeObject]) -> list[KubeObject]:
    """All objects; of two with one name that of the manifests counts."""
    keys = {kube_object.key for kube_object in remaining}
    fresh: dict[tuple[str, str, str], KubeObject] = {}
    for made_object in made:
        if made_object.key not in keys:
            fresh.setdefault(made_object.key, made_object)
    return [*remaining, *fresh.values()]


def note_expansions(
    requests: tuple[OperatorRequest, ...],
    services: Mapping[KubeObject, str],
    ledger: Ledger,
) -> None:
    """Says of each custom object which services it became, and which of its fields had no use; `services` names the
    service of each workload."""
    for request in requests:
        kube_object = request.kube_object
        workloads = [made for made in request.made if made in services]
        described = ", ".join(
            f"{services[made]} ({request.images.get(made, 'as it stands there')})"
            for made in workloads
        )
        remarks = [*request.remarks, *_settle_answered(request, ledger)]
        row = operator_rows()[kube_object.kind]
        code = "TC399" if row.get("stateless") else "TC391"
        subject = ModelPath.service(services[workloads[0]]) if workloads else ROOT
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


def _settle_answered(request: OperatorRequest, ledger: Ledger) -> Iterator[str]:
    """What is left of the objects that were answered, in words; all of it thereby counts as noted."""
    for kube_object in request.answered():
        for key in _SAID_ELSEWHERE:
            kube_object.at(key).skip("what identifies an object, or its status")
        title = "" if kube_object is request.kube_object else f"{kube_object}: "
        for fields in _unused_fields(kube_object.cursor, ledger):
            yield f"{title}{fields}"
        kube_object.cursor.mark_noted("TC391")


def _unused_fields(cursor: Cursor, ledger: Ledger) -> list[str]:
    """In words, the fields of the spec that nothing read."""
    fields = [
        _field_words(path, node) for path, node in _unread_parts(cursor.node, "", ledger)
    ]
    if not fields:
        return []
    more = len(fields) - _SHOWN_FIELDS
    ellipsis = f" and {more} more fields" if more > 0 else ""
    return [f"without a use here: {', '.join(fields[:_SHOWN_FIELDS])}{ellipsis}"]


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
