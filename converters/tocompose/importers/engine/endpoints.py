"""The networks of a container: its network mode, and its places on the networks that it is connected to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.importers.engine.json_values import is_true, number_at, text_at
from tocompose.importers.engine.object_context import ObjectContext
from tocompose.importers.engine.publication import read_links
from tocompose.importers.engine.shapes import FieldFact, text_of
from tocompose.ledger import Cursor
from tocompose.model import NetworkAttachment
from tocompose.syntax.interpolation import literal

# Networks that every engine has: Docker's bridge, podman's, and what Windows calls its own.
_KUBE_NETWORK = "podman-default-kube-network"
DEFAULT_NETWORKS = frozenset({"", "default", "bridge", "nat", "podman", _KUBE_NETWORK})
_MODES = ("host", "none", "private", "slirp4netns", "pasta", "ns")


def read_network_mode(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """`host`, `none`, another container's network, or the engine's own bridge; else a network by its name."""
    mode = context.network_mode
    kind = mode.partition(":")[0]
    if kind in ("slirp4netns", "pasta", "ns", "private"):
        cursor.note("TC475", subject=context.path.child("network_mode"), mode=kind)
    elif mode in ("host", "none") or kind == "container":
        text = context.with_container_name(literal(mode))
        yield FieldFact(Fact(text, target="network_mode"), cursor)
    elif mode in DEFAULT_NETWORKS:
        yield from _read_default_bridge(cursor, context)
    elif not context.cursor.at("NetworkSettings", "Networks").children:
        attachment = NetworkAttachment(network=context.network_key(mode))
        yield FieldFact(Fact(attachment, FactMerge.APPEND), cursor)
    else:
        cursor.skip("it repeats the container's networks")


def _read_default_bridge(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The engine's bridge, where no name is known but by links: with them the stack's own network does better."""
    user_networks = _user_networks(context)
    if user_networks:
        cursor.annotate(
            "TC476",
            subject=context.path.child("networks"),
            networks=", ".join(user_networks),
        )
        cursor.mark_noted("TC476")
    elif context.cursor.at("NetworkSettings", "Networks", _KUBE_NETWORK):
        cursor.skip("names are known on the stack's own network, as on podman's for pods")
    elif context.takes_part_in_links:
        cursor.skip("on the stack's own network the names of the links are known")
    else:
        yield FieldFact(Fact("bridge", target="network_mode"), cursor)


def _user_networks(context: ObjectContext) -> list[str]:
    networks = context.cursor.at("NetworkSettings", "Networks")
    return [
        field_entry.key
        for field_entry in networks
        if field_entry.key not in DEFAULT_NETWORKS
    ]


def read_endpoints(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The places on networks, that of the network mode first: it is the one a container starts on."""
    mode = context.network_mode
    if mode.startswith("container:"):
        cursor.skip("set by the container whose network is shared")
        return
    for field_entry in sorted(cursor, key=lambda endpoint: endpoint.key != mode):
        if field_entry.key in DEFAULT_NETWORKS or field_entry.key in _MODES:
            field_entry.skip("it repeats the container's network mode")
            continue
        yield from read_links(field_entry.at("Links"), context)
        attachment = _read_attachment(field_entry, context)
        yield FieldFact(Fact(attachment, FactMerge.APPEND), field_entry)


def read_network_names(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """The networks of a pod by their names."""
    for field_entry in cursor:
        if text_at(field_entry) not in DEFAULT_NETWORKS:
            attachment = NetworkAttachment(
                network=context.network_key(text_at(field_entry))
            )
            yield FieldFact(Fact(attachment, FactMerge.APPEND), field_entry)


def read_host_network(cursor: Cursor, context: ObjectContext) -> Iterator[FieldFact]:
    """A pod on the machine's own network."""
    if is_true(cursor):
        yield FieldFact(Fact("host"), cursor)


def _read_attachment(field_entry: Cursor, context: ObjectContext) -> NetworkAttachment:
    identity = text_at(context.cursor, "Id")
    made_by_engine = {identity[:12], *context.own_names}
    aliases = dict.fromkeys(
        text_of(alias)
        for alias in field_entry.at("Aliases")
        if text_at(alias) not in made_by_engine
    )
    return NetworkAttachment(
        network=context.network_key(field_entry.key),
        aliases=tuple(aliases),
        options=_read_options(field_entry),
        origin=field_entry.span,
    )


def _read_options(field_entry: Cursor) -> Mapping[str, Any]:
    addresses = field_entry.at("IPAMConfig")
    options: dict[str, Any] = {
        "ipv4_address": text_of(addresses, "IPv4Address"),
        "ipv6_address": text_of(addresses, "IPv6Address"),
        "link_local_ips": [text_of(address) for address in addresses.at("LinkLocalIPs")],
        "driver_opts": {
            option.key: text_of(option) for option in field_entry.at("DriverOpts")
        },
        "gw_priority": number_at(field_entry, "GwPriority"),
    }
    return {name: value for name, value in options.items() if value}
