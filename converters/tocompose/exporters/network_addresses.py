"""Addresses and the subnets that hold them, as the engine asks of a network and of what joins it.

https://github.com/moby/moby/blob/master/api/types/network/ipam.go, ValidateIPAM
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from itertools import combinations
from typing import Any, TypeAlias

from tocompose.compose.shapes import as_list, as_map
from tocompose.syntax.interpolation import plain

_Body: TypeAlias = Mapping[str, Any]
_Fault: TypeAlias = tuple[tuple[str, ...], str]


def _config_of(definition: _Body) -> list[Any]:
    return as_list(as_map(definition.get("ipam")).get("config"))


def misplaced_addresses(body: _Body, networks: _Body) -> Iterator[_Fault]:
    """The fixed addresses of a service that lie in no subnet which the network states."""
    for network, attachment in as_map(body.get("networks")).items():
        definition = as_map(networks.get(network))
        is_known = network in networks or network == "default"
        if definition.get("external") or not is_known:
            continue
        for key in ("ipv4_address", "ipv6_address"):
            address = plain(str(as_map(attachment).get(key) or ""))
            if address and not _is_in_subnets(address, definition):
                keys = ("networks", network, key)
                yield keys, f"no subnet of the network {network} holds {address}"


def _subnets(definition: _Body) -> list[Any]:
    subnets: list[Any] = []
    for config_entry in _config_of(definition):
        try:
            subnet = str(as_map(config_entry).get("subnet"))
            subnets += [ip_network(subnet, strict=False)] if "/" in subnet else []
        except ValueError:
            continue
    return subnets


def _is_in_subnets(address: str, definition: _Body) -> bool:
    texts = [
        str(as_map(config_entry).get("subnet")) for config_entry in _config_of(definition)
    ]
    if any("$" in text for text in texts):
        return True
    try:
        return any(ip_address(address) in subnet for subnet in _subnets(definition))
    except ValueError:
        return True


def _fixed_addresses(config_entries: Iterable[Any]) -> Iterator[str]:
    """The addresses that the entries give to something, without the length of a prefix."""
    for config_entry in map(as_map, config_entries):
        auxiliary = as_map(config_entry.get("aux_addresses")).values()
        addresses = (config_entry.get("gateway"), config_entry.get("ip_range"), *auxiliary)
        yield from (str(address).partition("/")[0] for address in addresses if address)


def network_faults(definition: _Body) -> Iterator[_Fault]:
    """What of the addresses of a network lies in none of its subnets."""
    config_entries = _config_of(definition)
    if not config_entries or "$" in str(config_entries):
        return
    subnets = _subnets(definition)
    if len(subnets) < len(config_entries):
        yield ("ipam", "config"), "each entry has a subnet such as 10.1.0.0/24"
    elif any(_overlap(*pair) for pair in combinations(subnets, 2)):
        yield ("ipam", "config"), "its subnets overlap"
    elif not all(
        _is_in_subnets(address, definition) for address in _fixed_addresses(config_entries)
    ):
        yield ("ipam", "config"), "an address is in none of the subnets"


def _overlap(subnet: Any, other_subnet: Any) -> bool:
    return bool(subnet.version == other_subnet.version and subnet.overlaps(other_subnet))
