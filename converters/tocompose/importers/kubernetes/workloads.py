"""Workloads: the objects that run pods, and the compose services that each of their pods becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
    take_integer,
)
from tocompose.importers.kubernetes.waits import ApiWait, api_wait
from tocompose.ledger import Cursor
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.source import leaves
from tocompose.syntax.names import identifier, unique

# How names of workloads end that say their kind.
_ENDINGS = {
    "Deployment": ("-deployment", "-deploy", "-dep"),
    "DeploymentConfig": ("-deploymentconfig", "-deployment", "-dc"),
    "StatefulSet": ("-statefulset", "-sts"),
    "DaemonSet": ("-daemonset", "-ds"),
    "ReplicaSet": ("-replicaset", "-rs"),
    "ReplicationController": ("-rc",),
    "Pod": ("-pod",),
    "CronJob": ("-cronjob",),
}
WORKLOADS = (
    *("Deployment", "StatefulSet", "DaemonSet", "Rollout", "DeploymentConfig"),
    *("ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob"),
)


class ContainerRole(Enum):
    """What a container is in its pod."""

    MAIN = "main"
    CO_CONTAINER = "partner"
    INIT = "init"
    SIDECAR = "sidecar"


class PodContainer(NamedTuple):
    """One container of one pod, which becomes the compose service `service`."""

    service: str
    name: str
    role: ContainerRole
    cursor: Cursor


class Pod(NamedTuple):
    """One pod, or the equal pods of a workload: `owner` is the service whose network namespace the others share."""

    base: str
    hostname: str | None
    ordinal: int | None
    network_owner: str
    containers: tuple[PodContainer, ...]

    def running_containers(self) -> Iterator[PodContainer]:
        """The containers that keep running: all but the init containers."""
        return (unit for unit in self.containers if unit.role is not ContainerRole.INIT)

    @property
    def main_container(self) -> PodContainer:
        """The first container of the pod."""
        return next(
            (unit for unit in self.containers if unit.role is ContainerRole.MAIN),
            self.containers[0],
        )


class Workload:
    """An object that runs pods; `spec` is the pod's, `labels` are those that Services select by, `host_network` says
    that the pod uses the host's network; `waits` are the init containers that only wait for something else."""

    __slots__ = (
        "_ports",
        "api_waits",
        "host_network",
        "job_spec",
        "kube_object",
        "labels",
        "name",
        "namespace",
        "pod_spec",
        "pod_template",
        "pods",
        "replicas",
    )

    def __init__(self, item: KubeObject) -> None:
        self.kube_object = item
        path = kind_row(item.kind).template
        self.pod_template = item.cursor if path == ("", "") else item.at(*path)
        self.pod_spec = self.pod_template.at("spec")
        self.labels = string_map(self.pod_template.at("metadata", "labels"))
        self.namespace = item.namespace
        self.job_spec = (
            item.at("spec", "jobTemplate", "spec")
            if item.title == "CronJob"
            else item.at("spec")
        )
        self.name = item.name
        self.replicas: int | None = None
        self.host_network = peek_bool(self.pod_spec.at("hostNetwork")) is True
        self.api_waits: tuple[tuple[Cursor, ApiWait], ...] = ()
        self._ports: dict[str, Cursor] | None = None
        self.pods: tuple[Pod, ...] = ()

    @property
    def kind(self) -> str:
        """The object's kind."""
        return self.kube_object.title

    @property
    def is_replicated(self) -> bool:
        """Whether several equal pods become replicas of one service."""
        if self.kind == "StatefulSet" or (self.replicas or 1) < 2:
            return False
        return all(
            sum(1 for _ in instance.running_containers()) == 1 for instance in self.pods
        )

    def port(self, name: str) -> Cursor | None:
        """The declared port of that name in one of the pod's running containers."""
        if self._ports is None:
            self._ports = {}
            for unit in self.pods[0].containers if self.pods else ():
                for port in (
                    list_entries(unit.cursor.at("ports"))
                    if unit.role is not ContainerRole.INIT
                    else ()
                ):
                    self._ports.setdefault(peek_text(port.at("name")) or "", port)
        return self._ports.get(name)

    def containers(self) -> Iterator[tuple[Pod, PodContainer]]:
        """Every compose service of the workload."""
        for instance in self.pods:
            for unit in instance.containers:
                yield instance, unit


