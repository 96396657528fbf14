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
        return (
            pod_container
            for pod_container in self.containers
            if pod_container.role is not ContainerRole.INIT
        )

    @property
    def main_container(self) -> PodContainer:
        """The first container of the pod."""
        return next(
            (
                pod_container
                for pod_container in self.containers
                if pod_container.role is ContainerRole.MAIN
            ),
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

    def __init__(self, kube_object: KubeObject) -> None:
        self.kube_object = kube_object
        path = kind_row(kube_object.kind).template
        self.pod_template = (
            kube_object.cursor if path == ("", "") else kube_object.at(*path)
        )
        self.pod_spec = self.pod_template.at("spec")
        self.labels = string_map(self.pod_template.at("metadata", "labels"))
        self.namespace = kube_object.namespace
        self.job_spec = (
            kube_object.at("spec", "jobTemplate", "spec")
            if kube_object.title == "CronJob"
            else kube_object.at("spec")
        )
        self.name = kube_object.name
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
        return all(sum(1 for _ in pod.running_containers()) == 1 for pod in self.pods)

    def port(self, name: str) -> Cursor | None:
        """The declared port of that name in one of the pod's running containers."""
        if self._ports is None:
            self._ports = {}
            for pod_container in self.pods[0].containers if self.pods else ():
                for port in (
                    list_entries(pod_container.cursor.at("ports"))
                    if pod_container.role is not ContainerRole.INIT
                    else ()
                ):
                    self._ports.setdefault(peek_text(port.at("name")) or "", port)
        return self._ports.get(name)

    def containers(self) -> Iterator[tuple[Pod, PodContainer]]:
        """Every compose service of the workload."""
        for pod in self.pods:
            for pod_container in pod.containers:
                yield pod, pod_container


def find_workloads(objects: KubeObjects) -> tuple[Workload, ...]:
    """Every workload of the input, in source order, not yet named."""
    kinds = frozenset(WORKLOADS)
    return tuple(
        Workload(kube_object)
        for kube_object in objects
        if kind_row(kube_object.kind).template and kube_object.title in kinds
    )


def name_workloads(
    unnamed: Iterable[Workload], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> None:
    """Gives each workload the name of its compose service, and its pods theirs.

    `reserved` are the Services by namespace and name with the workloads they select (by `id`): a workload must not
    answer to the name of a Service that selects others.
    """
    namespace_by_name: dict[str, str] = {}
    names: set[str] = set()
    everything = tuple(unnamed)
    crowded = _shared_across_namespaces(everything)
    short = _short_names(everything, reserved)
    for workload in everything:
        if not any(list_entries(workload.pod_spec.at("containers"))):
            workload.kube_object.cursor.note("TC210", object=str(workload.kube_object))
            continue
        preferred = short.get(id(workload)) or workload.kube_object.name
        _name_workload(
            workload,
            preferred,
            namespace_by_name,
            names,
            reserved,
            (workload.namespace, workload.kube_object.name) in crowded,
        )
        _expand_pods(workload, names)
    _note_short_names([workload for workload in everything if id(workload) in short])


def _note_short_names(shortened: list[Workload]) -> None:
    if shortened:
        names = ", ".join(
            f"{workload.kube_object.name} is {workload.name}" for workload in shortened
        )
        shortened[0].kube_object.cursor.ledger.say(
            note("TC276", shortened[0].kube_object.span, names=names)
        )


def _short_names(
    workloads: tuple[Workload, ...], reserved: Mapping[tuple[str, str], frozenset[int]]
) -> dict[int, str]:
    """The names of workloads (by `id`) without the kind that they end in, where nothing else has the short name."""
    shortened = {
        id(workload): workload.kube_object.name[: -len(ending)]
        for workload in workloads
        if (ending := _kind_ending(workload))
    }
    if not shortened:
        return {}
    names = Counter(
        [*(workload.kube_object.name for workload in workloads), *shortened.values()]
    )
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
    ending = next(
        (
            candidate
            for candidate in _ENDINGS.get(workload.kind, ())
            if name.endswith(candidate)
        ),
        "",
    )
    return ending if ending and _is_service_name(name[: -len(ending)]) else ""


def _shared_across_namespaces(workloads: tuple[Workload, ...]) -> set[tuple[str, str]]:
    """The workloads, by namespace and name, that share their name with one of another namespace whose pods name them:
    both on one network, they must not answer to that name."""
    spaces: dict[str, dict[str, Workload]] = {}
    for workload in workloads:
        spaces.setdefault(workload.kube_object.name, {})[workload.namespace] = workload
    return {
        (space, name)
        for name, by_namespace in spaces.items()
        if len(by_namespace) > 1
        for space in by_namespace
        if any(
            _mentions_host(caller, f"{name}.{space}")
            for caller in workloads
            if caller.namespace != space
        )
    }


def _mentions_host(workload: Workload, host: str) -> bool:
    node = workload.pod_spec.node
    return node is not None and any(host in leaf.text for leaf in leaves(node))


def _name_workload(
    workload: Workload,
    preferred: str,
    namespace_by_name: dict[str, str],
    names: set[str],
    reserved: Mapping[tuple[str, str], frozenset[int]],
    crowded: bool,
) -> None:
    valid_name = identifier(preferred) if not _is_service_name(preferred) else preferred
    selected = reserved.get((workload.namespace, valid_name))
    name = valid_name
    if selected is not None and id(workload) not in selected:
        name = f"{valid_name}-{workload.kind.lower()}"
    elif crowded:
        name = f"{valid_name}-{workload.namespace}"
    elif valid_name in names:
        other_namespace = namespace_by_name.get(valid_name, workload.namespace)
        name = f"{valid_name}-{workload.namespace if other_namespace != workload.namespace else workload.kind.lower()}"
    workload.name = unique(name, names)
    namespace_by_name.setdefault(valid_name, workload.namespace)
    if workload.name != preferred:
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
    limit_ = limit("PODS")
    if replicas > limit_:
        replicas_at = workload.kube_object.at("spec", "replicas")
        replicas_at.remark(
            "TC022", what=str(workload.kube_object), pods=replicas, most=limit_
        )
    return max(min(replicas, limit_), 0)


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
    init_cursors = tuple(list_entries(workload.pod_spec.at("initContainers")))
    if init_cursors:
        waits = [
            (cursor, wait)
            for cursor in init_cursors
            if (wait := api_wait(cursor)) is not None
        ]
        workload.api_waits = tuple(waits)
        init_cursors = tuple(
            cursor
            for cursor in init_cursors
            if all(cursor is not waiting for waiting, _ in waits)
        )
    units: list[PodContainer] = []
    for cursor in init_cursors:
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
    sidecars = [
        pod_container.service
        for pod_container in units
        if pod_container.role is ContainerRole.SIDECAR
    ]
    return Pod(base, hostname, ordinal, sidecars[0] if sidecars else base, tuple(units))


def _ordered_containers(workload: Workload) -> list[Cursor]:
    """The containers, first the one that stands for the pod: the default one of kubectl, else the workload's namesake.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
    """
    cursors = list(list_entries(workload.pod_spec.at("containers")))
    annotation = workload.pod_template.at(
        "metadata", "annotations", "kubectl.kubernetes.io/default-container"
    )
    for preferred in (peek_text(annotation), workload.kube_object.name, workload.name):
        main = next(
            (
                cursor
                for cursor in cursors
                if preferred and peek_text(cursor.at("name")) == preferred
            ),
            None,
        )
        if main is not None:
            return [main, *(cursor for cursor in cursors if cursor is not main)]
    return cursors


def _named_container(
    cursor: Cursor, role: ContainerRole, base: str, names: set[str]
) -> PodContainer:
    """A container beside the main one: its service is named after the pod's and its own name, neither said twice."""
    name = peek_text(cursor.at("name")) or "container"
    own_name = (name if _is_service_name(name) else identifier(name)).removeprefix(
        f"{base}-"
    )
    if role is ContainerRole.INIT and "init" not in own_name.split("-"):
        own_name = f"init-{own_name}"
    return PodContainer(unique(f"{base}-{own_name}", names), name, role, cursor)
