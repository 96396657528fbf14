"""The names by which pods are reached: network aliases on the service that owns each pod's network namespace."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import DEFAULT
from tocompose.importers.kubernetes.scalars import value
from tocompose.importers.kubernetes.services import Backend
from tocompose.importers.kubernetes.workloads import Instance, Workload
from tocompose.importers.kubernetes.world import World
from tocompose.model import Attachment, Network
from tocompose.record import replace


def attach(world: World) -> None:
    """Puts each owner of a network namespace on the network with its aliases."""
    networks = _networks(world)
    names: dict[str, dict[str, None]] = {}
    for backend in world.backends:
        for workload, instance in backend.instances():
            if not workload.host_network:
                _add(
                    names, instance.owner, _forms(backend.name, _namespaces(backend, world))
                )
                _settle(backend, workload, instance)
    for workload in world.workloads:
        for instance in workload.instances:
            if not workload.host_network:
                _add(names, instance.owner, _pod_names(workload, instance, world))
    for workload in world.workloads:
        for instance in workload.instances:
            _attach(
                workload, instance, list(names.get(instance.owner, ())), world, networks
            )


def _add(names: dict[str, dict[str, None]], owner: str, found: Iterator[str]) -> None:
    into = names.setdefault(owner, {})
    for name in found:
        if name != owner:
            into[name] = None


def _forms(name: str, namespaces: list[str]) -> Iterator[str]:
    """https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/"""
    yield name
    for namespace in namespaces:
        yield from (
            f"{name}.{namespace}",
            f"{name}.{namespace}.svc",
            f"{name}.{namespace}.svc.cluster.local",
        )


def _namespaces(backend: Backend, world: World) -> list[str]:
    """The namespace of a Service; where the manifests give none, also those that references to it name."""
    foreign = list(world.backends.foreign.get(backend, ()))
    return [backend.namespace, *(foreign if not backend.object.scoped else ())]


def _pod_names(workload: Workload, instance: Instance, world: World) -> Iterator[str]:
    """The names of single pods: of StatefulSets, of pods with a host name and a subdomain, of containers behind a
    sidecar that owns their network namespace."""
    if instance.owner != instance.base:
        yield instance.base
    domain = value(workload.spec.at("subdomain"))
    if instance.hostname is not None:
        domain = value(workload.object.at("spec", "serviceName")) or domain
        workload.object.at("spec", "serviceName").take(
            to=f"services.{instance.owner}.networks"
        )
        yield instance.hostname
    name = instance.hostname or value(workload.spec.at("hostname"))
    if not domain or not name:
        return
    workload.spec.at("subdomain").take(to=f"services.{instance.owner}.networks")
    backend = world.backends.get(workload.namespace, domain)
    spaces = _namespaces(backend, world) if backend is not None else [workload.namespace]
    yield from _forms(f"{name}.{domain}", spaces)
    if backend is None and instance.ordinal is not None:
        yield from _forms(domain, spaces)


def _settle(backend: Backend, workload: Workload, instance: Instance) -> None:
    """Counts what made the Service find the pod as mapped to the aliases."""
    to = f"services.{instance.owner}.networks"
    backend.object.took(to)
    workload.object.at("metadata", "namespace").take(to=to)
    selector = backend.object.at("spec", "selector")
    selector.map(to=to)
    for key in backend.selector:
        workload.template.at("metadata", "labels", key).take(to=to)
    if backend.headless:
        backend.object.at("spec", "clusterIP").take(to=to)


def _networks(world: World) -> dict[str, str]:
    """One network for each namespace where two namespaces have Services of one name; else the default network alone."""
    names: dict[str, set[str]] = {}
    for backend in world.backends:
        names.setdefault(backend.name, set()).add(backend.namespace)
    if all(len(spaces) == 1 for spaces in names.values()):
        return {}
    spaces = dict.fromkeys(workload.namespace for workload in world.workloads)
    return {space: "default" if space == DEFAULT else space for space in spaces}


def _attach(
    workload: Workload,
    instance: Instance,
    aliases: list[str],
    world: World,
    networks: dict[str, str],
) -> None:
    network = networks.get(workload.namespace, "default")
    if network != "default":
        world.draft.networks.setdefault(network, Network(name=network))
    for unit in instance.units:
        service = world.draft.services[unit.service]
        if service.network_mode is not None:
            continue
        given = tuple(aliases) if unit.service == instance.owner else ()
        if given or network != "default":
            attached = Attachment(network=network, aliases=given)
            world.draft.services[unit.service] = replace(service, networks=(attached,))
    if networks:
        _visit(workload, instance, world, networks)


def _visit(
    workload: Workload, instance: Instance, world: World, networks: dict[str, str]
) -> None:
    """Puts a pod on the networks of the namespaces whose pods name its Service, under the names with a namespace."""
    service = world.draft.services[instance.owner]
    added: dict[str, Attachment] = {}
    for backend, guests in world.backends.visited.items():
        if workload in backend.workloads and service.network_mode is None:
            names = tuple(
                name for name in _forms(backend.name, [backend.namespace]) if "." in name
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
            world.draft.networks.setdefault(item.network, Network(name=item.network))
    if more:
        mine = service.networks or (Attachment(network="default"),)
        world.draft.services[instance.owner] = replace(service, networks=(*mine, *more))
