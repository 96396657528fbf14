"""What a mount takes its files from, and what lies outside the engine: paths of the host, exports of NFS servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.volume_fields import HostPathVolume, NfsVolume
from tocompose.model import Volume
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


class VolumeSource(NamedTuple):
    """A mount without its target; `options` are Compose keys that take the mount's place (`shm_size`), `key` the key
    that the service gets it under, `empty` that it begins empty and open to everybody, `is_ready` that nothing must
    prepare it."""

    kind: str
    source: str | None = None
    read_only: bool = False
    mount_options: Mapping[str, Mapping[str, Any]] = {}
    options: Mapping[str, Any] = {}
    key: str = "volumes"
    empty: bool = False
    is_ready: bool = False


_TYPES = frozenset(
    {
        "DirectoryOrCreate",
        "Directory",
        "FileOrCreate",
        "File",
        "Socket",
        "CharDevice",
        "BlockDevice",
    }
)


def host_path(volume: HostPathVolume, container: ContainerContext) -> VolumeSource:
    """A bind mount; a path that must exist already is not created."""
    to = container.path("volumes")
    path = volume.path.take_text(to) or "/"
    kind = volume.type.text or ""
    if kind in _TYPES:
        volume.type.take(to)
    elif kind:
        volume.type.cursor.note("TC209", field="type", expected="a type of hostPath")
    if kind == "FileOrCreate":
        # The engine would make a folder there.
        volume.type.cursor.annotate("TC396", service=to.service_name, path=path, subject=to)
    is_created = kind in ("", "DirectoryOrCreate")
    options = {} if is_created else {"bind": {"create_host_path": False}}
    if path.rstrip("/") in (
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/var/run/containerd/containerd.sock",
    ):
        volume.cursor.annotate(
            "TC246", path=path, what="hands the container control over the host", subject=to
        )
    elif path.startswith(
        (
            "/var/lib/kubelet",
            "/etc/kubernetes",
            "/var/log/pods",
            "/var/lib/docker",
            "/run/k3s",
        )
    ):
        volume.cursor.annotate(
            "TC246", path=path, what="is a path of a Kubernetes node", subject=to
        )
    return VolumeSource(kind="bind", source=literal(path), mount_options=options)


def nfs_volume(
    volume: NfsVolume,
    name: str,
    container: ContainerContext,
    mount_options: tuple[str, ...] = (),
) -> VolumeSource:
    """A named volume that the local driver mounts from the NFS server."""
    to = ModelPath.of("volumes", name)
    server, path = volume.server.take_text(to) or "", volume.path.take_text(to) or "/"
    read_only = volume.read_only.flag is True
    volume.read_only.cursor.take(to=to)
    nfs_options = [f"addr={server}", *(["ro"] if read_only else []), *mount_options]
    options = {
        "driver_opts": {
            "type": "nfs",
            "o": literal(",".join(nfs_options)),
            "device": literal(f":{path}"),
        }
    }
    container.contribute(
        Volume(name=name, driver="local", options=options, origin=volume.cursor.span)
    )
    return VolumeSource(kind="volume", source=name, read_only=read_only)
