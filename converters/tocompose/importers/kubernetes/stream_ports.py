"""Ports that ingress-nginx passes on as they are: `tcp-services` and `udp-services`, ConfigMaps of ports and Services.

https://kubernetes.github.io/ingress-nginx/user-guide/exposing-tcp-udp-services/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.publication import HostPorts, limit_to_one
from tocompose.importers.kubernetes.services import ServicePort, container_port
from tocompose.importers.kubernetes.stack_builder import (
    Contribution,
    StackPart,
    UsedConfig,
)
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.ledger import Cursor
from tocompose.model import Port, Service
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath

# The names that the documentation and the chart give them, maybe after that of a release, and what they pass on.
_STREAMS = regex(r"(?:.+-)?(tcp|udp)(?:-services)?")
_ENTRY = regex(
    r"(?P<namespace>[^/:]+)/(?P<service>[^/:]+):(?P<port>[^:]+)(?P<proxy>(?::(?:PROXY)?){0,2})"
)


class StreamRoute(NamedTuple):
    """An entry: the port of the controller, and the Service and its port that it leads to."""

    cursor: Cursor
    host_port: int
    protocol: str
    namespace: str
    service: str
    port: str


class StreamTarget(NamedTuple):
    """What a route leads to: a pod of a workload, and the port of its container."""

    workload: Workload
    pod: Pod
    container_port: int


def publish_streams(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[StackPart]:
    """The ports of the controller, published where they lead."""
    host_ports: HostPorts | None = None
    for kube_object in model.objects.of_kind("ConfigMap"):
        routes = list(_decode_routes(kube_object))
        targets = [_target_of(route, model) for route in routes]
        if not any(targets):
            continue
        yield UsedConfig(kube_object)
        kube_object.count_identity_as_mapped(ModelPath.of("services"))
        host_ports = host_ports or _claimed_ports(services)
        for route, target in zip(routes, targets, strict=True):
            if target is not None:
                yield from _publish(route, target, services, host_ports)


def _decode_routes(kube_object: KubeObject) -> Iterator[StreamRoute]:
    """The entries of such a ConfigMap; none of one that holds anything else."""
    match = _STREAMS.fullmatch(kube_object.name)
    entries = list(kube_object.at("data"))
    if match is None or not all(integer(str(entry.key)) for entry in entries):
        return
    for entry in entries:
        parts = _ENTRY.fullmatch(entry.peek() or "")
        host_port = integer(str(entry.key))
        if parts is not None and host_port:
            yield StreamRoute(
                entry,
                host_port,
                match[1],
                parts["namespace"],
                parts["service"],
                parts["port"],
            )


def _target_of(route: StreamRoute, model: ClusterModel) -> StreamTarget | None:
    service = model.kube_services.get(route.namespace, route.service)
    if service is None:
        return None
    reached = next(iter(service.networked_pods()), None)
    ports = [port for port in service.ports if _is_named(port, route.port)]
    if reached is None or not ports:
        return None
    number = container_port(ports[0], reached[0])
    return None if number is None else StreamTarget(*reached, number)


def _is_named(port: ServicePort, words: str) -> bool:
    return words in (str(port.number), port.name)


def _claimed_ports(services: Mapping[str, Service]) -> HostPorts:
    """The host's ports without those that are published already."""
    host_ports = HostPorts()
    for service in services.values():
        for port in service.ports:
            number = integer(port.published or "")
            if number:
                host_ports.claim(number, port.protocol, service.name)
    return host_ports


def _publish(
    route: StreamRoute,
    target: StreamTarget,
    services: Mapping[str, Service],
    host_ports: HostPorts,
) -> Iterator[Contribution]:
    owner = target.pod.network_owner
    to = ModelPath.service(owner, "ports")
    port = Port(
        target=str(target.container_port),
        protocol=route.protocol,
        origin=route.cursor.span,
    )
    published = host_ports.publish(route.host_port, port, route.cursor, owner, to)
    route.cursor.take(to=to)
    yield Contribution(service=owner, ports=(published,))
    yield from limit_to_one(owner, target.workload, services)
