"""Puts the files of ConfigMaps and Secrets beside the compose file, and gives them to services."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.content import DEFAULT_MODE, VolumeFile, VolumeFiles
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.references import rewrite_ports
from tocompose.importers.kubernetes.rewriting import (
    annotate_rewrites,
    record_hosts,
    replace_outside_names,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.security import names_user, runs_as_root
from tocompose.ledger import Cursor
from tocompose.model import File, Grant, Mount, Resource
from tocompose.syntax.interpolation import literal


class MountedFiles(NamedTuple):
    """What a volume of files gives a service: a folder, or single files as configs or secrets."""

    mounts: tuple[Mount, ...] = ()
    configs: tuple[Grant, ...] = ()
    secrets: tuple[Grant, ...] = ()


def mount_files(
    found: VolumeFiles, target: str, sub_path: str, mount: Cursor, place: ContainerContext
) -> MountedFiles:
    """The files of a volume at `target`: all of them as a folder that hides the image's own, or one of them."""
    folder = _folder_of(found, place)
    if sub_path:
        # Of what is not among the manifests, the one file that is wanted is left to be filled in.
        empty = VolumeFile(sub_path, DEFAULT_MODE, found.secret, None, None)
        inside = [item for item in found.items or (empty,) if item.path == sub_path]
        if inside:
            return _mount_single(inside[0], folder, target, mount, place)
        chosen = tuple(item for item in found.items if item.path.startswith(f"{sub_path}/"))
        found, folder = found._replace(items=chosen), f"{folder}/{sub_path}"
        chosen = tuple(
            item._replace(path=item.path[len(sub_path) + 1 :]) for item in chosen
        )
        found = found._replace(items=chosen)
    for item in found.items:
        _write_file(item, f"{folder}/{item.path}", place)
    if not found.items:
        place.model.builder.add_file(
            File(
                path=f"{folder}/.keep", content=b"", secret=found.secret, origin=mount.span
            )
        )
    return MountedFiles(
        mounts=(
            Mount(
                kind="bind",
                source=f"./{folder}",
                target=literal(target),
                read_only=True,
                origin=mount.span,
            ),
        )
    )


def _folder_of(found: VolumeFiles, place: ContainerContext) -> str:
    """`config/<name>`; a name of its own where the namespace, the choice of keys or the modes differ."""
    root = "secrets" if found.secret else "config"
    owners = {item.owner for item in found.items if item.owner is not None}
    scoped = any(
        len(place.model.objects.in_all_namespaces(owner.kind, owner.name)) > 1
        for owner in owners
    )
    base = f"{place.namespace}/{found.name}" if scoped else found.name
    number, folder, other = 2, f"{root}/{base}", f"{root}/{base}-{place.workload.name}"
    key = tuple((item.path, item.mode, id(item.entry), item.text) for item in found.items)
    while place.model.builder.folders.setdefault(folder, key) != key:
        folder = other if folder == f"{root}/{base}" else f"{other}-{number}"
        number += folder != other
    return folder


def _mount_single(
    item: VolumeFile, folder: str, target: str, mount: Cursor, place: ContainerContext
) -> MountedFiles:
    """One file in place of the image's: a config or secret of its own."""
    path = f"{folder}/{item.path}"
    _write_file(item, path, place)
    name = path.removeprefix("config/").removeprefix("secrets/").replace("/", "-")
    name = "".join(char if char.isalnum() or char in "._-" else "-" for char in name)
    resources = place.model.builder.secrets if item.secret else place.model.builder.configs
    resources.setdefault(name, Resource(name=name, file=f"./{path}", origin=mount.span))
    grant = Grant(source=name, target=literal(target), origin=mount.span)
    return MountedFiles(secrets=(grant,)) if item.secret else MountedFiles(configs=(grant,))


def _write_file(item: VolumeFile, path: str, place: ContainerContext) -> None:
    """Writes the file; its Service references are rewritten, since it is not read by Compose."""
    to = f"files.{path}"
    if item.entry is None:
        place.model.builder.add_file(
            File(path=path, content=item.text.encode(), mode=item.mode, secret=item.secret)
        )
        return
    data = item.entry.content(to)
    if data is None:
        return
    if item.owner is not None:
        item.owner.count_identity_as_mapped(to)
    if not item.secret:
        data = _rewrite_content(data, item, place, to)
    mode = _readable_mode(item, place)
    place.model.builder.add_file(
        File(
            path=path,
            content=data,
            mode=mode,
            secret=item.secret,
            origin=item.entry.cursor.span,
        )
    )


def _readable_mode(item: VolumeFile, place: ContainerContext) -> int:
    """The mode of the file. One that not everybody may read belongs to whoever runs Compose: where the container is
    not an almighty root, Kubernetes opens it to the pod's group, which a bind mount cannot."""
    own, pod = (
        place.unit.cursor.at("securityContext"),
        place.workload.pod_spec.at("securityContext"),
    )
    dropped = {
        (peek_text(entry) or "").upper()
        for entry in list_entries(own.at("capabilities", "drop"))
    }
    if item.mode & 0o004 or (runs_as_root(place) and not dropped & {"ALL", "DAC_OVERRIDE"}):
        return item.mode
    limited = names_user(place) or pod.at("fsGroup") or dropped & {"ALL", "DAC_OVERRIDE"}
    return item.mode | 0o044 if limited else item.mode


def _rewrite_content(
    data: bytes, item: VolumeFile, place: ContainerContext, to: str
) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if item.entry is None:
        return data
    changed, done = rewrite_ports(text, place.namespace, place.model.kube_services)
    annotate_rewrites(done, item.entry.cursor, to)
    record_hosts(text, item.entry.cursor, place)
    changed = replace_outside_names(changed, item.entry.cursor, place, to)
    return changed.encode() if changed != text else data
