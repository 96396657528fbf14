"""The names by which pods are reached: network aliases on the service that owns each pod's network namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.services import KubeService, ServiceCall
from tocompose.importers.kubernetes.stack_builder import Contribution, StackPart
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.model import Network, NetworkAttachment, Service
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath

_DEFAULT_NETWORK = "default"


class _CalledNames(NamedTuple):
    """The Services that names with a namespace lead to: by the namespaces of their callers, and by those beyond the
    input that the names state."""

    callers: Mapping[KubeService, list[str]]
    outside: Mapping[KubeService, list[str]]

    @classmethod
    def of(cls, calls: Iterable[ServiceCall]) -> _CalledNames:
        """The names of those calls."""
        callers: dict[KubeService, list[str]] = {}
        outside: dict[KubeService, list[str]] = {}
        for service, namespace, is_outside in calls:
            names = outside if is_outside else callers
            names.setdefault(service, []).append(namespace)
        return cls(callers, outside)

    def namespaces_of(self, service: KubeService) -> list[str]:
        """The namespace of a Service; where the manifests give none, also those that references to it name."""
        if service.kube_object.states_namespace:
            return [service.namespace]
        return [service.namespace, *self.outside.get(service, ())]


def attach_networks(
    model: ClusterModel, services: Mapping[str, Service], calls: Iterable[ServiceCall]
) -> Iterator[StackPart]:
    """Each owner of a network namespace on the network, with its aliases."""
    names = _CalledNames.of(calls)
    networks = _network_by_namespace(model)
    aliases = _aliases_by_owner(model, names)
    early_names = _early_names(model, names)
    for workload, pod in model.pods():
        attachments = tuple(_attachments(workload, pod, aliases, networks, names))
        for attachment in attachments:
            if attachment.network != _DEFAULT_NETWORK:
                yield Network(name=attachment.network)
        yield from _attach_pod(
            pod, attachments, early_names.get(pod.network_owner, ()), services
        )


def _early_names(
    model: ClusterModel, called_names: _CalledNames
) -> dict[str, tuple[str, ...]]:
    """The names that a pod answers to before it is ready, by the owner of its network namespace: what its init
    containers look for may be the pod itself."""
    names: dict[str, dict[str, None]] = {}
    for service in model.kube_services:
        if not service.includes_unready:
            continue
        namespaces = called_names.namespaces_of(service)
        for workload, pod in service.networked_pods():
            if all(
                pod.joins_owner(container) or container.service == pod.network_owner
                for container in pod.containers
            ):
                continue
            to = ModelPath.service(pod.network_owner, "networks")
            service.spec.includes_unready.cursor.take(to=to)
            own_names = [service.name]
            if pod.hostname is not None and _governs(service, workload):
                own_names.append(f"{pod.hostname}.{service.name}")
            for name in own_names:
                names.setdefault(pod.network_owner, {}).update(
                    dict.fromkeys(_dns_names(name, namespaces))
                )
    return {owner: tuple(owner_names) for owner, owner_names in names.items()}


def _governs(service: KubeService, workload: Workload) -> bool:
    governing = workload.kube_object.at("spec", "serviceName")
    return peek_text(governing) == service.name


def _aliases_by_owner(
    model: ClusterModel, called_names: _CalledNames
) -> dict[str, tuple[str, ...]]:
    """The names that each owner of a network namespace answers to beside its own."""
    names: dict[str, dict[str, None]] = {}

    def add_names(pod: Pod, dns_names: Iterable[str]) -> None:
        names.setdefault(pod.network_owner, {}).update(dict.fromkeys(dns_names))

    for service in model.kube_services:
        for workload, pod in service.pods():
            if not workload.host_network:
                add_names(
                    pod, _dns_names(service.name, called_names.namespaces_of(service))
                )
                _settle_selection(service, workload, pod)
    for workload, pod in model.pods():
        if not workload.host_network:
            add_names(pod, _pod_names(workload, pod, model, called_names))
    return {
        owner: tuple(name for name in owner_names if name != owner)
        for owner, owner_names in names.items()
    }


def _dns_names(name: str, namespaces: list[str]) -> Iterator[str]:
    """https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
    yield name
    for namespace in namespaces:
        for suffix in ("", ".svc", ".svc.cluster.local"):
            yield f"{name}.{namespace}{suffix}"


