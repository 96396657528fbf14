"""Where a container stands: its workload, its pod, and the compose service that it becomes."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import items, value
from tocompose.importers.kubernetes.services import Backend
from tocompose.importers.kubernetes.workloads import Instance, Unit, Workload
from tocompose.importers.kubernetes.world import World
from tocompose.notes import note
from tocompose.source import Span


class Place:
    """One container of one pod on its way to a compose service; `hosts` collects the extra hosts its texts need."""

    __slots__ = ("hosts", "instance", "named", "unit", "workload", "world")

    def __init__(
        self, world: World, workload: Workload, instance: Instance, unit: Unit
    ) -> None:
        self.world = world
        self.workload = workload
        self.instance = instance
        self.unit = unit
        self.hosts: dict[str, str] = {}
        self.named = False

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
        if not self.workload.several:
            return False
        ports = [
            port for unit in self.instance.units for port in items(unit.cursor.at("ports"))
        ]
        outside = [
            each
            for each in self.world.backends
            if each.type in ("LoadBalancer", "NodePort")
        ]
        claimed = any(value(port.at("hostPort")) is not None for port in ports)
        return not claimed and not any(self.workload in each.workloads for each in outside)

    def path(self, *keys: str) -> str:
        """The model path of a key of the compose service."""
        return ".".join(("services", self.unit.service, *keys))

    def volume(self, name: str) -> str:
        """The text of a volume name of this pod, for messages."""
        return f"volume {name} of {self.workload.object}"

    def rewrote(self, name: str, old: str, new: str, backend: Backend, span: Span) -> None:
        """Says that a variable's port was replaced."""
        item = note(
            "TC221",
            span,
            subject=self.path("environment", name),
            old=old,
            new=new,
            service=backend.name,
        )
        self.world.ledger.say(item)

    def listens(self, number: int) -> bool:
        """Whether a container of the pod declares that it listens on the port."""
        return any(
            value(port.at("containerPort")) == str(number)
            for unit in self.instance.units
            for port in items(unit.cursor.at("ports"))
        )
