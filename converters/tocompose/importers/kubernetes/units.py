"""Builds the compose services of all pods, with the one-shots that prepare their volumes."""

from __future__ import annotations

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.containers import convert
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.preparation import preparation
from tocompose.importers.kubernetes.scalars import items, value
from tocompose.importers.kubernetes.storage import Storage
from tocompose.importers.kubernetes.workloads import Instance, Workload
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor


def build(world: World) -> dict[str, str]:
    """Adds every service to the draft; gives the one-shot that must come before a pod, by the pod's name."""
    claims = Claims(world.objects)
    ranges = _ranges(world)
    prepared: dict[str, str] = {}
    for workload in world.workloads:
        for instance in workload.instances:
            first = _build(
                workload, instance, world, claims, ranges.get(workload.namespace)
            )
            if first is not None:
                prepared[instance.base] = first
            workload.object.took(f"services.{instance.main.service}")
    return prepared


def _build(
    workload: Workload,
    instance: Instance,
    world: World,
    claims: Claims,
    defaults: Cursor | None,
) -> str | None:
    places: list[Place] = []
    disks: list[Storage] = []
    for unit in instance.units:
        place = Place(world, workload, instance, unit)
        converted = convert(place, claims, defaults)
        world.draft.add(converted.service)
        places.append(place)
        disks.append(converted.storage)
    _move_hosts(places, instance, world)
    one_shot = preparation(places, disks)
    if one_shot is None:
        return None
    world.draft.add(one_shot)
    return one_shot.name


def _move_hosts(places: list[Place], instance: Instance, world: World) -> None:
    """Extra hosts that a container's texts need belong to the owner of its network namespace."""
    for place in places:
        for name, address in place.hosts.items():
            world.draft.host(instance.owner, name, address)


def _ranges(world: World) -> dict[str, Cursor]:
    """The default amounts of each namespace, from its LimitRange."""
    found: dict[str, Cursor] = {}
    for item in world.objects.of("LimitRange"):
        for limit in items(item.at("spec", "limits")):
            if value(limit.at("type")) == "Container":
                item.took("services")
                limit.at("type").take(to="services")
                found[item.namespace] = limit
    return found
