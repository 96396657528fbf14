"""Network policies as networks, on request: services share one where the policies, summed for each pod, let them meet.

What the policies hold apart, networks hold apart only where every workload has a policy (one without may be reached by
all) and where a policy names no ports but all those of its target. A network works both ways, which the note says.
https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.policy import (
    allowed_peers,
    selected_workloads,
)
from tocompose.importers.kubernetes.routing.policy_fields import (
    EGRESS,
    INGRESS,
    NetworkPolicy,
)
from tocompose.importers.kubernetes.services import container_port
from tocompose.importers.kubernetes.stack_builder import Contribution, StackPart
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.model import Network, NetworkAttachment, Service
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.syntax.names import identifier, unique_name
from tocompose.traefik.networks import NETWORK_LABEL

# The engine's address pools hold some thirty networks, which all projects of the machine share.
# https://docs.docker.com/engine/network/#automatic-subnet-allocation
_MOST_NETWORKS = 20


class ReachGroup(NamedTuple):
    """Names of services that may all meet, so that one network holds them, and the policies that say so."""

    members: tuple[str, ...]
    policies: tuple[NetworkPolicy, ...]


class _Isolation:
    """The policies of the input with the workloads that each selects; `proxy` stands for the Ingress controller."""

    def __init__(
        self,
        policies: tuple[NetworkPolicy, ...],
        model: ClusterModel,
        services: Mapping[str, Service],
    ) -> None:
        self.model = model
        self._services = services
        self.proxy = model.stand_in
        self.running = [workload for workload in model.workloads if workload.pods]
        self.policies = policies
        self.targets = {
            policy: list(selected_workloads(policy.pods, policy.namespace, model))
            for policy in self.policies
        }

    def policies_of(self, workload: Workload) -> list[NetworkPolicy]:
        """The policies that limit who reaches the workload."""
        return [
            policy
            for policy in self.policies
            if workload in self.targets[policy] and INGRESS in policy.directions
        ]

    def obstacle(self) -> str:
        """Why networks cannot keep to the policies; empty where they can."""
        for workload in self.running:
            if not self.policies_of(workload):
                return f"{workload.name} has no policy, so that everybody may reach it"
            if workload.host_network:
                return f"{workload.name} uses the network of the host"
        for policy in self.policies:
            if not _allows_all_out(policy):
                return f"{policy} limits what its pods may reach"
            beyond = allowed_peers(policy, INGRESS, self.model).beyond
            if beyond:
                return f"{policy} names {', '.join(beyond)}"
            for workload in self.targets[policy]:
                if not self._ports_are_all(policy, workload):
                    return f"{policy} lets only some ports of {workload.name} be reached"
        return ""

    def _ports_are_all(self, policy: NetworkPolicy, workload: Workload) -> bool:
        """Whether each rule of the policy names every port on which the workload is known to listen, or none."""
        listening = set(_known_ports(workload, self.model))
        for rule in policy.rules[INGRESS]:
            if rule.ports and not (
                listening
                and all(
                    any(named.covers(*port) for named in rule.ports) for port in listening
                )
            ):
                return False
        return True

    def sources(self, workload: Workload) -> list[str]:
        """The names of all that the policies of the workload let in, summed; the proxy too where it routes there."""
        all_peers = [
            allowed_peers(policy, INGRESS, self.model)
            for policy in self.policies_of(workload)
        ]
        proxy = [self.proxy] if self.proxy else []
        if any(peers.everybody for peers in all_peers):
            routed = proxy if self._is_routed(workload) else []
            return [*(source.name for source in self.running), *routed]
        names = [source.name for peers in all_peers for source in peers.workloads]
        lets_proxy_in = any(peers.proxy for peers in all_peers)
        return [*names, *(proxy if lets_proxy_in or self._is_routed(workload) else [])]

    def _is_routed(self, workload: Workload) -> bool:
        """Whether the proxy routes to the workload: a route without a way would be none."""
        return any(
            "traefik.enable" in self._services[container.service].labels
            for container in workload.containers()
        )


class NetworkPlan(NamedTuple):
    """The networks that keep to policies, each with the policy that it comes of; where there are none, why.

    `containers` are the services of each member of a group: those of a workload, or the proxy itself.
    """

    groups: tuple[tuple[ReachGroup, NetworkPolicy], ...] = ()
    containers: Mapping[str, tuple[str, ...]] = {}
    kept_policies: tuple[NetworkPolicy, ...] = ()
    obstacle: str = ""


NO_PLAN = NetworkPlan()


def plan_networks(
    policies: tuple[NetworkPolicy, ...],
    model: ClusterModel,
    services: Mapping[str, Service],
) -> NetworkPlan:
    """The networks that let the services meet as the policies allow."""
    isolation = _Isolation(policies, model, services)
    if not isolation.policies:
        return NO_PLAN
    obstacle = isolation.obstacle()
    if obstacle:
        return NetworkPlan(obstacle=obstacle)
    groups = _reach_groups(isolation)
    if len(groups) > _MOST_NETWORKS:
        number = f"{len(groups)} networks, more than the engine has room for"
        return NetworkPlan(obstacle=f"they would take {number}")
    for policy in isolation.policies:
        _note_kept(policy, groups, isolation)
    containers = {
        workload.name: tuple(container.service for container in workload.containers())
        for workload in isolation.running
    }
    if isolation.proxy:
        containers.setdefault(isolation.proxy, (isolation.proxy,))
    return NetworkPlan(
        tuple((group, _origin(group, isolation)) for group in groups),
        containers,
        isolation.policies,
    )


def _allows_all_out(policy: NetworkPolicy) -> bool:
    """Whether the policy says nothing of what its pods may reach, or allows all of it."""
    return EGRESS not in policy.directions or policy.allows_all(EGRESS)


def _known_ports(workload: Workload, model: ClusterModel) -> Iterator[tuple[int, str, str]]:
    """The ports on which the workload listens as its containers and Services tell: number, protocol, name."""
    for port in workload.ports():
        if port.number is not None:
            yield port.number, port.protocol.upper(), port.name
    for service in model.kube_services:
        if workload not in service.workloads:
            continue
        for service_port in service.ports:
            target = container_port(service_port, workload)
            if target is not None:
                yield target, service_port.protocol.upper(), service_port.target


def _reach_groups(isolation: _Isolation) -> list[ReachGroup]:
    """So many groups that each pair that may meet is in one, and none holds a pair that may not."""
    neighbours: dict[str, dict[str, None]] = {
        workload.name: {} for workload in isolation.running
    }
    says_so: dict[str, list[NetworkPolicy]] = {}
    for workload in isolation.running:
        says_so[workload.name] = isolation.policies_of(workload)
        for source in isolation.sources(workload):
            if source != workload.name:
                neighbours[workload.name][source] = None
                neighbours.setdefault(source, {})[workload.name] = None
    groups = [
        ReachGroup(members, _policies_of(members, says_so))
        for members in _cliques(neighbours)
    ]
    alone = [name for name, others in neighbours.items() if not others]
    return groups + [ReachGroup((name,), tuple(says_so.get(name, ()))) for name in alone]


def _policies_of(
    members: Iterable[str], says_so: Mapping[str, list[NetworkPolicy]]
) -> tuple[NetworkPolicy, ...]:
    policies = (policy for name in members for policy in says_so.get(name, ()))
    return tuple(dict.fromkeys(policies))


def _cliques(neighbours: Mapping[str, dict[str, None]]) -> Iterator[tuple[str, ...]]:
    """Sets of names that are all neighbours, until each pair of neighbours is in one."""
    covered: set[frozenset[str]] = set()
    order = {name: number for number, name in enumerate(neighbours)}
    for name, others in neighbours.items():
        for other in others:
            if frozenset((name, other)) in covered:
                continue
            members = [name, other]
            candidates = others.keys() & neighbours[other].keys()
            while candidates:
                member = min(candidates, key=order.__getitem__)
                members.append(member)
                candidates &= neighbours[member].keys()
            covered |= {
                frozenset((first, second)) for first in members for second in members
            }
            yield tuple(sorted(members, key=order.__getitem__))


def attach_groups(
    plan: NetworkPlan, services: Mapping[str, Service], networks: Mapping[str, Network]
) -> Iterator[StackPart]:
    """Takes the services off the default network and puts each on those of its groups, under the same names."""
    names = set(networks)
    for group, origin in plan.groups:
        name = unique_name(identifier(origin.kube_object.name), names)
        yield Network(name=name, origin=origin.kube_object.span)
        for member in group.members:
            for service_name in plan.containers.get(member, (member,)):
                yield from _join_network(services[service_name], name)


def _origin(group: ReachGroup, isolation: _Isolation) -> NetworkPolicy:
    """The narrowest policy of the group: the one that selects by labels and lets a member in."""
    policies = group.policies or isolation.policies
    by_labels = [policy for policy in policies if policy.pods.has_conditions]
    letting_in = [
        policy
        for policy in by_labels
        if policy.rules[INGRESS] and _lets_in(policy, group, isolation)
    ]
    return (letting_in or by_labels or policies)[0]


def _lets_in(policy: NetworkPolicy, group: ReachGroup, isolation: _Isolation) -> bool:
    """Whether the policy is about two members of the group."""
    peers = allowed_peers(policy, INGRESS, isolation.model)
    targets = {workload.name for workload in isolation.targets[policy]}
    names = {workload.name for workload in peers.workloads} | {peers.proxy or ""}
    members = set(group.members)
    return any(target in members and (members - {target}) & names for target in targets)


def _join_network(service: Service, network: str) -> Iterator[Contribution]:
    if service.network_mode is not None:
        return
    aliases = service.networks[0].aliases if service.networks else ()
    other_networks = tuple(
        attachment for attachment in service.networks if attachment.network != "default"
    )
    joined = (*other_networks, NetworkAttachment(network=network, aliases=aliases))
    yield Contribution(service=service.name, moved_networks=joined)


def name_proxy_networks(
    proxy: str, services: Mapping[str, Service]
) -> Iterator[Contribution]:
    """Tells the proxy by which network it reaches each service that has several."""
    own_networks = {attachment.network for attachment in services[proxy].networks}
    for service in list(services.values()):
        if "traefik.enable" not in service.labels or service.name == proxy:
            continue
        shared = [
            attachment.network
            for attachment in service.networks
            if attachment.network in own_networks
        ]
        if shared and len(service.networks) > 1:
            network_name = f"${{COMPOSE_PROJECT_NAME}}_{shared[0]}"
            labels = ((NETWORK_LABEL, network_name),)
            yield Contribution(service=service.name, labels=labels)


def _note_kept(
    policy: NetworkPolicy, groups: list[ReachGroup], isolation: _Isolation
) -> None:
    targets = {workload.name for workload in isolation.targets[policy]}
    own_groups = [group for group in groups if targets & set(group.members)]
    members_text = "; ".join(", ".join(group.members) for group in own_groups)
    isolation.model.ledger.add_note(
        note(
            "TC297",
            policy.kube_object.span,
            object=str(policy),
            what=f"together on a network: {members_text}"
            if members_text
            else "it selects no workload of the manifests",
        )
    )
    policy.kube_object.cursor.mark_noted("TC297")
