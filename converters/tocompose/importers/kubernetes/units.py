"""Builds the compose services of all pods, with the one-shots that prepare their volumes."""

from __future__ import annotations

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.containers import convert_container
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.preparation import volume_preparation
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.storage import ContainerStorage
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor


def build_services(world: ClusterModel) -> dict[str, str]:
    """Adds every service to the draft; gives the one-shot that must come before a pod, by the pod's name."""
    claims = Claims(world.objects)
    ranges = _limit_ranges(world)
    prepared: dict[str, str] = {}
    for workload in world.workloads:
        for instance in workload.pods:
            first = _build_pod(
                workload, instance, world, claims, ranges.get(workload.namespace)
            )
            if first is not None:
                prepared[instance.base] = first
            workload.kube_object.count_identity_as_mapped(
                f"services.{instance.main_container.service}"
            )
    return prepared


def _build_pod(
    workload: Workload,
    instance: Pod,
    world: ClusterModel,
    claims: Claims,
    defaults: Cursor | None,
) -> str | None:
    places: list[ContainerContext] = []
    disks: list[ContainerStorage] = []
    for unit in instance.containers:
        place = ContainerContext(world, workload, instance, unit)
        converted = convert_container(place, claims, defaults)
        world.builder.add_service(converted.service)
        places.append(place)
        disks.append(converted.storage)
    _move_hosts(places, instance, world)
    one_shot = volume_preparation(places, disks)
    if one_shot is None:
        return None
    world.builder.add_service(one_shot)
    return one_shot.name


def _move_hosts(places: list[ContainerContext], instance: Pod, world: ClusterModel) -> None:
    """Extra hosts that a container's texts need belong to the owner of its network namespace."""
    for place in places:
        for name, address in place.extra_hosts.items():
            world.builder.add_extra_host(instance.network_owner, name, address)


def _limit_ranges(world: ClusterModel) -> dict[str, Cursor]:
    """The default amounts of each namespace, from its LimitRange."""
    found: dict[str, Cursor] = {}
    for item in world.objects.of_kind("LimitRange"):
        for limit in list_entries(item.at("spec", "limits")):
            if peek_text(limit.at("type")) == "Container":
                item.count_identity_as_mapped("services")
                limit.at("type").take(to="services")
                found[item.namespace] = limit
    return found
