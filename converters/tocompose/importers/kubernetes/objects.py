"""The objects of the manifests: Lists flattened, duplicates and owned objects set aside, names and namespaces known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.kinds import is_served, qualified_kind
from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
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
        given = peek_text(metadata.at("namespace"))
        self.states_namespace = given is not None
        self.namespace = given or DEFAULT

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

    def __init__(self, found: Iterable[KubeObject]) -> None:
        self.all = tuple(found)
        self._by_key = {(item.kind, item.namespace, item.name): item for item in self.all}
        self._by_kind: dict[str, list[KubeObject]] = {}
        self._by_name: dict[tuple[str, str], list[KubeObject]] | None = None
        for item in self.all:
            self._by_kind.setdefault(item.kind, []).append(item)

    def __iter__(self) -> Iterator[KubeObject]:
        return iter(self.all)

    def of_kind(self, *kinds: str) -> list[KubeObject]:
        """The objects of these kinds, kind by kind."""
        return [item for kind in kinds for item in self._by_kind.get(kind, ())]

    def get(self, kind: str, namespace: str, name: str) -> KubeObject | None:
        """The object of that kind and name in a namespace."""
        return self._by_key.get((kind, namespace, name))

    def in_all_namespaces(self, kind: str, name: str) -> list[KubeObject]:
        """The objects of that kind and name in all namespaces."""
        if self._by_name is None:
            self._by_name = {}
            for item in self.all:
                self._by_name.setdefault((item.kind, item.name), []).append(item)
        return self._by_name.get((kind, name), [])

    def kinds(self) -> tuple[str, ...]:
        """Every kind that occurs, in order of first appearance."""
        return tuple(self._by_kind)


def collect_objects(cursors: Iterable[Cursor], ledger: Ledger) -> KubeObjects:
    """The objects of the documents. Of two with one key the last counts, as with `kubectl apply`."""
    found = [item for cursor in cursors for item in _objects_at(cursor)]
    _name_objects(found)
    return KubeObjects(_without_duplicates(_without_owned(found, ledger)))


def _objects_at(cursor: Cursor) -> Iterator[KubeObject]:
    kind, version = peek_text(cursor.at("kind")), peek_text(cursor.at("apiVersion"))
    items = cursor.at("items")
    if kind and kind.endswith("List") and (items.kind == "list" or items.style == "[]"):
        for key in ("apiVersion", "kind", "metadata"):
            cursor.at(key).skip("a List only wraps its items")
        for item in items:
            yield from _objects_at(item)
        return
    if not kind:
        cursor.note("TC200", what="its kind" if version else "apiVersion and kind")
        return
    found = KubeObject(cursor, qualified_kind(kind, version or ""))
    if not version or not is_served(found.kind, version):
        what = (
            f"apiVersion {version} is not known; it is read like one that is"
            if version
            else "it has no apiVersion"
        )
        (cursor.at("apiVersion") or cursor).remark("TC206", object=str(found), what=what)
    yield found


def _name_objects(objects: list[KubeObject]) -> None:
    """Gives objects with a generateName a name of their own."""
    taken = {(item.kind, item.namespace, item.name) for item in objects}
    for item in objects:
        if item.name:
            continue
        cursor = item.at("metadata", "generateName")
        base = (peek_text(cursor) or item.title.lower()).rstrip("-") or item.title.lower()
        item.name, number = base, 2
        while (item.kind, item.namespace, item.name) in taken:
            item.name, number = f"{base}-{number}", number + 1
        taken.add((item.kind, item.namespace, item.name))
        (cursor or item.cursor).remark(
            "TC206",
            object=item.title,
            what=f"it has no name of its own and is called {item.name}",
        )
        cursor.noted("TC206")


def _without_owned(objects: list[KubeObject], ledger: Ledger) -> Iterator[KubeObject]:
    """Leaves out what a controller of the same input made: the ReplicaSet of a Deployment, its pods."""
    present = {(item.title, item.namespace, item.name) for item in objects}
    for item in objects:
        owner = _present_owner(item, present)
        if owner:
            item.cursor.skip(f"{owner} makes it")
            ledger.say(note("TC205", item.span, object=str(item), owner=owner))
        else:
            yield item


def _present_owner(item: KubeObject, present: set[tuple[str, str, str]]) -> str | None:
    for reference in item.at("metadata", "ownerReferences"):
        kind, name = reference.peek("kind"), reference.peek("name")
        if kind and name and (kind, item.namespace, name) in present:
            return f"{kind} {name}"
    return None


def _without_duplicates(objects: Iterable[KubeObject]) -> list[KubeObject]:
    chosen: dict[tuple[str, str, str], KubeObject] = {}
    for item in objects:
        key = (item.kind, item.namespace, item.name)
        earlier = chosen.pop(key, None)
        if earlier is not None:
            earlier.cursor.note(
                "TC204", object=str(item), kept=str(item.span), related=(item.span,)
            )
        chosen[key] = item
    return list(chosen.values())
