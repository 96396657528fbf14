"""Ports of the host by which Services are reached from outside, against what the written stack publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.prove.cluster_services import ClusterServices, name_of, namespace_of
from tocompose.prove.kube_values import as_list, as_map, scalar_text
from tocompose.prove.kubelet import KubeletModel
from tocompose.prove.recording import RecordedContainer
from tocompose.record import NamedTuple

_ANY_ADDRESS = ("", "0.0.0.0", "::")


class Entrance(NamedTuple):
    """An address and port at which a Service is reached; the address is empty for any."""

    service: str
    address: str
    port: str


class EntranceFinding(NamedTuple):
    """An entrance that leads elsewhere than in the cluster."""

    entrance: Entrance
    cluster: str
    compose: str


def compare_entrances(
    model: KubeletModel,
    containers: Mapping[str, RecordedContainer],
    pods: Mapping[str, frozenset[str]],
) -> Iterator[EntranceFinding | None]:
    """For each entrance what differs; None where it leads to a port of a pod to which it leads in the cluster."""
    services = ClusterServices(model.objects, model)
    for entrance, targets in _entrances(services):
        reached = {
            (pod, port)
            for name, port in _published_at(entrance, containers)
            for pod in pods.get(name, frozenset({name}))
        }
        if reached & targets:
            yield None
        else:
            yield EntranceFinding(entrance, _named(targets), _named(reached) or "nobody")


def _entrances(
    services: ClusterServices,
) -> Iterator[tuple[Entrance, frozenset[tuple[str, int]]]]:
    for service in services.all():
        spec = as_map(service.get("spec"))
        kind = spec.get("type")
        for port_entry in as_list(spec.get("ports")):
            targets = services.targets(
                namespace_of(service), name_of(service), port_entry.get("port")
            )
            protocol = scalar_text(port_entry.get("protocol") or "TCP").lower()
            for address, port in _addresses(spec, kind, port_entry) if targets else ():
                entrance = Entrance(name_of(service), address, f"{port}/{protocol}")
                yield entrance, targets or frozenset()


def _addresses(
    spec: Mapping[str, Any], kind: Any, port_entry: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    if kind == "LoadBalancer":
        yield "", port_entry.get("port")
    elif kind == "NodePort" and port_entry.get("nodePort"):
        yield "", port_entry.get("nodePort")
    for address in as_list(spec.get("externalIPs")):
        yield str(address), port_entry.get("port")


def _published_at(
    entrance: Entrance, containers: Mapping[str, RecordedContainer]
) -> Iterator[tuple[str, int]]:
    """The compose service and the port of its container behind a port of the host."""
    wanted_port, _, wanted_protocol = entrance.port.partition("/")
    for name, container in containers.items():
        for target, bindings in (container.host.get("PortBindings") or {}).items():
            number, _, protocol = target.partition("/")
            for binding in bindings or ():
                address = str(binding.get("HostIp") or "")
                is_there = address in (*_ANY_ADDRESS, entrance.address)
                has_port = str(binding.get("HostPort")) == wanted_port
                if is_there and has_port and protocol == wanted_protocol:
                    yield name, int(number)


def _named(targets: frozenset[tuple[str, int]] | set[tuple[str, int]]) -> str:
    return " or ".join(sorted(f"{name}:{port}" for name, port in targets))
