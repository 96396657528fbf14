"""What a pod gives its containers: namespaces, host names, DNS, platform."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import flag, items, text, truth, value
from tocompose.importers.kubernetes.workloads import Instance, Part
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal

_ARCH = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_RUNTIMES = {"gvisor": "runsc", "nvidia": "nvidia", "kata": "kata-runtime"}
_LONGEST_NAME = 63


def pod_options(place: Place) -> dict[str, Any]:
    """The Compose keys that come from the pod; those of its network only for the owner of the namespace."""
    spec, options = place.workload.spec, dict[str, Any]()
    for field, key in (("hostPID", "pid"), ("hostIPC", "ipc")):
        if flag(spec.at(field), place.path(key)) is True:
            options[key] = "host"
    running = [unit.service for unit in place.instance.running()]
    if truth(spec.at("shareProcessNamespace")) is not None:
        spec.at("shareProcessNamespace").take(to=place.path())
        if (
            truth(spec.at("shareProcessNamespace"))
            and place.service in running
            and place.service != running[0]
        ):
            options["pid"] = f"service:{running[0]}"
    _platform(place, options)
    _runtime(place, options)
    if place.service == place.instance.owner:
        _names(place, options)
        if not place.workload.host_network:
            _resolver(spec.at("dnsConfig"), place, options)
        _hosts(place, options)
    return options


def joins_owner(instance: Instance, place: Place) -> bool:
    """Whether the container shares the network namespace of the pod's owner: all but the init containers before it."""
    if place.service == instance.owner or place.workload.host_network:
        return False
    if place.unit.part is not Part.INIT:
        return True
    services = [unit.service for unit in instance.units]
    return instance.owner in services[: services.index(place.service)]


def _platform(place: Place, options: dict[str, Any]) -> None:
    selector = place.workload.spec.at("nodeSelector")
    for key in _ARCH:
        arch = text(selector.at(key), place.path("platform"))
        if arch is not None:
            options["platform"] = f"linux/{literal(arch)}"


def _runtime(place: Place, options: dict[str, Any]) -> None:
    name = text(place.workload.spec.at("runtimeClassName"), place.path("runtime"))
    if name is not None:
        options["runtime"] = _RUNTIMES.get(name, literal(name))


def _names(place: Place, options: dict[str, Any]) -> None:
    """The host name: what the pod says, else a StatefulSet pod's own name, from which programs read their number."""
    spec, to = place.workload.spec, place.path("hostname")
    given = (
        text(spec.at("hostnameOverride"), to)
        or text(spec.at("hostname"), to)
        or place.instance.hostname
    )
    if given is None and place.named and not place.replicated:
        given = place.instance.base
    domain = value(spec.at("subdomain"))
    full = spec.at("setHostnameAsFQDN")
    if given is not None and domain and flag(full, to) is True:
        spec.at("subdomain").take(to=to)
        given = f"{given}.{domain}.{place.namespace}.svc.cluster.local"
    if given is not None:
        options["hostname"] = literal(given[:_LONGEST_NAME])


def _resolver(config: Cursor, place: Place, options: dict[str, Any]) -> None:
    servers = [
        literal(server)
        for entry in items(config.at("nameservers"))
        if (server := text(entry, place.path("dns")))
    ]
    if servers:
        options["dns"] = servers
    searches = []
    for entry in items(config.at("searches")):
        domain = value(entry) or ""
        if domain.endswith("cluster.local"):
            entry.note(
                "TC201",
                object=str(place.workload.object),
                fields=f"dnsConfig search {domain}",
            )
        elif domain:
            entry.take(to=place.path("dns_search"))
            searches.append(literal(domain))
    if searches:
        options["dns_search"] = searches
    settings = []
    for entry in items(config.at("options")):
        name, given = (
            text(entry.at("name"), place.path("dns_opt")),
            text(entry.at("value"), place.path("dns_opt")),
        )
        if name is not None:
            settings.append(literal(name if given is None else f"{name}:{given}"))
    if settings:
        options["dns_opt"] = settings


def _hosts(place: Place, options: dict[str, Any]) -> None:
    hosts = []
    for entry in items(place.workload.spec.at("hostAliases")):
        address = text(entry.at("ip"), place.path("extra_hosts"))
        for name in items(entry.at("hostnames")):
            given = text(name, place.path("extra_hosts"))
            if address and given:
                hosts.append(f"{literal(given)}={literal(address)}")
    hosts.extend(f"{name}={address}" for name, address in place.hosts.items())
    if hosts:
        options["extra_hosts"] = hosts
