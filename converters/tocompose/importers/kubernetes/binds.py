"""Volumes that lie outside the engine: paths of the host, exports of an NFS server."""

from __future__ import annotations

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import peek_bool, peek_text, take_text
from tocompose.importers.kubernetes.volume_source import VolumeSource
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.syntax.interpolation import literal

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


def host_path(cursor: Cursor, place: ContainerContext) -> VolumeSource:
    """A bind mount; a path that must exist already is not created."""
    to = place.path("volumes")
    path = take_text(cursor.at("path"), to) or "/"
    kind = peek_text(cursor.at("type")) or ""
    if kind in _TYPES:
        cursor.at("type").take(to=to)
    elif kind:
        cursor.at("type").note("TC209", field="type", expected="a type of hostPath")
    options = (
        {"bind": {"create_host_path": False}}
        if kind and not kind.endswith("OrCreate")
        else {}
    )
    if path.rstrip("/") in (
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/var/run/containerd/containerd.sock",
    ):
        cursor.remark(
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
        cursor.remark("TC246", path=path, what="is a path of a Kubernetes node", subject=to)
    return VolumeSource(kind="bind", source=literal(path), mount_options=options)


def nfs_volume(
    cursor: Cursor, name: str, place: ContainerContext, mount_options: tuple[str, ...] = ()
) -> VolumeSource:
    """A named volume that the local driver mounts from the NFS server."""
    to = f"volumes.{name}"
    server, path = (
        take_text(cursor.at("server"), to) or "",
        take_text(cursor.at("path"), to) or "/",
    )
    read_only = peek_bool(cursor.at("readOnly")) is True
    cursor.at("readOnly").take(to=to)
    words = [f"addr={server}", *(["ro"] if read_only else []), *mount_options]
    options = {
        "driver_opts": {
            "type": "nfs",
            "o": literal(",".join(words)),
            "device": literal(f":{path}"),
        }
    }
    place.model.builder.add_volume(
        Volume(name=name, driver="local", options=options, origin=cursor.span)
    )
    return VolumeSource(kind="volume", source=name, read_only=read_only)
