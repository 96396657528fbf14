"""Ports on the host: of LoadBalancer and NodePort Services, and those that containers claim themselves."""

from __future__ import annotations

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_text
from tocompose.importers.kubernetes.services import KubeService, ServicePort, container_port
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.ledger import Cursor
from tocompose.model import Port
from tocompose.readers.yaml import integer
from tocompose.record import replace

_PRIVILEGED = 1024


class HostPorts:
    """The host's ports, each given once."""

    def __init__(self) -> None:
        self._taken: set[tuple[str, int]] = set()

    def free(self, wanted: int, protocol: str) -> bool:
        """Whether the port is still free."""
        return (protocol, wanted) not in self._taken

    def claim(self, wanted: int, protocol: str) -> int:
        """The port itself, or the next free one: 8080 for 80, then upwards."""
        port = wanted
        if not self.free(port, protocol):
            port = wanted + 8000 if wanted < _PRIVILEGED else wanted + 1
        while not self.free(port, protocol):
            port += 1
        self._taken.add((protocol, port))
        return port


def publish_ports(model: ClusterModel) -> None:
    """Publishes what the cluster made reachable from outside, and exposes what containers listen on."""
    ports = HostPorts()
    for workload in model.workloads:
        for pod in workload.pods:
            _expose_container_ports(workload, pod, model, ports)
    for kube_service in model.kube_services:
        _publish_service(kube_service, model, ports)


def _expose_container_ports(
    workload: Workload, pod: Pod, model: ClusterModel, ports: HostPorts
) -> None:
    """Container ports: exposed; published where they ask for a port of the host."""
    exposed: dict[str, None] = {}
    for pod_container in pod.containers:
        for port in list_entries(pod_container.cursor.at("ports")):
            number = integer(peek_text(port.at("containerPort")) or "")
            if number is None:
                port.note(
                    "TC209", field="ports", expected="a list of ports with a number each"
                )
                continue
            protocol = (peek_text(port.at("protocol")) or "TCP").lower()
            if pod_container.role is ContainerRole.INIT or workload.host_network:
                port.note(
                    "TC228",
                    port=str(number),
                    subject=f"services.{pod_container.service}",
                    why=_why_unreachable(pod_container.role),
                )
                continue
            to = f"services.{pod.network_owner}.expose"
            port.take("containerPort", to=to)
            if protocol == "tcp":
                port.at("protocol").skip("the value that Kubernetes fills in itself")
            port.take("protocol", to=to)
            exposed[str(number) if protocol == "tcp" else f"{number}/{protocol}"] = None
            _host_port(port, number, protocol, workload, pod, model, ports)
    if exposed:
        owner = model.builder.services[pod.network_owner]
        model.builder.services[pod.network_owner] = replace(owner, expose=tuple(exposed))


def _why_unreachable(part: ContainerRole) -> str:
    return (
        "an init container ends before anybody could connect"
        if part is ContainerRole.INIT
        else "on the host network"
    )


def _host_port(
    port: Cursor,
    number: int,
    protocol: str,
    workload: Workload,
    pod: Pod,
    model: ClusterModel,
    ports: HostPorts,
) -> None:
    wanted = integer(peek_text(port.at("hostPort")) or "")
    if not wanted:
        return
    to = f"services.{pod.network_owner}.ports"
    port.take("hostPort", to=to)
    address = take_text(port.at("hostIP"), to)
    given = ports.claim(wanted, protocol)
    if given != wanted:
        port.at("hostPort").remark(
            "TC223",
            service=pod.network_owner,
            wanted=str(wanted),
            given=str(given),
            subject=to,
        )
    host_ip = address if address not in (None, "0.0.0.0", "") else None
    published = Port(
        target=str(number),
        published=str(given),
        host_ip=host_ip,
        protocol=protocol,
        origin=port.span,
    )
    model.builder.add_port(pod.network_owner, published)
    _limit_to_one(pod.network_owner, workload, model)


