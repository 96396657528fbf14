"""Network policies: what Compose networks can say of them when asked to, and what stays open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.scalars import items, strings, value
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor

_REQUEST = "--option network-policy=networks"


class Peers(NamedTuple):
    """Whom a policy lets in: workloads, and in words what no workload of the stack stands for."""

    workloads: tuple[Workload, ...]
    beyond: tuple[str, ...]
    everybody: bool = False


def policies(world: World, kept: tuple[Object, ...]) -> None:
    """Says of each NetworkPolicy, save those that networks keep to, what stays open."""
    for item in world.objects.of("NetworkPolicy"):
        if item in kept:
            continue
        if _open(item):
            item.cursor.skip("the policy allows everything")
            continue
        targets = list(selected(item.at("spec", "podSelector"), item.namespace, world))
        kinds = kinds_of(item)
        names = ", ".join(workload.name for workload in targets)
        parts = [_said(item, kind, names, world) for kind in kinds] if targets else []
        said = "; ".join(parts) or "it selects no workload of the manifests"
        subject = f"services.{targets[0].name}" if len(targets) == 1 else ""
        advice = _advice(targets, kinds, item, world)
        item.cursor.note(
            "TC296", subject=subject, object=str(item), open=said, advice=advice
        )


def _open(item: Object) -> bool:
    """Whether the policy forbids nothing: each of its directions has a rule without any condition."""
    rules = [list(items(item.at("spec", kind.lower()))) for kind in kinds_of(item)]
    return all(any(rule.style == "{}" for rule in found) for found in rules)


def kinds_of(item: Object) -> tuple[str, ...]:
    """The directions of a policy: those named, else ingress, and egress where it has rules for that."""
    named = [
        given for each in items(item.at("spec", "policyTypes")) if (given := value(each))
    ]
    return tuple(named) or (
        "Ingress",
        *(("Egress",) if len(item.at("spec", "egress")) else ()),
    )


def _said(item: Object, kind: str, names: str, world: World) -> str:
    """What stays open in one direction."""
    found = allowed(item, kind, world)
    way = "be reached by" if kind == "Ingress" else "reach"
    if found.everybody:
        return f"{names} may {way} everybody, as the policy says" + _ports(item, kind)
    who = [workload.name for workload in found.workloads]
    only = ", ".join([*who, *found.beyond])
    limit = f"only {only}" if only else "nobody"
    return f"{names} can {way} every service on the same network, where the policy says {limit}{_ports(item, kind)}"


def _ports(item: Object, kind: str) -> str:
    """The ports that the policy names, in words; empty where it names none."""
    found: dict[str, None] = {}
    for rule in items(item.at("spec", kind.lower())):
        for port in items(rule.at("ports")):
            number, end = value(port.at("port")) or "every port", value(port.at("endPort"))
            text = f"{number}-{end}" if end else number
            found[f"{text}/{(value(port.at('protocol')) or 'TCP').lower()}"] = None
    return f", on {', '.join(found)}" if found else ""


def allowed(item: Object, kind: str, world: World) -> Peers:
    """Whom the rules of one direction name."""
    key = "from" if kind == "Ingress" else "to"
    workloads: dict[Workload, None] = {}
    beyond: dict[str, None] = {}
    everybody = False
    for rule in items(item.at("spec", kind.lower())):
        peers = list(items(rule.at(key)))
        everybody = everybody or not peers
        for peer in peers:
            block = value(peer.at("ipBlock", "cidr"))
            if block:
                beyond[f"addresses in {block}"] = None
                continue
            for workload in _peer(peer, item, world):
                workloads[workload] = None
    return Peers(tuple(workloads), tuple(beyond), everybody)


def _peer(peer: Cursor, item: Object, world: World) -> Iterator[Workload]:
    """The workloads of a peer: pods of the policy's own namespace, or of all that its namespace selector matches."""
    spaces = peer.at("namespaceSelector")
    pods = peer.at("podSelector")
    if not spaces:
        yield from selected(pods, item.namespace, world)
        return
    for namespace in dict.fromkeys(workload.namespace for workload in world.workloads):
        if matches(spaces, _labels(namespace, world)):
            yield from selected(pods, namespace, world)


def _labels(namespace: str, world: World) -> Mapping[str, str]:
    """The labels of a namespace; Kubernetes itself gives each one with its name."""
    found = next(
        (item for item in world.objects.of("Namespace") if item.name == namespace), None
    )
    return {"kubernetes.io/metadata.name": namespace, **(found.labels if found else {})}


def selected(selector: Cursor, namespace: str, world: World) -> Iterator[Workload]:
    """The workloads of a namespace that a label selector matches; an empty one matches all."""
    for workload in world.workloads:
        if workload.namespace == namespace and matches(selector, workload.labels):
            yield workload


def matches(selector: Cursor, labels: Mapping[str, str]) -> bool:
    """Whether labels meet a selector. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
    if not strings(selector.at("matchLabels")).items() <= labels.items():
        return False
    return all(_meets(each, labels) for each in items(selector.at("matchExpressions")))


def _meets(expression: Cursor, labels: Mapping[str, str]) -> bool:
    key, operator = value(expression.at("key")) or "", value(expression.at("operator"))
    values = {value(each) for each in items(expression.at("values"))}
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    inside = labels.get(key) in values
    return inside if operator == "In" else not inside


def _advice(
    targets: Iterable[Workload], kinds: tuple[str, ...], item: Object, world: World
) -> str:
    """How networks could come near: a network for the target and those who may speak to it."""
    names = [workload.name for workload in targets]
    peers = allowed(item, "Ingress", world) if "Ingress" in kinds else None
    if not names:
        return "Nothing to do unless the workloads that it selects are added."
    if peers and "Egress" not in kinds and not peers.beyond and not _ports(item, "Ingress"):
        return f"{_REQUEST} puts the services on networks instead, once every workload has a policy."
    if peers and not peers.everybody and peers.workloads:
        group = ", ".join(
            dict.fromkeys([*names, *(workload.name for workload in peers.workloads)])
        )
        return f"Put {group} on a network of their own and take {', '.join(names)} off the shared one."
    if "Egress" in kinds and not allowed(item, "Egress", world).workloads:
        return f"Put {', '.join(names)} on networks with `internal: true` only, so that they cannot leave the stack."
    if peers and not peers.everybody:
        return (
            f"Take {', '.join(names)} off the shared network: nobody is to speak to them."
        )
    return "Keep what must not meet on separate networks."
