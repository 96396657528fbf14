"""What the manifests describe, resolved, and where each container stands in it: the ground of every rule here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.field_tables import Finding
from tocompose.importers.kubernetes.config import ConfigStore
from tocompose.importers.kubernetes.container_fields import (
    ContainerPort,
    VolumeMount,
    decode_run_as,
)
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.probe_fields import decode_probes
from tocompose.importers.kubernetes.services import (
    KubeServices,
    kube_services,
    reserved_names,
)
from tocompose.importers.kubernetes.stack_builder import StackBuilder
from tocompose.importers.kubernetes.workload_names import name_workloads
from tocompose.importers.kubernetes.workloads import (
    Pod,
    PodContainer,
    Workload,
    find_workloads,
)
from tocompose.ledger import Cursor, Ledger
from tocompose.source import Child
from tocompose.syntax.model_path import ModelPath

# The code of the note on what has no meaning on one host.
NOT_APPLICABLE = "TC201"


class ClusterModel(NamedTuple):
    """Objects, the workloads among them with the compose services they become, and the Services that lead there.

    `builder` collects volumes, files and settings; it is empty of services until the containers are converted.
    """

    objects: KubeObjects
    workloads: tuple[Workload, ...]
    kube_services: KubeServices
    config_store: ConfigStore
    builder: StackBuilder
    ledger: Ledger

    def pods(self) -> Iterator[tuple[Workload, Pod]]:
        """Every pod with its workload."""
        for workload in self.workloads:
            for pod in workload.pods:
                yield workload, pod

    def not_applicable(
        self, cursor: Cursor, kube_object: KubeObject, code: str = NOT_APPLICABLE
    ) -> None:
        """Adds what stands at the cursor to the object's note on what has no use here, once for all pods."""
        if cursor.node is None:
            return
        findings = self.builder.findings.setdefault(kube_object, [])
        if all(finding.child.node is not cursor.node for finding in findings):
            path = ".".join(
                str(key) for key in cursor.path if key not in ("spec", "template")
            )
            findings.append(
                Finding(code, path, Child(cursor.key, cursor.span, cursor.node))
            )


def resolve_model(objects: KubeObjects, ledger: Ledger) -> ClusterModel:
    """The model of the objects: workloads found, selected by Services, and named."""
    builder = StackBuilder()
    workloads = find_workloads(objects)
    services = kube_services(objects, workloads)
    name_workloads(workloads, reserved_names(services))
    store = ConfigStore(objects, builder)
    return ClusterModel(objects, workloads, services, store, builder, ledger)


class ContainerContext:
    """One container of one pod on its way to a compose service, with all that its rules look at.

    `extra_hosts` collects the hosts that its texts need; `needs_hostname` says that its texts name the pod.
    """

    __slots__ = (
        "_pod_container",
        "builder",
        "cursor",
        "extra_hosts",
        "kube_services",
        "model",
        "name",
        "namespace",
        "needs_hostname",
        "pod",
        "pod_spec",
        "probes",
        "role",
        "run_as",
        "service",
        "store",
        "workload",
    )

    def __init__(
        self, model: ClusterModel, workload: Workload, pod: Pod, pod_container: PodContainer
    ) -> None:
        self.model = model
        self.builder = model.builder
        self.kube_services = model.kube_services
        self.store = model.config_store
        self.workload = workload
        self.namespace = workload.namespace
        self.pod_spec = workload.pod_spec
        self.pod = pod
        self._pod_container = pod_container
        self.cursor = pod_container.cursor
        self.probes = decode_probes(pod_container.cursor)
        self.run_as = decode_run_as(pod_container.cursor, workload.pod_spec)
        self.name = pod_container.name
        self.role = pod_container.role
        self.service = pod_container.service
        self.extra_hosts: dict[str, str] = {}
        self.needs_hostname = False

    @property
    def workload_title(self) -> str:
        """The kind and name of the workload, for messages."""
        return str(self.workload.kube_object)

    @property
    def joins_owner(self) -> bool:
        """Whether it is in the network namespace of another container."""
        return self.pod.joins_owner(self._pod_container)

    @property
    def is_replicated(self) -> bool:
        """Whether several containers run of the service: not where it publishes a port of the host, had only once."""
        if not self.workload.is_replicated:
            return False
        if any(port.host_port is not None for port in self._pod_ports()):
            return False
        return not self.kube_services.publishes(self.workload)

    @property
    def ports(self) -> tuple[ContainerPort, ...]:
        """The ports that it declares."""
        return self._pod_container.ports

    @property
    def mounts(self) -> tuple[VolumeMount, ...]:
        """What it mounts of its pod's volumes."""
        return self._pod_container.mounts

    def path(self, *keys: str) -> ModelPath:
        """The model path of a key of the compose service."""
        return ModelPath.service(self.service, *keys)

    def describe_volume(self, name: str) -> str:
        """What to call a volume of this pod in messages."""
        return f"volume {name} of {self.workload_title}"

    def listens_on(self, number: int) -> bool:
        """Whether a container of the pod declares that it listens on the port."""
        return any(port.number == number for port in self._pod_ports())

    def not_applicable(self, cursor: Cursor, code: str = NOT_APPLICABLE) -> None:
        """Adds what stands at the cursor to the workload's note on what has no use here."""
        self.model.not_applicable(cursor, self.workload.kube_object, code)

    def _pod_ports(self) -> Iterator[ContainerPort]:
        for pod_container in self.pod.containers:
            yield from pod_container.ports
