"""Fields of containers and of their pods that several rules ask for, each read once into a record with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
)
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


class VolumeMount(NamedTuple):
    """Where a container mounts which volume of its pod; `path` begins with a slash, and is empty where none is said."""

    cursor: Cursor
    volume: str
    path: str
    read_only: bool
    propagation: str | None
    recursive_read_only: str | None


def decode_mounts(container: Cursor) -> tuple[VolumeMount, ...]:
    """The mounts of a container, in the order of the source."""
    return tuple(map(_decode_mount, list_entries(container.at("volumeMounts"))))


def _decode_mount(cursor: Cursor) -> VolumeMount:
    path = peek_text(cursor.at("mountPath")) or ""
    return VolumeMount(
        cursor,
        volume=peek_text(cursor.at("name")) or "",
        path=path if path.startswith("/") or not path else f"/{path}",
        read_only=peek_bool(cursor.at("readOnly")) is True,
        propagation=peek_text(cursor.at("mountPropagation")),
        recursive_read_only=peek_text(cursor.at("recursiveReadOnly")),
    )


class PodVolume(NamedTuple):
    """One volume of a pod; `sources` are what may stand behind it, by their kind."""

    cursor: Cursor
    name: str
    sources: Mapping[str, Cursor]


def decode_volumes(pod_spec: Cursor) -> tuple[PodVolume, ...]:
    """The volumes of a pod, in the order of the source."""
    return tuple(
        PodVolume(
            volume,
            name=peek_text(volume.at("name")) or "",
            sources={child.key: child for child in volume if child.key != "name"},
        )
        for volume in list_entries(pod_spec.at("volumes"))
    )


class RunAs(NamedTuple):
    """Who a container runs as: the user and the group, its own or those of its pod, and where each is said."""

    user: str | None
    group: str | None
    user_cursor: Cursor
    group_cursor: Cursor

    @property
    def is_root(self) -> bool:
        """Whether the manifests say that it is root."""
        return self.user == "0"


def decode_run_as(container: Cursor, pod_spec: Cursor) -> RunAs:
    """The user and the group of a container."""
    contexts = (container.at("securityContext"), pod_spec.at("securityContext"))
    user_cursor = _first_stated("runAsUser", contexts)
    group_cursor = _first_stated("runAsGroup", contexts)
    return RunAs(peek_text(user_cursor), peek_text(group_cursor), user_cursor, group_cursor)


def _first_stated(key: str, contexts: tuple[Cursor, Cursor]) -> Cursor:
    own, shared = (context.at(key) for context in contexts)
    return own if peek_text(own) is not None else shared
