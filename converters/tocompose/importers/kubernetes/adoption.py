"""The namespace of objects that state none, where other objects of the input need them in the one that they state.

Manifests applied with `kubectl apply -n shop` often state the namespace in some files only. Without one they stand in
the namespace of the command, so the references between both groups hold.
https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#setting-the-namespace-for-a-request
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import peek_text, string_map
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note

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
    spaces = {item.namespace for item in objects if item.states_namespace}
    moved = (
        [item for item in objects if not item.states_namespace]
        if len(spaces) == 1
        else [tie.bare for tie in ties]
    )
    taken = {(item.kind, item.namespace, item.name) for item in objects}
    for item in moved:
        space = next((tie.space for tie in ties if tie.bare is item), ties[0].space)
        if (item.kind, space, item.name) not in taken:
            item.namespace = space
    first = ties[0]
    facts = {"user": str(first.user), "used": first.used, "namespace": first.space}
    ledger.say(note("TC274", first.bare.span, related=(first.user.span,), **facts))
    return KubeObjects(objects)


def _find_ties(objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """What leads nowhere in its own namespace, and to an object of the other group."""
    present = {(item.kind, item.namespace, item.name): item for item in objects}
    by_name: dict[tuple[str, str], list[KubeObject]] = {}
    for item in objects:
        by_name.setdefault((item.kind, item.name), []).append(item)
    for item in objects:
        for target in dict.fromkeys(_object_references(item)):
            if (target[0], item.namespace, target[1]) not in present:
                yield from _tie_to_other_group(
                    item, by_name.get(target, []), f"{target[0]} {target[1]}"
                )
        if item.kind == "Service":
            yield from _selection_ties(item, objects)


def _tie_to_other_group(
    user: KubeObject, found: list[KubeObject], used: str
) -> Iterator[_NamespaceTie]:
    other = next(
        (each for each in found if each.states_namespace != user.states_namespace), None
    )
    if other is not None:
        bare, scoped = (user, other) if other.states_namespace else (other, user)
        yield _NamespaceTie(bare, scoped.namespace, user, used)


def _selection_ties(service: KubeObject, objects: KubeObjects) -> Iterator[_NamespaceTie]:
    """The pods of the other group that a Service selects, where it selects none of its own."""
    selector = string_map(service.at("spec", "selector"))
    if not selector:
        return
    found = [item for item in objects if selector.items() <= _pod_labels(item).items()]
    if all(item.namespace != service.namespace for item in found):
        yield from _tie_to_other_group(service, found, str(found[0]) if found else "")


def _pod_labels(item: KubeObject) -> dict[str, str]:
    path = kind_row(item.kind).template
    if not path:
        return {}
    template = item.cursor if path == ("", "") else item.at(*path)
    return dict(string_map(template.at("metadata", "labels")))


def _object_references(item: KubeObject) -> Iterator[tuple[str, str]]:
    path = kind_row(item.kind).template
    if path:
        yield from _references_below(
            item.cursor if path == ("", "") else item.at(*path), _REFERENCES
        )
    elif item.kind == "Ingress":
        yield from _references_below(item.at("spec"), _ROUTES)


def _references_below(
    cursor: Cursor, wanted: dict[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for entry in cursor:
        if entry.kind == "leaf":
            continue
        found = wanted.get(entry.key)
        if found is not None:
            # A projected Secret is named by `name`, a volume's by `secretName`.
            name = peek_text(entry.at(found[1])) or (
                peek_text(entry.at("name")) if found[0] == "Secret" else None
            )
            if name:
                yield found[0], name
        yield from _references_below(entry, wanted)
