"""What is said of a pod as a whole: how its containers hang together here."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import Finding, values
from tocompose.importers.kubernetes.moot import CODE, moot
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.pods import joins_owner
from tocompose.importers.kubernetes.scalars import items, strings, truth, value
from tocompose.importers.kubernetes.workloads import Instance, Part, Workload
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.notes import note

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")


def say_pods(world: World) -> None:
    """The notes on shared networks, init containers and the host's network, and on fields without a use here."""
    for workload in world.workloads:
        if not workload.instances:
            continue
        _say_shape(workload, workload.instances[0], world)
        _say_host_network(workload)
        _say_selector(workload, world)
        _say_volumes(workload, world)
        _moot_fields(workload, world)


def _say_shape(workload: Workload, instance: Instance, world: World) -> None:
    subject = f"services.{instance.base}"
    places = [Place(world, workload, instance, unit) for unit in instance.units]
    partners = ", ".join(place.service for place in places if joins_owner(instance, place))
    first = workload.object.span
    if partners:
        said = note(
            "TC238",
            first,
            subject=subject,
            object=str(workload.object),
            partners=partners,
            owner=instance.owner,
        )
        world.ledger.say(said)
    if any(unit.part is Part.INIT for unit in instance.units):
        world.ledger.say(note("TC236", first, subject=subject, object=str(workload.object)))


def _say_host_network(workload: Workload) -> None:
    cursor = workload.spec.at("hostNetwork")
    if truth(cursor) is True:
        for _, unit in workload.units():
            cursor.take(to=f"services.{unit.service}.network_mode")
        cursor.remark(
            "TC251",
            object=str(workload.object),
            subject=f"services.{workload.name}.network_mode",
        )
    elif truth(cursor) is False:
        cursor.skip("the value that Kubernetes fills in itself")


def _say_selector(workload: Workload, world: World) -> None:
    selector = workload.object.at("spec", "selector")
    wanted = (
        strings(selector.at("matchLabels"))
        if selector.at("matchLabels")
        else strings(selector)
    )
    if selector and any(workload.labels.get(key) != text for key, text in wanted.items()):
        selector.remark("TC258", object=str(workload.object))


def _say_volumes(workload: Workload, world: World) -> None:
    """The volumes that no container mounts."""
    used = {
        value(mount.at("name"))
        for _, unit in workload.units()
        for mount in items(unit.cursor.at("volumeMounts"))
    }
    for volume in items(workload.spec.at("volumes")):
        if value(volume.at("name")) not in used:
            _say_unused(volume, value(volume.at("name")), workload)
    for template in items(workload.object.at("spec", "volumeClaimTemplates")):
        if value(template.at("metadata", "name")) not in used:
            _say_unused(template, value(template.at("metadata", "name")), workload)


def _say_unused(volume: Cursor, name: str | None, workload: Workload) -> None:
    volume.note(
        "TC253", object=f"volume {name} of {workload.object} ({values(volume.node)})"
    )


def _moot_fields(workload: Workload, world: World) -> None:
    item = workload.object
    for entry in workload.spec.at("nodeSelector"):
        if entry.key not in _ARCH:
            moot(entry, item, world)
    for place in (workload.spec, *(unit.cursor for _, unit in workload.units())):
        non_root = place.at("securityContext", "runAsNonRoot")
        uid = value(place.at("securityContext", "runAsUser")) or value(
            workload.spec.at("securityContext", "runAsUser")
        )
        if truth(non_root) is False:
            non_root.skip("the value that Kubernetes fills in itself")
        elif value(non_root) is not None:
            moot(non_root, item, world, CODE if uid not in (None, "0") else "TC248")
        policy = place.at("restartPolicy")
        if place is not workload.spec and policy.unread():
            moot(policy, item, world)
    change = workload.spec.at("securityContext", "fsGroupChangePolicy")
    if change.unread():
        moot(change, item, world)
    if workload.kind == "DaemonSet":
        kind = next(child for child in item.cursor.children if child.key == "kind")
        finding = Finding(CODE, "one pod on every node", kind)
        world.draft.findings.setdefault(item, []).append(finding)


def settle_inherited(world: World) -> None:
    """Settings of a pod that each of its containers overrides never had an effect."""
    for workload in world.workloads:
        workload.spec.at("securityContext").skip("every container sets its own")
