"""Services as the cluster resolves them: which port of which pods a port of a Service leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.prove.kube_values import as_list, as_map
from tocompose.prove.kubelet import KubeletModel, PodContainerSpec


def name_of(kube_object: Mapping[str, Any]) -> str:
    """The name of an object."""
    return str(as_map(kube_object.get("metadata")).get("name"))


def namespace_of(kube_object: Mapping[str, Any]) -> str:
    """The namespace that an object states, or the usual one."""
    return str(as_map(kube_object.get("metadata")).get("namespace") or "default")


def pod_key(spec: PodContainerSpec) -> str:
    """The workload of a container, by kind, namespace and name."""
    return f"{spec.kind} {spec.namespace}/{spec.workload}"


class ClusterServices:
    """The Services of some manifests, and the pods behind them."""

    def __init__(self, objects: Iterable[Mapping[str, Any]], model: KubeletModel) -> None:
        self._services = {
            (namespace_of(kube_object), name_of(kube_object)): kube_object
            for kube_object in objects
            if kube_object.get("kind") == "Service"
            and kube_object.get("apiVersion") == "v1"
        }
        self._specs = [spec for spec in model.containers() if not spec.is_init]

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Every Service."""
        yield from self._services.values()

    def targets(
        self, namespace: str, name: str, port: Any
    ) -> frozenset[tuple[str, int]] | None:
        """The pods and their ports behind a port of a Service, given by number or name; None when nobody can tell."""
        service = self._services.get((namespace, name))
        selector = as_map(as_map(service).get("spec")).get("selector")
        if service is None or not selector:
            return None
        ports = as_list(as_map(service.get("spec")).get("ports"))
        port_entry = next(
            (port_entry for port_entry in ports if _is_port(port_entry, port, ports)), None
        )
        if port_entry is None:
            return None
        return frozenset(self._resolved(namespace, selector, port_entry)) or None

    def _resolved(
        self, namespace: str, selector: Mapping[str, Any], port: Mapping[str, Any]
    ) -> Iterator[tuple[str, int]]:
        target = port.get("targetPort", port.get("port"))
        for spec in self._specs:
            labels = as_map(as_map(spec.template.get("metadata")).get("labels"))
            is_selected = all(labels.get(key) == text for key, text in selector.items())
            if spec.namespace != namespace or not is_selected:
                continue
            number = _container_port(spec, target)
            if number is not None:
                yield pod_key(spec), number


def _is_port(port_entry: Mapping[str, Any], asked_port: Any, ports: list[Any]) -> bool:
    if asked_port is None:
        return len(ports) == 1
    return str(asked_port) in (str(port_entry.get("port")), str(port_entry.get("name")))


def _container_port(spec: PodContainerSpec, target: Any) -> int | None:
    """The number of a port of a container; a number needs no container that says it."""
    if str(target).isdigit():
        return int(target)
    for port in as_list(spec.container.get("ports")):
        if port.get("name") == target:
            return int(port["containerPort"])
    return None
