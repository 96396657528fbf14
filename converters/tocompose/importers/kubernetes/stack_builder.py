"""The stack while it grows: steps say what they add to it, in frozen parts, and one builder adds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from types import MappingProxyType
from typing import Any, TypeAlias

from tocompose.importers.field_tables import Finding
from tocompose.importers.kubernetes.absent import AbsentDemand
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.services import KubeService, ServiceCall
from tocompose.ledger import Cursor
from tocompose.model import (
    Dependency,
    EnvSetting,
    File,
    FileResource,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    Service,
    Stack,
    Volume,
)
from tocompose.record import NamedTuple, record, replace
from tocompose.source import Child, Span

# The code of the note on what has no meaning on one host.
NOT_APPLICABLE = "TC201"


@record
class Contribution:
    """What a step adds to a service: values that it sets, and lists that it makes longer.

    `moved_networks` take the place of all networks so far; `labels` are pairs, `extra_hosts` lines of `host=address`.
    """

    service: str
    entrypoint: tuple[str, ...] | None = None
    network_mode: str | None = None
    replicas: int | None = None
    moved_networks: tuple[NetworkAttachment, ...] | None = None
    networks: tuple[NetworkAttachment, ...] = ()
    ports: tuple[Port, ...] = ()
    expose: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    extra_hosts: tuple[str, ...] = ()
    depends_on: tuple[Dependency, ...] = ()


class SharedFile(NamedTuple):
    """A file that services get as a config or as a secret."""

    resource: FileResource
    is_secret: bool


class UnresolvedHost(NamedTuple):
    """A host that a text of a service names and that nothing answers to, with the place of the text."""

    host: str
    span: Span
    service: str


class AddressCaller(NamedTuple):
    """A service that calls a Service without pods, which stands for addresses."""

    kube_service: KubeService
    service: str


class UsedConfig(NamedTuple):
    """A ConfigMap or Secret that something refers to."""

    kube_object: KubeObject


class ObjectFinding(NamedTuple):
    """A field of an object that the note on it lists at the end."""

    kube_object: KubeObject
    finding: Finding


def not_applicable(
    cursor: Cursor, kube_object: KubeObject, code: str = NOT_APPLICABLE
) -> Iterator[ObjectFinding]:
    """The finding that what stands at the cursor has no use here; none where nothing stands there."""
    if cursor.node is not None:
        path = ".".join(str(key) for key in cursor.path if key not in ("spec", "template"))
        child = Child(cursor.key, cursor.span, cursor.node)
        yield ObjectFinding(kube_object, Finding(code, path, child))


StackPart: TypeAlias = (
    Contribution
    | Service
    | Volume
    | Network
    | EnvSetting
    | File
    | SharedFile
    | UnresolvedHost
    | AddressCaller
    | ServiceCall
    | UsedConfig
    | AbsentDemand
    | ObjectFinding
)


class StackBuilder:
    """The only thing that changes the stack: adds parts, of two of one name the first, and closes them into the model.

    Steps see the services and volumes so far, so that what a step asks for says after which others it comes.
    """

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._volumes: dict[str, Volume] = {}
        self._networks: dict[str, Network] = {}
        self._settings: dict[str, EnvSetting] = {}
        self._files: dict[str, File] = {}
        self._configs: dict[str, FileResource] = {}
        self._secrets: dict[str, FileResource] = {}
        self._unresolved_hosts: dict[str, UnresolvedHost] = {}
        self._callers: dict[KubeService, dict[str, None]] = {}
        self._calls: dict[ServiceCall, None] = {}
        self._used_config: dict[KubeObject, None] = {}
        self._demands: dict[AbsentDemand, None] = {}
        self._findings: dict[KubeObject, list[Finding]] = {}
        self._adders: dict[type, Callable[[Any], object]] = {
            Contribution: self._contribute,
            Service: self._add_service,
            Volume: lambda volume: self._volumes.setdefault(volume.name, volume),
            Network: lambda network: self._networks.setdefault(network.name, network),
            EnvSetting: lambda setting: self._settings.setdefault(setting.name, setting),
            File: self._add_file,
            SharedFile: self._add_shared_file,
            UnresolvedHost: lambda named: self._unresolved_hosts.setdefault(
                named.host, named
            ),
            AddressCaller: self._add_caller,
            ServiceCall: lambda call: self._calls.setdefault(call),
            UsedConfig: lambda used: self._used_config.setdefault(used.kube_object),
            AbsentDemand: lambda demand: self._demands.setdefault(demand),
            ObjectFinding: self._add_finding,
        }

    @property
    def services(self) -> Mapping[str, Service]:
        """The services so far by name; what is added later is seen as well."""
        return MappingProxyType(self._services)

    @property
    def volumes(self) -> Mapping[str, Volume]:
        """The volumes so far by name; what is added later is seen as well."""
        return MappingProxyType(self._volumes)

    @property
    def networks(self) -> Mapping[str, Network]:
        """The networks so far by name; what is added later is seen as well."""
        return MappingProxyType(self._networks)

    @property
    def unresolved_hosts(self) -> Mapping[str, UnresolvedHost]:
        """The first place that names each host which nothing answers to."""
        return MappingProxyType(self._unresolved_hosts)

    @property
    def callers(self) -> Mapping[KubeService, Mapping[str, None]]:
        """The services that call each Service without pods."""
        return MappingProxyType(self._callers)

    @property
    def calls(self) -> Iterable[ServiceCall]:
        """The names that say more of the namespaces of Services than the Services do."""
        return self._calls.keys()

    @property
    def used_config(self) -> Set[KubeObject]:
        """The ConfigMaps and Secrets that something refers to."""
        return self._used_config.keys()

    @property
    def demands(self) -> Iterable[AbsentDemand]:
        """What must be filled in for objects that the input does not hold."""
        return self._demands.keys()

    @property
    def findings(self) -> Mapping[KubeObject, Sequence[Finding]]:
        """What the note on each object lists at the end."""
        return MappingProxyType(self._findings)

    def apply(self, parts: Iterable[StackPart]) -> None:
        """Adds parts one by one, so that a step sees what it has added so far."""
        for part in parts:
            self._adders[type(part)](part)

    def _add_service(self, service: Service) -> None:
        self._services[service.name] = service

    def _add_shared_file(self, shared_file: SharedFile) -> None:
        resources = self._secrets if shared_file.is_secret else self._configs
        resources.setdefault(shared_file.resource.name, shared_file.resource)

    def _add_caller(self, caller: AddressCaller) -> None:
        self._callers.setdefault(caller.kube_service, {})[caller.service] = None

    def _add_file(self, file: File) -> None:
        """Adds a file; one that is there already is opened to all of those who read it."""
        present = self._files.setdefault(file.path, file)
        if present.content == file.content:
            mode = present.mode | file.mode
            self._files[file.path] = replace(present, mode=mode)

    def _add_finding(self, part: ObjectFinding) -> None:
        """Adds what is found once for all pods of an object."""
        findings = self._findings.setdefault(part.kube_object, [])
        node = part.finding.child.node
        if all(finding.child.node is not node for finding in findings):
            findings.append(part.finding)

    def _contribute(self, contribution: Contribution) -> None:
        service = self._services[contribution.service]
        networks, replicas = contribution.moved_networks, contribution.replicas
        self._services[contribution.service] = replace(
            service,
            entrypoint=contribution.entrypoint or service.entrypoint,
            network_mode=contribution.network_mode or service.network_mode,
            replicas=service.replicas if replicas is None else replicas,
            networks=(
                *(service.networks if networks is None else networks),
                *contribution.networks,
            ),
            ports=tuple(dict.fromkeys((*service.ports, *contribution.ports))),
            expose=(*service.expose, *contribution.expose),
            profiles=(*service.profiles, *contribution.profiles),
            mounts=(*service.mounts, *contribution.mounts),
            labels={**service.labels, **dict(contribution.labels)},
            depends_on=_merge_dependencies(service.depends_on, contribution.depends_on),
            options=_with_hosts(service, contribution.extra_hosts),
        )

    def build_stack(self, name: str) -> Stack:
        """The stack of everything added."""
        return Stack(
            name=name,
            services=tuple(self._services.values()),
            networks=tuple(self._networks.values()),
            volumes=tuple(self._volumes.values()),
            configs=tuple(self._configs.values()),
            secrets=tuple(self._secrets.values()),
            settings=tuple(self._settings.values()),
            files=tuple(self._files.values()),
        )


def _with_hosts(service: Service, extra_hosts: tuple[str, ...]) -> Mapping[str, Any]:
    """The options of a service with hosts that its network does not know."""
    if not extra_hosts:
        return service.options
    present = service.options.get("extra_hosts", ())
    return {**service.options, "extra_hosts": list(dict.fromkeys((*present, *extra_hosts)))}


def _merge_dependencies(
    present: tuple[Dependency, ...], added: tuple[Dependency, ...]
) -> tuple[Dependency, ...]:
    """Of two for one service the first counts."""
    by_service: dict[str, Dependency] = {}
    for dependency in (*present, *added):
        by_service.setdefault(dependency.service, dependency)
    return tuple(by_service.values())
