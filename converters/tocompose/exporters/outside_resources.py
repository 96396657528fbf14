"""What the services use and something else has to make before they start: external networks and volumes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface
from shlex import quote
from typing import Any

from tocompose.compose.shapes import as_map, as_texts
from tocompose.exporters.final_checks import service_layers
from tocompose.model import Network, Runtime, Service, Stack, Volume
from tocompose.notes import Note, note
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated


def outside_notes(stack: Stack) -> Iterator[Note]:
    """A note on each network and volume that docker compose looks for and does not create."""
    services = (*stack.services, *stack.development)
    layers = [layer for service in services for layer in service_layers(service)]
    for network in _external(stack.networks, _networks_of(layers)):
        if stack.runs_in is Runtime.SWARM:
            yield _note_on("TC040", "networks", network, network=_name_of(network))
        else:
            is_podmans = stack.runs_in is Runtime.PODMAN
            yield _note_on_network(network, layers, _OF_PODMAN if is_podmans else "")
    for service in stack.services:
        yield from _link_notes(service, stack)
    for volume in _external(stack.volumes, _volumes_of(layers)):
        yield _note_on("TC057", "volumes", volume, volume=_name_of(volume))


def _link_notes(service: Service, stack: Stack) -> Iterator[Note]:
    """A note on each link to a container of another stack, which must run and be on a network of the service."""
    network, is_there = _joined_network(service, stack)
    made_first = "" if is_there else "`docker compose up --no-start` and "
    for link in as_texts(service.options.get("external_links")):
        target = link.partition(":")[0]
        facts: dict[str, Any] = {
            "service": service.name,
            "target": target,
            "network": network,
        }
        subject = ModelPath.service(service.name, "external_links")
        yield note("TC137", service.origin, subject=subject, made_first=made_first, **facts)


def _joined_network(service: Service, stack: Stack) -> tuple[str, bool]:
    """The name of the first network that a service is on, and whether it is there before the stack."""
    used = next((attachment.network for attachment in service.networks), "default")
    for network in stack.networks:
        if network.name == used and (network.external or network.engine_name):
            return _name_of(network), network.external
    return f"{stack.name}_{used}", False


def _networks_of(layers: list[Service]) -> set[str]:
    return {attachment.network for layer in layers for attachment in layer.networks}


def _volumes_of(layers: list[Service]) -> set[str]:
    return {mount.source or "" for layer in layers for mount in layer.mounts}


def _external(resources: tuple[Any, ...], used_names: set[str]) -> Iterator[Any]:
    """Those that are made elsewhere and that services use; the network called default all do that name none."""
    for resource in resources:
        is_used = resource.name in used_names or resource.name == "default"
        if resource.external and is_used:
            yield resource


# What podman runs on a network is not on Docker's network of the same name.
_OF_PODMAN = " Containers that podman has on it, such as a proxy, must move to Docker too."


def _note_on_network(network: Network, layers: list[Service], moved: str) -> Note:
    """That it has to be created; with its subnet where a service has an address of its own there."""
    name = _name_of(network)
    addresses = dict(_addresses_on(network, layers))
    if not addresses:
        return _note_on("TC141", "networks", network, network=name, moved=moved)
    users = enumerated([f"{user} has {text}" for text, user in addresses.items()])
    subnets = dict.fromkeys(map(_likely_subnet, addresses))
    options = [f"--subnet {subnet}" for subnet in subnets]
    if network.driver:
        parent = as_map(network.options.get("driver_opts")).get("parent")
        options = [f"-d {network.driver}", *options, f"-o parent={parent or name}"]
    command = f"docker network create {' '.join(options)} {quote(name)}"
    return _note_on(
        "TC058", "networks", network, network=name, users=users, command=command
    )


def _addresses_on(network: Network, layers: list[Service]) -> Iterator[tuple[str, str]]:
    """The addresses that services have on the network, each with its service."""
    for layer in layers:
        for attachment in layer.networks:
            for key in ("ipv4_address", "ipv6_address"):
                address = attachment.options.get(key)
                if address and attachment.network == network.name:
                    yield str(address), layer.name


def _likely_subnet(address: str) -> str:
    """The subnet that an address is most often in; a word in its place where the address is a variable."""
    try:
        is_six = ip_address(address).version == 6
        return str(ip_interface(f"{address}/{64 if is_six else 24}").network)
    except ValueError:
        return "SUBNET"


def _name_of(resource: Network | Volume) -> str:
    """The name that the engine knows."""
    return resource.engine_name or resource.name


def _note_on(code: str, section: str, resource: Network | Volume, **facts: Any) -> Note:
    subject = ModelPath.of(section, resource.name)
    return note(code, resource.origin, subject=subject, **facts)
