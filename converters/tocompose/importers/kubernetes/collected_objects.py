"""The objects of the documents: Lists flattened, duplicates and what a controller made set aside, names known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.importers.kubernetes.kinds import is_served, kind_row, qualified_kind
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.source import Branch, Leaf, Node
from tocompose.wording import listed_names

# What makes equal objects with random endings. The pods of a StatefulSet differ, and keep their names.
_MAKERS = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "DaemonSet", "Job"}
)
_RANDOM_ENDING = regex(r"-[a-z0-9]{5}$")
_TEMPLATE_HASH = "pod-template-hash"
# https://argo-rollouts.readthedocs.io/en/stable/features/specification/
_TEMPLATE_HASHES = (_TEMPLATE_HASH, "rollouts-pod-template-hash")
# Which controllers make the owners of pods.
_CONTROLLERS = {
    "ReplicaSet": ("Deployment", "Rollout"),
    "Job": ("CronJob",),
    "ReplicationController": ("DeploymentConfig",),
}
# What several objects of one controller are: pods alike, or the revisions of a workload.
_COPIES = {
    "Pod": ("several equal pods", "Set deploy.replicas if several should run"),
    "ReplicaSet": ("several revisions", "Check that it is the revision that runs"),
}


def collect_objects(cursors: Iterable[Cursor], ledger: Ledger) -> KubeObjects:
    """The objects of the documents. Of two with one key the last counts, as with `kubectl apply`."""
    objects = [kube_object for cursor in cursors for kube_object in _objects_at(cursor)]
    named_objects = _name_objects(objects)
    return KubeObjects(_without_duplicates(_without_owned(named_objects, ledger)))


def _objects_at(cursor: Cursor) -> Iterator[KubeObject]:
    kind, version = peek_text(cursor.at("kind")), peek_text(cursor.at("apiVersion"))
    if kind is None:
        cursor.note("TC200", what="its kind" if version else "apiVersion and kind")
    elif kind.endswith("List") and _is_list(cursor.at("items")):
        for key in ("apiVersion", "kind", "metadata"):
            cursor.at(key).skip("a List only wraps other objects")
        for list_item in cursor.at("items"):
            yield from _objects_at(list_item)
    else:
        kube_object = KubeObject(cursor, qualified_kind(kind, version or ""))
        if version is None:
            _annotate(kube_object, "it has no apiVersion", "apiVersion")
        elif not is_served(kube_object.kind, version):
            problem = f"apiVersion {version} is not known; it is read like one that is"
            _annotate(kube_object, problem, "apiVersion")
        yield kube_object


def _is_list(cursor: Cursor) -> bool:
    return cursor.kind == "list" or cursor.style == "[]"


def _annotate(kube_object: KubeObject, problem: str, *path: str) -> None:
    """Says what is odd about an object, at the place of a field of it or at its own."""
    (kube_object.at(*path) or kube_object.cursor).annotate(
        "TC206", object=str(kube_object), what=problem
    )


def _name_objects(objects: list[KubeObject]) -> list[KubeObject]:
    """The objects; those with a generateName have a name of their own."""
    keys = {kube_object.key for kube_object in objects}
    return [
        kube_object if kube_object.name else _name_object(kube_object, keys)
        for kube_object in objects
    ]


def _name_object(kube_object: KubeObject, keys: set[tuple[str, str, str]]) -> KubeObject:
    """The object with a name that no other has, which `keys` holds from now on."""
    cursor = kube_object.at("metadata", "generateName")
    kind = kube_object.title.lower()
    base = (peek_text(cursor) or kind).rstrip("-") or kind
    named, number = kube_object.renamed(base), 2
    while named.key in keys:
        named, number = kube_object.renamed(f"{base}-{number}"), number + 1
    keys.add(named.key)
    (cursor or kube_object.cursor).annotate(
        "TC206",
        object=kube_object.title,
        what=f"it has no name of its own and is called {named.name}",
    )
    cursor.mark_noted("TC206")
    return named


def _without_owned(objects: list[KubeObject], ledger: Ledger) -> Iterator[KubeObject]:
    """Leaves out what a controller of the same input made: the ReplicaSet of a Deployment, its pods."""
    present = {_title_key(kube_object) for kube_object in objects}
    for kube_object in objects:
        owner = _further_owner(kube_object, present) or next(
            (
                f"{kind} {name}"
                for kind, name in _owners(kube_object)
                if (kind, kube_object.namespace, name) in present
            ),
            None,
        )
        if owner is None:
            yield kube_object
        else:
            kube_object.cursor.skip(f"{owner} makes it")
            ledger.add_note(
                note("TC205", kube_object.span, object=str(kube_object), owner=owner)
            )


def _further_owner(
    kube_object: KubeObject, present: set[tuple[str, str, str]]
) -> str | None:
    """The controller in the input of what owns a Pod, where that is not there itself: it is named after both of them,
    or numbered."""
    if kube_object.title != "Pod":
        return None
    for kind, name in _owners(kube_object):
        base, _, ending = name.rpartition("-")
        if not _is_given_ending(kube_object, kind, ending):
            continue
        for controller in _CONTROLLERS.get(kind, ()):
            if (controller, kube_object.namespace, base) in present:
                return f"{controller} {base}"
    return None


def _is_given_ending(kube_object: KubeObject, kind: str, ending: str) -> bool:
    """Whether a controller ends the names of that kind so: with the hash of the template, or a number."""
    if kind == "ReplicaSet":
        return ending in {kube_object.labels.get(label) for label in _TEMPLATE_HASHES}
    return ending.isdigit()


def _title_key(kube_object: KubeObject) -> tuple[str, str, str]:
    """As references name it: without the API group."""
    return kube_object.title, kube_object.namespace, kube_object.name


def _owners(kube_object: KubeObject) -> Iterator[tuple[str, str]]:
    """The kind and name of each owner."""
    for reference in kube_object.at("metadata", "ownerReferences"):
        kind, name = reference.peek("kind"), reference.peek("name")
        if kind and name:
            yield kind, name


def _without_duplicates(objects: Iterable[KubeObject]) -> list[KubeObject]:
    """The last of each key, said once for all before it."""
    same: dict[tuple[str, str, str], list[KubeObject]] = {}
    for kube_object in objects:
        earlier = same.pop(kube_object.key, [])
        same[kube_object.key] = [*earlier, kube_object]
    for *superseded, latest in same.values():
        if superseded:
            _note_superseded(superseded, latest)
    return [members[-1] for members in same.values()]


_SHOWN_FIELDS = 3
_TIMES = {1: "twice", 2: "three times"}


def _note_superseded(superseded: list[KubeObject], latest: KubeObject) -> None:
    first, *further = superseded
    count = len(superseded)
    facts: dict[str, Any] = {
        "object": str(latest),
        "times": _TIMES.get(count, f"{count + 1} times"),
        "comparison": _comparison([*superseded, latest]),
        "related": (*(kube_object.span for kube_object in further), latest.span),
    }
    row = kind_row(latest.kind)
    code = "TC099" if row.not_applicable or not row.type else "TC204"
    if code == "TC204":
        facts["kept"] = str(latest.span)
        facts["left_out"] = "this one is" if count == 1 else "the others are"
    first.cursor.note(code, **facts)
    for kube_object in further:
        kube_object.cursor.mark_noted(code)


def _comparison(same_named: list[KubeObject]) -> str:
    """Where objects of one name differ: fields, never values."""
    texts = [dict(_texts_below(kube_object.cursor.node, "")) for kube_object in same_named]
    paths = dict.fromkeys(path for values in texts for path in values)
    differing = [path for path in paths if len({values.get(path) for values in texts}) > 1]
    if not differing:
        return "they say the same"
    return f"they differ in {listed_names(differing, _SHOWN_FIELDS)}"


def _texts_below(node: Node | None, path: str) -> Iterator[tuple[str, str]]:
    """The values below a node by their paths."""
    if isinstance(node, Leaf):
        yield path, node.text
    if not isinstance(node, Branch):
        return
    for child in node.children:
        step = f"[{child.key}]" if node.kind == "list" else f".{child.key}"
        yield from _texts_below(child.node, f"{path}{step}".removeprefix("."))


def without_copies(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects, with one left of those that one controller made that is not in the input: it stands for all, under
    the controller's own name."""
    keys = {_title_key(kube_object) for kube_object in objects}
    makers = {kube_object: _absent_maker(kube_object) for kube_object in objects}
    representatives: dict[tuple[str, ...], KubeObject] = {}
    for kube_object, maker in makers.items():
        if maker is not None:
            chief = representatives.setdefault(maker, kube_object)
            if _stated_replicas(kube_object) > _stated_replicas(chief):
                representatives[maker] = kube_object
    remaining = []
    for kube_object, maker in makers.items():
        if maker is not None and representatives[maker] is not kube_object:
            _, _, kind, name = maker
            kube_object.cursor.skip(f"another of {kind}")
            ledger.add_note(_copy_note(kube_object, f"{kind} {name}"))
            continue
        if maker is not None:
            kube_object = _named_after_controller(kube_object, keys)
        remaining.append(kube_object)
    return KubeObjects(remaining)


