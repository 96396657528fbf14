"""Services: which workloads each selects, by which names they are reached, on which ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
    stated,
    stated_entries,
    stated_map,
    string_map,
)
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple, field, record

_BEFORE = r"(?:(?<=[\s/@=,;:\"'(\[])|^)"
_AFTER = r"(?=[\s/:,;?#\"')\]]|$)"
_HOST = regex(r"(?P<name>[^.]+)(?:\.(?P<namespace>[^.]+)(?:\.svc(?:\..+)?)?)?\.?")


class ServicePort(NamedTuple):
    """One port of a Service; `target` is a number or the name of a container port."""

    cursor: Cursor
    name: str
    number: int
    protocol: str
    target: str
    node: int | None
    app_protocol: Stated


class ServiceSpec(NamedTuple):
    """What the manifests state of a Service beside its ports."""

    type: Stated
    selector: Cursor
    cluster_address: Stated
    external_name: Stated
    external_addresses: tuple[Stated, ...]
    includes_unready: Stated
    app_protocol: Stated
    annotations: Mapping[str, Stated]


def _decode_spec(service: KubeObject) -> ServiceSpec:
    spec = service.at("spec")
    return ServiceSpec(
        type=stated(spec, "type"),
        selector=spec.at("selector"),
        cluster_address=stated(spec, "clusterIP"),
        external_name=stated(spec, "externalName"),
        external_addresses=stated_entries(spec, "externalIPs"),
        includes_unready=stated(spec, "publishNotReadyAddresses"),
        app_protocol=stated(spec, "appProtocol"),
        annotations=stated_map(service.at("metadata"), "annotations"),
    )


@record
class KubeService:
    """A Service with the workloads that it selects; two are the same when their objects are."""

    kube_object: KubeObject
    spec: ServiceSpec = field(compare=False)
    selector: Mapping[str, str] = field(compare=False)
    ports: tuple[ServicePort, ...] = field(compare=False)
    workloads: tuple[Workload, ...] = field(compare=False)

    @property
    def name(self) -> str:
        """Its name."""
        return self.kube_object.name

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.kube_object.namespace

    @property
    def type(self) -> str:
        """How it is reached: the API server makes it a ClusterIP where nothing is said."""
        return self.spec.type.text or "ClusterIP"

    @property
    def headless(self) -> bool:
        """Whether its name leads to the pods themselves."""
        return self.spec.cluster_address.text == "None"

    @property
    def includes_unready(self) -> bool:
        """Whether its name leads to pods that are not ready too."""
        return self.spec.includes_unready.flag is True

    @property
    def external(self) -> str | None:
        """The host that it is another name for."""
        return self.spec.external_name.text if self.type == "ExternalName" else None

    @property
    def is_published(self) -> bool:
        """Whether the cluster makes it reachable from outside by its type."""
        return self.type in ("LoadBalancer", "NodePort")

    @property
    def is_outside(self) -> bool:
        """Whether no container on the network answers to its name."""
        return not self.workloads or any(
            workload.host_network for workload in self.workloads
        )

    def port(self, number_or_name: str | int) -> ServicePort | None:
        """The port of that number or name."""
        text = str(number_or_name)
        return next(
            (port for port in self.ports if text in (str(port.number), port.name)), None
        )

    def target(self, port: ServicePort) -> int | None:
        """The container port behind a port; None when the workloads differ or do not have it."""
        targets = {container_port(port, workload) for workload in self.workloads}
        return targets.pop() if len(targets) == 1 else None

    def pods(self) -> Iterator[tuple[Workload, Pod]]:
        """Every pod that the Service selects."""
        for workload in self.workloads:
            for pod in workload.pods:
                yield workload, pod

    def networked_pods(self) -> Iterator[tuple[Workload, Pod]]:
        """The pods that have a network of their own, not the host's."""
        for workload, pod in self.pods():
            if not workload.host_network:
                yield workload, pod


