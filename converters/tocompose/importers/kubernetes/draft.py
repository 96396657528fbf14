"""The parts of the stack that several rules contribute to while the manifests are read."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import Finding
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.model import File, Network, Port, Resource, Service, Setting, Stack, Volume
from tocompose.record import replace
from tocompose.source import Span


class StackBuilder:
    """Top-level parts by name, each added once; `stack` closes them into the model."""

    def __init__(self) -> None:
        self.volumes: dict[str, Volume] = {}
        self.configs: dict[str, Resource] = {}
        self.secrets: dict[str, Resource] = {}
        self.files: dict[str, File] = {}
        self.settings: dict[str, Setting] = {}
        self.services: dict[str, Service] = {}
        self.networks: dict[str, Network] = {}
        self.findings: dict[KubeObject, list[Finding]] = {}
        self.callers: dict[object, dict[str, None]] = {}
        self.unresolved_hosts: dict[str, tuple[Span, str]] = {}
        self.folders: dict[str, tuple[object, ...]] = {}
        self.is_template = False

    def add_volume(self, item: Volume) -> str:
        """Declares a volume unless it is, and gives its name."""
        self.volumes.setdefault(item.name, item)
        return item.name

    def add_file(self, item: File) -> str:
        """Adds a file unless there is one of that path, and gives its path."""
        self.files.setdefault(item.path, item)
        return item.path

    def add_service(self, service: Service) -> None:
        """Adds a service."""
        self.services[service.name] = service

    def add_extra_host(self, name: str, host: str, address: str) -> None:
        """Gives a service the address of a host that the network does not know."""
        service = self.services[name]
        known = list(service.options.get("extra_hosts", ()))
        if f"{host}={address}" not in known:
            self.services[name] = replace(
                service,
                options={**service.options, "extra_hosts": [*known, f"{host}={address}"]},
            )

    def add_port(self, name: str, port: Port) -> None:
        """Publishes a port of a service."""
        service = self.services[name]
        if port not in service.ports:
            self.services[name] = replace(service, ports=(*service.ports, port))

    def build_stack(self, name: str, origin: Span | None) -> Stack:
        """The stack of everything added."""
        return Stack(
            name=name,
            services=tuple(self.services.values()),
            networks=tuple(self.networks.values()),
            volumes=tuple(self.volumes.values()),
            configs=tuple(self.configs.values()),
            secrets=tuple(self.secrets.values()),
            settings=tuple(self.settings.values()),
            files=tuple(self.files.values()),
            origin=origin,
        )
