"""What the manifests describe, resolved, and where each container stands in it: the ground of every rule here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tocompose.importers.kubernetes.claims import Claims, bind_claims
from tocompose.importers.kubernetes.config import (
    ConfigStore,
    SecretValue,
    config_store,
)
from tocompose.importers.kubernetes.container_fields import ContainerPort
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.security_fields import run_as
from tocompose.importers.kubernetes.services import (
    KubeServices,
    kube_services,
    reserved_names,
)
from tocompose.importers.kubernetes.stack_builder import (
    NOT_APPLICABLE,
    StackPart,
    UsedConfig,
    not_applicable,
)
from tocompose.importers.kubernetes.workload_names import name_workloads
from tocompose.importers.kubernetes.workloads import (
    Pod,
    PodContainer,
    Workload,
    find_workloads,
)
from tocompose.ledger import Cursor, Ledger
from tocompose.model import EnvSetting
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

if TYPE_CHECKING:
    from tocompose.importers.kubernetes.certificate_fields import CertificateSpec


class ClusterModel(NamedTuple):
    """Objects, the workloads among them with the compose services they become, and the Services that lead there.

    `is_template` says that variables are filled in before kubectl reads the manifests. `service_names` are those of
    all containers. `stand_in` is the proxy that takes the place of the Ingress controller, where routes made one, and
    `certificates` are those that routes may have, by the namespace and name of their Secret.
    """

    objects: KubeObjects
    workloads: tuple[Workload, ...]
    kube_services: KubeServices
    config_store: ConfigStore
    claims: Claims
    ledger: Ledger
    is_template: bool
    service_names: frozenset[str]
    stand_in: str | None = None
    certificates: Mapping[tuple[str, str], tuple[CertificateSpec, ...]] = {}

    def pods(self) -> Iterator[tuple[Workload, Pod]]:
        """Every pod with its workload."""
        for workload in self.workloads:
            for pod in workload.pods:
                yield workload, pod


def resolve_model(
    objects: KubeObjects, ledger: Ledger, *, is_template: bool
) -> ClusterModel:
    """The model of the objects: workloads found, selected by Services, and named."""
    unnamed = find_workloads(objects)
    workloads = name_workloads(unnamed, reserved_names(objects, unnamed))
    services = kube_services(objects, workloads)
    return ClusterModel(
        objects,
        workloads,
        services,
        config_store=config_store(objects),
        claims=bind_claims(objects, workloads),
        ledger=ledger,
        is_template=is_template,
        service_names=frozenset(
            container.service
            for workload in workloads
            for container in workload.containers()
        ),
    )


class ContainerContext:
    """One container of one pod on its way to a compose service, with all that its rules look at; what they add to the
    stack beside it is collected here."""

    __slots__ = (
        "_extra_hosts",
        "_needs_hostname",
        "_parts",
        "_pod_container",
        "fields",
        "kube_services",
        "model",
        "name",
        "namespace",
        "pod",
        "pod_spec",
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
        self.kube_services = model.kube_services
        self.store = model.config_store
        self.workload = workload
        self.namespace = workload.namespace
        self.pod_spec = workload.pod_spec
        self.pod = pod
        self._pod_container = pod_container
        self.fields = pod_container.fields
        self.run_as = run_as(self.fields.security, self.pod_spec.security)
        self.name = pod_container.name
        self.role = pod_container.role
        self.service = pod_container.service
        self._extra_hosts: dict[str, str] = {}
        self._needs_hostname = False
        self._parts: list[StackPart] = []

    @property
    def workload_title(self) -> str:
        """The kind and name of the workload, for messages."""
        return str(self.workload.kube_object)

    @property
    def link_variables(self) -> Mapping[str, str]:
        """The variables that Kubernetes sets for the Services of the namespace."""
        return self.kube_services.link_variables.get(self.namespace, {})

    @property
    def joins_owner(self) -> bool:
        """Whether it is in the network namespace of another container."""
        return self.pod.joins_owner(self._pod_container)

    @property
    def is_replicated(self) -> bool:
        """Whether several containers run of the service: not where it publishes a port of the host, had only once."""
        if not self.workload.is_replicated:
            return False
        if any(port.host_port.text is not None for port in self._pod_ports()):
            return False
        return not self.kube_services.publishes(self.workload)

    @property
    def extra_hosts(self) -> Mapping[str, str]:
        """The hosts that its texts need, with their addresses."""
        return self._extra_hosts

    def add_host(self, name: str, address: str) -> None:
        """Adds a host that its texts need."""
        self._extra_hosts[name] = address

    @property
    def needs_hostname(self) -> bool:
        """Whether its texts name the pod."""
        return self._needs_hostname

    def name_host(self) -> None:
        """Counts the host name as something that its texts hold."""
        self._needs_hostname = True

    @property
    def parts(self) -> tuple[StackPart, ...]:
        """What its rules have added to the stack beside its service."""
        return tuple(self._parts)

    def contribute(self, part: StackPart) -> None:
        """Adds a part to the stack beside the service."""
        self._parts.append(part)

    def use_config(self, kube_object: KubeObject) -> None:
        """Counts a ConfigMap or Secret as used."""
        self._parts.append(UsedConfig(kube_object))

    def use_value(self, value: SecretValue) -> str:
        """The name of the entry of `.env` that a value becomes, which is added to the stack."""
        setting = self.store.settings[value.identity]
        self._parts.append(setting)
        to = ModelPath.of("settings", setting.name)
        if value.entry is not None and value.owner is not None:
            value.entry.content(to)
            value.owner.count_identity_as_mapped(to)
            self.use_config(value.owner)
        return setting.name

    def require(self, name: str, description: str, span: Span) -> None:
        """Adds an entry of `.env` that the user must fill in, unless a value has that name."""
        if name not in self.store.setting_names:
            self._parts.append(
                EnvSetting(name=name, required=True, description=description, origin=span)
            )

    def path(self, *keys: str) -> ModelPath:
        """The model path of a key of the compose service."""
        return ModelPath.service(self.service, *keys)

    def describe_volume(self, name: str) -> str:
        """What to call a volume of this pod in messages."""
        return f"volume {name} of {self.workload_title}"

    def listens_on(self, number: int) -> bool:
        """Whether a container of the pod declares that it listens on the port."""
        return any(port.number == number for port in self._pod_ports())

    def not_applicable(
        self,
        cursor: Cursor,
        code: str = NOT_APPLICABLE,
        kube_object: KubeObject | None = None,
    ) -> None:
        """Adds what stands at the cursor to the note on what has no use here, of the workload or of another object."""
        self._parts.extend(
            not_applicable(cursor, kube_object or self.workload.kube_object, code)
        )

    def _pod_ports(self) -> Iterator[ContainerPort]:
        for pod_container in self.pod.containers:
            yield from pod_container.fields.ports
