"""Workloads: the objects that run pods, and the compose services that each of their pods becomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from tocompose.importers.kubernetes.config_watchers import (
    ConfigWatcher,
    without_watchers,
)
from tocompose.importers.kubernetes.container_fields import Container, ContainerPort
from tocompose.importers.kubernetes.job_fields import (
    CronSpec,
    JobSpec,
    decode_cron,
    decode_job,
)
from tocompose.importers.kubernetes.kinds import kind_row
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects, MadeObject
from tocompose.importers.kubernetes.pod_fields import PodSpec, decode_pod
from tocompose.importers.kubernetes.scalars import (
    peek_text,
    string_map,
    take_integer,
)
from tocompose.importers.kubernetes.volume_fields import (
    ClaimTemplate,
    decode_claim_templates,
)
from tocompose.importers.kubernetes.waits import ApiWait, api_wait
from tocompose.ledger import Cursor
from tocompose.limits import limit
from tocompose.record import NamedTuple, field, record, replace
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
    fields: Container


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


@record
class Workload:
    """An object that runs pods; `labels` are those that Services select by; `api_waits` are the init containers that
    only wait for something else, `watchers` those that copy ConfigMaps; `scaled_by` is the Rollout that runs the pods
    in its place, or the object itself.

    Its name, its pods and how many of them run are known once all workloads are named.
    """

    kube_object: KubeObject
    scaled_by: KubeObject = field(compare=False)
    name: str = field(compare=False)
    pod_template: Cursor = field(compare=False)
    labels: Mapping[str, str] = field(compare=False)
    pod_spec: PodSpec = field(compare=False)
    job: JobSpec = field(compare=False)
    cron: CronSpec = field(compare=False)
    claim_templates: tuple[ClaimTemplate, ...] = field(compare=False)
    replicas: int | None = field(default=None, compare=False)
    api_waits: tuple[tuple[Container, ApiWait], ...] = field(default=(), compare=False)
    watchers: tuple[ConfigWatcher, ...] = field(default=(), compare=False)
    pods: tuple[Pod, ...] = field(default=(), compare=False)

    @property
    def kind(self) -> str:
        """Its kind, without the API group."""
        return self.kube_object.title

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.kube_object.namespace

    @property
    def stated_replicas(self) -> Cursor:
        """Where it is said how many pods run."""
        return self.scaled_by.at("spec", "replicas")

    @property
    def is_indexed(self) -> bool:
        """Whether it is a job whose pods have numbers."""
        return self.kind == "Job" and self.job.is_indexed

    @property
    def is_replicated(self) -> bool:
        """Whether several equal pods become replicas of one service."""
        if self.kind == "StatefulSet" or (self.replicas or 1) < 2:
            return False
        return all(len(list(pod.running_containers())) == 1 for pod in self.pods)

    @property
    def host_network(self) -> bool:
        """Whether the pod uses the host's network."""
        return self.pod_spec.host_network.flag is True

    def ports(self) -> Iterator[ContainerPort]:
        """The declared ports of the pod's running containers."""
        for container in self.pods[0].running_containers() if self.pods else ():
            yield from container.fields.ports

    def port(self, name: str) -> ContainerPort | None:
        """The declared port of that name in one of the pod's running containers."""
        return next((port for port in self.ports() if port.name == name), None)

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
        _decode_workload(kube_object, rollouts.get(kube_object.key), objects)
        for kube_object in objects
        if kube_object.title in WORKLOADS
        and kube_object not in placeless
        and kind_row(kube_object.kind).template is not None
    )


def pod_template(kube_object: KubeObject) -> Cursor:
    """What the pods of a workload are made after."""
    return kube_object.at(*(kind_row(kube_object.kind).template or ()))


def pod_labels(kube_object: KubeObject) -> Mapping[str, str]:
    """The labels of the pods of a workload."""
    return string_map(pod_template(kube_object).at("metadata", "labels"))


