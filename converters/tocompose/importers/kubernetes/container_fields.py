"""The fields of containers that several rules ask for, each read once into a record with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer


class ContainerPort(NamedTuple):
    """One port that a container declares; `number` is None for what is no number, `protocol` in small letters."""

    cursor: Cursor
    name: str
    number: int | None
    protocol: str
    host_port: str | None


def decode_ports(container: Cursor) -> tuple[ContainerPort, ...]:
    """The ports that a container declares, in the order of the source."""
    return tuple(_decode_ports(container.at("ports")))


def _decode_ports(cursor: Cursor) -> Iterator[ContainerPort]:
    for port in list_entries(cursor):
        yield ContainerPort(
            port,
            name=peek_text(port.at("name")) or "",
            number=integer(peek_text(port.at("containerPort")) or ""),
            protocol=(peek_text(port.at("protocol")) or "TCP").lower(),
            host_port=peek_text(port.at("hostPort")),
        )


def find_port(ports: tuple[ContainerPort, ...], name: str) -> ContainerPort | None:
    """The first port of that name."""
    return next((port for port in ports if port.name == name), None)
