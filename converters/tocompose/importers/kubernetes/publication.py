"""Ports on the host: of LoadBalancer and NodePort Services, and those that containers claim themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.container_fields import ContainerPort
from tocompose.importers.kubernetes.kinds import FILLED_IN
from tocompose.importers.kubernetes.services import KubeService, ServicePort, container_port
from tocompose.importers.kubernetes.stack_builder import Contribution
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.knowledge.images import DATA_ROLES, image_facts, role_of
from tocompose.knowledge.wrappers import stated_argv
from tocompose.ledger import Cursor
from tocompose.model import Port, Service
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import replace
from tocompose.syntax.model_path import ROOT, ModelPath
from tocompose.syntax.ports import is_any_address

_PRIVILEGED = 1024
_INIT_ENDS = "an init container ends before anybody could connect"

_ADVICE = "To run several, remove the published port and let a reverse proxy, such as Traefik, reach the service."

_WORD = regex(r"[A-Za-z0-9-]+")


class HostPorts:
    """The host's ports, each given once."""

    def __init__(self) -> None:
        self._owners: dict[tuple[str, int], str] = {}

    def claim(self, preferred: int, protocol: str, service: str) -> int:
        """The port itself, or the next free one: 8080 for 80, then upwards."""
        port = preferred
        if (protocol, port) in self._owners:
            port = preferred + (8000 if preferred < _PRIVILEGED else 1)
        while (protocol, port) in self._owners:
            port += 1
        self._owners[protocol, port] = service
        return port

    def publish(
        self, preferred: int, port: Port, cursor: Cursor, service: str, to: ModelPath
    ) -> Port:
        """The container's port at a port of the host; a note says when that is not the preferred one."""
        host_port = self.claim(preferred, port.protocol, service)
        if host_port != preferred:
            owner = self._owners[port.protocol, preferred]
            cursor.annotate(
                "TC223",
                service=service,
                wanted=str(preferred),
                given=str(host_port),
                why=f", which {owner} has",
                subject=to,
            )
        return replace(port, published=str(host_port))