def _decode_workload(
    kube_object: KubeObject, rollout: KubeObject | None, objects: KubeObjects
) -> Workload:
    template, spec = pod_template(kube_object), kube_object.at("spec")
    is_cron = kube_object.title == "CronJob"
    pod = without_watchers(decode_pod(template.at("spec")), kube_object.namespace, objects)
    return Workload(
        kube_object=kube_object,
        scaled_by=rollout or kube_object,
        name=kube_object.name,
        pod_template=template,
        labels=pod_labels(kube_object),
        pod_spec=pod.spec,
        watchers=pod.watchers,
        job=decode_job(spec.at("jobTemplate", "spec") if is_cron else spec),
        cron=decode_cron(spec),
        claim_templates=decode_claim_templates(spec),
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


def expand_pods(workload: Workload, names: set[str]) -> Workload:
    """The workload with its pods: one for each ordinal of a StatefulSet or index of a job, else one that stands for
    all."""
    replicas = take_integer(workload.stated_replicas, ModelPath.of("services"))
    _settle_reference(workload)
    waits = tuple(
        (fields, wait)
        for fields in workload.pod_spec.init_containers
        if (wait := api_wait(fields)) is not None
    )
    workload = replace(workload, replicas=replicas, api_waits=waits)
    if workload.kind == "StatefulSet":
        return replace(workload, pods=_stateful_pods(workload, names))
    if workload.is_indexed:
        return replace(workload, pods=_indexed_pods(workload, names))
    return replace(workload, pods=(_build_pod(workload, workload.name, None, None, names),))


def _stateful_pods(workload: Workload, names: set[str]) -> tuple[Pod, ...]:
    stated_start = workload.kube_object.at("spec", "ordinals", "start")
    start = take_integer(stated_start, ModelPath.of("services")) or 0
    replicas = 1 if workload.replicas is None else workload.replicas
    count = _bounded_count(replicas, workload.stated_replicas, workload)
    # A StatefulSet without pods keeps one service, for the day that it is scaled up.
    return _numbered_pods(workload, range(start, start + max(count, 1)), names)


def _indexed_pods(workload: Workload, names: set[str]) -> tuple[Pod, ...]:
    to, completions = ModelPath.of("services"), workload.job.completions
    workload.job.completion_mode.take(to)
    count = _bounded_count(completions.take_integer(to) or 1, completions.cursor, workload)
    return _numbered_pods(workload, range(max(count, 1)), names)


def _numbered_pods(workload: Workload, numbers: range, names: set[str]) -> tuple[Pod, ...]:
    pods = tuple(_numbered_pod(workload, number, len(numbers), names) for number in numbers)
    if len(numbers) > 1:
        names.discard(workload.name)
    return pods


def _bounded_count(count: int, stated_at: Cursor, workload: Workload) -> int:
    """So many pods as may be written out one by one."""
    most_pods = limit("PODS")
    if count > most_pods:
        stated_at.annotate(
            "TC022", what=str(workload.kube_object), pods=count, most=most_pods
        )
    return max(min(count, most_pods), 0)


def _numbered_pod(workload: Workload, ordinal: int, count: int, names: set[str]) -> Pod:
    base = workload.name if count == 1 else unique_name(f"{workload.name}-{ordinal}", names)
    owner = workload.kube_object
    made_name = owner.pods if isinstance(owner, MadeObject) else ""
    hostname = f"{made_name or owner.name}-{ordinal}"
    return _build_pod(workload, base, hostname, ordinal, names)


def _build_pod(
    workload: Workload,
    base: str,
    hostname: str | None,
    ordinal: int | None,
    names: set[str],
) -> Pod:
    containers = [
        _named_container(fields, _init_role(fields), base, names)
        for fields in _init_containers(workload)
    ]
    main, *co_containers = _ordered_containers(workload)
    main_name = main.name.text or ""
    containers.append(PodContainer(base, main_name, ContainerRole.MAIN, main))
    for fields in co_containers:
        containers.append(_named_container(fields, ContainerRole.CO_CONTAINER, base, names))
    sidecars = (
        container.service
        for container in containers
        if container.role is ContainerRole.SIDECAR
    )
    return Pod(base, hostname, ordinal, next(sidecars, base), tuple(containers))


def _init_containers(workload: Workload) -> list[Container]:
    """The init containers and sidecars, without those that only wait for something of the cluster."""
    waiting = [fields for fields, _ in workload.api_waits]
    return [
        fields
        for fields in workload.pod_spec.init_containers
        if not any(fields is waiting_fields for waiting_fields in waiting)
    ]


def _init_role(fields: Container) -> ContainerRole:
    is_sidecar = fields.restart_policy.text == "Always"
    return ContainerRole.SIDECAR if is_sidecar else ContainerRole.INIT


def _ordered_containers(workload: Workload) -> list[Container]:
    """The containers, first the one that stands for the pod: the default one of kubectl, else the workload's namesake.

    https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
    """
    ordered = list(workload.pod_spec.containers)
    names = [fields.name.text for fields in ordered]
    default = workload.pod_template.at(
        "metadata", "annotations", "kubectl.kubernetes.io/default-container"
    )
    for preferred in (peek_text(default), workload.kube_object.name, workload.name):
        if preferred and preferred in names:
            ordered.insert(0, ordered.pop(names.index(preferred)))
            break
    return ordered


def _named_container(
    fields: Container, role: ContainerRole, base: str, names: set[str]
) -> PodContainer:
    """A container beside the main one: its service is named after the pod's and its own name, neither said twice."""
    name = fields.name.text or "container"
    short_name = service_name(name).removeprefix(f"{base}-")
    if role is ContainerRole.INIT and "init" not in short_name.split("-"):
        short_name = f"init-{short_name}"
    service = unique_name(f"{base}-{short_name}", names)
    return PodContainer(service, name, role, fields)


def service_name(name: str) -> str:
    """The name as that of a compose service: as it is where that is allowed."""
    return name if is_service_name(name) else identifier(name)


def is_service_name(name: str) -> bool:
    """Whether the text is the name of a compose service as it is."""
    letters = name.replace("-", "a").replace(".", "a")
    return len(name) > 1 and letters.isalnum() and name.islower() and name.isascii()