class ServiceCall(NamedTuple):
    """A name by which a pod calls a Service: the Service, and the namespace that its name does not say by itself.

    That is the caller's, which is another than the Service's; or one beyond the input (`is_outside`) where the
    manifests give the Service none.
    """

    kube_service: KubeService
    namespace: str
    is_outside: bool


@record
class KubeServices:
    """All Services, by namespace and name; `published` are the objects of the workloads that one makes reachable.

    `link_variables` are those that Kubernetes sets for Services in the pods of each namespace, `outside_names` matches
    the names that no container on the network answers to.
    """

    services: tuple[KubeService, ...]
    by_name: Mapping[tuple[str, str], KubeService] = field(compare=False)
    namespaces: frozenset[str] = field(compare=False)
    published: frozenset[KubeObject] = field(compare=False)
    link_variables: Mapping[str, Mapping[str, str]] = field(compare=False)
    outside_names: re.Pattern[str] | None = field(compare=False)

    def __iter__(self) -> Iterator[KubeService]:
        return iter(self.services)

    def publishes(self, workload: Workload) -> bool:
        """Whether a Service makes the workload's pods reachable from outside."""
        return workload.kube_object in self.published

    def get(self, namespace: str, name: str) -> KubeService | None:
        """The Service of that name in a namespace."""
        return self.by_name.get((namespace, name))

    def resolve(self, host: str, namespace: str) -> KubeService | None:
        """The Service that a host name means to a pod of the namespace; None for any other host."""
        match = _HOST.fullmatch(host)
        if match is None:
            return None
        stated_namespace = match["namespace"] or namespace
        service = self.get(stated_namespace, match["name"])
        return service or self._outside(host, match["name"], match["namespace"])

    def call(self, host: str, namespace: str) -> ServiceCall | None:
        """What the host name says of the namespaces of caller and Service, where they differ.

        Manifests without a namespace may name the one that they are meant for: then the names with it become aliases.
        """
        service, match = self.resolve(host, namespace), _HOST.fullmatch(host)
        stated_namespace = match["namespace"] if match is not None else None
        if service is None or not stated_namespace:
            return None
        if stated_namespace != service.namespace:
            return ServiceCall(service, stated_namespace, is_outside=True)
        if stated_namespace != namespace:
            return ServiceCall(service, namespace, is_outside=False)
        return None

    def _outside(self, host: str, name: str, namespace: str | None) -> KubeService | None:
        """The Service without a namespace that a name in a namespace beyond the input means."""
        if not namespace or namespace in self.namespaces or ".svc" not in host:
            return None
        for service in self.services:
            if service.name == name and not service.kube_object.states_namespace:
                return service
        return None


def _service_ports(cursor: Cursor) -> Iterator[ServicePort]:
    for port in list_entries(cursor):
        text = peek_text(port.at("port"))
        number = integer(text) if text else None
        if number is None:
            port.note("TC209", field="ports", expected="a list of ports with a number each")
            continue
        node = peek_text(port.at("nodePort"))
        target = peek_text(port.at("targetPort")) or str(number)
        protocol = (peek_text(port.at("protocol")) or "TCP").lower()
        node_number = integer(node) if node else None
        yield ServicePort(
            port,
            peek_text(port.at("name")) or "",
            number,
            protocol,
            target,
            node_number or None,
            stated(port, "appProtocol"),
        )


def container_port(port: ServicePort, workload: Workload) -> int | None:
    """The container port of a workload that a Service's port leads to; None where no container has that name."""
    number = integer(port.target)
    if number is not None:
        return number
    named = workload.port(port.target)
    return None if named is None else named.number


def kube_services(objects: KubeObjects, workloads: Iterable[Workload]) -> KubeServices:
    """Every Service of the input with the workloads that its selector matches."""
    index = _LabelIndex(workloads)
    services = tuple(
        _decode_service(kube_object, index) for kube_object in objects.of_kind("Service")
    )
    return KubeServices(
        services=services,
        by_name={(service.namespace, service.name): service for service in services},
        namespaces=frozenset(service.namespace for service in services),
        published=frozenset(
            workload.kube_object
            for service in services
            if service.is_published
            for workload in service.workloads
        ),
        link_variables=_link_variables(services),
        outside_names=_outside_names(services),
    )