def publish_ports(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[Contribution]:
    """What the cluster made reachable from outside, published, and what containers listen on, exposed."""
    host_ports = HostPorts()
    for workload, pod in model.pods():
        yield from _expose_pod(workload, pod, services, host_ports)
    for service in model.kube_services:
        yield from _publish_service(service, services, host_ports)


def _expose_pod(
    workload: Workload,
    pod: Pod,
    services: Mapping[str, Service],
    host_ports: HostPorts,
) -> Iterator[Contribution]:
    """Container ports: exposed; published where they ask for a port of the host."""
    exposed: dict[str, None] = {}
    to = ModelPath.service(pod.network_owner, "expose")
    for port in _reachable_ports(workload, pod):
        port.cursor.take("containerPort", to=to)
        if port.protocol == "tcp":
            port.cursor.at("protocol").skip(FILLED_IN)
            exposed[str(port.number)] = None
        else:
            exposed[f"{port.number}/{port.protocol}"] = None
        port.cursor.take("protocol", to=to)
        yield from _publish_host_port(port, workload, pod, services, host_ports)
    if exposed:
        yield Contribution(service=pod.network_owner, expose=tuple(exposed))


def _reachable_ports(workload: Workload, pod: Pod) -> Iterator[ContainerPort]:
    """The ports of the pod; those that nobody could reach, or that are no numbers, are noted."""
    for container in pod.containers:
        is_init = container.role is ContainerRole.INIT
        for port in container.fields.ports:
            if port.number is None:
                port.cursor.note(
                    "TC209", field="ports", expected="a list of ports with a number each"
                )
            elif is_init or workload.host_network:
                port.cursor.note(
                    "TC228",
                    port=str(port.number),
                    subject=ModelPath.service(container.service),
                    why=_INIT_ENDS if is_init else "on the host network",
                )
            else:
                yield port


def _publish_host_port(
    port: ContainerPort,
    workload: Workload,
    pod: Pod,
    services: Mapping[str, Service],
    host_ports: HostPorts,
) -> Iterator[Contribution]:
    preferred = integer(port.host_port.text or "")
    if not preferred:
        return
    owner = pod.network_owner
    to = ModelPath.service(owner, "ports")
    port.host_port.cursor.take(to=to)
    address = port.host_address.take_text(to)
    target = Port(
        target=str(port.number),
        host_ip=None if is_any_address(address) else address,
        protocol=port.protocol,
        origin=port.cursor.span,
    )
    published = host_ports.publish(preferred, target, port.host_port.cursor, owner, to)
    yield Contribution(service=owner, ports=(published,))
    yield from limit_to_one(owner, workload, services)


def _publish_service(
    service: KubeService, services: Mapping[str, Service], host_ports: HostPorts
) -> Iterator[Contribution]:
    spec = service.spec
    external_ips = [address.text or "" for address in spec.external_addresses]
    reached = list(service.networked_pods())
    if not reached or not (service.is_published or any(external_ips)):
        return
    workload, pod = reached[0]
    targets = list(_targets(service, workload))
    if not targets:
        # What is wrong with the ports is said by `settle_ports`.
        for publishing in (spec.type, *spec.external_addresses):
            publishing.cursor.mark_noted("TC227")
        return
    owner = pod.network_owner
    to = ModelPath.service(owner, "ports")
    for publishing in (spec.type, *spec.external_addresses):
        publishing.cursor.take(to=to)
    _note_several(service, len(reached), to)
    for port, target in targets:
        at_addresses = (
            _at_address(port, target, address) for address in filter(None, external_ips)
        )
        if service.is_published:
            published = _publish_service_port(service, port, target, to, host_ports)
            yield Contribution(service=owner, ports=(published, *at_addresses))
        else:
            yield Contribution(service=owner, ports=tuple(at_addresses))
    yield from limit_to_one(owner, workload, services)


def _note_several(service: KubeService, workload_count: int, to: ModelPath) -> None:
    """Says of a Service that selects several workloads that its host port leads to one."""
    if workload_count > 1:
        pods = f"the host port leads to one of the {workload_count} workloads that the Service selects"
        service.spec.type.cursor.annotate(
            "TC229", service=service.name, what=pods, advice=_ADVICE, subject=to
        )


def _targets(service: KubeService, workload: Workload) -> Iterator[tuple[ServicePort, int]]:
    """The ports of a Service with the container ports of a workload that they lead to."""
    for port in service.ports:
        target = container_port(port, workload)
        if target is not None:
            yield port, target


def _at_address(port: ServicePort, target: int, address: str) -> Port:
    return Port(
        target=str(target),
        published=str(port.number),
        host_ip=address,
        protocol=port.protocol,
    )


def _publish_service_port(
    service: KubeService,
    port: ServicePort,
    target: int,
    to: ModelPath,
    host_ports: HostPorts,
) -> Port:
    is_node_port = service.type == "NodePort"
    preferred = port.node if is_node_port and port.node else port.number
    for key in ("port", "targetPort", *(["nodePort"] if is_node_port else [])):
        port.cursor.take(key, to=to)
    container_side = Port(
        target=str(target), protocol=port.protocol, origin=port.cursor.span
    )
    published = host_ports.publish(preferred, container_side, port.cursor, service.name, to)
    is_chosen = is_node_port and not port.node and preferred < _PRIVILEGED
    if is_chosen and published.published == str(preferred):
        port.cursor.annotate("TC239", service=service.name, port=str(preferred), subject=to)
    return published


def limit_to_one(
    name: str, workload: Workload, services: Mapping[str, Service]
) -> Iterator[Contribution]:
    """A host port can be had once: a service that publishes one cannot run several times."""
    replicas = services[name].replicas or 1
    if replicas > 1:
        cursor = workload.stated_replicas or workload.kube_object.cursor
        cursor.annotate(
            "TC229",
            service=name,
            what=f"1 replica runs instead of {replicas}, because a host port leads to one container only",
            advice=_ADVICE,
            subject=ModelPath.service(name, "deploy", "replicas"),
        )
        yield Contribution(service=name, replicas=1)


def note_unpublished(model: ClusterModel, services: Mapping[str, Service]) -> None:
    """Says that nothing outside reaches the stack, where Services lead to more than data."""
    if any(service.ports or service.network_mode for service in services.values()):
        return
    reached = list(_servers(model, services))
    if not reached:
        return
    name, target, cursor = reached[0]
    cursor.annotate(
        "TC694",
        subject=ModelPath.service(name) if len(reached) == 1 else ROOT,
        services=", ".join(dict.fromkeys(server for server, _, _ in reached)),
        service=name,
        port=str(target),
    )


def _servers(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[tuple[str, int, Cursor]]:
    """The services with a container port that a Service leads to, without those that keep data for others."""
    for kube_service in model.kube_services:
        for workload, pod in kube_service.networked_pods():
            targets = [target for _, target in _targets(kube_service, workload)]
            image = image_facts(services[pod.network_owner].image or "")
            if targets and (image is None or role_of(image) not in DATA_ROLES):
                yield pod.network_owner, targets[0], kube_service.kube_object.cursor


def settle_ports(model: ClusterModel, services: Iterable[Service]) -> None:
    """Accounts for each Service's ports: where they lead, and what a different port means for its clients in the stack.

    One that is published and that no service names has its clients outside.
    """
    named_words = {word for service in services for word in _words_of(service)}
    for service in model.kube_services:
        if service.workloads:
            owner = next((pod.network_owner for _, pod in service.pods()), "")
            for port in service.ports:
                is_outer = service.name not in named_words and _is_published(service, port)
                _settle_service_port(service, port, ModelPath.service(owner), is_outer)


def _is_published(service: KubeService, port: ServicePort) -> bool:
    """Whether clients outside use the number of the port itself, and not that of a node."""
    is_behind_node = service.type == "NodePort" and port.node
    return service.is_published and not is_behind_node


def _words_of(service: Service) -> Iterator[str]:
    """The words in the variables and the commands of a service that may be names of hosts."""
    values = [variable.value or "" for variable in service.environment]
    for text in (*values, *stated_argv(service)):
        yield from _WORD.findall(text)


def _settle_service_port(
    service: KubeService, port: ServicePort, to: ModelPath, is_outer: bool
) -> None:
    targets = dict.fromkeys(
        _settle_target(service, port, workload, to) for workload in service.workloads
    )
    if all(workload.host_network for workload in service.workloads):
        why = f"Service {service.name} leads to a container on the host network"
        service.kube_object.cursor.note("TC228", port=str(port.number), subject=to, why=why)
        return
    if port.protocol == "tcp":
        port.cursor.at("protocol").skip(FILLED_IN)
    numbers = [str(number) for number in targets if number is not None]
    code = "TC257"
    if not is_outer and _is_translated(service, port, numbers):
        code, target = "TC220", " or ".join(numbers)
        port.cursor.annotate(
            code, service=service.name, port=str(port.number), target=target, subject=to
        )
    for key in ("port", "targetPort", "protocol"):
        port.cursor.at(key).mark_noted(code)


def _is_translated(service: KubeService, port: ServicePort, numbers: list[str]) -> bool:
    """Whether clients in the cluster use another port than the container's."""
    return not service.headless and numbers not in ([], [str(port.number)])


def _settle_target(
    service: KubeService, port: ServicePort, workload: Workload, to: ModelPath
) -> int | None:
    """The container port of a workload that the Service's port leads to; the port's name there is settled."""
    target = container_port(port, workload)
    named_port = workload.port(port.target)
    if target is None:
        port.cursor.annotate("TC227", service=service.name, port=port.target, subject=to)
    elif named_port is None:
        return target
    elif workload.host_network:
        named_port.cursor.at("name").mark_noted("TC228")
    else:
        named_port.cursor.take("name", to=to.child("expose"))
    return target
