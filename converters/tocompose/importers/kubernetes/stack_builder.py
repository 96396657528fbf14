"""The parts of the stack that several rules contribute to while the manifests are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocompose.importers.field_tables import Finding
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.model import (
    Dependency,
    EnvSetting,
    File,
    FileResource,
    Network,
    NetworkAttachment,
    Port,
    Service,
    Stack,
    Volume,
)
from tocompose.record import record, replace
from tocompose.source import Span


@record
class Contribution:
    """What a rule adds to a service: values that it sets, and lists that it makes longer."""

    service: str
    network_mode: str | None = None
    replicas: int | None = None
    networks: tuple[NetworkAttachment, ...] = ()
    ports: tuple[Port, ...] = ()
    expose: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    depends_on: tuple[Dependency, ...] = ()


class StackBuilder:
    """Top-level parts by name, each added once; `build_stack` closes them into the model.

    Beside them stands what is said at the end: `findings` of each object, `callers` of each Service without pods,
    `unresolved_hosts` that texts name, and the content of each folder of `folders`.
    """

    def __init__(self) -> None:
        self.volumes: dict[str, Volume] = {}
        self.configs: dict[str, FileResource] = {}
        self.secrets: dict[str, FileResource] = {}
        self.files: dict[str, File] = {}
        self.settings: dict[str, EnvSetting] = {}
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
        setting = EnvSetting(
            name=name, required=True, description=description, origin=origin
        )
        self.settings.setdefault(name, setting)

    def apply(self, contributions: Iterable[Contribution]) -> None:
        """Adds contributions one by one, so that a rule sees what it has contributed so far."""
        for contribution in contributions:
            service = self.services[contribution.service]
            replicas = (
                service.replicas if contribution.replicas is None else contribution.replicas
            )
            self.services[contribution.service] = replace(
                service,
                network_mode=contribution.network_mode or service.network_mode,
                replicas=replicas,
                networks=(*service.networks, *contribution.networks),
                ports=tuple(dict.fromkeys((*service.ports, *contribution.ports))),
                expose=(*service.expose, *contribution.expose),
                profiles=(*service.profiles, *contribution.profiles),
                depends_on=_merge_dependencies(service.depends_on, contribution.depends_on),
            )

    def add_extra_host(self, name: str, host: str, address: str) -> None:
        """Gives a service the address of a host that the network does not know."""
        options = self.services[name].options
        extra_hosts = list(options.get("extra_hosts", ()))
        extra_host = f"{host}={address}"
        if extra_host not in extra_hosts:
            options = {**options, "extra_hosts": [*extra_hosts, extra_host]}
            self.change_service(name, options=options)

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


def _merge_dependencies(
    present: tuple[Dependency, ...], added: tuple[Dependency, ...]
) -> tuple[Dependency, ...]:
    """Of two for one service the first counts."""
    by_service: dict[str, Dependency] = {}
    for dependency in (*present, *added):
        by_service.setdefault(dependency.service, dependency)
    return tuple(by_service.values())