def _outside_names(services: Iterable[KubeService]) -> re.Pattern[str] | None:
    """What matches the names of Services that no container on the network answers to; None when there are none."""
    names = [re.escape(service.name) for service in services if service.is_outside]
    names.sort(key=len, reverse=True)
    namespace = r"(?:\.[a-z0-9-]+(?:\.svc(?:\.[a-z0-9.-]+)?)?)?"
    pattern = rf"{_BEFORE}(?P<host>(?:{'|'.join(names)}){namespace}){_AFTER}"
    return regex(pattern) if names else None


def _link_variables(services: Iterable[KubeService]) -> dict[str, dict[str, str]]:
    """The variables by namespace and name; with the container's port where the Service's differs."""
    variables: dict[str, dict[str, str]] = {}
    for service in services:
        if service.ports and not service.headless:
            own_variables = variables.setdefault(service.namespace, {})
            own_variables.update(_variables_of(service))
    return variables


def _variables_of(kube_service: KubeService) -> Mapping[str, str]:
    """https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables"""
    prefix = re.sub(r"[^A-Z0-9]", "_", kube_service.name.upper())
    ports = [
        (port, kube_service.target(port) or port.number) for port in kube_service.ports
    ]
    first_port, target = ports[0]
    variables = {
        f"{prefix}_SERVICE_HOST": kube_service.name,
        f"{prefix}_SERVICE_PORT": str(target),
    }
    variables[f"{prefix}_PORT"] = f"{first_port.protocol}://{kube_service.name}:{target}"
    for port, number in ports:
        if port.name:
            variables[
                f"{prefix}_SERVICE_PORT_{re.sub(r'[^A-Z0-9]', '_', port.name.upper())}"
            ] = str(number)
        base = f"{prefix}_PORT_{port.number}_{port.protocol.upper()}"
        variables[base] = f"{port.protocol}://{kube_service.name}:{number}"
        variables |= {
            f"{base}_PROTO": port.protocol,
            f"{base}_PORT": str(number),
            f"{base}_ADDR": kube_service.name,
        }
    return variables


def _decode_service(kube_object: KubeObject, index: _LabelIndex) -> KubeService:
    spec = kube_object.at("spec")
    selector = string_map(spec.at("selector"))
    return KubeService(
        kube_object=kube_object,
        spec=_decode_spec(kube_object),
        selector=selector,
        ports=tuple(_service_ports(spec.at("ports"))),
        workloads=tuple(index.select(kube_object.namespace, selector)),
    )


class _LabelIndex:
    """Workloads by namespace and label, so that a thousand Services find theirs among a thousand."""

    def __init__(self, workloads: Iterable[Workload]) -> None:
        self._by_label: dict[tuple[str, str, str], list[Workload]] = {}
        for workload in workloads:
            for key, text in workload.labels.items():
                self._by_label.setdefault((workload.namespace, key, text), []).append(
                    workload
                )

    def select(self, namespace: str, selector: Mapping[str, str]) -> Iterator[Workload]:
        """The workloads that a selector matches; an empty one matches none."""
        if not selector:
            return
        groups = [
            self._by_label.get((namespace, key, text), []) for key, text in selector.items()
        ]
        for workload in min(groups, key=len):
            if all(workload.labels.get(key) == text for key, text in selector.items()):
                yield workload


def reserved_names(
    objects: KubeObjects, workloads: Iterable[Workload]
) -> dict[tuple[str, str], frozenset[KubeObject]]:
    """The names that Services answer to, with the objects of the workloads that may share them."""
    index = _LabelIndex(workloads)
    reserved = {}
    for kube_object in objects.of_kind("Service"):
        selector = string_map(kube_object.at("spec", "selector"))
        selected = index.select(kube_object.namespace, selector)
        reserved[kube_object.namespace, kube_object.name] = frozenset(
            workload.kube_object for workload in selected
        )
    return reserved