def _pod_names(
    workload: Workload, pod: Pod, model: ClusterModel, called_names: _CalledNames
) -> Iterator[str]:
    """The names of single pods: of StatefulSets, of pods with a host name and a subdomain, of containers behind a
    sidecar that owns their network namespace."""
    to = ModelPath.service(pod.network_owner, "networks")
    if pod.network_owner != pod.base:
        yield pod.base
    names = workload.pod_spec.names
    domain = names.subdomain.text
    if pod.hostname is not None:
        service_name = workload.kube_object.at("spec", "serviceName")
        if governing := peek_text(service_name):
            domain = governing
            service_name.take(to=to)
        yield pod.hostname
    name = pod.hostname or names.hostname.text
    if not domain or not name:
        return
    names.subdomain.cursor.take(to=to)
    service = model.kube_services.get(workload.namespace, domain)
    namespaces = [workload.namespace]
    if service is not None:
        namespaces = called_names.namespaces_of(service)
    yield from _dns_names(f"{name}.{domain}", namespaces)
    if service is None and pod.ordinal is not None:
        yield from _dns_names(domain, namespaces)


def _settle_selection(service: KubeService, workload: Workload, pod: Pod) -> None:
    """Counts what made the Service find the pod as mapped to the aliases."""
    to = ModelPath.service(pod.network_owner, "networks")
    service.kube_object.count_identity_as_mapped(to)
    workload.kube_object.at("metadata", "namespace").take(to=to)
    service.spec.selector.map(to=to)
    for key in service.selector:
        workload.pod_template.at("metadata", "labels", key).take(to=to)
    if service.headless:
        service.spec.cluster_address.cursor.take(to=to)


def _network_by_namespace(model: ClusterModel) -> dict[str, str]:
    """One network for each namespace where two namespaces have Services of one name; else the default network alone."""
    names: dict[str, set[str]] = {}
    for service in model.kube_services:
        names.setdefault(service.name, set()).add(service.namespace)
    if all(len(namespaces) == 1 for namespaces in names.values()):
        return {}
    return {
        workload.namespace: _DEFAULT_NETWORK
        if workload.namespace == DEFAULT
        else workload.namespace
        for workload in model.workloads
    }


def _attachments(
    workload: Workload,
    pod: Pod,
    aliases: dict[str, tuple[str, ...]],
    networks: dict[str, str],
    called_names: _CalledNames,
) -> Iterator[NetworkAttachment]:
    """The networks of a pod: its namespace's, and those of the namespaces whose pods name its Services, there under
    the names with a namespace."""
    own_network = networks.get(workload.namespace, _DEFAULT_NETWORK)
    yield NetworkAttachment(network=own_network, aliases=aliases.get(pod.network_owner, ()))
    if not networks or workload.host_network:
        return
    names: dict[str, list[str]] = {}
    for service, namespaces in called_names.callers.items():
        if workload in service.workloads:
            qualified = list(_dns_names(service.name, [service.namespace]))[1:]
            for namespace in namespaces:
                network = networks.get(namespace, _DEFAULT_NETWORK)
                names.setdefault(network, []).extend(qualified)
    names.pop(own_network, None)
    for network, network_names in names.items():
        yield NetworkAttachment(network=network, aliases=tuple(network_names))


def _attach_pod(
    pod: Pod,
    attachments: tuple[NetworkAttachment, ...],
    early_names: tuple[str, ...],
    services: Mapping[str, Service],
) -> Iterator[Contribution]:
    own_attachment, *joined = attachments
    early_attachment = NetworkAttachment(
        network=own_attachment.network, aliases=early_names
    )
    for container in pod.containers:
        if services[container.service].network_mode is not None:
            continue
        if container.service == pod.network_owner:
            is_default = (
                own_attachment == NetworkAttachment(network=_DEFAULT_NETWORK) and not joined
            )
            networks = () if is_default else attachments
        else:
            is_default = early_attachment == NetworkAttachment(network=_DEFAULT_NETWORK)
            networks = () if is_default else (early_attachment,)
        if networks:
            yield Contribution(service=container.service, networks=networks)
