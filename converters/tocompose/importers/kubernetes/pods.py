"""What a pod gives its containers: namespaces, host names, DNS, platform."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    take_bool,
    take_text,
)
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_RUNTIMES = {"gvisor": "runsc", "nvidia": "nvidia", "kata": "kata-runtime"}
_LONGEST_NAME = 63


def pod_options(place: ContainerContext) -> dict[str, Any]:
    """The Compose keys that come from the pod; those of its network only for the owner of the namespace."""
    spec, options = place.workload.pod_spec, dict[str, Any]()
    for field, key in (("hostPID", "pid"), ("hostIPC", "ipc")):
        if take_bool(spec.at(field), place.path(key)) is True:
            options[key] = "host"
    running = [unit.service for unit in place.pod.running_containers()]
    if peek_bool(spec.at("shareProcessNamespace")) is not None:
        spec.at("shareProcessNamespace").take(to=place.path())
        if (
            peek_bool(spec.at("shareProcessNamespace"))
            and place.service in running
            and place.service != running[0]
        ):
            options["pid"] = f"service:{running[0]}"
    _set_platform(place, options)
    _set_runtime(place, options)
    if place.service == place.pod.network_owner:
        _set_hostname(place, options)
        if not place.workload.host_network:
            _set_resolver(spec.at("dnsConfig"), place, options)
        _set_extra_hosts(place, options)
    return options


def joins_owner(instance: Pod, place: ContainerContext) -> bool:
    """Whether the container shares the network namespace of the pod's owner: all but the init containers before it."""
    if place.service == instance.network_owner or place.workload.host_network:
        return False
    if place.unit.role is not ContainerRole.INIT:
        return True
    services = [unit.service for unit in instance.containers]
    return instance.network_owner in services[: services.index(place.service)]


def _set_platform(place: ContainerContext, options: dict[str, Any]) -> None:
    selector = place.workload.pod_spec.at("nodeSelector")
    for key in _ARCH:
        arch = take_text(selector.at(key), place.path("platform"))
        if arch is not None:
            options["platform"] = f"linux/{literal(arch)}"


def _set_runtime(place: ContainerContext, options: dict[str, Any]) -> None:
    name = take_text(place.workload.pod_spec.at("runtimeClassName"), place.path("runtime"))
    if name is not None:
        options["runtime"] = _RUNTIMES.get(name, literal(name))


def _set_hostname(place: ContainerContext, options: dict[str, Any]) -> None:
    """The host name: what the pod says, else a StatefulSet pod's own name, from which programs read their number."""
    spec, to = place.workload.pod_spec, place.path("hostname")
    given = (
        take_text(spec.at("hostnameOverride"), to)
        or take_text(spec.at("hostname"), to)
        or place.pod.hostname
    )
    if given is None and place.needs_hostname and not place.replicated:
        given = place.pod.base
    domain = peek_text(spec.at("subdomain"))
    full = spec.at("setHostnameAsFQDN")
    if given is not None and domain and take_bool(full, to) is True:
        spec.at("subdomain").take(to=to)
        given = f"{given}.{domain}.{place.namespace}.svc.cluster.local"
    if given is not None:
        options["hostname"] = literal(given[:_LONGEST_NAME])


def _set_resolver(config: Cursor, place: ContainerContext, options: dict[str, Any]) -> None:
    servers = [
        literal(server)
        for entry in list_entries(config.at("nameservers"))
        if (server := take_text(entry, place.path("dns")))
    ]
    if servers:
        options["dns"] = servers
    searches = []
    for entry in list_entries(config.at("searches")):
        domain = peek_text(entry) or ""
        if domain.endswith("cluster.local"):
            entry.note(
                "TC201",
                object=str(place.workload.kube_object),
                fields=f"dnsConfig search {domain}",
            )
        elif domain:
            entry.take(to=place.path("dns_search"))
            searches.append(literal(domain))
    if searches:
        options["dns_search"] = searches
    settings = []
    for entry in list_entries(config.at("options")):
        name, given = (
            take_text(entry.at("name"), place.path("dns_opt")),
            take_text(entry.at("value"), place.path("dns_opt")),
        )
        if name is not None:
            settings.append(literal(name if given is None else f"{name}:{given}"))
    if settings:
        options["dns_opt"] = settings


def _set_extra_hosts(place: ContainerContext, options: dict[str, Any]) -> None:
    hosts = []
    for entry in list_entries(place.workload.pod_spec.at("hostAliases")):
        address = take_text(entry.at("ip"), place.path("extra_hosts"))
        for name in list_entries(entry.at("hostnames")):
            given = take_text(name, place.path("extra_hosts"))
            if address and given:
                hosts.append(f"{literal(given)}={literal(address)}")
    hosts.extend(f"{name}={address}" for name, address in place.extra_hosts.items())
    if hosts:
        options["extra_hosts"] = hosts