def _publish_service(
    kube_service: KubeService, model: ClusterModel, ports: HostPorts
) -> None:
    outside = kube_service.type in ("LoadBalancer", "NodePort")
    addresses = [
        given
        for entry in list_entries(kube_service.kube_object.at("spec", "externalIPs"))
        if (given := peek_text(entry))
    ]
    if not (outside or addresses):
        return
    reached = [
        (workload, pod)
        for workload, pod in kube_service.pods()
        if not workload.host_network
    ]
    if not reached:
        return
    workload, pod = reached[0]
    to = f"services.{pod.network_owner}.ports"
    if all(container_port(port, workload) is None for port in kube_service.ports):
        # What is wrong with the ports is said by `settle_ports`.
        kube_service.kube_object.at("spec", "type").noted("TC227")
        kube_service.kube_object.at("spec", "externalIPs").noted("TC227")
        return
    kube_service.kube_object.at("spec", "type").take(to=to)
    if len(reached) > 1:
        kube_service.kube_object.at("spec", "type").remark(
            "TC229", service=kube_service.name, what=f"{len(reached)} pods", subject=to
        )
    for port in kube_service.ports:
        target = container_port(port, workload)
        if target is None:
            continue
        if outside:
            _publish_service_port(kube_service, port, target, pod, model, ports)
        for address in addresses:
            model.builder.add_port(
                pod.network_owner,
                Port(
                    target=str(target),
                    published=str(port.number),
                    host_ip=address,
                    protocol=port.protocol,
                ),
            )
            kube_service.kube_object.at("spec", "externalIPs").map(to=to)
    if model.builder.services[pod.network_owner].ports:
        _limit_to_one(pod.network_owner, workload, model)


def _publish_service_port(
    kube_service: KubeService,
    port: ServicePort,
    target: int,
    pod: Pod,
    model: ClusterModel,
    ports: HostPorts,
) -> None:
    to = f"services.{pod.network_owner}.ports"
    wanted = port.node if kube_service.type == "NodePort" and port.node else port.number
    if kube_service.type == "NodePort" and not port.node and wanted < _PRIVILEGED:
        port.cursor.remark(
            "TC223",
            service=kube_service.name,
            wanted="a port of the cluster's choice",
            given=str(wanted),
            subject=to,
        )
    given = ports.claim(wanted, port.protocol)
    if given != wanted:
        port.cursor.remark(
            "TC223",
            service=kube_service.name,
            wanted=str(wanted),
            given=str(given),
            subject=to,
        )
    for key in ("port", "targetPort", "nodePort"):
        if key != "nodePort" or kube_service.type == "NodePort":
            port.cursor.take(key, to=to)
    published = Port(
        target=str(target),
        published=str(given),
        protocol=port.protocol,
        origin=port.cursor.span,
    )
    model.builder.add_port(pod.network_owner, published)


def _limit_to_one(name: str, workload: Workload, model: ClusterModel) -> None:
    """A host port can be had once: a service that publishes one cannot run several times."""
    service = model.builder.services[name]
    if service.replicas is not None and service.replicas > 1:
        cursor = workload.kube_object.at("spec", "replicas") or workload.kube_object.cursor
        cursor.remark(
            "TC229",
            service=name,
            what=f"{service.replicas} replicas",
            subject=f"services.{name}.deploy.replicas",
        )
        model.builder.services[name] = replace(service, replicas=1)


def settle_ports(model: ClusterModel) -> None:
    """Accounts for each Service's ports: where they lead, and what a different port means for its clients."""
    for kube_service in model.kube_services:
        for port in kube_service.ports:
            _settle_service_port(kube_service, port)


def _settle_service_port(kube_service: KubeService, port: ServicePort) -> None:
    if not kube_service.workloads:
        return
    owner = next((pod.network_owner for _, pod in kube_service.pods()), "")
    to = f"services.{owner}"
    for workload in kube_service.workloads:
        target = container_port(port, workload)
        if target is None:
            port.cursor.remark(
                "TC227", service=kube_service.name, port=port.target, subject=to
            )
            continue
        named = workload.port(port.target)
        if named is not None and not workload.host_network:
            named.take("name", to=f"services.{owner}.expose")
        elif named is not None:
            named.at("name").noted("TC228")
    if all(workload.host_network for workload in kube_service.workloads):
        why = f"Service {kube_service.name} leads to a container on the host network"
        kube_service.kube_object.cursor.note(
            "TC228", port=str(port.number), subject=to, why=why
        )
        return
    if port.protocol == "tcp":
        port.cursor.at("protocol").skip("the value that Kubernetes fills in itself")
    targets = dict.fromkeys(
        container_port(port, workload) for workload in kube_service.workloads
    )
    leads = " or ".join(str(number) for number in targets if number is not None)
    if kube_service.headless or leads in ("", str(port.number)):
        for key in ("port", "targetPort", "protocol"):
            port.cursor.at(key).noted("TC257")
    else:
        port.cursor.remark(
            "TC220",
            service=kube_service.name,
            port=str(port.number),
            target=leads,
            subject=to,
        )
        for key in ("port", "targetPort", "protocol"):
            port.cursor.at(key).noted("TC220")
