"""The names by which pods are reached: network aliases on the service that owns each pod's network namespace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.stack_builder import Contribution
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.model import NetworkAttachment
from tocompose.syntax.model_path import ModelPath

_DEFAULT_NETWORK = "default"


def attach_networks(model: ClusterModel) -> Iterator[Contribution]:
    """Each owner of a network namespace on the network, with its aliases."""
    networks = _network_by_namespace(model)
    aliases = _aliases_by_owner(model)
    early_names = _early_names(model)
    for workload, pod in model.pods():
        attachments = tuple(_attachments(workload, pod, aliases, networks, model))
        for attachment in attachments:
            if attachment.network != _DEFAULT_NETWORK:
                model.builder.add_network(attachment.network)
        yield from _attach_pod(
            pod, attachments, early_names.get(pod.network_owner, ()), model
        )


def _early_names(model: ClusterModel) -> dict[str, tuple[str, ...]]:
    """The names that a pod answers to before it is ready, by the owner of its network namespace: what its init
    containers look for may be the pod itself."""
    names: dict[str, dict[str, None]] = {}
    for service in model.kube_services:
        if not service.includes_unready:
            continue
        namespaces = _service_namespaces(service, model)
        for workload, pod in service.networked_pods():
            if all(
                pod.joins_owner(container) or container.service == pod.network_owner
                for container in pod.containers
            ):
                continue
            to = ModelPath.service(pod.network_owner, "networks")
            service.kube_object.at("spec", "publishNotReadyAddresses").take(to=to)
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


def _aliases_by_owner(model: ClusterModel) -> dict[str, tuple[str, ...]]:
    """The names that each owner of a network namespace answers to beside its own."""
    names: dict[str, dict[str, None]] = {}

    def add_names(pod: Pod, dns_names: Iterable[str]) -> None:
        names.setdefault(pod.network_owner, {}).update(dict.fromkeys(dns_names))

    for service in model.kube_services:
        for workload, pod in service.pods():
            if not workload.host_network:
                add_names(
                    pod, _dns_names(service.name, _service_namespaces(service, model))
                )
                _settle_selection(service, workload, pod)
    for workload, pod in model.pods():
        if not workload.host_network:
            add_names(pod, _pod_names(workload, pod, model))
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


def _service_namespaces(service: KubeService, model: ClusterModel) -> list[str]:
    """The namespace of a Service; where the manifests give none, also those that references to it name."""
    if service.kube_object.states_namespace:
        return [service.namespace]
    return [service.namespace, *model.kube_services.outside_namespaces.get(service, ())]


def _pod_names(workload: Workload, pod: Pod, model: ClusterModel) -> Iterator[str]:
    """The names of single pods: of StatefulSets, of pods with a host name and a subdomain, of containers behind a
    sidecar that owns their network namespace."""
    to = ModelPath.service(pod.network_owner, "networks")
    if pod.network_owner != pod.base:
        yield pod.base
    domain = peek_text(workload.pod_spec.at("subdomain"))
    if pod.hostname is not None:
        service_name = workload.kube_object.at("spec", "serviceName")
        domain = peek_text(service_name) or domain
        service_name.take(to=to)
        yield pod.hostname
    name = pod.hostname or peek_text(workload.pod_spec.at("hostname"))
    if not domain or not name:
        return
    workload.pod_spec.at("subdomain").take(to=to)
    service = model.kube_services.get(workload.namespace, domain)
    namespaces = [workload.namespace]
    if service is not None:
        namespaces = _service_namespaces(service, model)
    yield from _dns_names(f"{name}.{domain}", namespaces)
    if service is None and pod.ordinal is not None:
        yield from _dns_names(domain, namespaces)


def _settle_selection(service: KubeService, workload: Workload, pod: Pod) -> None:
    """Counts what made the Service find the pod as mapped to the aliases."""
    to = ModelPath.service(pod.network_owner, "networks")
    service.kube_object.count_identity_as_mapped(to)
    workload.kube_object.at("metadata", "namespace").take(to=to)
    spec = service.kube_object.at("spec")
    spec.at("selector").map(to=to)
    for key in service.selector:
        workload.pod_template.at("metadata", "labels", key).take(to=to)
    if service.headless:
        spec.at("clusterIP").take(to=to)


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
    model: ClusterModel,
) -> Iterator[NetworkAttachment]:
    """The networks of a pod: its namespace's, and those of the namespaces whose pods name its Services, there under
    the names with a namespace."""
    own_network = networks.get(workload.namespace, _DEFAULT_NETWORK)
    yield NetworkAttachment(network=own_network, aliases=aliases.get(pod.network_owner, ()))
    if not networks or workload.host_network:
        return
    names: dict[str, list[str]] = {}
    for service, namespaces in model.kube_services.cross_namespace_callers.items():
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
    model: ClusterModel,
) -> Iterator[Contribution]:
    own_attachment, *joined = attachments
    early_attachment = NetworkAttachment(
        network=own_attachment.network, aliases=early_names
    )
    for container in pod.containers:
        if model.builder.services[container.service].network_mode is not None:
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
