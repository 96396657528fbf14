"""What stands behind a pod's volume: a named volume, a path of the host, memory, an image."""

from __future__ import annotations

from typing import Any, NamedTuple

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.container_fields import PodVolume
from tocompose.importers.kubernetes.kinds import field_tables
from tocompose.importers.kubernetes.resources import compose_memory, parse_quantity
from tocompose.importers.kubernetes.scalars import (
    peek_bool,
    peek_text,
    take_text,
)
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
from tocompose.syntax.model_path import ModelPath

_SMALL = 256 * 2**20
_TEMPORARY = ("/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/cache")
# As /tmp is: Kubernetes gives an emptyDir to everybody.
_OPEN_MODE = 0o1777


class _MountedVolume(NamedTuple):
    """A volume as a mount at `target` sees it; `cursor` is what the volume says of its kind of source."""

    cursor: Cursor
    volume: PodVolume
    container: ContainerContext
    claims: Claims
    target: str

    def name(self, default: str = "volume") -> str:
        """The volume's name in the pod."""
        return self.volume.name or default

    def declare(self, owner: str) -> VolumeSource:
        """A named volume of the pod or workload of that name."""
        name = f"{owner}-{self.name()}"
        self.container.builder.add_volume(Volume(name=name, origin=self.volume.cursor.span))
        return VolumeSource(kind="volume", source=name)


class _EmptyDir(NamedTuple):
    """What an emptyDir asks for; `size` as Compose writes it."""

    size: str | None
    in_memory: bool
    is_small: bool
    is_shared: bool

    @classmethod
    def of(cls, mounted: _MountedVolume) -> _EmptyDir:
        """What the volume says, and whether several containers of the pod mount it."""
        limit = peek_text(mounted.cursor.at("sizeLimit"))
        amount = parse_quantity(limit) if limit else None
        return cls(
            size=compose_memory(amount) if amount else None,
            in_memory=peek_text(mounted.cursor.at("medium")) == "Memory",
            is_small=amount is not None and amount <= _SMALL,
            is_shared=_count_users(mounted) > 1,
        )


def source_of(
    volume: PodVolume, container: ContainerContext, claims: Claims, target: str
) -> VolumeSource | None:
    """The source of a volume as a mount at `target` sees it; None, with a note, when nothing stands in the volume."""
    for key, build in _BUILDERS.items():
        if source := volume.sources.get(key):
            return build(_MountedVolume(source, volume, container, claims, target))
    # A volume without any source is an emptyDir.
    empty = volume.cursor.at("emptyDir")
    mounted = _MountedVolume(empty, volume, container, claims, target)
    rows = field_tables()["Volume"]
    if any(rows[key].note == "TC244" for key in volume.sources if key in rows):
        return mounted.declare(container.workload.name)
    return _empty_dir(mounted)


def _claim_source(mounted: _MountedVolume) -> VolumeSource:
    cursor, container = mounted.cursor, mounted.container
    source = mounted.claims.source(cursor.at("claimName"), container)
    read_only = peek_bool(cursor.at("readOnly")) is True
    cursor.map(to=container.path("volumes"))
    if source.read_only:
        container.not_applicable(cursor.at("readOnly"))
    return source._replace(read_only=read_only or source.read_only)


def _ephemeral_source(mounted: _MountedVolume) -> VolumeSource:
    return mounted.declare(mounted.container.pod.base)


def _host_path_source(mounted: _MountedVolume) -> VolumeSource:
    return host_path(mounted.cursor, mounted.container)


def _nfs_source(mounted: _MountedVolume) -> VolumeSource:
    name = f"{mounted.container.workload.name}-{mounted.name('nfs')}"
    return nfs_volume(mounted.cursor, name, mounted.container)


def _image_source(mounted: _MountedVolume) -> VolumeSource:
    to = mounted.container.path("volumes")
    reference = take_text(mounted.cursor.at("reference"), to) or ""
    return VolumeSource(kind="image", source=literal(reference), read_only=True)


