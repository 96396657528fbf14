"""Where a container stands: its workload, its pod, and the compose service that it becomes."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.workloads import Pod, PodContainer, Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.notes import note
from tocompose.source import Span


class ContainerContext:
    """One container of one pod on its way to a compose service; `hosts` collects the extra hosts its texts need."""

    __slots__ = ("extra_hosts", "model", "needs_hostname", "pod", "unit", "workload")

    def __init__(
        self, world: ClusterModel, workload: Workload, instance: Pod, unit: PodContainer
    ) -> None:
        self.model = world
        self.workload = workload
        self.pod = instance
        self.unit = unit
        self.extra_hosts: dict[str, str] = {}
        self.needs_hostname = False

    @property
    def namespace(self) -> str:
        """The namespace of the pod."""
        return self.workload.namespace

    @property
    def service(self) -> str:
        """The name of the compose service."""
        return self.unit.service

    @property
    def replicated(self) -> bool:
        """Whether several containers run of the service: not where it publishes a port of the host, had only once."""
        if not self.workload.is_replicated:
            return False
        ports = [
            port
            for unit in self.pod.containers
            for port in list_entries(unit.cursor.at("ports"))
        ]
        outside = [
            each
            for each in self.model.kube_services
            if each.type in ("LoadBalancer", "NodePort")
        ]
        claimed = any(peek_text(port.at("hostPort")) is not None for port in ports)
        return not claimed and not any(self.workload in each.workloads for each in outside)

    def path(self, *keys: str) -> str:
        """The model path of a key of the compose service."""
        return ".".join(("services", self.unit.service, *keys))

    def volume(self, name: str) -> str:
        """The text of a volume name of this pod, for messages."""
        return f"volume {name} of {self.workload.kube_object}"

    def annotate_rewrite(
        self, name: str, old: str, new: str, backend: KubeService, span: Span
    ) -> None:
        """Says that a variable's port was replaced."""
        item = note(
            "TC221",
            span,
            subject=self.path("environment", name),
            old=old,
            new=new,
            service=backend.name,
        )
        self.model.ledger.say(item)

    def listens(self, number: int) -> bool:
        """Whether a container of the pod declares that it listens on the port."""
        return any(
            peek_text(port.at("containerPort")) == str(number)
            for unit in self.pod.containers
            for port in list_entries(unit.cursor.at("ports"))
        )
