"""Network policies as networks, on request: one network for each workload and those that may reach it.

That holds apart what the policies hold apart only where every workload has a policy: one without may be reached by all,
and a shared network works both ways.
"""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.policy import (
    Peers,
    allowed_peers,
    kinds_of,
    selected_workloads,
)
from tocompose.importers.kubernetes.scalars import list_entries
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.model import Network, NetworkAttachment, Role, Service
from tocompose.notes import note
from tocompose.record import replace
from tocompose.syntax.names import identifier, unique_name


class ReachGroup:
    """The workloads that share a network, and the policies that say so."""

    def __init__(self, members: frozenset[int], policies: list[KubeObject]) -> None:
        self.members = members
        self.policies = policies


def isolate_workloads(world: ClusterModel) -> tuple[KubeObject, ...]:
    """Puts the services on networks as the policies allow, and gives the policies that are thereby kept to."""
    ingress_policies = [
        policy
        for policy in world.objects.of_kind("NetworkPolicy")
        if "Ingress" in kinds_of(policy)
    ]
    targets = {
        id(policy): list(
            selected_workloads(policy.at("spec", "podSelector"), policy.namespace, world)
        )
        for policy in ingress_policies
    }
    running = [workload for workload in world.workloads if workload.pods]
    if not ingress_policies or not _all_covered(running, targets.values()):
        return ()
    if not all(_is_expressible(policy, world) for policy in ingress_policies):
        return ()
    groups = _reach_groups(ingress_policies, targets, running, world)
    _attach_services(groups, running, world)
    for policy in ingress_policies:
        _note_kept(policy, groups, world)
    return tuple(ingress_policies)


def _all_covered(running: list[Workload], selections: Iterable[list[Workload]]) -> bool:
    """Whether every running workload is selected by some policy."""
    covered = {id(workload) for selection in selections for workload in selection}
    return all(id(workload) in covered for workload in running)


def _is_expressible(policy: KubeObject, world: ClusterModel) -> bool:
    """Whether the policy speaks of nothing but workloads: no ports, no addresses, no direction out."""
    ports = any(
        len(rule.at("ports")) for rule in list_entries(policy.at("spec", "ingress"))
    )
    return (
        "Egress" not in kinds_of(policy)
        and not ports
        and not allowed_peers(policy, "Ingress", world).beyond
    )


def _reach_groups(
    policies: list[KubeObject],
    targets: dict[int, list[Workload]],
    running: list[Workload],
    world: ClusterModel,
) -> list[ReachGroup]:
    """One group for each workload with all that may reach it, without those that lie within another."""
    reach_groups: list[ReachGroup] = []
    for workload in running:
        own_policies = [policy for policy in policies if workload in targets[id(policy)]]
        peers = [allowed_peers(policy, "Ingress", world) for policy in own_policies]
        members = frozenset(
            {id(workload), *(id(source) for source in _allowed_sources(peers, running))}
        )
        reach_groups.append(ReachGroup(members, own_policies))
    return _widest_groups(reach_groups)


def _widest_groups(reach_groups: list[ReachGroup]) -> list[ReachGroup]:
    """The groups that lie within no other; the policies of those that do are the wider one's too."""
    wide_groups: list[ReachGroup] = []
    for group in sorted(reach_groups, key=lambda group: -len(group.members)):
        around = (wide for wide in wide_groups if group.members <= wide.members)
        wider = next(around, None)
        if wider is None:
            wide_groups.append(group)
        else:
            wider.policies += [
                policy for policy in group.policies if policy not in wider.policies
            ]
    return wide_groups


def _allowed_sources(peers: list[Peers], running: list[Workload]) -> list[Workload]:
    if any(peer_set.everybody for peer_set in peers):
        return running
    return [workload for peer_set in peers for workload in peer_set.workloads]


def _attach_services(
    groups: list[ReachGroup], running: list[Workload], world: ClusterModel
) -> None:
    """Takes the services off the default network and puts each on those of its groups, under the same names."""
    names = set(world.builder.networks)
    for group in groups:
        name = unique_name(identifier(_group_name(group)), names)
        world.builder.networks[name] = Network(name=name, origin=group.policies[0].span)
        for workload in running:
            if id(workload) in group.members:
                for instance in workload.pods:
                    for unit in instance.containers:
                        _join_network(unit.service, name, world)
    for service in list(world.builder.services.values()):
        if service.role is Role.PROXY and service.name not in _workload_services(running):
            _join_all(service, world)


def _group_name(group: ReachGroup) -> str:
    """The name of the narrowest policy: the one that selects by labels rather than everything."""
    by_labels = [
        policy for policy in group.policies if len(policy.at("spec", "podSelector"))
    ]
    return (by_labels or group.policies)[0].name


def _workload_services(running: list[Workload]) -> set[str]:
    return {unit.service for workload in running for unit in workload.containers()}


def _join_network(name: str, network: str, world: ClusterModel) -> None:
    service = world.builder.services[name]
    if service.network_mode is not None:
        return
    aliases = service.networks[0].aliases if service.networks else ()
    other_networks = tuple(
        attachment for attachment in service.networks if attachment.network != "default"
    )
    joined = (*other_networks, NetworkAttachment(network=network, aliases=aliases))
    world.builder.services[name] = replace(service, networks=joined)


def _join_all(proxy: Service, world: ClusterModel) -> None:
    """The proxy reaches whom it routes to, as the Ingress controller of the cluster did."""
    routed = [
        service
        for service in world.builder.services.values()
        if "traefik.enable" in service.labels and service is not proxy
    ]
    networks = dict.fromkeys(
        service.networks[0].network for service in routed if service.networks
    )
    attached = tuple(NetworkAttachment(network=name) for name in networks)
    world.builder.services[proxy.name] = replace(proxy, networks=attached)
    for service in routed:
        if len(service.networks) > 1:
            network_name = f"${{COMPOSE_PROJECT_NAME}}_{service.networks[0].network}"
            labels = {**service.labels, "traefik.docker.network": network_name}
            world.builder.services[service.name] = replace(service, labels=labels)


def _note_kept(policy: KubeObject, groups: list[ReachGroup], world: ClusterModel) -> None:
    names = {id(workload): workload.name for workload in world.workloads}
    own_groups = [group for group in groups if policy in group.policies]
    members_text = "; ".join(
        ", ".join(names[member] for member in names if member in group.members)
        for group in own_groups
    )
    world.ledger.add_note(
        note(
            "TC297",
            policy.span,
            object=str(policy),
            what=f"together on a network: {members_text}",
        )
    )
    policy.cursor.mark_noted("TC297")
