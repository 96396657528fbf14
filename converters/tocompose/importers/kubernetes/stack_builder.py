"""The parts of the stack that several rules contribute to while the manifests are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocompose.importers.field_tables import Finding
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.model import (
    Dependency,
    File,
    Network,
    Port,
    Resource,
    Service,
    Setting,
    Stack,
    Volume,
)
from tocompose.record import replace
from tocompose.source import Span


class StackBuilder:
    """Top-level parts by name, each added once; `build_stack` closes them into the model.

    Beside them stands what is said at the end: `findings` of each object, `callers` of each Service without pods,
    `unresolved_hosts` that texts name, and the content of each folder of `folders`.
    """

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

    def add_volume(self, volume: Volume) -> str:
        """Declares a volume unless it is, and gives its name."""
        self.volumes.setdefault(volume.name, volume)
        return volume.name

    def add_network(self, name: str) -> None:
        """Declares a network unless it is the default one or is declared."""
        if name != "default":
            self.networks.setdefault(name, Network(name=name))

    def add_file(self, file: File) -> None:
        """Adds a file unless there is one of that path."""
        self.files.setdefault(file.path, file)

    def add_service(self, service: Service) -> None:
        """Adds a service."""
        self.services[service.name] = service

    def change_service(self, name: str, **changes: Any) -> None:
        """Gives a service other values in some fields."""
        self.services[name] = replace(self.services[name], **changes)

    def require_setting(self, name: str, description: str, origin: Span) -> None:
        """Declares an `.env` entry that the user must fill in, unless it is declared."""
        setting = Setting(name=name, required=True, description=description, origin=origin)
        self.settings.setdefault(name, setting)

    def add_dependencies(self, name: str, dependencies: Iterable[Dependency]) -> None:
        """Lets a service wait for others too; what it waits for already stays as it is."""
        present = self.services[name].depends_on
        waited_for = {dependency.service for dependency in present}
        added = (new for new in dependencies if new.service not in waited_for)
        self.change_service(name, depends_on=(*present, *added))

    def add_extra_host(self, name: str, host: str, address: str) -> None:
        """Gives a service the address of a host that the network does not know."""
        options = self.services[name].options
        extra_hosts = list(options.get("extra_hosts", ()))
        extra_host = f"{host}={address}"
        if extra_host not in extra_hosts:
            options = {**options, "extra_hosts": [*extra_hosts, extra_host]}
            self.change_service(name, options=options)

    def add_port(self, name: str, port: Port) -> None:
        """Publishes a port of a service."""
        ports = self.services[name].ports
        if port not in ports:
            self.change_service(name, ports=(*ports, port))

    def build_stack(self, name: str) -> Stack:
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
        )
