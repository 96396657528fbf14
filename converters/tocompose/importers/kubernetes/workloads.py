"""Workloads: the objects that run pods, and the compose services that each of their pods becomes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from tocompose.importers.kubernetes.container_fields import (
    ContainerPort,
    PodVolume,
    VolumeMount,
    decode_mounts,
    decode_ports,
    decode_volumes,
)
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
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name

# The kinds of workloads that end by themselves.
RUN_ONCE = ("Job", "CronJob")
WORKLOADS = frozenset(
    (
        *("Deployment", "StatefulSet", "DaemonSet", "Rollout", "DeploymentConfig"),
        *("ReplicaSet", "ReplicationController", "Pod", *RUN_ONCE),
    )
)


class ContainerRole(Enum):
    """What a container is in its pod."""

    MAIN = "main"
    CO_CONTAINER = "co-container"
    INIT = "init"
    SIDECAR = "sidecar"


class PodContainer(NamedTuple):
    """One container of one pod, which becomes the compose service `service`."""

    service: str
    name: str
    role: ContainerRole
    cursor: Cursor
    ports: tuple[ContainerPort, ...] = ()
    mounts: tuple[VolumeMount, ...] = ()


class Pod(NamedTuple):
    """One pod, or the equal pods of a workload: `network_owner` is the service whose network namespace the others
    share."""

    base: str
    hostname: str | None
    ordinal: int | None
    network_owner: str
    containers: tuple[PodContainer, ...]

    def running_containers(self) -> Iterator[PodContainer]:
        """The containers that keep running: all but the init containers."""
        for container in self.containers:
            if container.role is not ContainerRole.INIT:
                yield container

    @property
    def main_container(self) -> PodContainer:
        """The container that stands for the pod."""
        for container in self.containers:
            if container.role is ContainerRole.MAIN:
                return container
        return self.containers[0]

    def joins_owner(self, container: PodContainer) -> bool:
        """Whether the container shares the network namespace of the pod's owner: all but the init containers before
        it."""
        services = [member.service for member in self.containers]
        position = services.index(container.service)
        if container.role is ContainerRole.INIT:
            return self.network_owner in services[:position]
        return container.service != self.network_owner


class Workload:
    """An object that runs pods; `labels` are those that Services select by, `host_network` says that the pod uses the
    host's network; `api_waits` are the init containers that only wait for something else; `scaled_by` is the Rollout
    that runs the pods in its place, or the object itself."""

    __slots__ = (
        "_ports",
        "_volumes",
        "api_waits",
        "host_network",
        "job_spec",
        "kind",
        "kube_object",
        "labels",
        "name",
        "namespace",
        "pod_spec",
        "pod_template",
        "pods",
        "replicas",
        "scaled_by",
    )

    def __init__(self, kube_object: KubeObject, rollout: KubeObject | None = None) -> None:
        self.kube_object = kube_object
        self.scaled_by = rollout or kube_object
        self.kind = kube_object.title
        self.name = kube_object.name
        self.namespace = kube_object.namespace
        self.pod_template = kube_object.at(*(kind_row(kube_object.kind).template or ()))
        self.pod_spec = self.pod_template.at("spec")
        self.labels = string_map(self.pod_template.at("metadata", "labels"))
        job_path = ("jobTemplate", "spec") if self.kind == "CronJob" else ()
        self.job_spec = kube_object.at("spec", *job_path)
        self.replicas: int | None = None
        self.host_network = peek_bool(self.pod_spec.at("hostNetwork")) is True
        self.api_waits: tuple[tuple[Cursor, ApiWait], ...] = ()
        self.pods: tuple[Pod, ...] = ()
        self._ports: dict[str, ContainerPort] | None = None
        self._volumes: tuple[PodVolume, ...] | None = None

    @property
    def stated_replicas(self) -> Cursor:
        """Where it is said how many pods run."""
        return self.scaled_by.at("spec", "replicas")

    @property
    def is_replicated(self) -> bool:
        """Whether several equal pods become replicas of one service."""
        if self.kind == "StatefulSet" or (self.replicas or 1) < 2:
            return False
        return all(len(list(pod.running_containers())) == 1 for pod in self.pods)

    @property
    def volumes(self) -> tuple[PodVolume, ...]:
        """The volumes of the pod, in the order of the source."""
        if self._volumes is None:
            self._volumes = decode_volumes(self.pod_spec)
        return self._volumes

    def ports(self) -> Iterator[ContainerPort]:
        """The declared ports of the pod's running containers."""
        for container in self.pods[0].running_containers() if self.pods else ():
            yield from container.ports

    def port(self, name: str) -> ContainerPort | None:
        """The declared port of that name in one of the pod's running containers."""
        if self._ports is None:
            self._ports = {}
            for port in self.ports():
                self._ports.setdefault(port.name, port)
        return self._ports.get(name)

    def containers(self) -> Iterator[PodContainer]:
        """The containers of all pods: every compose service of the workload."""
        for pod in self.pods:
            yield from pod.containers


def find_workloads(objects: KubeObjects) -> tuple[Workload, ...]:
    """Every workload of the input, in source order, not yet named."""
    rollouts = {
        _referred_workload(rollout): rollout for rollout in objects.of_kind("Rollout")
    }
    placeless = {
        rollout for key, rollout in rollouts.items() if objects.get(*key) is not None
    }
    return tuple(
        Workload(kube_object, rollouts.get(kube_object.key))
        for kube_object in objects
        if kube_object.title in WORKLOADS
        and kube_object not in placeless
        and kind_row(kube_object.kind).template is not None
    )


