"""Network policies: what Compose networks can say of them when asked to, and what stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.controllers import names_controller
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, string_map
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.ledger import Cursor
from tocompose.model import Role
from tocompose.syntax.model_path import ROOT, ModelPath

_REQUEST = "--option network-policy=networks"


class Peers(NamedTuple):
    """Whom a policy lets in: workloads, the proxy where it lets the Ingress controller in, and in words what nothing
    in the stack stands for."""

    workloads: tuple[Workload, ...]
    beyond: tuple[str, ...]
    everybody: bool = False
    proxy: str | None = None

    def names(self) -> list[str]:
        """The names of the services."""
        names = [workload.name for workload in self.workloads]
        return [*names, self.proxy] if self.proxy else names


def note_policies(
    world: ClusterModel, kept_policies: tuple[KubeObject, ...], obstacle: str
) -> None:
    """Says of each NetworkPolicy, save those that networks keep to, what stays open; `obstacle` is why networks that
    were asked for cannot keep to them, empty where nobody asked."""
    for policy in world.objects.of_kind("NetworkPolicy"):
        if policy in kept_policies:
            continue
        if _allows_all(policy):
            policy.cursor.skip("the policy allows everything")
            continue
        targets = list(
            selected_workloads(policy.at("spec", "podSelector"), policy.namespace, world)
        )
        kinds = kinds_of(policy)
        names = ", ".join(workload.name for workload in targets)
        open_parts = (
            [_open_direction(policy, kind, names, world) for kind in kinds]
            if targets
            else []
        )
        open_text = "; ".join(open_parts) or "it selects no workload of the manifests"
        subject = ModelPath.service(targets[0].name) if len(targets) == 1 else ROOT
        advice = (
            f"No networks were made of the policies: {obstacle}."
            if obstacle
            else _network_advice(targets, kinds, policy, world)
        )
        policy.cursor.note(
            "TC296", subject=subject, object=str(policy), open=open_text, advice=advice
        )


def _allows_all(policy: KubeObject) -> bool:
    """Whether the policy forbids nothing: each of its directions has a rule without any condition."""
    rules = [
        list(list_entries(policy.at("spec", kind.lower()))) for kind in kinds_of(policy)
    ]
    return all(
        any(rule.style == "{}" for rule in direction_rules) for direction_rules in rules
    )


def kinds_of(policy: KubeObject) -> tuple[str, ...]:
    """The directions of a policy: those named, else ingress, and egress where it has rules for that."""
    named_kinds = [
        policy_type
        for type_cursor in list_entries(policy.at("spec", "policyTypes"))
        if (policy_type := peek_text(type_cursor))
    ]
    return tuple(named_kinds) or (
        "Ingress",
        *(("Egress",) if len(policy.at("spec", "egress")) else ()),
    )


def _open_direction(policy: KubeObject, kind: str, names: str, world: ClusterModel) -> str:
    """What stays open in one direction."""
    peers = allowed_peers(policy, kind, world)
    verb = "be reached by" if kind == "Ingress" else "reach"
    if peers.everybody:
        return f"{names} may {verb} everybody, as the policy says" + _named_ports(
            policy, kind
        )
    allowed_names = ", ".join([*peers.names(), *peers.beyond])
    limit = f"only {allowed_names}" if allowed_names else "nobody"
    ports = _named_ports(policy, kind)
    return (
        f"{names} can {verb} every service on the same network, "
        f"where the policy says {limit}{ports}"
    )


def _named_ports(policy: KubeObject, kind: str) -> str:
    """The ports that the policy names, in words; empty where it names none."""
    port_texts: dict[str, None] = {}
    for rule in list_entries(policy.at("spec", kind.lower())):
        for port in list_entries(rule.at("ports")):
            number, last_port = (
                peek_text(port.at("port")) or "every port",
                peek_text(port.at("endPort")),
            )
            port_text = f"{number}-{last_port}" if last_port else number
            port_texts[
                f"{port_text}/{(peek_text(port.at('protocol')) or 'TCP').lower()}"
            ] = None
    return f", on {', '.join(port_texts)}" if port_texts else ""


def allowed_peers(policy: KubeObject, kind: str, world: ClusterModel) -> Peers:
    """Whom the rules of one direction name."""
    key = "from" if kind == "Ingress" else "to"
    workloads: dict[Workload, None] = {}
    outside: dict[str, None] = {}
    everybody, proxy = False, None
    for rule in list_entries(policy.at("spec", kind.lower())):
        peers = list(list_entries(rule.at(key)))
        everybody = everybody or not peers
        for peer in peers:
            block = peek_text(peer.at("ipBlock", "cidr"))
            if block:
                outside[f"addresses in {block}"] = None
                continue
            for workload in _peer_workloads(peer, policy, world):
                workloads[workload] = None
            if names_controller(peer, world.objects.left_out):
                proxy = stand_in(world)
    return Peers(tuple(workloads), tuple(outside), everybody, proxy)


def stand_in(world: ClusterModel) -> str | None:
    """The proxy that takes the place of the Ingress controller; None where there are no routes."""
    own_services = {
        container.service
        for workload in world.workloads
        for container in workload.containers()
    }
    for service in world.builder.services.values():
        if service.role is Role.PROXY and service.name not in own_services:
            return service.name
    return None


def _peer_workloads(
    peer: Cursor, policy: KubeObject, world: ClusterModel
) -> Iterator[Workload]:
    """The workloads of a peer: pods of the policy's own namespace, or of all that its namespace selector matches."""
    namespace_selector = peer.at("namespaceSelector")
    pod_selector = peer.at("podSelector")
    if not namespace_selector:
        yield from selected_workloads(pod_selector, policy.namespace, world)
        return
    for namespace in dict.fromkeys(workload.namespace for workload in world.workloads):
        if matches_selector(namespace_selector, _namespace_labels(namespace, world)):
            yield from selected_workloads(pod_selector, namespace, world)


