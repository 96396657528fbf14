"""The addresses that Endpoints and EndpointSlices keep for a Service without pods, each decoded once."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
    stated,
    stated_entries,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple


class EndpointPort(NamedTuple):
    """A port of addresses, with the name of the Service's port that leads there."""

    name: str | None
    number: str | None


class EndpointSubset(NamedTuple):
    """Addresses with the ports on which they answer."""

    addresses: tuple[Stated, ...]
    ports: tuple[EndpointPort, ...]


def decode_endpoints(kube_object: KubeObject) -> tuple[EndpointSubset, ...]:
    """The addresses of an Endpoints object, or of an EndpointSlice, in the order of the source."""
    return tuple(_decode_subsets(kube_object))


def _decode_subsets(kube_object: KubeObject) -> Iterator[EndpointSubset]:
    for subset in list_entries(kube_object.at("subsets")):
        addresses = list_entries(subset.at("addresses"))
        yield EndpointSubset(
            tuple(stated(address, "ip") for address in addresses), _decode_ports(subset)
        )
    for endpoint in list_entries(kube_object.at("endpoints")):
        ports = _decode_ports(kube_object.cursor)
        yield EndpointSubset(stated_entries(endpoint, "addresses"), ports)


def _decode_ports(cursor: Cursor) -> tuple[EndpointPort, ...]:
    return tuple(
        EndpointPort(peek_text(port.at("name")), peek_text(port.at("port")))
        for port in list_entries(cursor.at("ports"))
    )
