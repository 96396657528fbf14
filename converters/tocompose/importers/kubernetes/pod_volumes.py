"""What stands behind a pod's volume: a named volume, a path of the host, memory, an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.kinds import field_tables
from tocompose.importers.kubernetes.quantities import compose_memory, parse_quantity
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    take_text,
)
from tocompose.importers.kubernetes.security import names_user, runs_as_root
from tocompose.importers.kubernetes.volume_sources import (
    VolumeSource,
    host_path,
    nfs_volume,
)
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal

_SMALL = 256 * 2**20
_TEMPORARY = ("/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/cache")


def source_of(
    volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource | None:
    """The source of a volume as a mount at `target` sees it; None, with a note, when nothing stands in the volume."""
    for key, build in _BUILDERS.items():
        if volume.at(key):
            return build(volume.at(key), volume, container, claims, target)
    name = peek_text(volume.at("name")) or "volume"
    for cursor in volume:
        field = field_tables()["Volume"].get(cursor.key)
        if field is not None and field.note == "TC244":
            declared = container.builder.add_volume(
                Volume(name=f"{container.workload.name}-{name}", origin=volume.span)
            )
            return VolumeSource(kind="volume", source=declared)
    # A volume without any source is an emptyDir.
    return _empty_dir(volume.at("emptyDir"), volume, container, claims, target)


def _claim_source(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    found = claims.source(cursor.at("claimName"), container)
    read_only = peek_bool(cursor.at("readOnly")) is True
    cursor.map(to=container.path("volumes"))
    if found.read_only:
        container.not_applicable(cursor.at("readOnly"))
    return found._replace(read_only=read_only or found.read_only)


def _ephemeral_source(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    name = f"{container.pod.base}-{peek_text(volume.at('name')) or 'volume'}"
    return VolumeSource(
        kind="volume",
        source=container.builder.add_volume(Volume(name=name, origin=volume.span)),
    )


def _host_path_source(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    return host_path(cursor, container)


def _nfs_source(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    name = f"{container.workload.name}-{peek_text(volume.at('name')) or 'nfs'}"
    return nfs_volume(cursor, name, container)


def _image_source(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    reference = take_text(cursor.at("reference"), container.path("volumes")) or ""
    return VolumeSource(kind="image", source=literal(reference), read_only=True)


def _empty_dir(
    cursor: Cursor, volume: Cursor, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource:
    name = peek_text(volume.at("name")) or "volume"
    limit = peek_text(cursor.at("sizeLimit"))
    amount = parse_quantity(limit) if limit else None
    size = compose_memory(amount) if amount else None
    in_memory = peek_text(cursor.at("medium")) == "Memory"
    shared = _count_users(name, container) > 1
    if not shared and in_memory and target == "/dev/shm":
        cursor.map(to=container.path("shm_size"))
        return VolumeSource(
            kind="tmpfs", key="shm_size", options={"shm_size": size or "64M"}
        )
    small = amount is not None and amount <= _SMALL
    if not shared and (in_memory or small or target.rstrip("/") in _TEMPORARY):
        cursor.map(to=container.path("volumes"))
        if in_memory and (small or target.rstrip("/") in _TEMPORARY):
            container.not_applicable(cursor.at("medium"))
        # Kubernetes gives an emptyDir to everybody, as /tmp is.
        given = integer(peek_text(cursor.at("mode")) or "")
        mode: Mapping[str, Any] = {
            "mode": 0o1777 if given is None else given,
            **({"size": size} if size else {}),
        }
        return VolumeSource(kind="tmpfs", mount_options={"tmpfs": mode})
    if container.is_replicated and not shared and not in_memory:
        return _directory_of_each(cursor, target, container)
    return _directory_volume(
        cursor,
        name,
        size,
        in_memory,
        container,
        not shared and image_owns(target, container),
    )


def _directory_of_each(
    cursor: Cursor, target: str, container: ContainerContext
) -> VolumeSource:
    """A directory of each replica's own: replicas of a service would share a volume with a name."""
    cursor.map(to=container.path("volumes"))
    for key in ("sizeLimit", "mode"):
        container.not_applicable(cursor.at(key), "TC243")
    user = names_user(container) and not runs_as_root(container)
    what = "in memory" if user else "in a volume without a name"
    cursor.remark(
        "TC267",
        service=container.service,
        path=target,
        what=what,
        subject=container.path("volumes"),
    )
    # Nobody could open an unnamed volume to a user of the manifest's choice.
    return (
        VolumeSource(kind="tmpfs", mount_options={"tmpfs": {"mode": 0o1777}})
        if user
        else VolumeSource(kind="volume")
    )


def image_owns(target: str, container: ContainerContext) -> bool:
    """Whether the image keeps its data there and runs as the user that owns it: a new volume gets both from the image.

    https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container
    """
    if names_user(container):
        return False
    known = image_facts(peek_text(container.cursor.at("image")) or "")
    return known is not None and any(
        data.path.rstrip("/") == target.rstrip("/") for data in known.data
    )


def _directory_volume(
    cursor: Cursor,
    name: str,
    size: str | None,
    in_memory: bool,
    container: ContainerContext,
    plain: bool,
) -> VolumeSource:
    declared = f"{container.pod.base}-{name}"
    options: dict[str, Any] = {}
    cursor.map(to=f"volumes.{declared}")
    container.not_applicable(cursor.at("mode"))
    if in_memory:
        words = ["mode=1777", *([f"size={size.lower()}"] if size else [])]
        options = {
            "driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": ",".join(words)}
        }
        container.builder.add_volume(
            Volume(name=declared, driver="local", options=options, origin=cursor.span)
        )
        return VolumeSource(kind="volume", source=declared)
    if size:
        cursor.at("sizeLimit").remark(
            "TC243",
            object=container.describe_volume(name),
            fields=f"sizeLimit: {peek_text(cursor.at('sizeLimit'))}",
        )
    container.builder.add_volume(Volume(name=declared, origin=cursor.span))
    cursor.remark("TC245", volume=declared, subject=f"volumes.{declared}")
    if plain:
        return VolumeSource(kind="volume", source=declared)
    # An emptyDir starts empty: Docker would copy the image's files into it.
    return VolumeSource(
        kind="volume",
        source=declared,
        empty=True,
        mount_options={"volume": {"nocopy": True}},
    )


def _count_users(name: str, container: ContainerContext) -> int:
    """How many containers of the pod mount the volume."""
    return sum(
        any(
            peek_text(mount.at("name")) == name
            for mount in list_entries(pod_container.cursor.at("volumeMounts"))
        )
        for pod_container in container.pod.containers
    )


_BUILDERS = {
    "persistentVolumeClaim": _claim_source,
    "emptyDir": _empty_dir,
    "hostPath": _host_path_source,
    "nfs": _nfs_source,
    "image": _image_source,
    "ephemeral": _ephemeral_source,
}
