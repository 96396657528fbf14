"""The objects of the manifests: Lists flattened, duplicates and what a controller made set aside, names known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.kinds import is_served, qualified_kind
from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.source import Span

DEFAULT = "default"


class KubeObject:
    """One object; `kind` is its kind, with the API group for what is not Kubernetes' own (`Rollout.argoproj.io`)."""

    __slots__ = (
        "annotations",
        "cursor",
        "kind",
        "labels",
        "name",
        "namespace",
        "states_namespace",
        "title",
    )

    def __init__(self, cursor: Cursor, kind: str) -> None:
        self.cursor = cursor
        self.kind = kind
        self.title = kind.partition(".")[0]
        metadata = cursor.at("metadata")
        self.labels = string_map(metadata.at("labels"))
        self.annotations = string_map(metadata.at("annotations"))
        self.name = peek_text(metadata.at("name")) or ""
        stated_namespace = peek_text(metadata.at("namespace"))
        self.states_namespace = stated_namespace is not None
        self.namespace = stated_namespace or DEFAULT

    def __str__(self) -> str:
        return f"{self.title} {self.name}"

    @property
    def span(self) -> Span:
        """Where the object begins."""
        return self.cursor.value_span

    def at(self, *keys: str | int) -> Cursor:
        """The cursor at a path below the object."""
        return self.cursor.at(*keys)

    def count_identity_as_mapped(self, to: str) -> None:
        """Counts what makes the object what it is (API version, kind, name, namespace) as mapped to `to`."""
        for path in (
            ("apiVersion",),
            ("kind",),
            ("metadata", "name"),
            ("metadata", "namespace"),
        ):
            self.cursor.take(*path, to=to)


