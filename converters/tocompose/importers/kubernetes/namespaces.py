"""The namespaces of the input: which were asked for, which one objects without any belong to, which names the stack.

Manifests applied with `kubectl apply -n shop` often state the namespace in some files only. Without one they stand in
the namespace of the command, so the references between both groups hold.
https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#setting-the-namespace-for-a-request
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tocompose.importers import SourceError
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import (
    DEFAULT,
    KubeObject,
    KubeObjects,
    MadeObject,
)
from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.record import NamedTuple


def within_namespaces(objects: KubeObjects, namespaces: tuple[str, ...]) -> KubeObjects:
    """The objects of those namespaces, and those that state none; all of them when none is named.

    Raises SourceError when nothing is left.
    """
    if not namespaces:
        return objects
    asked_for = ", ".join(namespaces)
    remaining: list[KubeObject] = []
    for kube_object in objects:
        is_namespace = kube_object.kind == "Namespace"
        namespace = kube_object.name if is_namespace else kube_object.namespace
        # As `kubectl -n` does: what states no namespace goes into the one that is asked for.
        is_anywhere = namespace == DEFAULT and not kube_object.states_namespace
        if namespace in namespaces or is_anywhere:
            remaining.append(kube_object)
        else:
            kube_object.cursor.skip(f"only the namespace {asked_for} was asked for")
    if not remaining:
        present = dict.fromkeys(kube_object.namespace for kube_object in objects)
        raise SourceError(
            f"no object is in the namespace {asked_for}; "
            f"the namespaces are {', '.join(present) or 'none'}"
        )
    return KubeObjects(remaining)


# The keys of a pod that name an object of its namespace: the kind, and where the name stands below the key.
_REFERENCES = {
    "configMap": ("ConfigMap", "name"),
    "configMapKeyRef": ("ConfigMap", "name"),
    "configMapRef": ("ConfigMap", "name"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    "secret": ("Secret", "secretName"),
    "secretKeyRef": ("Secret", "name"),
    "secretRef": ("Secret", "name"),
}
_ROUTES = {"service": ("Service", "name"), "backend": ("Service", "serviceName")}


class _NamespaceTie(NamedTuple):
    """One object without a namespace that belongs to `namespace`: `user` names or selects the other."""

    bare: KubeObject
    namespace: str
    user: KubeObject
    used: str


def adopt_namespaces(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects; those without a namespace moved into the one whose objects need them, or that they need.

    Where the input states a single namespace all of them move, else those alone that a reference shows to belong.
    """
    ties = list(_find_ties(objects))
    if not ties:
        return objects
    keys = {kube_object.key for kube_object in objects}
    moves = _moves(ties, objects)
    adopted: list[KubeObject] = []
    for kube_object in objects:
        namespace = moves.get(kube_object, kube_object.namespace)
        is_free = (kube_object.kind, namespace, kube_object.name) not in keys
        adopted.append(kube_object.moved(namespace) if is_free else kube_object)
    tie = ties[0]
    ledger.add_note(
        note(
            "TC274",
            tie.bare.span,
            related=(tie.user.span,),
            user=str(tie.user),
            used=tie.used,
            namespace=tie.namespace,
        )
    )
    return KubeObjects(adopted)


def _moves(ties: list[_NamespaceTie], objects: KubeObjects) -> dict[KubeObject, str]:
    """The namespace that each object belongs to; of two ties of an object the first counts."""
    moves = {tie.bare: tie.namespace for tie in reversed(ties)}
    if len({stated.namespace for stated in objects if stated.states_namespace}) == 1:
        for kube_object in objects:
            if not kube_object.states_namespace:
                moves.setdefault(kube_object, ties[0].namespace)
    return moves


def _find_ties(objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """What leads nowhere in its own namespace, and to an object of the other group."""
    for kube_object in objects:
        for kind, name in dict.fromkeys(_object_references(kube_object)):
            if objects.get(kind, kube_object.namespace, name) is None:
                candidates = objects.in_all_namespaces(kind, name)
                yield from _tie_to_other_group(kube_object, candidates, f"{kind} {name}")
        if kube_object.kind == "Service":
            yield from _selection_ties(kube_object, objects)


def _tie_to_other_group(
    user: KubeObject, candidates: list[KubeObject], used: str
) -> Iterator[_NamespaceTie]:
    for partner in candidates:
        if partner.states_namespace != user.states_namespace:
            bare, stated = (user, partner) if partner.states_namespace else (partner, user)
            yield _NamespaceTie(bare, stated.namespace, user, used)
            return


def _selection_ties(service: KubeObject, objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """The pods of the other group that a Service selects, where it selects none of its own."""
    selector = string_map(service.at("spec", "selector"))
    if not selector:
        return
    selected = [pod for pod in objects if selector.items() <= _pod_labels(pod).items()]
    if selected and all(pod.namespace != service.namespace for pod in selected):
        yield from _tie_to_other_group(service, selected, str(selected[0]))


def _pod_labels(kube_object: KubeObject) -> Mapping[str, str]:
    path = kind_row(kube_object.kind).template
    return {} if path is None else string_map(kube_object.at(*path, "metadata", "labels"))


def _object_references(kube_object: KubeObject) -> Iterator[tuple[str, str]]:
    path = kind_row(kube_object.kind).template
    if path is not None:
        yield from _references_below(kube_object.at(*path), _REFERENCES)
    elif kube_object.kind == "Ingress":
        yield from _references_below(kube_object.at("spec"), _ROUTES)


def _references_below(
    cursor: Cursor, reference_keys: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for child in cursor:
        if child.kind == "leaf":
            continue
        if child.key in reference_keys:
            kind, name_key = reference_keys[child.key]
            name = peek_text(child.at(name_key))
            # A projected Secret is named by `name`, a volume's by `secretName`.
            if not name and kind == "Secret":
                name = peek_text(child.at("name"))
            if name:
                yield kind, name
        yield from _references_below(child, reference_keys)


def main_namespace(model: ClusterModel) -> str | None:
    """The namespace that most workloads name, unless it is the default one."""
    counts = Counter(workload.namespace for workload in model.workloads)
    most_common = counts.most_common(1)[0][0] if counts else DEFAULT
    return None if most_common == DEFAULT else most_common


def note_namespaces(model: ClusterModel) -> None:
    """One note that names the namespaces, with what stands in each."""
    declared = model.objects.of_kind("Namespace")
    for namespace in declared:
        for path in (("apiVersion",), ("kind",), ("metadata", "name")):
            namespace.at(*path).mark_noted("TC208")
    stated = [kube_object for kube_object in model.objects if kube_object.states_namespace]
    if not stated and not declared:
        return
    with_namespace = {*stated, *declared}
    first_object = next(filter(with_namespace.__contains__, model.objects))
    names = _counts_in_words(stated) or ", ".join(namespace.name for namespace in declared)
    model.ledger.add_note(note("TC208", first_object.span, names=names))
    for kube_object in model.objects:
        kube_object.at("metadata", "namespace").mark_noted("TC208")


def _counts_in_words(objects: list[KubeObject]) -> str:
    """How many objects of the manifests state each namespace; what an operator makes goes by its owner."""
    owners = {
        kube_object.owner if isinstance(kube_object, MadeObject) else kube_object: None
        for kube_object in objects
    }
    counts = Counter(kube_object.namespace for kube_object in owners)
    return ", ".join(f"{name} ({count})" for name, count in counts.items())
