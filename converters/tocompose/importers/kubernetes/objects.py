"""The objects of the manifests, by kind, namespace and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

DEFAULT = "default"
_IDENTITY = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))


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

    def __init__(
        self, cursor: Cursor, kind: str, name: str = "", namespace: str = ""
    ) -> None:
        self.cursor = cursor
        self.kind = kind
        self.title = kind.partition(".")[0]
        metadata = cursor.at("metadata")
        self.labels = string_map(metadata.at("labels"))
        self.annotations = string_map(metadata.at("annotations"))
        self.name = name or peek_text(metadata.at("name")) or ""
        stated_namespace = peek_text(metadata.at("namespace"))
        self.states_namespace = stated_namespace is not None
        self.namespace = namespace or stated_namespace or DEFAULT

    def __str__(self) -> str:
        return f"{self.title} {self.name}"

    @property
    def age(self) -> str:
        """What sorts objects by age: when it was created, the future for one that the manifests only describe."""
        return peek_text(self.at("metadata", "creationTimestamp")) or "9999"

    @property
    def key(self) -> tuple[str, str, str]:
        """Its kind, namespace and name."""
        return self.kind, self.namespace, self.name

    @property
    def span(self) -> Span:
        """Where the object begins."""
        return self.cursor.value_span

    def renamed(self, name: str) -> KubeObject:
        """The object under another name."""
        return KubeObject(self.cursor, self.kind, name, self.namespace)

    def moved(self, namespace: str) -> KubeObject:
        """The object in another namespace."""
        return KubeObject(self.cursor, self.kind, self.name, namespace)

    def at(self, *keys: str | int) -> Cursor:
        """The cursor at a path below the object."""
        return self.cursor.at(*keys)

    def count_identity_as_mapped(self, to: ModelPath) -> None:
        """Counts what makes the object what it is (API version, kind, name, namespace) as mapped to `to`."""
        for path in _IDENTITY:
            self.cursor.take(*path, to=to)


# The styles of the entries of a Secret that an operator makes: made up by it, composed of others, known.
GENERATED, COMPOSED, KNOWN = "generated", "composed", "known"


class MadeObject(KubeObject):
    """An object that stands in no manifest: an operator makes it for its `owner`, whose name it bears in messages.

    A Service that `is_plain` leads to a server that speaks http where the operator's speaks https; `protocols` are what
    a broker speaks on its ports. A workload with a `profile` starts on request; its
    pods are named after `pods`, where that is not its own name. Of a Secret `meanings` says what the
    value of a key is; of `new_keys` what value it may have here in its place.
    """

    __slots__ = (
        "is_plain",
        "meanings",
        "new_keys",
        "owner",
        "pods",
        "profile",
        "protocols",
    )

    def __init__(self, cursor: Cursor, kind: str, owner: KubeObject) -> None:
        super().__init__(cursor, kind)
        self.owner = owner
        self.is_plain = False
        self.protocols: Mapping[int, str] = {}
        self.profile = ""
        self.pods = ""
        self.meanings: Mapping[str, str] = {}
        self.new_keys: Mapping[str, str] = {}

    def __str__(self) -> str:
        return str(self.owner)


class KubeObjects:
    """All objects that count, in source order, and by kind, namespace and name.

    `left_out` are the workloads of Ingress controllers, whose place the proxy takes.
    """

    def __init__(
        self, objects: Iterable[KubeObject], left_out: tuple[KubeObject, ...] = ()
    ) -> None:
        self.all = tuple(objects)
        self.left_out = left_out
        self._by_key = {kube_object.key: kube_object for kube_object in self.all}
        self._by_kind: dict[str, list[KubeObject]] = {}
        self._by_name: dict[tuple[str, str], list[KubeObject]] = {}
        self._by_namespace: dict[tuple[str, str], list[KubeObject]] = {}
        for kube_object in self.all:
            kind, namespace, name = kube_object.key
            self._by_kind.setdefault(kind, []).append(kube_object)
            self._by_name.setdefault((kind, name), []).append(kube_object)
            self._by_namespace.setdefault((kind, namespace), []).append(kube_object)

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

    def in_namespace(self, kind: str, namespace: str) -> list[KubeObject]:
        """The objects of that kind in a namespace."""
        return self._by_namespace.get((kind, namespace), [])

    def in_all_namespaces(self, kind: str, name: str) -> list[KubeObject]:
        """The objects of that kind and name in all namespaces."""
        return self._by_name.get((kind, name), [])

    def kinds(self) -> tuple[str, ...]:
        """Every kind that occurs, in order of first appearance."""
        return tuple(self._by_kind)