def find_workloads(objects: KubeObjects) -> tuple[Workload, ...]:
    """Every workload of the input, in source order, not yet named."""
    kinds = frozenset(WORKLOADS)
    return tuple(
        Workload(item)
        for item in objects
        if kind_row(item.kind).template and item.title in kinds
    )


def name_workloads(
    found: Iterable[Workload], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> None:
    """Gives each workload the name of its compose service, and its pods theirs.

    `reserved` are the Services by namespace and name with the workloads they select (by `id`): a workload must not
    answer to the name of a Service that selects others.
    """
    taken: dict[str, str] = {}
    names: set[str] = set()
    everything = tuple(found)
    crowded = _shared_across_namespaces(everything)
    short = _short_names(everything, reserved)
    for workload in everything:
        if not any(list_entries(workload.pod_spec.at("containers"))):
            workload.kube_object.cursor.note("TC210", object=str(workload.kube_object))
            continue
        wanted = short.get(id(workload)) or workload.kube_object.name
        _name_workload(
            workload,
            wanted,
            taken,
            names,
            reserved,
            (workload.namespace, workload.kube_object.name) in crowded,
        )
        _expand_pods(workload, names)
    _note_short_names([workload for workload in everything if id(workload) in short])


def _note_short_names(found: list[Workload]) -> None:
    if found:
        names = ", ".join(f"{each.kube_object.name} is {each.name}" for each in found)
        found[0].kube_object.cursor.ledger.say(
            note("TC276", found[0].kube_object.span, names=names)
        )


def _short_names(
    found: tuple[Workload, ...], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> dict[int, str]:
    """The names of workloads (by `id`) without the kind that they end in, where nothing else has the short name."""
    shortened = {
        id(each): each.kube_object.name[: -len(end)]
        for each in found
        if (end := _kind_ending(each))
    }
    if not shortened:
        return {}
    names = Counter([*(each.kube_object.name for each in found), *shortened.values()])
    services: dict[str, set[int]] = {}
    for (_, name), selected in reserved.items():
        services.setdefault(name, set()).update(selected or {0})
    return {
        key: name
        for key, name in shortened.items()
        if names[name] == 1 and services.get(name, {key}) == {key}
    }


def _kind_ending(workload: Workload) -> str:
    """The kind as the end of the name (`-deployment`), when what stands before it is a name too."""
    name = workload.kube_object.name
    found = next((end for end in _ENDINGS.get(workload.kind, ()) if name.endswith(end)), "")
    return found if found and _is_service_name(name[: -len(found)]) else ""


def _shared_across_namespaces(found: tuple[Workload, ...]) -> set[tuple[str, str]]:
    """The workloads, by namespace and name, that share their name with one of another namespace whose pods name them:
    both on one network, they must not answer to that name."""
    spaces: dict[str, dict[str, Workload]] = {}
    for workload in found:
        spaces.setdefault(workload.kube_object.name, {})[workload.namespace] = workload
    return {
        (space, name)
        for name, each in spaces.items()
        if len(each) > 1
        for space in each
        if any(
            _mentions_host(other, f"{name}.{space}")
            for other in found
            if other.namespace != space
        )
    }


def _mentions_host(workload: Workload, host: str) -> bool:
    node = workload.pod_spec.node
    return node is not None and any(host in leaf.text for leaf in leaves(node))


def _name_workload(
    workload: Workload,
    given: str,
    taken: dict[str, str],
    names: set[str],
    reserved: Mapping[tuple[str, str], frozenset[int]],
    crowded: bool,
) -> None:
    wanted = identifier(given) if not _is_service_name(given) else given
    selected = reserved.get((workload.namespace, wanted))
    name = wanted
    if selected is not None and id(workload) not in selected:
        name = f"{wanted}-{workload.kind.lower()}"
    elif crowded:
        name = f"{wanted}-{workload.namespace}"
    elif wanted in names:
        other = taken.get(wanted, workload.namespace)
        name = f"{wanted}-{workload.namespace if other != workload.namespace else workload.kind.lower()}"
    workload.name = unique(name, names)
    taken.setdefault(wanted, workload.namespace)
    if workload.name != given:
        cursor = workload.kube_object.at("metadata", "name") or workload.kube_object.cursor
        cursor.remark(
            "TC207",
            object=str(workload.kube_object),
            name=workload.name,
            subject=f"services.{workload.name}",
        )


def _is_service_name(name: str) -> bool:
    return (
        len(name) > 1
        and name.replace("-", "a").replace(".", "a").isalnum()
        and name.islower()
        and name.isascii()
    )


def _expand_pods(workload: Workload, names: set[str]) -> None:
    """The pods of the workload: one for each ordinal of a StatefulSet, else one that stands for all."""
    replicas = take_integer(workload.kube_object.at("spec", "replicas"), "services")
    workload.replicas = replicas
    if workload.kind == "StatefulSet":
        start = (
            take_integer(workload.kube_object.at("spec", "ordinals", "start"), "services")
            or 0
        )
        count = _bounded_replicas(1 if replicas is None else replicas, workload)
        ordinals = range(start, start + count)
        workload.pods = tuple(
            _stateful_pod(workload, ordinal, count, names) for ordinal in ordinals
        )
        if count > 1:
            names.discard(workload.name)
        if count == 0:
            workload.pods = (_stateful_pod(workload, start, 1, names),)
    else:
        workload.pods = (_build_pod(workload, workload.name, None, None, names),)


def _bounded_replicas(replicas: int, workload: Workload) -> int:
    """So many pods as may be written out one by one."""
    most = limit("PODS")
    if replicas > most:
        replicas_at = workload.kube_object.at("spec", "replicas")
        replicas_at.remark(
            "TC022", what=str(workload.kube_object), pods=replicas, most=most
        )
    return max(min(replicas, most), 0)


def _stateful_pod(workload: Workload, ordinal: int, count: int, names: set[str]) -> Pod:
    base = workload.name if count == 1 else unique(f"{workload.name}-{ordinal}", names)
    return _build_pod(
        workload, base, f"{workload.kube_object.name}-{ordinal}", ordinal, names
    )


def _build_pod(
    workload: Workload,
    base: str,
    hostname: str | None,
    ordinal: int | None,
    names: set[str],
) -> Pod:
    mains = _ordered_containers(workload)
    before = tuple(list_entries(workload.pod_spec.at("initContainers")))
    if before:
        found = [
            (cursor, wait) for cursor in before if (wait := api_wait(cursor)) is not None
        ]
        workload.api_waits = tuple(found)
        before = tuple(
            cursor for cursor in before if all(cursor is not each for each, _ in found)
        )
    units: list[PodContainer] = []
    for cursor in before:
        sidecar = peek_text(cursor.at("restartPolicy")) == "Always"
        units.append(
            _named_container(
                cursor,
                ContainerRole.SIDECAR if sidecar else ContainerRole.INIT,
                base,
                names,
            )
        )
    for number, cursor in enumerate(mains):
        if number == 0:
            units.append(
                PodContainer(
                    base, peek_text(cursor.at("name")) or "", ContainerRole.MAIN, cursor
                )
            )
        else:
            units.append(_named_container(cursor, ContainerRole.CO_CONTAINER, base, names))
    sidecars = [unit.service for unit in units if unit.role is ContainerRole.SIDECAR]
    return Pod(base, hostname, ordinal, sidecars[0] if sidecars else base, tuple(units))


def _ordered_containers(workload: Workload) -> list[Cursor]:
    """The containers, first the one that stands for the pod: the default one of kubectl, else the workload's namesake.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
    """
    found = list(list_entries(workload.pod_spec.at("containers")))
    annotation = workload.pod_template.at(
        "metadata", "annotations", "kubectl.kubernetes.io/default-container"
    )
    for wanted in (peek_text(annotation), workload.kube_object.name, workload.name):
        chosen = next(
            (
                cursor
                for cursor in found
                if wanted and peek_text(cursor.at("name")) == wanted
            ),
            None,
        )
        if chosen is not None:
            return [chosen, *(cursor for cursor in found if cursor is not chosen)]
    return found


def _named_container(
    cursor: Cursor, part: ContainerRole, base: str, names: set[str]
) -> PodContainer:
    """A container beside the main one: its service is named after the pod's and its own name, neither said twice."""
    name = peek_text(cursor.at("name")) or "container"
    own = (name if _is_service_name(name) else identifier(name)).removeprefix(f"{base}-")
    if part is ContainerRole.INIT and "init" not in own.split("-"):
        own = f"init-{own}"
    return PodContainer(unique(f"{base}-{own}", names), name, part, cursor)
