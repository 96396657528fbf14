"""Which objects of a cluster belong to what the user asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from tocompose.importers import SourceError
from tocompose.patterns import regex
from tocompose.record import NamedTuple

Object: TypeAlias = dict[str, Any]

# Kinds that the selected workloads refer to by name; they rarely carry the labels of the application.
_REFERRED = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")
_SYSTEM = regex(r"kube-(system|public|node-lease)")
_REQUIREMENT = regex(
    r"\s*(!?)([\w./-]+)\s*(?:(==|=|!=|in|notin)\s*(\([^)]*\)|[\w.-]*))?\s*"
)


class Requirement(NamedTuple):
    """One part of a label selector; without an operator it asks whether the key is there."""

    negated: bool
    key: str
    operator: str
    values: tuple[str, ...]

    def is_met(self, labels: dict[str, str]) -> bool:
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
        return all(requirement.is_met(labels) for requirement in self.selector)

    def covers(self, namespace: str | None) -> bool:
        """Whether the namespace was asked for; when all were, those of the cluster itself were not."""
        if namespace is None:
            return False
        if self.namespaces:
            return namespace in self.namespaces
        return not _SYSTEM.fullmatch(str(namespace))


def select_objects(
    objects: Iterable[Object], selection: Selection
) -> tuple[list[Object], list[str]]:
    """The objects of the application, without what the cluster keeps for itself; and the names of those left out."""
    selected, left_out = [], []
    for api_object in objects:
        if _of_the_cluster(api_object):
            left_out.append(f"{api_object['kind']} {_metadata_of(api_object).get('name')}")
        elif _is_in_scope(api_object, selection):
            _metadata_of(api_object).pop("managedFields", None)
            selected.append(api_object)
    selected = list(_without_filled_endpoints(selected))
    return (
        list(_matching_objects(selected, selection)) if selection.selector else selected
    ), left_out


def _metadata_of(api_object: Object) -> dict[str, Any]:
    metadata = api_object.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _of_the_cluster(api_object: Object) -> bool:
    """Objects that Kubernetes, not a person, puts into each namespace, and Helm's own records."""
    kind, name = api_object.get("kind"), str(_metadata_of(api_object).get("name"))
    if _SYSTEM.fullmatch(str(_metadata_of(api_object).get("namespace"))):
        return True
    if kind == "ConfigMap":
        return name in ("kube-root-ca.crt", "openshift-service-ca.crt")
    if kind == "Secret":
        return str(api_object.get("type")) in (
            "kubernetes.io/service-account-token",
            "helm.sh/release.v1",
        )
    if kind == "Service":
        return (name, _metadata_of(api_object).get("namespace")) == (
            "kubernetes",
            "default",
        )
    return kind == "ServiceAccount" and name == "default"


def _is_in_scope(api_object: Object, selection: Selection) -> bool:
    """Whether a cluster-wide object has to do with the namespaces; those inside were asked for by name."""
    match api_object.get("kind"):
        case "Namespace":
            return selection.covers(_metadata_of(api_object).get("name"))
        case "PersistentVolume":
            claim = (api_object.get("spec") or {}).get("claimRef") or {}
            if not selection.namespaces:
                return bool(claim)
            return selection.covers(claim.get("namespace"))
        case "ClusterRoleBinding":
            subjects = api_object.get("subjects") or ()
            return any(selection.covers(subject.get("namespace")) for subject in subjects)
    return True


def _without_filled_endpoints(objects: list[Object]) -> Iterator[Object]:
    """Without the Endpoints that a selector fills: only those kept by hand say anything."""
    services = (api_object for api_object in objects if api_object.get("kind") == "Service")
    by_hand = {
        _key_of(service)
        for service in services
        if not (service.get("spec") or {}).get("selector")
    }
    for api_object in objects:
        if api_object.get("kind") != "Endpoints" or _key_of(api_object) in by_hand:
            yield api_object


def _key_of(api_object: Object) -> tuple[Any, Any]:
    """The namespace and the name."""
    metadata = _metadata_of(api_object)
    return metadata.get("namespace"), metadata.get("name")


def _labelled_objects(objects: list[Object], selection: Selection) -> dict[int, Object]:
    """What carries the labels, by its identity."""
    return {
        id(api_object): api_object
        for api_object in objects
        if selection.matches(_metadata_of(api_object).get("labels") or {})
    }


def _matching_objects(objects: list[Object], selection: Selection) -> Iterator[Object]:
    """What carries the labels, and the configuration, secrets and claims that those objects name."""
    matching = _labelled_objects(objects, selection)
    referred = _referred_keys(matching.values())
    claimed = _claimed_names(objects)
    for api_object in objects:
        kind = api_object.get("kind")
        is_referred = kind in _REFERRED and _key_of(api_object) in referred
        is_claimed = kind == "PersistentVolume" and _key_of(api_object)[1] in claimed
        if id(api_object) in matching or kind == "Namespace" or is_referred or is_claimed:
            yield api_object


def _referred_keys(objects: Iterable[Object]) -> set[tuple[Any, Any]]:
    """Each text of the objects as a name in their namespace: a reference names its object by a text."""
    return {
        (_key_of(api_object)[0], text)
        for api_object in objects
        for text in _all_texts(api_object)
    }


def _claimed_names(objects: Iterable[Object]) -> set[str]:
    """The texts of the claims, of which `volumeName` is one."""
    claims = (
        api_object
        for api_object in objects
        if api_object.get("kind") == "PersistentVolumeClaim"
    )
    return {text for claim in claims for text in _all_texts(claim)}


def _all_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _all_texts(child)


def parse_selector(selector: str) -> tuple[Requirement, ...]:
    """A label selector as kubectl takes it. Raises SourceError for one that is not valid."""
    parsed, remaining = [], selector.strip()
    while remaining:
        match = _REQUIREMENT.match(remaining)
        if match is None or (
            match.end() < len(remaining) and remaining[match.end()] != ","
        ):
            raise SourceError(
                f"--selector {selector!r}: not a label selector, such as app=web,tier in (front,back)"
            )
        negated, key, operator, value = match.groups()
        values = tuple(
            label_value.strip() for label_value in (value or "").strip("()").split(",")
        )
        parsed.append(Requirement(bool(negated), key, operator or "", values))
        remaining = remaining[match.end() + 1 :]
    return tuple(parsed)
