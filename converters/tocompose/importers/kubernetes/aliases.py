"""The names by which pods are reached: network aliases on the service that owns each pod's network namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.services import KubeService
from tocompose.importers.kubernetes.workloads import Pod, Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.model import Attachment, Network
from tocompose.record import replace


def attach_networks(world: ClusterModel) -> None:
    """Puts each owner of a network namespace on the network with its aliases."""
    networks = _network_by_namespace(world)
    names: dict[str, dict[str, None]] = {}
    for backend in world.kube_services:
        for workload, instance in backend.pods():
            if not workload.host_network:
                _add_names(
                    names,
                    instance.network_owner,
                    _dns_names(backend.name, _service_namespaces(backend, world)),
                )
                _settle_selection(backend, workload, instance)
    for workload in world.workloads:
        for instance in workload.pods:
            if not workload.host_network:
                _add_names(
                    names, instance.network_owner, _pod_names(workload, instance, world)
                )
    for workload in world.workloads:
        for instance in workload.pods:
            _attach_pod(
                workload,
                instance,
                list(names.get(instance.network_owner, ())),
                world,
                networks,
            )


def _add_names(names: dict[str, dict[str, None]], owner: str, found: Iterator[str]) -> None:
    into = names.setdefault(owner, {})
    for name in found:
        if name != owner:
            into[name] = None


def _dns_names(name: str, namespaces: list[str]) -> Iterator[str]:
    """https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
    yield name
    for namespace in namespaces:
        yield from (
            f"{name}.{namespace}",
            f"{name}.{namespace}.svc",
            f"{name}.{namespace}.svc.cluster.local",
        )


def _service_namespaces(backend: KubeService, world: ClusterModel) -> list[str]:
    """The namespace of a Service; where the manifests give none, also those that references to it name."""
    foreign = list(world.kube_services.outside_namespaces.get(backend, ()))
    return [
        backend.namespace,
        *(foreign if not backend.kube_object.states_namespace else ()),
    ]


def _pod_names(workload: Workload, instance: Pod, world: ClusterModel) -> Iterator[str]:
    """The names of single pods: of StatefulSets, of pods with a host name and a subdomain, of containers behind a
    sidecar that owns their network namespace."""
    if instance.network_owner != instance.base:
        yield instance.base
    domain = peek_text(workload.pod_spec.at("subdomain"))
    if instance.hostname is not None:
        domain = peek_text(workload.kube_object.at("spec", "serviceName")) or domain
        workload.kube_object.at("spec", "serviceName").take(
            to=f"services.{instance.network_owner}.networks"
        )
        yield instance.hostname
    name = instance.hostname or peek_text(workload.pod_spec.at("hostname"))
    if not domain or not name:
        return
    workload.pod_spec.at("subdomain").take(to=f"services.{instance.network_owner}.networks")
    backend = world.kube_services.get(workload.namespace, domain)
    spaces = (
        _service_namespaces(backend, world) if backend is not None else [workload.namespace]
    )
    yield from _dns_names(f"{name}.{domain}", spaces)
    if backend is None and instance.ordinal is not None:
        yield from _dns_names(domain, spaces)


def _settle_selection(backend: KubeService, workload: Workload, instance: Pod) -> None:
    """Counts what made the Service find the pod as mapped to the aliases."""
    to = f"services.{instance.network_owner}.networks"
    backend.kube_object.count_identity_as_mapped(to)
    workload.kube_object.at("metadata", "namespace").take(to=to)
    selector = backend.kube_object.at("spec", "selector")
    selector.map(to=to)
    for key in backend.selector:
        workload.pod_template.at("metadata", "labels", key).take(to=to)
    if backend.headless:
        backend.kube_object.at("spec", "clusterIP").take(to=to)


def _network_by_namespace(world: ClusterModel) -> dict[str, str]:
    """One network for each namespace where two namespaces have Services of one name; else the default network alone."""
    names: dict[str, set[str]] = {}
    for backend in world.kube_services:
        names.setdefault(backend.name, set()).add(backend.namespace)
    if all(len(spaces) == 1 for spaces in names.values()):
        return {}
    spaces = dict.fromkeys(workload.namespace for workload in world.workloads)
    return {space: "default" if space == DEFAULT else space for space in spaces}


def _attach_pod(
    workload: Workload,
    instance: Pod,
    aliases: list[str],
    world: ClusterModel,
    networks: dict[str, str],
) -> None:
    network = networks.get(workload.namespace, "default")
    if network != "default":
        world.builder.networks.setdefault(network, Network(name=network))
    for unit in instance.containers:
        service = world.builder.services[unit.service]
        if service.network_mode is not None:
            continue
        given = tuple(aliases) if unit.service == instance.network_owner else ()
        if given or network != "default":
            attached = Attachment(network=network, aliases=given)
            world.builder.services[unit.service] = replace(service, networks=(attached,))
    if networks:
        _join_callers(workload, instance, world, networks)


def _join_callers(
    workload: Workload, instance: Pod, world: ClusterModel, networks: dict[str, str]
) -> None:
    """Puts a pod on the networks of the namespaces whose pods name its Service, under the names with a namespace."""
    service = world.builder.services[instance.network_owner]
    added: dict[str, Attachment] = {}
    for backend, guests in world.kube_services.cross_namespace_callers.items():
        if workload in backend.workloads and service.network_mode is None:
            names = tuple(
                name
                for name in _dns_names(backend.name, [backend.namespace])
                if "." in name
            )
            for guest in guests:
                network = networks.get(guest, "default")
                known = added.get(network)
                added[network] = Attachment(
                    network=network, aliases=(*(known.aliases if known else ()), *names)
                )
    present = {item.network for item in service.networks}
    more = tuple(item for name, item in added.items() if name not in present)
    for item in more:
        if item.network != "default":
            world.builder.networks.setdefault(item.network, Network(name=item.network))
    if more:
        mine = service.networks or (Attachment(network="default"),)
        world.builder.services[instance.network_owner] = replace(
            service, networks=(*mine, *more)
        )
