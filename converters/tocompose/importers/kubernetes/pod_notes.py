"""What is said of a pod as a whole: how its containers hang together here."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import Finding, values_in_words
from tocompose.importers.kubernetes.moot import NOT_APPLICABLE, not_applicable
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.pods import joins_owner
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
)
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor
from tocompose.notes import note

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")


def note_pods(world: ClusterModel) -> None:
    """The notes on shared networks, init containers and the host's network, and on fields without a use here."""
    for workload in world.workloads:
        if not workload.pods:
            continue
        _note_shape(workload, workload.pods[0], world)
        _note_host_network(workload)
        _note_selector(workload, world)
        _note_volumes(workload, world)
        _moot_fields(workload, world)


def _note_shape(workload: Workload, instance: Pod, world: ClusterModel) -> None:
    subject = f"services.{instance.base}"
    places = [
        ContainerContext(world, workload, instance, unit) for unit in instance.containers
    ]
    partners = ", ".join(place.service for place in places if joins_owner(instance, place))
    first = workload.kube_object.span
    if partners:
        said = note(
            "TC238",
            first,
            subject=subject,
            object=str(workload.kube_object),
            partners=partners,
            owner=instance.network_owner,
        )
        world.ledger.say(said)
    if any(unit.role is ContainerRole.INIT for unit in instance.containers):
        world.ledger.say(
            note("TC236", first, subject=subject, object=str(workload.kube_object))
        )


def _note_host_network(workload: Workload) -> None:
    cursor = workload.pod_spec.at("hostNetwork")
    if peek_bool(cursor) is True:
        for _, unit in workload.containers():
            cursor.take(to=f"services.{unit.service}.network_mode")
        cursor.remark(
            "TC251",
            object=str(workload.kube_object),
            subject=f"services.{workload.name}.network_mode",
        )
    elif peek_bool(cursor) is False:
        cursor.skip("the value that Kubernetes fills in itself")


def _note_selector(workload: Workload, world: ClusterModel) -> None:
    selector = workload.kube_object.at("spec", "selector")
    wanted = (
        string_map(selector.at("matchLabels"))
        if selector.at("matchLabels")
        else string_map(selector)
    )
    if selector and any(workload.labels.get(key) != text for key, text in wanted.items()):
        selector.remark("TC258", object=str(workload.kube_object))


def _note_volumes(workload: Workload, world: ClusterModel) -> None:
    """The volumes that no container mounts."""
    used = {
        peek_text(mount.at("name"))
        for _, unit in workload.containers()
        for mount in list_entries(unit.cursor.at("volumeMounts"))
    }
    for volume in list_entries(workload.pod_spec.at("volumes")):
        if peek_text(volume.at("name")) not in used:
            _note_unused(volume, peek_text(volume.at("name")), workload)
    for template in list_entries(workload.kube_object.at("spec", "volumeClaimTemplates")):
        if peek_text(template.at("metadata", "name")) not in used:
            _note_unused(template, peek_text(template.at("metadata", "name")), workload)


def _note_unused(volume: Cursor, name: str | None, workload: Workload) -> None:
    volume.note(
        "TC253",
        object=f"volume {name} of {workload.kube_object} ({values_in_words(volume.node)})",
    )


def _moot_fields(workload: Workload, world: ClusterModel) -> None:
    item = workload.kube_object
    for entry in workload.pod_spec.at("nodeSelector"):
        if entry.key not in _ARCH:
            not_applicable(entry, item, world)
    for place in (workload.pod_spec, *(unit.cursor for _, unit in workload.containers())):
        non_root = place.at("securityContext", "runAsNonRoot")
        uid = peek_text(place.at("securityContext", "runAsUser")) or peek_text(
            workload.pod_spec.at("securityContext", "runAsUser")
        )
        if peek_bool(non_root) is False:
            non_root.skip("the value that Kubernetes fills in itself")
        elif peek_text(non_root) is not None:
            not_applicable(
                non_root, item, world, NOT_APPLICABLE if uid not in (None, "0") else "TC248"
            )
        policy = place.at("restartPolicy")
        if place is not workload.pod_spec and policy.unread():
            not_applicable(policy, item, world)
    change = workload.pod_spec.at("securityContext", "fsGroupChangePolicy")
    if change.unread():
        not_applicable(change, item, world)
    if workload.kind == "DaemonSet":
        kind = next(child for child in item.cursor.children if child.key == "kind")
        finding = Finding(NOT_APPLICABLE, "one pod on every node", kind)
        world.builder.findings.setdefault(item, []).append(finding)


def settle_inherited(world: ClusterModel) -> None:
    """Settings of a pod that each of its containers overrides never had an effect."""
    for workload in world.workloads:
        workload.pod_spec.at("securityContext").skip("every container sets its own")