def _referred_workload(rollout: KubeObject) -> tuple[str, str, str]:
    """The key of the object whose pods a Rollout runs in its place.

    https://argo-rollouts.readthedocs.io/en/stable/features/specification/
    """
    reference = rollout.at("spec", "workloadRef")
    kind, name = (peek_text(reference.at(key)) or "" for key in ("kind", "name"))
    return kind, rollout.namespace, name


def _settle_reference(workload: Workload) -> None:
    """Counts what ties a Rollout to the workload as carried over; how many pods that one says has no use."""
    rollout, to = workload.scaled_by, ModelPath.service(workload.name)
    if rollout is workload.kube_object:
        return
    rollout.count_identity_as_mapped(to)
    for key in ("apiVersion", "kind", "name"):
        rollout.at("spec", "workloadRef", key).take(to=to)
    own_replicas = workload.kube_object.at("spec", "replicas")
    own_replicas.skip(f"{rollout} says how many pods run")


def expand_pods(workload: Workload, names: set[str]) -> None:
    """Gives the workload its pods: one for each ordinal of a StatefulSet, else one that stands for all."""
    spec = workload.kube_object.at("spec")
    workload.replicas = take_integer(workload.stated_replicas, ModelPath.of("services"))
    _settle_reference(workload)
    if workload.kind != "StatefulSet":
        workload.pods = (_build_pod(workload, workload.name, None, None, names),)
        return
    start = take_integer(spec.at("ordinals", "start"), ModelPath.of("services")) or 0
    count = _bounded_replicas(
        1 if workload.replicas is None else workload.replicas, workload
    )
    # A StatefulSet without pods keeps one service, for the day that it is scaled up.
    ordinals = range(start, start + max(count, 1))
    workload.pods = tuple(
        _stateful_pod(workload, ordinal, len(ordinals), names) for ordinal in ordinals
    )
    if count > 1:
        names.discard(workload.name)


def _bounded_replicas(replicas: int, workload: Workload) -> int:
    """So many pods as may be written out one by one."""
    most_pods = limit("PODS")
    if replicas > most_pods:
        workload.stated_replicas.annotate(
            "TC022", what=str(workload.kube_object), pods=replicas, most=most_pods
        )
    return max(min(replicas, most_pods), 0)


def _stateful_pod(workload: Workload, ordinal: int, count: int, names: set[str]) -> Pod:
    base = workload.name if count == 1 else unique_name(f"{workload.name}-{ordinal}", names)
    hostname = f"{workload.kube_object.name}-{ordinal}"
    return _build_pod(workload, base, hostname, ordinal, names)


def _build_pod(
    workload: Workload,
    base: str,
    hostname: str | None,
    ordinal: int | None,
    names: set[str],
) -> Pod:
    containers = [
        _named_container(cursor, _init_role(cursor), base, names)
        for cursor in _init_containers(workload)
    ]
    main, *co_containers = _ordered_containers(workload)
    main_name = peek_text(main.at("name")) or ""
    containers.append(_decode_container(base, main_name, ContainerRole.MAIN, main))
    for cursor in co_containers:
        containers.append(_named_container(cursor, ContainerRole.CO_CONTAINER, base, names))
    sidecars = (
        container.service
        for container in containers
        if container.role is ContainerRole.SIDECAR
    )
    return Pod(base, hostname, ordinal, next(sidecars, base), tuple(containers))


def _init_containers(workload: Workload) -> list[Cursor]:
    """The init containers and sidecars, without those that only wait for something of the cluster."""
    cursors = list(list_entries(workload.pod_spec.at("initContainers")))
    waits = [(cursor, api_wait(cursor)) for cursor in cursors]
    workload.api_waits = tuple((cursor, wait) for cursor, wait in waits if wait is not None)
    return [cursor for cursor, wait in waits if wait is None]


def _init_role(cursor: Cursor) -> ContainerRole:
    is_sidecar = peek_text(cursor.at("restartPolicy")) == "Always"
    return ContainerRole.SIDECAR if is_sidecar else ContainerRole.INIT


def _ordered_containers(workload: Workload) -> list[Cursor]:
    """The containers, first the one that stands for the pod: the default one of kubectl, else the workload's namesake.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
    """
    cursors = list(list_entries(workload.pod_spec.at("containers")))
    names = [peek_text(cursor.at("name")) for cursor in cursors]
    default = workload.pod_template.at(
        "metadata", "annotations", "kubectl.kubernetes.io/default-container"
    )
    for preferred in (peek_text(default), workload.kube_object.name, workload.name):
        if preferred and preferred in names:
            cursors.insert(0, cursors.pop(names.index(preferred)))
            break
    return cursors


def _named_container(
    cursor: Cursor, role: ContainerRole, base: str, names: set[str]
) -> PodContainer:
    """A container beside the main one: its service is named after the pod's and its own name, neither said twice."""
    name = peek_text(cursor.at("name")) or "container"
    short_name = service_name(name).removeprefix(f"{base}-")
    if role is ContainerRole.INIT and "init" not in short_name.split("-"):
        short_name = f"init-{short_name}"
    service = unique_name(f"{base}-{short_name}", names)
    return _decode_container(service, name, role, cursor)


def _decode_container(
    service: str, name: str, role: ContainerRole, cursor: Cursor
) -> PodContainer:
    ports, mounts = decode_ports(cursor), decode_mounts(cursor)
    return PodContainer(service, name, role, cursor, ports, mounts)


def service_name(name: str) -> str:
    """The name as that of a compose service: as it is where that is allowed."""
    return name if is_service_name(name) else identifier(name)


def is_service_name(name: str) -> bool:
    """Whether the text is the name of a compose service as it is."""
    letters = name.replace("-", "a").replace(".", "a")
    return len(name) > 1 and letters.isalnum() and name.islower() and name.isascii()
