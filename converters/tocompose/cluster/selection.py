"""Which objects of a cluster belong to what the user asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from tocompose.importers import SourceError

Object: TypeAlias = dict[str, Any]

# Kinds that the selected workloads refer to by name; they rarely carry the labels of the application.
_REFERRED = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")
_SYSTEM = re.compile(r"kube-(system|public|node-lease)")
_REQUIREMENT = re.compile(
    r"\s*(!?)([\w./-]+)\s*(?:(==|=|!=|in|notin)\s*(\([^)]*\)|[\w.-]*))?\s*"
)


class Requirement(NamedTuple):
    """One part of a label selector; without an operator it asks whether the key is there."""

    negated: bool
    key: str
    operator: str
    values: tuple[str, ...]

    def met(self, labels: dict[str, str]) -> bool:
        """Whether the labels are as required."""
        if not self.operator:
            return (self.key in labels) != self.negated
        inside = labels.get(self.key) in self.values
        return not inside if self.operator in ("!=", "notin") else inside


class Selection(NamedTuple):
    """Namespaces (all when empty) and what the labels must be."""

    namespaces: tuple[str, ...]
    selector: tuple[Requirement, ...]

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether the labels meet every requirement of the selector."""
        return all(part.met(labels) for part in self.selector)


def kept(objects: Iterable[Object], selection: Selection) -> tuple[list[Object], list[str]]:
    """The objects of the application, without what the cluster keeps for itself; and the names of those left out."""
    chosen, left_out = [], []
    for item in objects:
        if _of_the_cluster(item):
            left_out.append(f"{item['kind']} {_metadata(item).get('name')}")
        elif _placed(item, selection):
            _metadata(item).pop("managedFields", None)
            chosen.append(item)
    chosen = list(_needed(chosen))
    return (list(_selected(chosen, selection)) if selection.selector else chosen), left_out


def _metadata(item: Object) -> dict[str, Any]:
    found = item.get("metadata")
    return found if isinstance(found, dict) else {}


def _of_the_cluster(item: Object) -> bool:
    """Objects that Kubernetes, not a person, puts into each namespace, and Helm's own records."""
    kind, name = item.get("kind"), str(_metadata(item).get("name"))
    if _SYSTEM.fullmatch(str(_metadata(item).get("namespace"))):
        return True
    if kind == "ConfigMap":
        return name in ("kube-root-ca.crt", "openshift-service-ca.crt")
    if kind == "Secret":
        return str(item.get("type")) in (
            "kubernetes.io/service-account-token",
            "helm.sh/release.v1",
        )
    if kind == "Service":
        return (name, _metadata(item).get("namespace")) == ("kubernetes", "default")
    return kind == "ServiceAccount" and name == "default"


def _placed(item: Object, selection: Selection) -> bool:
    """Whether a cluster-wide object has to do with the namespaces; those inside were asked for by name."""
    spaces, kind = selection.namespaces, item.get("kind")
    if kind == "Namespace":
        name = str(_metadata(item).get("name"))
        return name in spaces if spaces else not _SYSTEM.fullmatch(name)
    if kind == "PersistentVolume":
        claim = (item.get("spec") or {}).get("claimRef") or {}
        return claim.get("namespace") in spaces if spaces else bool(claim)
    if kind == "ClusterRoleBinding":
        places = {subject.get("namespace") for subject in item.get("subjects") or ()} - {
            None
        }
        return any(
            place in spaces if spaces else not _SYSTEM.fullmatch(str(place))
            for place in places
        )
    return True


def _needed(objects: list[Object]) -> Iterator[Object]:
    """Without the Endpoints that a selector fills: only those kept by hand say anything."""
    by_hand = {
        (_metadata(item).get("namespace"), _metadata(item).get("name"))
        for item in objects
        if item.get("kind") == "Service" and not (item.get("spec") or {}).get("selector")
    }
    for item in objects:
        place = (_metadata(item).get("namespace"), _metadata(item).get("name"))
        if item.get("kind") != "Endpoints" or place in by_hand:
            yield item


def _selected(objects: list[Object], selection: Selection) -> Iterator[Object]:
    """What carries the labels, and the configuration, secrets and claims that those objects name."""
    matching = [
        item for item in objects if selection.matches(_metadata(item).get("labels") or {})
    ]
    named = {
        (_metadata(item).get("namespace"), text)
        for item in matching
        for text in _texts(item)
    }
    ids = {id(item) for item in matching}
    claimed = {
        text
        for item in objects
        if item.get("kind") == "PersistentVolumeClaim"
        for text in _texts(item)
    }
    for item in objects:
        kind, name = item.get("kind"), _metadata(item).get("name")
        referred = kind in _REFERRED and (_metadata(item).get("namespace"), name) in named
        if (
            id(item) in ids
            or referred
            or kind == "Namespace"
            or (kind == "PersistentVolume" and name in claimed)
        ):
            yield item


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def requirements(selector: str) -> tuple[Requirement, ...]:
    """A label selector as kubectl takes it. Raises SourceError for one that is not valid."""
    found, rest = [], selector.strip()
    while rest:
        match = _REQUIREMENT.match(rest)
        if match is None or (match.end() < len(rest) and rest[match.end()] != ","):
            raise SourceError(
                f"--selector {selector!r}: not a label selector, such as app=web,tier in (front,back)"
            )
        negated, key, operator, value = match.groups()
        values = tuple(part.strip() for part in (value or "").strip("()").split(","))
        found.append(Requirement(bool(negated), key, operator or "", values))
        rest = rest[match.end() + 1 :]
    return tuple(found)
