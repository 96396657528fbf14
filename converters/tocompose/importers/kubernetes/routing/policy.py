"""Network policies: what Compose networks can say of them when asked to, and what stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.controllers import names_controller
from tocompose.importers.kubernetes.routing.policy_fields import (
    LabelSelector,
    NetworkPolicy,
    PolicyPeer,
)
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.model import Role, Service
from tocompose.record import NamedTuple
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
    policies: Iterable[NetworkPolicy], obstacle: str, is_asked: bool, model: ClusterModel
) -> None:
    """Says of each NetworkPolicy that no networks keep to what stays open; `obstacle` is why networks cannot keep to
    them, which is said where they were asked for."""
    for policy in policies:
        cursor, kinds = policy.kube_object.cursor, policy.directions
        if all(map(policy.allows_all, kinds)):
            cursor.skip("the policy allows everything")
            continue
        targets = list(selected_workloads(policy.pods, policy.namespace, model))
        names = ", ".join(workload.name for workload in targets)
        open_parts = (
            [_open_direction(policy, kind, names, model) for kind in kinds]
            if targets
            else []
        )
        open_text = "; ".join(open_parts) or "it selects no workload of the manifests"
        subject = ModelPath.service(targets[0].name) if len(targets) == 1 else ROOT
        advice = (
            f"No networks were made of the policies: {obstacle}."
            if is_asked and obstacle
            else _network_advice(targets, kinds, policy, model, obstacle)
        )
        cursor.note(
            "TC296", subject=subject, object=str(policy), open=open_text, advice=advice
        )


def _open_direction(
    policy: NetworkPolicy, kind: str, names: str, model: ClusterModel
) -> str:
    """What stays open in one direction."""
    peers = allowed_peers(policy, kind, model)
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


def _named_ports(policy: NetworkPolicy, kind: str) -> str:
    """The ports that the policy names, in words; empty where it names none."""
    port_texts: dict[str, None] = {}
    for rule in policy.rules.get(kind, ()):
        for port in rule.ports:
            number = port.port or "every port"
            port_text = f"{number}-{port.last_port}" if port.last_port else number
            port_texts[f"{port_text}/{port.protocol.lower()}"] = None
    return f", on {', '.join(port_texts)}" if port_texts else ""


def allowed_peers(policy: NetworkPolicy, kind: str, model: ClusterModel) -> Peers:
    """Whom the rules of one direction name."""
    workloads: dict[Workload, None] = {}
    outside: dict[str, None] = {}
    everybody, proxy = False, None
    for rule in policy.rules.get(kind, ()):
        everybody = everybody or not rule.peers
        for peer in rule.peers:
            if peer.block:
                outside[f"addresses in {peer.block}"] = None
                continue
            for workload in _peer_workloads(peer, policy, model):
                workloads[workload] = None
            if names_controller(peer, model.objects.left_out):
                proxy = model.stand_in
    return Peers(tuple(workloads), tuple(outside), everybody, proxy)


def stand_in(model: ClusterModel, services: Mapping[str, Service]) -> str | None:
    """The proxy that takes the place of the Ingress controller; None where there are no routes."""
    for service in services.values():
        if service.role is Role.PROXY and service.name not in model.service_names:
            return service.name
    return None


def _peer_workloads(
    peer: PolicyPeer, policy: NetworkPolicy, model: ClusterModel
) -> Iterator[Workload]:
    """The workloads of a peer: pods of the policy's own namespace, or of all that its namespace selector matches."""
    if not peer.namespaces.is_stated:
        yield from selected_workloads(peer.pods, policy.namespace, model)
        return
    for namespace in dict.fromkeys(workload.namespace for workload in model.workloads):
        if peer.namespaces.matches(_namespace_labels(namespace, model)):
            yield from selected_workloads(peer.pods, namespace, model)


def _namespace_labels(namespace: str, model: ClusterModel) -> Mapping[str, str]:
    """The labels of a namespace; Kubernetes itself gives each one with its name."""
    labels = {"kubernetes.io/metadata.name": namespace}
    for namespace_object in model.objects.in_all_namespaces("Namespace", namespace)[:1]:
        labels |= namespace_object.labels
    return labels


def selected_workloads(
    selector: LabelSelector, namespace: str, model: ClusterModel
) -> Iterator[Workload]:
    """The workloads of a namespace that a label selector matches; an empty one matches all."""
    for workload in model.workloads:
        if workload.namespace == namespace and selector.matches(workload.labels):
            yield workload


class _PolicyShape(NamedTuple):
    """What a policy asks for as far as networks can say it: the services that it selects, and those that may speak to
    them where it names any."""

    names: str = ""
    members: str = ""
    limits_ports_only: bool = False
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
        lambda shape: shape.limits_ports_only,
        "Nothing to do unless {names} listens on other ports too.",
    ),
    (
        lambda shape: shape.is_exact,
        f"{_REQUEST} puts the services on networks that keep to it.",
    ),
    (
        lambda shape: shape.limits_entry and shape.members,
        "Put {members}, and whatever else needs {names}, on a network of their own; take {names} off the others.",
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
    policy: NetworkPolicy,
    model: ClusterModel,
    obstacle: str,
) -> str:
    """How networks could come near: a network for the target and those who may speak to it."""
    shape = _policy_shape([workload.name for workload in targets], kinds, policy, model)
    if obstacle:
        shape = shape._replace(is_exact=False)
    text = next(text for is_met, text in _ADVICE if is_met(shape))
    return text.format(names=shape.names, members=shape.members)


def _policy_shape(
    names: list[str], kinds: tuple[str, ...], policy: NetworkPolicy, model: ClusterModel
) -> _PolicyShape:
    peers_by_kind = {kind: allowed_peers(policy, kind, model) for kind in kinds}
    exits, peers = peers_by_kind.get("Egress"), peers_by_kind.get("Ingress")
    shape = _PolicyShape(
        names=", ".join(names),
        limits_ports_only=all(allowed.everybody for allowed in peers_by_kind.values()),
        limits_exit=exits is not None and not (exits.everybody or exits.workloads),
    )
    if peers is None:
        return shape
    members = dict.fromkeys([*names, *peers.names()]) if peers.names() else ()
    return shape._replace(
        members=", ".join(members),
        limits_entry=not peers.everybody,
        # Networks can say all of it, ports set aside: workloads only, inwards only.
        is_exact=exits is None and not peers.beyond,
    )