def _copy_note(kube_object: KubeObject, owner: str) -> Note:
    """Says that another object of its controller stands for this one."""
    several, remedy = _COPIES[kube_object.title]
    return note(
        "TC268",
        kube_object.span,
        object=str(kube_object),
        owner=owner,
        several=several,
        remedy=remedy,
    )


def _absent_maker(kube_object: KubeObject) -> tuple[str, ...] | None:
    """Namespace, kind, and the controller of an object that a controller made."""
    if kube_object.title in ("Pod", "ReplicaSet"):
        for kind, name in _owners(kube_object):
            if kind in _MAKERS:
                return kube_object.namespace, kube_object.title, kind, name
    return None


def _stated_replicas(kube_object: KubeObject) -> int:
    return integer(peek_text(kube_object.at("spec", "replicas")) or "") or 0


def _named_after_controller(
    kube_object: KubeObject, keys: set[tuple[str, str, str]]
) -> KubeObject:
    """The object without the ending that its controller has given it, unless another has that name."""
    name = kube_object.name
    if kube_object.title == "Pod":
        generated_from = peek_text(kube_object.at("metadata", "generateName"))
        name = (generated_from or _RANDOM_ENDING.sub("", name)).rstrip("-")
    name = name.removesuffix(f"-{kube_object.labels.get(_TEMPLATE_HASH)}")
    keys.discard(_title_key(kube_object))
    title, namespace, old_name = _title_key(kube_object)
    if name and name != old_name and (title, namespace, name) not in keys:
        problem = "its controller, which is not among the manifests, added the ending"
        _annotate(kube_object, f"{problem}; it is called {name}", "metadata", "name")
        return kube_object.renamed(name)
    return kube_object