def _empty_dir(mounted: _MountedVolume) -> VolumeSource:
    empty_dir = _EmptyDir.of(mounted)
    if empty_dir.is_shared:
        return _directory_volume(mounted, empty_dir)
    if empty_dir.in_memory and mounted.target == "/dev/shm":
        mounted.cursor.map(to=mounted.container.path("shm_size"))
        options = {"shm_size": empty_dir.size or "64M"}
        return VolumeSource(kind="tmpfs", key="shm_size", options=options)
    if empty_dir.is_small or mounted.target.rstrip("/") in _TEMPORARY:
        if empty_dir.in_memory:
            mounted.container.not_applicable(mounted.cursor.at("medium"))
        return _tmpfs(mounted, empty_dir)
    if empty_dir.in_memory:
        return _tmpfs(mounted, empty_dir)
    if mounted.container.is_replicated:
        return _directory_of_each(mounted)
    return _directory_volume(mounted, empty_dir)


def _tmpfs(mounted: _MountedVolume, empty_dir: _EmptyDir) -> VolumeSource:
    mounted.cursor.map(to=mounted.container.path("volumes"))
    mode = integer(peek_text(mounted.cursor.at("mode")) or "")
    options: dict[str, Any] = {"mode": _OPEN_MODE if mode is None else mode}
    if empty_dir.size:
        options["size"] = empty_dir.size
    return VolumeSource(kind="tmpfs", mount_options={"tmpfs": options})


def _directory_of_each(mounted: _MountedVolume) -> VolumeSource:
    """A directory of each replica's own: replicas of a service would share a volume with a name."""
    container = mounted.container
    to = container.path("volumes")
    mounted.cursor.map(to=to)
    for key in ("sizeLimit", "mode"):
        container.not_applicable(mounted.cursor.at(key), "TC243")
    # Nobody could open an unnamed volume to a user of the manifest's choice.
    in_memory = container.run_as.user is not None and not container.run_as.is_root
    mounted.cursor.annotate(
        "TC267",
        service=container.service,
        path=mounted.target,
        what="in memory" if in_memory else "in a volume without a name",
        subject=to,
    )
    if in_memory:
        return VolumeSource(kind="tmpfs", mount_options={"tmpfs": {"mode": _OPEN_MODE}})
    return VolumeSource(kind="volume")


def image_owns(target: str, container: ContainerContext) -> bool:
    """Whether the image keeps its data there and runs as the user that owns it: a new volume gets both from the image.

    https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container
    """
    if container.run_as.user is not None:
        return False
    facts = image_facts(peek_text(container.cursor.at("image")) or "")
    folders = [(data.home or data.path).rstrip("/") for data in facts.data] if facts else []
    return target.rstrip("/") in folders


def _directory_volume(mounted: _MountedVolume, empty_dir: _EmptyDir) -> VolumeSource:
    """A named volume that the containers of the pod share."""
    cursor, container = mounted.cursor, mounted.container
    name = f"{container.pod.base}-{mounted.name()}"
    cursor.map(to=ModelPath.of("volumes", name))
    container.not_applicable(cursor.at("mode"))
    source = VolumeSource(kind="volume", source=name)
    if empty_dir.in_memory:
        size = f",size={empty_dir.size.lower()}" if empty_dir.size else ""
        driver_opts = {"type": "tmpfs", "device": "tmpfs", "o": f"mode=1777{size}"}
        options = {"driver_opts": driver_opts}
        container.builder.add_volume(
            Volume(name=name, driver="local", options=options, origin=cursor.span)
        )
        return source
    if empty_dir.size:
        limit = cursor.at("sizeLimit")
        limit.annotate(
            "TC243",
            object=container.describe_volume(mounted.name()),
            fields=f"sizeLimit: {peek_text(limit)}",
        )
    container.builder.add_volume(Volume(name=name, origin=cursor.span))
    cursor.annotate("TC245", volume=name, subject=ModelPath.of("volumes", name))
    if not empty_dir.is_shared and image_owns(mounted.target, container):
        return source
    # An emptyDir starts empty: Docker would copy the image's files into it.
    return source._replace(empty=True, mount_options={"volume": {"nocopy": True}})


def _count_users(mounted: _MountedVolume) -> int:
    """How many containers of the pod mount the volume."""
    return sum(
        any(mount.volume == mounted.name() for mount in pod_container.mounts)
        for pod_container in mounted.container.pod.containers
    )


_BUILDERS = {
    "persistentVolumeClaim": _claim_source,
    "emptyDir": _empty_dir,
    "hostPath": _host_path_source,
    "nfs": _nfs_source,
    "image": _image_source,
    "ephemeral": _ephemeral_source,
}
