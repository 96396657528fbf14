"""The names by which pods are reached: network aliases on the service that owns each pod's network namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.model import Attachment, Network
from tocompose.record import replace


def attach_networks(model: ClusterModel) -> None:
    """Puts each owner of a network namespace on the network with its aliases."""
    networks = _network_by_namespace(model)
    names: dict[str, dict[str, None]] = {}
    for kube_service in model.kube_services:
        for workload, pod in kube_service.pods():
            if not workload.host_network:
                _add_names(
                    names,
                    pod.network_owner,
                    _dns_names(kube_service.name, _service_namespaces(kube_service, model)),
                )
                _settle_selection(kube_service, workload, pod)
    for workload in model.workloads:
        for pod in workload.pods:
            if not workload.host_network:
                _add_names(names, pod.network_owner, _pod_names(workload, pod, model))
    for workload in model.workloads:
        for pod in workload.pods:
            _attach_pod(
                workload,
                pod,
                list(names.get(pod.network_owner, ())),
                model,
                networks,
            )


def _add_names(
    names: dict[str, dict[str, None]], owner: str, dns_names: Iterator[str]
) -> None:
    owner_names = names.setdefault(owner, {})
    for name in dns_names:
        if name != owner:
            owner_names[name] = None


def _dns_names(name: str, namespaces: list[str]) -> Iterator[str]:
    """https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
    yield name
    for namespace in namespaces:
        yield from (
            f"{name}.{namespace}",
            f"{name}.{namespace}.svc",
            f"{name}.{namespace}.svc.cluster.local",
        )


def _service_namespaces(kube_service: KubeService, model: ClusterModel) -> list[str]:
    """The namespace of a Service; where the manifests give none, also those that references to it name."""
    foreign = list(model.kube_services.outside_namespaces.get(kube_service, ()))
    return [
        kube_service.namespace,
        *(foreign if not kube_service.kube_object.states_namespace else ()),
    ]


def _pod_names(workload: Workload, pod: Pod, model: ClusterModel) -> Iterator[str]:
    """The names of single pods: of StatefulSets, of pods with a host name and a subdomain, of containers behind a
    sidecar that owns their network namespace."""
    if pod.network_owner != pod.base:
        yield pod.base
    domain = peek_text(workload.pod_spec.at("subdomain"))
    if pod.hostname is not None:
        domain = peek_text(workload.kube_object.at("spec", "serviceName")) or domain
        workload.kube_object.at("spec", "serviceName").take(
            to=f"services.{pod.network_owner}.networks"
        )
        yield pod.hostname
    name = pod.hostname or peek_text(workload.pod_spec.at("hostname"))
    if not domain or not name:
        return
    workload.pod_spec.at("subdomain").take(to=f"services.{pod.network_owner}.networks")
    kube_service = model.kube_services.get(workload.namespace, domain)
    spaces = (
        _service_namespaces(kube_service, model)
        if kube_service is not None
        else [workload.namespace]
    )
    yield from _dns_names(f"{name}.{domain}", spaces)
    if kube_service is None and pod.ordinal is not None:
        yield from _dns_names(domain, spaces)


def _settle_selection(kube_service: KubeService, workload: Workload, pod: Pod) -> None:
    """Counts what made the Service find the pod as mapped to the aliases."""
    to = f"services.{pod.network_owner}.networks"
    kube_service.kube_object.count_identity_as_mapped(to)
    workload.kube_object.at("metadata", "namespace").take(to=to)
    selector = kube_service.kube_object.at("spec", "selector")
    selector.map(to=to)
    for key in kube_service.selector:
        workload.pod_template.at("metadata", "labels", key).take(to=to)
    if kube_service.headless:
        kube_service.kube_object.at("spec", "clusterIP").take(to=to)


def _network_by_namespace(model: ClusterModel) -> dict[str, str]:
    """One network for each namespace where two namespaces have Services of one name; else the default network alone."""
    names: dict[str, set[str]] = {}
    for kube_service in model.kube_services:
        names.setdefault(kube_service.name, set()).add(kube_service.namespace)
    if all(len(spaces) == 1 for spaces in names.values()):
        return {}
    spaces = dict.fromkeys(workload.namespace for workload in model.workloads)
    return {space: "default" if space == DEFAULT else space for space in spaces}


def _attach_pod(
    workload: Workload,
    pod: Pod,
    aliases: list[str],
    model: ClusterModel,
    networks: dict[str, str],
) -> None:
    network = networks.get(workload.namespace, "default")
    if network != "default":
        model.builder.networks.setdefault(network, Network(name=network))
    for pod_container in pod.containers:
        service = model.builder.services[pod_container.service]
        if service.network_mode is not None:
            continue
        owner_aliases = tuple(aliases) if pod_container.service == pod.network_owner else ()
        if owner_aliases or network != "default":
            attached = Attachment(network=network, aliases=owner_aliases)
            model.builder.services[pod_container.service] = replace(
                service, networks=(attached,)
            )
    if networks:
        _join_callers(workload, pod, model, networks)


def _join_callers(
    workload: Workload, pod: Pod, model: ClusterModel, networks: dict[str, str]
) -> None:
    """Puts a pod on the networks of the namespaces whose pods name its Service, under the names with a namespace."""
    service = model.builder.services[pod.network_owner]
    added: dict[str, Attachment] = {}
    for kube_service, guests in model.kube_services.cross_namespace_callers.items():
        if workload in kube_service.workloads and service.network_mode is None:
            names = tuple(
                name
                for name in _dns_names(kube_service.name, [kube_service.namespace])
                if "." in name
            )
            for guest in guests:
                network = networks.get(guest, "default")
                attachment = added.get(network)
                added[network] = Attachment(
                    network=network,
                    aliases=(*(attachment.aliases if attachment else ()), *names),
                )
    present = {attachment_.network for attachment_ in service.networks}
    joined = tuple(
        attachment_ for name, attachment_ in added.items() if name not in present
    )
    for attachment_ in joined:
        if attachment_.network != "default":
            model.builder.networks.setdefault(
                attachment_.network, Network(name=attachment_.network)
            )
    if joined:
        mine = service.networks or (Attachment(network="default"),)
        model.builder.services[pod.network_owner] = replace(
            service, networks=(*mine, *joined)
        )
