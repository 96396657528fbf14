"""Network policies as networks, on request: one network for each workload and those that may reach it.

That holds apart what the policies hold apart only where every workload has a policy: one without may be reached by all,
and a shared network works both ways.
"""

from __future__ import annotations

from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.routing.policy import Peers, allowed, kinds_of, selected
from tocompose.importers.kubernetes.scalars import items
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import World
from tocompose.model import Attachment, Network, Role, Service
from tocompose.notes import note
from tocompose.record import replace
from tocompose.values import identifier, unique


class Group:
    """The workloads that share a network, and the policies that say so."""

    def __init__(self, members: frozenset[int], policies: list[Object]) -> None:
        self.members = members
        self.policies = policies


def isolate(world: World) -> tuple[Object, ...]:
    """Puts the services on networks as the policies allow, and gives the policies that are thereby kept to."""
    found = [
        item for item in world.objects.of("NetworkPolicy") if "Ingress" in kinds_of(item)
    ]
    targets = {
        id(item): list(selected(item.at("spec", "podSelector"), item.namespace, world))
        for item in found
    }
    covered = {id(workload) for each in targets.values() for workload in each}
    running = [workload for workload in world.workloads if workload.instances]
    if not found or any(id(workload) not in covered for workload in running):
        return ()
    plain = [item for item in found if _expressible(item, world)]
    if len(plain) < len(found):
        return ()
    groups = _groups(plain, targets, running, world)
    _attach(groups, running, world)
    for item in plain:
        _told(item, groups, world)
    return tuple(plain)


def _expressible(item: Object, world: World) -> bool:
    """Whether the policy speaks of nothing but workloads: no ports, no addresses, no direction out."""
    ports = any(len(rule.at("ports")) for rule in items(item.at("spec", "ingress")))
    return (
        "Egress" not in kinds_of(item)
        and not ports
        and not allowed(item, "Ingress", world).beyond
    )


def _groups(
    policies: list[Object],
    targets: dict[int, list[Workload]],
    running: list[Workload],
    world: World,
) -> list[Group]:
    """One group for each workload with all that may reach it, without those that lie within another."""
    found: list[Group] = []
    for workload in running:
        mine = [item for item in policies if workload in targets[id(item)]]
        peers = [allowed(item, "Ingress", world) for item in mine]
        members = frozenset(
            {id(workload), *(id(each) for each in _sources(peers, running))}
        )
        found.append(Group(members, mine))
    kept: list[Group] = []
    for group in sorted(found, key=lambda group: -len(group.members)):
        wider = next((each for each in kept if group.members <= each.members), None)
        if wider is None:
            kept.append(group)
        else:
            wider.policies += [
                item for item in group.policies if item not in wider.policies
            ]
    return kept


def _sources(peers: list[Peers], running: list[Workload]) -> list[Workload]:
    if any(each.everybody for each in peers):
        return running
    return [workload for each in peers for workload in each.workloads]


def _attach(groups: list[Group], running: list[Workload], world: World) -> None:
    """Takes the services off the default network and puts each on those of its groups, under the same names."""
    names = set(world.draft.networks)
    for group in groups:
        name = unique(identifier(_name(group)), names)
        world.draft.networks[name] = Network(name=name, origin=group.policies[0].span)
        for workload in running:
            if id(workload) in group.members:
                for instance in workload.instances:
                    for unit in instance.units:
                        _join(unit.service, name, world)
    for service in list(world.draft.services.values()):
        if service.role is Role.PROXY and service.name not in _own(running):
            _join_all(service, world)


def _name(group: Group) -> str:
    """The name of the narrowest policy: the one that selects by labels rather than everything."""
    by_labels = [item for item in group.policies if len(item.at("spec", "podSelector"))]
    return (by_labels or group.policies)[0].name


def _own(running: list[Workload]) -> set[str]:
    return {unit.service for workload in running for _, unit in workload.units()}


def _join(name: str, network: str, world: World) -> None:
    service = world.draft.services[name]
    if service.network_mode is not None:
        return
    aliases = service.networks[0].aliases if service.networks else ()
    kept = tuple(item for item in service.networks if item.network != "default")
    joined = (*kept, Attachment(network=network, aliases=aliases))
    world.draft.services[name] = replace(service, networks=joined)


def _join_all(proxy: Service, world: World) -> None:
    """The proxy reaches whom it routes to, as the Ingress controller of the cluster did."""
    routed = [
        each
        for each in world.draft.services.values()
        if "traefik.enable" in each.labels and each is not proxy
    ]
    networks = dict.fromkeys(each.networks[0].network for each in routed if each.networks)
    attached = tuple(Attachment(network=name) for name in networks)
    world.draft.services[proxy.name] = replace(proxy, networks=attached)
    for each in routed:
        if len(each.networks) > 1:
            place = f"${{COMPOSE_PROJECT_NAME}}_{each.networks[0].network}"
            labels = {**each.labels, "traefik.docker.network": place}
            world.draft.services[each.name] = replace(each, labels=labels)


def _told(item: Object, groups: list[Group], world: World) -> None:
    names = {id(workload): workload.name for workload in world.workloads}
    mine = [group for group in groups if item in group.policies]
    what = "; ".join(
        ", ".join(names[member] for member in names if member in group.members)
        for group in mine
    )
    world.ledger.say(
        note("TC297", item.span, object=str(item), what=f"together on a network: {what}")
    )
    item.cursor.noted("TC297")
