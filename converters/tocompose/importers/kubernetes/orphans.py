"""Pods and ReplicaSets of a dump whose controller is not in it: one stands for all that the controller made, under the
controller's own name."""

from __future__ import annotations

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.readers.yaml import integer

# What makes equal objects with random endings. The pods of a StatefulSet differ, and keep their names.
_MAKERS = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "DaemonSet", "Job"}
)
_ENDING = regex(r"-[a-z0-9]{5}$")
_HASH = "pod-template-hash"


def without_copies(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects, with one left of those that one controller made."""
    taken = {(item.title, item.namespace, item.name) for item in objects}
    chosen: dict[tuple[str, ...], KubeObject] = {}
    for item in objects:
        key = _controller_key(item)
        if key and (
            key not in chosen or _stated_replicas(item) > _stated_replicas(chosen[key])
        ):
            chosen[key] = item
    kept = []
    for item in objects:
        key = _controller_key(item)
        if key and chosen[key] is not item:
            item.cursor.skip(f"another of {key[2]}")
            ledger.say(
                note("TC268", item.span, object=str(item), owner=f"{key[2]} {key[3]}")
            )
        else:
            kept.append(item)
            if key:
                _name_after_controller(item, taken)
    return KubeObjects(kept)


def _controller_key(item: KubeObject) -> tuple[str, ...] | None:
    """Namespace, kind, and the controller of an object that a controller made."""
    for reference in (
        item.at("metadata", "ownerReferences")
        if item.title in ("Pod", "ReplicaSet")
        else ()
    ):
        kind, name = reference.peek("kind") or "", reference.peek("name") or ""
        if kind in _MAKERS:
            return item.namespace, item.title, kind, name
    return None


def _stated_replicas(item: KubeObject) -> int:
    return integer(peek_text(item.at("spec", "replicas")) or "") or 0


def _name_after_controller(item: KubeObject, taken: set[tuple[str, str, str]]) -> None:
    name = item.name
    if item.title == "Pod":
        name = (
            peek_text(item.at("metadata", "generateName")) or _ENDING.sub("", name)
        ).rstrip("-")
    name = name.removesuffix(f"-{item.labels.get(_HASH)}")
    taken.discard((item.title, item.namespace, item.name))
    if not name or name == item.name or (item.title, item.namespace, name) in taken:
        return
    what = f"its controller, which is not among the manifests, added the ending; it is called {name}"
    (item.at("metadata", "name") or item.cursor).remark(
        "TC206", object=str(item), what=what
    )
    item.name = name
