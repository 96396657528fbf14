"""Services: which workloads each selects, by which names they are reached, on which ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
)
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.yaml import integer

_HOST = regex(r"(?P<name>[^.]+)(?:\.(?P<namespace>[^.]+)(?:\.svc(?:\..+)?)?)?\.?")


class ServicePort(NamedTuple):
    """One port of a Service; `target` is a number or the name of a container port."""

    cursor: Cursor
    name: str
    number: int
    protocol: str
    target: str
    node: int | None


class KubeService:
    """A Service with the workloads that it selects."""

    __slots__ = (
        "external",
        "headless",
        "includes_unready",
        "kube_object",
        "name",
        "namespace",
        "ports",
        "selector",
        "type",
        "workloads",
    )

    def __init__(self, kube_object: KubeObject) -> None:
        spec = kube_object.at("spec")
        self.kube_object = kube_object
        self.name = kube_object.name
        self.namespace = kube_object.namespace
        self.type = peek_text(spec.at("type")) or "ClusterIP"
        self.headless = peek_text(spec.at("clusterIP")) == "None"
        self.includes_unready = peek_bool(spec.at("publishNotReadyAddresses")) is True
        self.external = (
            peek_text(spec.at("externalName")) if self.type == "ExternalName" else None
        )
        self.selector = string_map(spec.at("selector"))
        self.ports = tuple(_service_ports(spec.at("ports")))
        self.workloads: tuple[Workload, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether the cluster makes it reachable from outside by its type."""
        return self.type in ("LoadBalancer", "NodePort")

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


class KubeServices:
    """All Services, by namespace and name."""

    def __init__(self, services: Iterable[KubeService]) -> None:
        self.all = tuple(services)
        self._by_name = {(service.namespace, service.name): service for service in self.all}
        self.namespaces = frozenset(service.namespace for service in self.all)
        self.cross_namespace_callers: dict[KubeService, dict[str, None]] = {}
        self.outside_namespaces: dict[KubeService, dict[str, None]] = {}
        self.outside_pattern: tuple[re.Pattern[str] | None] | None = None
        self.link_variables: dict[str, Mapping[str, str]] = {}
        self._published = frozenset(
            id(workload)
            for service in self.all
            if service.is_published
            for workload in service.workloads
        )

    def __iter__(self) -> Iterator[KubeService]:
        return iter(self.all)

    def publishes(self, workload: Workload) -> bool:
        """Whether a Service makes the workload's pods reachable from outside."""
        return id(workload) in self._published

    def get(self, namespace: str, name: str) -> KubeService | None:
        """The Service of that name in a namespace."""
        return self._by_name.get((namespace, name))

    def resolve(self, host: str, namespace: str) -> KubeService | None:
        """The Service that a host name means to a pod of the namespace; None for any other host.

        Manifests without a namespace may name the one that they are meant for: then the names with it become aliases.
        """
        match = _HOST.fullmatch(host)
        if match is None:
            return None
        name, stated_namespace = match["name"], match["namespace"]
        if not stated_namespace or stated_namespace == namespace:
            return self.get(namespace, name) or self._outside(host, name, stated_namespace)
        service = self.get(stated_namespace, name)
        if service is None:
            return self._outside(host, name, stated_namespace)
        self.cross_namespace_callers.setdefault(service, {})[namespace] = None
        return service

    def _outside(self, host: str, name: str, namespace: str | None) -> KubeService | None:
        """The Service without a namespace that a name in a namespace beyond the input means."""
        if not namespace or namespace in self.namespaces or ".svc" not in host:
            return None
        for service in self.all:
            if service.name == name and not service.kube_object.states_namespace:
                self.outside_namespaces.setdefault(service, {})[namespace] = None
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
    services = [KubeService(service) for service in objects.of_kind("Service")]
    index = _LabelIndex(workloads)
    for service in services:
        if service.selector:
            service.workloads = tuple(index.select(service.namespace, service.selector))
    return KubeServices(services)


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
        groups = [
            self._by_label.get((namespace, key, text), []) for key, text in selector.items()
        ]
        for workload in min(groups, key=len):
            if all(workload.labels.get(key) == text for key, text in selector.items()):
                yield workload


def reserved_names(services: KubeServices) -> dict[tuple[str, str], frozenset[int]]:
    """The names that Services answer to, with the workloads (by `id`) that may share them."""
    return {
        (service.namespace, service.name): frozenset(
            id(workload) for workload in service.workloads
        )
        for service in services
    }
