"""The namespaces of the input: which were asked for, which one objects without any belong to, which names the stack.

Manifests applied with `kubectl apply -n shop` often state the namespace in some files only. Without one they stand in
the namespace of the command, so the references between both groups hold.
https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#setting-the-namespace-for-a-request
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.importers import SourceError
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import DEFAULT, KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note


def within_namespaces(objects: KubeObjects, wanted: tuple[str, ...]) -> KubeObjects:
    """The objects of those namespaces, and those that state none; all of them when `wanted` is empty.

    Raises SourceError when nothing is left.
    """
    if not wanted:
        return objects
    kept = KubeObjects(_objects_within(objects, wanted))
    if not kept.all:
        there = (
            ", ".join(dict.fromkeys(kube_object.namespace for kube_object in objects))
            or "none"
        )
        raise SourceError(
            f"no object is in the namespace {', '.join(wanted)}; the namespaces are {there}"
        )
    return kept


def _objects_within(
    objects: Iterable[KubeObject], wanted: tuple[str, ...]
) -> Iterator[KubeObject]:
    for kube_object in objects:
        own = kube_object.name if kube_object.kind == "Namespace" else kube_object.namespace
        # As `kubectl -n` does: what states no namespace goes into the one that is asked for.
        if own in wanted or (own == DEFAULT and not kube_object.states_namespace):
            yield kube_object
        else:
            kube_object.cursor.skip(f"only the namespace {', '.join(wanted)} was asked for")


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
    """One object without a namespace that belongs to `space`: `user` names or selects the other."""

    bare: KubeObject
    space: str
    user: KubeObject
    used: str


def adopt_namespaces(objects: KubeObjects, ledger: Ledger) -> KubeObjects:
    """The objects; those without a namespace moved into the one whose objects need them, or that they need.

    Where the input states a single namespace all of them move, else those alone that a reference shows to belong.
    """
    ties = list(_find_ties(objects))
    if not ties:
        return objects
    spaces = {
        kube_object.namespace for kube_object in objects if kube_object.states_namespace
    }
    moved = (
        [kube_object for kube_object in objects if not kube_object.states_namespace]
        if len(spaces) == 1
        else [tie.bare for tie in ties]
    )
    names_in_use = {
        (kube_object.kind, kube_object.namespace, kube_object.name)
        for kube_object in objects
    }
    for kube_object in moved:
        space = next((tie.space for tie in ties if tie.bare is kube_object), ties[0].space)
        if (kube_object.kind, space, kube_object.name) not in names_in_use:
            kube_object.namespace = space
    first_tie = ties[0]
    facts = {
        "user": str(first_tie.user),
        "used": first_tie.used,
        "namespace": first_tie.space,
    }
    ledger.say(note("TC274", first_tie.bare.span, related=(first_tie.user.span,), **facts))
    return KubeObjects(objects)


def _find_ties(objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """What leads nowhere in its own namespace, and to an object of the other group."""
    present = {
        (kube_object.kind, kube_object.namespace, kube_object.name): kube_object
        for kube_object in objects
    }
    by_name: dict[tuple[str, str], list[KubeObject]] = {}
    for kube_object in objects:
        by_name.setdefault((kube_object.kind, kube_object.name), []).append(kube_object)
    for kube_object in objects:
        for target in dict.fromkeys(_object_references(kube_object)):
            if (target[0], kube_object.namespace, target[1]) not in present:
                yield from _tie_to_other_group(
                    kube_object, by_name.get(target, []), f"{target[0]} {target[1]}"
                )
        if kube_object.kind == "Service":
            yield from _selection_ties(kube_object, objects)


def _tie_to_other_group(
    user: KubeObject, candidates: list[KubeObject], used: str
) -> Iterator[_NamespaceTie]:
    partner = next(
        (
            candidate
            for candidate in candidates
            if candidate.states_namespace != user.states_namespace
        ),
        None,
    )
    if partner is not None:
        bare, scoped = (user, partner) if partner.states_namespace else (partner, user)
        yield _NamespaceTie(bare, scoped.namespace, user, used)


def _selection_ties(service: KubeObject, objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """The pods of the other group that a Service selects, where it selects none of its own."""
    selector = string_map(service.at("spec", "selector"))
    if not selector:
        return
    selected = [
        kube_object
        for kube_object in objects
        if selector.items() <= _pod_labels(kube_object).items()
    ]
    if all(kube_object.namespace != service.namespace for kube_object in selected):
        yield from _tie_to_other_group(
            service, selected, str(selected[0]) if selected else ""
        )


def _pod_labels(kube_object: KubeObject) -> dict[str, str]:
    path = kind_row(kube_object.kind).template
    if not path:
        return {}
    template = kube_object.cursor if path == ("", "") else kube_object.at(*path)
    return dict(string_map(template.at("metadata", "labels")))


def _object_references(kube_object: KubeObject) -> Iterator[tuple[str, str]]:
    path = kind_row(kube_object.kind).template
    if path:
        yield from _references_below(
            kube_object.cursor if path == ("", "") else kube_object.at(*path), _REFERENCES
        )
    elif kube_object.kind == "Ingress":
        yield from _references_below(kube_object.at("spec"), _ROUTES)


def _references_below(
    cursor: Cursor, reference_keys: dict[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for child in cursor:
        if child.kind == "leaf":
            continue
        reference = reference_keys.get(child.key)
        if reference is not None:
            # A projected Secret is named by `name`, a volume's by `secretName`.
            name = peek_text(child.at(reference[1])) or (
                peek_text(child.at("name")) if reference[0] == "Secret" else None
            )
            if name:
                yield reference[0], name
        yield from _references_below(child, reference_keys)


def _namespace_counts(model: ClusterModel) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kube_object in model.objects:
        if kube_object.states_namespace:
            counts[kube_object.namespace] = counts.get(kube_object.namespace, 0) + 1
    return counts


def main_namespace(model: ClusterModel) -> str | None:
    """The namespace that most workloads name, unless it is the default one."""
    counts: dict[str, int] = {}
    for workload in model.workloads:
        counts[workload.namespace] = counts.get(workload.namespace, 0) + 1
    best = max(counts, key=lambda name: counts[name], default=DEFAULT)
    return None if best == DEFAULT else best


def note_namespaces(model: ClusterModel) -> None:
    """One note that names the namespaces, with what stands in each."""
    for kube_object in model.objects.of_kind("Namespace"):
        for path in (("apiVersion",), ("kind",), ("metadata", "name")):
            kube_object.at(*path).noted("TC208")
    counts = _namespace_counts(model)
    if not counts and not model.objects.of_kind("Namespace"):
        return
    names = ", ".join(f"{name} ({count})" for name, count in counts.items())
    declared = ", ".join(
        kube_object.name for kube_object in model.objects.of_kind("Namespace")
    )
    first_span = next(
        (
            kube_object.span
            for kube_object in model.objects
            if kube_object.states_namespace or kube_object.title == "Namespace"
        ),
        None,
    )
    model.ledger.say(note("TC208", first_span, names=names or declared))
    for kube_object in model.objects:
        kube_object.at("metadata", "namespace").noted("TC208")