def _namespace_labels(namespace: str, world: ClusterModel) -> Mapping[str, str]:
    """The labels of a namespace; Kubernetes itself gives each one with its name."""
    namespace_object = next(
        (
            candidate
            for candidate in world.objects.of_kind("Namespace")
            if candidate.name == namespace
        ),
        None,
    )
    return {
        "kubernetes.io/metadata.name": namespace,
        **(namespace_object.labels if namespace_object else {}),
    }


def selected_workloads(
    selector: Cursor, namespace: str, world: ClusterModel
) -> Iterator[Workload]:
    """The workloads of a namespace that a label selector matches; an empty one matches all."""
    for workload in world.workloads:
        if workload.namespace == namespace and matches_selector(selector, workload.labels):
            yield workload


def matches_selector(selector: Cursor, labels: Mapping[str, str]) -> bool:
    """Whether labels meet a selector. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
    if not string_map(selector.at("matchLabels")).items() <= labels.items():
        return False
    return all(
        _meets_expression(expression, labels)
        for expression in list_entries(selector.at("matchExpressions"))
    )


def _meets_expression(expression: Cursor, labels: Mapping[str, str]) -> bool:
    key, operator = (
        peek_text(expression.at("key")) or "",
        peek_text(expression.at("operator")),
    )
    values = {
        peek_text(value_cursor) for value_cursor in list_entries(expression.at("values"))
    }
    if operator == "Exists":
        return key in labels
    if operator == "DoesNotExist":
        return key not in labels
    is_listed = labels.get(key) in values
    return is_listed if operator == "In" else not is_listed


class _PolicyShape(NamedTuple):
    """What a policy asks for as far as networks can say it: the services that it selects, and those that may speak to
    them where it names any."""

    names: str = ""
    members: str = ""
    limits_entry: bool = False
    limits_exit: bool = False
    is_exact: bool = False


# How networks come near to a policy, by the first condition that it meets.
_ADVICE: tuple[tuple[Callable[[_PolicyShape], object], str], ...] = (
    (
        lambda shape: not shape.names,
        "Nothing to do unless the workloads that it selects are added.",
    ),
    (
        lambda shape: shape.is_exact,
        f"{_REQUEST} puts the services on networks instead, once every workload has a policy.",
    ),
    (
        lambda shape: shape.limits_entry and shape.members,
        "Put {members} on a network of their own and take {names} off the shared one.",
    ),
    (
        lambda shape: shape.limits_exit,
        "Put {names} on networks with `internal: true` only, so that they cannot leave the stack.",
    ),
    (
        lambda shape: shape.limits_entry,
        "Take {names} off the shared network: nobody is to speak to them.",
    ),
    (lambda shape: True, "Keep what must not meet on separate networks."),
)


def _network_advice(
    targets: Sequence[Workload],
    kinds: tuple[str, ...],
    policy: KubeObject,
    world: ClusterModel,
) -> str:
    """How networks could come near: a network for the target and those who may speak to it."""
    shape = _policy_shape([workload.name for workload in targets], kinds, policy, world)
    text = next(text for is_met, text in _ADVICE if is_met(shape))
    return text.format(names=shape.names, members=shape.members)


def _policy_shape(
    names: list[str], kinds: tuple[str, ...], policy: KubeObject, world: ClusterModel
) -> _PolicyShape:
    leaves = "Egress" in kinds
    limits_exit = leaves and not allowed_peers(policy, "Egress", world).workloads
    shape = _PolicyShape(names=", ".join(names), limits_exit=limits_exit)
    if "Ingress" not in kinds:
        return shape
    peers = allowed_peers(policy, "Ingress", world)
    members = dict.fromkeys([*names, *peers.names()]) if peers.names() else ()
    return shape._replace(
        members=", ".join(members),
        limits_entry=not peers.everybody,
        # Networks can say all of it, ports set aside: workloads only, inwards only.
        is_exact=not leaves and not peers.beyond,
    )
