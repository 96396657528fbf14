"""What a mount takes its files from, and what lies outside the engine: paths of the host, exports of NFS servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import peek_bool, peek_text, take_text
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


class VolumeSource(NamedTuple):
    """A mount without its target; `options` are Compose keys that take the mount's place (`shm_size`), `key` the key
    that the service gets it under, `empty` that it begins empty and open to everybody."""

    kind: str
    source: str | None = None
    read_only: bool = False
    mount_options: Mapping[str, Mapping[str, Any]] = {}
    options: Mapping[str, Any] = {}
    key: str = "volumes"
    empty: bool = False


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


def host_path(cursor: Cursor, container: ContainerContext) -> VolumeSource:
    """A bind mount; a path that must exist already is not created."""
    to = container.path("volumes")
    path = take_text(cursor.at("path"), to) or "/"
    kind = peek_text(cursor.at("type")) or ""
    if kind in _TYPES:
        cursor.at("type").take(to=to)
    elif kind:
        cursor.at("type").note("TC209", field="type", expected="a type of hostPath")
    if kind == "FileOrCreate":
        # The engine would make a folder there.
        cursor.at("type").annotate("TC396", service=to.service_name, path=path, subject=to)
    is_created = kind in ("", "DirectoryOrCreate")
    options = {} if is_created else {"bind": {"create_host_path": False}}
    if path.rstrip("/") in (
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/var/run/containerd/containerd.sock",
    ):
        cursor.annotate(
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
        cursor.annotate(
            "TC246", path=path, what="is a path of a Kubernetes node", subject=to
        )
    return VolumeSource(kind="bind", source=literal(path), mount_options=options)


def nfs_volume(
    cursor: Cursor,
    name: str,
    container: ContainerContext,
    mount_options: tuple[str, ...] = (),
) -> VolumeSource:
    """A named volume that the local driver mounts from the NFS server."""
    to = ModelPath.of("volumes", name)
    server, path = (
        take_text(cursor.at("server"), to) or "",
        take_text(cursor.at("path"), to) or "/",
    )
    read_only = peek_bool(cursor.at("readOnly")) is True
    cursor.at("readOnly").take(to=to)
    nfs_options = [f"addr={server}", *(["ro"] if read_only else []), *mount_options]
    options = {
        "driver_opts": {
            "type": "nfs",
            "o": literal(",".join(nfs_options)),
            "device": literal(f":{path}"),
        }
    }
    container.builder.add_volume(
        Volume(name=name, driver="local", options=options, origin=cursor.span)
    )
    return VolumeSource(kind="volume", source=name, read_only=read_only)