class KubeObjects:
    """All objects that count, in source order, and by kind, namespace and name."""

    def __init__(self, objects: Iterable[KubeObject]) -> None:
        self.all = tuple(objects)
        self._by_key = {
            (kube_object.kind, kube_object.namespace, kube_object.name): kube_object
            for kube_object in self.all
        }
        self._by_kind: dict[str, list[KubeObject]] = {}
        self._by_name: dict[tuple[str, str], list[KubeObject]] | None = None
        for kube_object in self.all:
            self._by_kind.setdefault(kube_object.kind, []).append(kube_object)

    def __iter__(self) -> Iterator[KubeObject]:
        return iter(self.all)

    def of_kind(self, *kinds: str) -> list[KubeObject]:
        """The objects of these kinds, kind by kind."""
        return [
            kube_object for kind in kinds for kube_object in self._by_kind.get(kind, ())
        ]

    def get(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The object of that kind and name in a namespace."""
        return self._by_key.get((kind, namespace, name))

    def in_all_namespaces(self, kind: str, name: str) -> list[KubeObject]:
        """The objects of that kind and name in all namespaces."""
        if self._by_name is None:
            self._by_name = {}
            for kube_object in self.all:
                self._by_name.setdefault((kube_object.kind, kube_object.name), []).append(
                    kube_object
                )
        return self._by_name.get((kind, name), [])

    def kinds(self) -> tuple[str, ...]:
        """Every kind that occurs, in order of first appearance."""
        return tuple(self._by_kind)


def collect_objects(cursors: Iterable[Cursor], ledger: Ledger) -> KubeObjects:
    """The objects of the documents. Of two with one key the last counts, as with `kubectl apply`."""
    objects = [kube_object for cursor in cursors for kube_object in _objects_at(cursor)]
    _name_objects(objects)
    return KubeObjects(_without_duplicates(_without_owned(objects, ledger)))


def _objects_at(cursor: Cursor) -> Iterator[KubeObject]:
    kind, version = peek_text(cursor.at("kind")), peek_text(cursor.at("apiVersion"))
    list_items = cursor.at("items")
    if (
        kind
        and kind.endswith("List")
        and (list_items.kind == "list" or list_items.style == "[]")
    ):
        for key in ("apiVersion", "kind", "metadata"):
            cursor.at(key).skip("a List only wraps its items")
        for list_item in list_items:
            yield from _objects_at(list_item)
        return
    if not kind:
        cursor.note("TC200", what="its kind" if version else "apiVersion and kind")
        return
    kube_object = KubeObject(cursor, qualified_kind(kind, version or ""))
    if not version or not is_served(kube_object.kind, version):
        problem = (
            f"apiVersion {version} is not known; it is read like one that is"
            if version
            else "it has no apiVersion"
        )
        (cursor.at("apiVersion") or cursor).remark(
            "TC206", object=str(kube_object), what=problem
        )
    yield kube_object


def _name_objects(objects: list[KubeObject]) -> None:
    """Gives objects with a generateName a name of their own."""
    names_in_use = {
        (kube_object.kind, kube_object.namespace, kube_object.name)
        for kube_object in objects
    }
    for kube_object in objects:
        if kube_object.name:
            continue
        cursor = kube_object.at("metadata", "generateName")
        base = (peek_text(cursor) or kube_object.title.lower()).rstrip(
            "-"
        ) or kube_object.title.lower()
        kube_object.name, number = base, 2
        while (kube_object.kind, kube_object.namespace, kube_object.name) in names_in_use:
            kube_object.name, number = f"{base}-{number}", number + 1
        names_in_use.add((kube_object.kind, kube_object.namespace, kube_object.name))
        (cursor or kube_object.cursor).remark(
            "TC206",
            object=kube_object.title,
            what=f"it has no name of its own and is called {kube_object.name}",
        )
        cursor.noted("TC206")


def _without_owned(objects: list[KubeObject], ledger: Ledger) -> Iterator[KubeObject]:
    """Leaves out what a controller of the same input made: the ReplicaSet of a Deployment, its pods."""
    present = {
        (kube_object.title, kube_object.namespace, kube_object.name)
        for kube_object in objects
    }
    for kube_object in objects:
        owner = _present_owner(kube_object, present)
        if owner:
            kube_object.cursor.skip(f"{owner} makes it")
            ledger.say(
                note("TC205", kube_object.span, object=str(kube_object), owner=owner)
            )
        else:
            yield kube_object


def _present_owner(
    kube_object: KubeObject, present: set[tuple[str, str, str]]
) -> str | None:
    for reference in kube_object.at("metadata", "ownerReferences"):
        kind, name = reference.peek("kind"), reference.peek("name")
        if kind and name and (kind, kube_object.namespace, name) in present:
            return f"{kind} {name}"
    return None


def _without_duplicates(objects: Iterable[KubeObject]) -> list[KubeObject]:
    latest: dict[tuple[str, str, str], KubeObject] = {}
    for kube_object in objects:
        key = (kube_object.kind, kube_object.namespace, kube_object.name)
        earlier = latest.pop(key, None)
        if earlier is not None:
            earlier.cursor.note(
                "TC204",
                object=str(kube_object),
                kept=str(kube_object.span),
                related=(kube_object.span,),
            )
        latest[key] = kube_object
    return list(latest.values())


# What makes equal objects with random endings. The pods of a StatefulSet differ, and keep their names.
_MAKERS = frozenset(
    {"Deployment", "ReplicaSet", "ReplicationController", "DaemonSet", "Job"}
)
_ENDING = regex(r"-[a-z0-9]{5}$")
_HASH = "pod-template-hash"


def without_copies(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects, with one left of those that one controller made."""
    names_in_use = {
        (kube_object.title, kube_object.namespace, kube_object.name)
        for kube_object in objects
    }
    representatives: dict[tuple[str, ...], KubeObject] = {}
    for kube_object in objects:
        key = _controller_key(kube_object)
        if key and (
            key not in representatives
            or _stated_replicas(kube_object) > _stated_replicas(representatives[key])
        ):
            representatives[key] = kube_object
    remaining = []
    for kube_object in objects:
        key = _controller_key(kube_object)
        if key and representatives[key] is not kube_object:
            kube_object.cursor.skip(f"another of {key[2]}")
            ledger.say(
                note(
                    "TC268",
                    kube_object.span,
                    object=str(kube_object),
                    owner=f"{key[2]} {key[3]}",
                )
            )
        else:
            remaining.append(kube_object)
            if key:
                _name_after_controller(kube_object, names_in_use)
    return KubeObjects(remaining)


def _controller_key(kube_object: KubeObject) -> tuple[str, ...] | None:
    """Namespace, kind, and the controller of an object that a controller made."""
    for reference in (
        kube_object.at("metadata", "ownerReferences")
        if kube_object.title in ("Pod", "ReplicaSet")
        else ()
    ):
        kind, name = reference.peek("kind") or "", reference.peek("name") or ""
        if kind in _MAKERS:
            return kube_object.namespace, kube_object.title, kind, name
    return None


def _stated_replicas(kube_object: KubeObject) -> int:
    return integer(peek_text(kube_object.at("spec", "replicas")) or "") or 0


def _name_after_controller(
    kube_object: KubeObject, names_in_use: set[tuple[str, str, str]]
) -> None:
    name = kube_object.name
    if kube_object.title == "Pod":
        name = (
            peek_text(kube_object.at("metadata", "generateName")) or _ENDING.sub("", name)
        ).rstrip("-")
    name = name.removesuffix(f"-{kube_object.labels.get(_HASH)}")
    names_in_use.discard((kube_object.title, kube_object.namespace, kube_object.name))
    if (
        not name
        or name == kube_object.name
        or (kube_object.title, kube_object.namespace, name) in names_in_use
    ):
        return
    problem = f"its controller, which is not among the manifests, added the ending; it is called {name}"
    (kube_object.at("metadata", "name") or kube_object.cursor).remark(
        "TC206", object=str(kube_object), what=problem
    )
    kube_object.name = name
