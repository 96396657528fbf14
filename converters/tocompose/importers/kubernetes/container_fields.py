"""Fields of containers and of their pods that several rules ask for, each read once into a record with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.environment_fields import (
    EnvEntry,
    EnvSource,
    decode_env,
    decode_env_sources,
)
from tocompose.importers.kubernetes.probe_fields import Probe, decode_probes
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_text,
    stated,
    stated_entries,
    stated_map,
)
from tocompose.importers.kubernetes.security_fields import (
    Privileges,
    SecurityContext,
    decode_privileges,
    decode_security,
)
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple


class ContainerPort(NamedTuple):
    """One port that a container declares; `number` is None for what is no number, `protocol` in small letters."""

    cursor: Cursor
    name: str
    number: int | None
    protocol: str
    host_port: Stated
    host_address: Stated


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
            host_port=stated(port, "hostPort"),
            host_address=stated(port, "hostIP"),
        )


def find_port(ports: tuple[ContainerPort, ...], name: str) -> ContainerPort | None:
    """The first port of that name."""
    return next((port for port in ports if port.name == name), None)


class VolumeMount(NamedTuple):
    """Where a container mounts which volume of its pod; `path` begins with a slash, and is empty where none is said.
    `keys` are the fields that say which volume, where and how."""

    cursor: Cursor
    volume: str
    path: str
    keys: tuple[Stated, ...]
    sub_path: Stated
    sub_path_expression: Stated
    read_only: Stated
    propagation: Stated
    recursive_read_only: Stated


def decode_mounts(container: Cursor) -> tuple[VolumeMount, ...]:
    """The mounts of a container, in the order of the source."""
    return tuple(map(_decode_mount, list_entries(container.at("volumeMounts"))))


def _decode_mount(cursor: Cursor) -> VolumeMount:
    name, mount_path = stated(cursor, "name"), stated(cursor, "mountPath")
    read_only, path = stated(cursor, "readOnly"), mount_path.text or ""
    return VolumeMount(
        cursor,
        volume=name.text or "",
        path=path if path.startswith("/") or not path else f"/{path}",
        keys=(name, mount_path, read_only),
        sub_path=stated(cursor, "subPath"),
        sub_path_expression=stated(cursor, "subPathExpr"),
        read_only=read_only,
        propagation=stated(cursor, "mountPropagation"),
        recursive_read_only=stated(cursor, "recursiveReadOnly"),
    )


class Resources(NamedTuple):
    """The amounts of resources by name: those that a container may use at most, and those that it asks for."""

    limits: Mapping[str, Stated]
    requests: Mapping[str, Stated]


NO_RESOURCES = Resources({}, {})


def decode_resources(container: Cursor) -> Resources:
    """The resources of a container."""
    resources = container.at("resources")
    return Resources(stated_map(resources, "limits"), stated_map(resources, "requests"))


def decode_default_resources(limit_range: Cursor) -> Resources:
    """What an entry of a LimitRange fills in."""
    return Resources(
        stated_map(limit_range, "default"), stated_map(limit_range, "defaultRequest")
    )


class LifecycleHook(NamedTuple):
    """What runs after a container's start or before its stop; `key` is its name in the API."""

    key: str
    cursor: Cursor
    command: tuple[Stated, ...]
    sleep_seconds: Stated


_HOOKS = ("postStart", "preStop")


def _decode_hooks(lifecycle: Cursor) -> Iterator[LifecycleHook]:
    for key in _HOOKS:
        if handler := lifecycle.at(key):
            command = stated_entries(handler.at("exec"), "command")
            seconds = stated(handler.at("sleep"), "seconds")
            yield LifecycleHook(key, handler, command, seconds)


class VolumeDevice(NamedTuple):
    """A block device that a container is given."""

    cursor: Cursor
    volume: str
    path: str


def _decode_device(cursor: Cursor) -> VolumeDevice:
    return VolumeDevice(
        cursor,
        volume=peek_text(cursor.at("name")) or "without a name",
        path=peek_text(cursor.at("devicePath")) or "an unknown path",
    )


class Container(NamedTuple):
    """A container as the manifests state it; `cursor` is the place of the whole.

    The probes stand in the order in which they say best whether it is healthy.
    """

    cursor: Cursor
    name: Stated
    image: Stated
    pull_policy: Stated
    command: tuple[Stated, ...]
    arguments: tuple[Stated, ...]
    working_directory: Stated
    stdin: Stated
    tty: Stated
    restart_policy: Stated
    stop_signal: Stated
    hooks: tuple[LifecycleHook, ...]
    env: tuple[EnvEntry, ...]
    env_sources: tuple[EnvSource, ...]
    resources: Resources
    security: SecurityContext
    privileges: Privileges
    probes: tuple[Probe, ...]
    ports: tuple[ContainerPort, ...]
    mounts: tuple[VolumeMount, ...]
    devices: tuple[VolumeDevice, ...]

    @property
    def words(self) -> tuple[Stated, ...]:
        """The command and its arguments."""
        return (*self.command, *self.arguments)


def decode_container(cursor: Cursor) -> Container:
    """The container that stands at the cursor."""
    lifecycle, security = cursor.at("lifecycle"), cursor.at("securityContext")
    return Container(
        cursor,
        name=stated(cursor, "name"),
        image=stated(cursor, "image"),
        pull_policy=stated(cursor, "imagePullPolicy"),
        command=stated_entries(cursor, "command"),
        arguments=stated_entries(cursor, "args"),
        working_directory=stated(cursor, "workingDir"),
        stdin=stated(cursor, "stdin"),
        tty=stated(cursor, "tty"),
        restart_policy=stated(cursor, "restartPolicy"),
        stop_signal=stated(lifecycle, "stopSignal"),
        hooks=tuple(_decode_hooks(lifecycle)),
        env=decode_env(cursor),
        env_sources=decode_env_sources(cursor),
        resources=decode_resources(cursor),
        security=decode_security(security),
        privileges=decode_privileges(security),
        probes=decode_probes(cursor),
        ports=decode_ports(cursor),
        mounts=decode_mounts(cursor),
        devices=tuple(map(_decode_device, list_entries(cursor.at("volumeDevices")))),
    )
