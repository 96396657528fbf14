"""Volumes and their mounts: files, named volumes, binds, tmpfs."""

from __future__ import annotations

from typing import Any

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config_files import (
    VolumeFiles,
    mount_files,
    volume_files,
)
from tocompose.importers.kubernetes.expansion import expand_references
from tocompose.importers.kubernetes.pod_volumes import source_of
from tocompose.importers.kubernetes.scalars import list_entries, peek_bool, peek_text
from tocompose.importers.kubernetes.volume_sources import VolumeSource
from tocompose.ledger import Cursor
from tocompose.model import File, Grant, Mount
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal, plain

_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}
# Why what the cluster itself added to a pod is left out: nothing is to be said about it.
INJECTED = "the cluster adds it to every pod, to talk to its API"
# The credentials of the pod's account, under the names that clusters give the volume.
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_ADDED = regex(r"kube-api-access-[a-z0-9]{5}|.+-token-[a-z0-9]{5}")


class ContainerStorage:
    """What the mounts of one container come to; `options` are Compose keys beside them, `texts` what its files say.

    A one-shot must make the `sub_paths` of each volume, open `empty_dirs` for everybody and give `owned` to the group.
    """

    __slots__ = (
        "configs",
        "empty_dirs",
        "mounts",
        "options",
        "owned",
        "secrets",
        "sub_paths",
        "texts",
    )

    def __init__(self) -> None:
        self.mounts: list[Mount] = []
        self.configs: list[Grant] = []
        self.secrets: list[Grant] = []
        self.options: dict[str, Any] = {}
        self.sub_paths: dict[str, list[str]] = {}
        self.empty_dirs: list[str] = []
        self.owned: list[str] = []
        self.texts: list[str] = []


def container_storage(
    container: ContainerContext, claims: Claims, scope: dict[str, str]
) -> ContainerStorage:
    """The storage of a container."""
    found = ContainerStorage()
    volumes = {
        peek_text(volume.at("name")) or "": volume
        for volume in list_entries(container.pod_spec.at("volumes"))
    }
    for mount in list_entries(container.cursor.at("volumeMounts")):
        _add_mount(mount, volumes, container, claims, scope, found)
    _mount_points(found, container)
    for device in list_entries(container.cursor.at("volumeDevices")):
        device.note(
            "TC244",
            object=container.workload_title,
            fields=f"volumeDevices {peek_text(device.at('name'))} ({values_in_words(device.node)})",
        )
    return found


def _mount_points(found: ContainerStorage, container: ContainerContext) -> None:
    """Makes the places in generated folders where other mounts of the container lie, as the kubelet does: the folders
    are read-only once they are mounted."""
    files = [str(grant.target) for grant in (*found.configs, *found.secrets)]
    for folder in found.mounts:
        if folder.kind != "bind" or not (folder.source or "").startswith(
            ("./config/", "./secrets/")
        ):
            continue
        inside = f"{folder.target.rstrip('/')}/"
        base = (folder.source or "").removeprefix("./")
        for mount in found.mounts:
            if mount is not folder and mount.target.startswith(inside):
                container.builder.add_file(
                    File(path=f"{base}/{mount.target[len(inside) :]}/.keep", content=b"")
                )
        for target in files:
            if target.startswith(inside):
                container.builder.add_file(
                    File(path=f"{base}/{target[len(inside) :]}", content=b"")
                )


def _add_mount(
    mount: Cursor,
    volumes: dict[str, Cursor],
    container: ContainerContext,
    claims: Claims,
    scope: dict[str, str],
    found: ContainerStorage,
) -> None:
    name, target = peek_text(mount.at("name")) or "", peek_text(mount.at("mountPath"))
    if not target:
        mount.note("TC209", field="mountPath", expected="a path in the container")
        return
    target = target if target.startswith("/") else f"/{target}"
    to = container.path("volumes")
    volume = volumes.get(name)
    if target.rstrip("/") == _ACCOUNT and _ADDED.fullmatch(name):
        for cursor in (mount, volume):
            if cursor is not None:
                cursor.skip(INJECTED)
        return
    template = claims.template(container, name)
    if volume is None and template is None:
        mount.note("TC213", what=container.describe_volume(name), name=target, subject=to)
        return
    if volume is not None and template is not None:
        volume.skip("the claim template of the same name takes its place")
        volume = None
    sub_path = _sub_path(mount, scope, container.path())
    files = (
        volume_files(volume, container, container.path()) if volume is not None else None
    )
    if files is not None and volume is not None:
        _add_files(files, volume, target, sub_path, mount, container, found)
        return
    source = (
        template
        if template is not None
        else source_of(volume, container, claims, target)
        if volume
        else None
    )
    if source is None:
        return
    for key in ("name", "mountPath", "readOnly"):
        mount.at(key).take(to=container.path(source.key))
    if volume is not None:
        volume.at("name").take(to=container.path(source.key))
    _add_source(source, target, sub_path, mount, container, found)


def _add_files(
    files: VolumeFiles,
    volume: Cursor,
    target: str,
    sub_path: str,
    mount: Cursor,
    container: ContainerContext,
    found: ContainerStorage,
) -> None:
    given = mount_files(files, target, sub_path, mount, container)
    found.mounts.extend(given.mounts)
    found.configs.extend(given.configs)
    found.secrets.extend(given.secrets)
    found.texts.extend(_file_texts(files))
    key = "volumes" if given.mounts else "secrets" if given.secrets else "configs"
    mount.map(to=container.path(key))
    _settle_redundant(mount, container)
    volume.at("name").take(to=container.path(key))
    if mount.peek("mountPropagation") is not None:
        mount.at("mountPropagation").noted("TC201")


def _file_texts(files: VolumeFiles) -> list[str]:
    """The texts of ConfigMap files, which may name the variables of Services."""
    entries = [
        item.entry.cursor
        for item in files.items
        if item.entry is not None and not item.secret
    ]
    return [given for cursor in entries if (given := peek_text(cursor)) is not None]


def _settle_redundant(mount: Cursor, container: ContainerContext) -> None:
    """`readOnly` where the source cannot be written to anyway."""
    if peek_text(mount.at("readOnly")) is not None:
        container.not_applicable(mount.at("readOnly"))


def _sub_path(mount: Cursor, scope: dict[str, str], to: str) -> str:
    plain_path = peek_text(mount.at("subPath"))
    if plain_path is not None:
        mount.at("subPath").take(to=to)
        return plain_path.strip("/")
    expression = peek_text(mount.at("subPathExpr"))
    if expression is None:
        return ""
    mount.at("subPathExpr").take(to=to)
    given = expand_references(expression, scope)
    return (plain(given) or given).strip("/")


def _add_source(
    source: VolumeSource,
    target: str,
    sub_path: str,
    mount: Cursor,
    container: ContainerContext,
    found: ContainerStorage,
) -> None:
    if source.options:
        found.options |= source.options
        return
    read_only = source.read_only or peek_bool(mount.at("readOnly")) is True
    if source.read_only:
        _settle_redundant(mount, container)
    options: dict[str, Any] = {
        key: dict(inner) for key, inner in source.mount_options.items()
    }
    name = source.source
    if sub_path and source.kind == "volume":
        options.setdefault("volume", {})["subpath"] = literal(sub_path)
        found.sub_paths.setdefault(name or "", []).append(sub_path)
    elif sub_path and source.kind == "bind":
        name = f"{name}/{literal(sub_path)}"
        options.pop("bind", None)
    elif sub_path and source.kind == "image":
        options.setdefault("image", {})["subpath"] = literal(sub_path)
    if source.kind == "bind":
        _bind_options(mount, options, container)
    else:
        mount.at("mountPropagation").skip("only bind mounts have a propagation")
        mount.at("recursiveReadOnly").skip("a volume has nothing mounted below it")
    if source.kind == "volume" and name and not read_only:
        (found.empty_dirs if source.empty else found.owned).append(name)
    found.mounts.append(
        Mount(
            kind=source.kind,
            source=name,
            target=literal(target),
            read_only=read_only,
            options=options,
            origin=mount.span,
        )
    )


def _bind_options(
    mount: Cursor, options: dict[str, Any], container: ContainerContext
) -> None:
    propagation = _PROPAGATION.get(peek_text(mount.at("mountPropagation")) or "")
    if propagation:
        options.setdefault("bind", {})["propagation"] = propagation
    if peek_text(mount.at("recursiveReadOnly")) in ("Enabled", "IfPossible"):
        options.setdefault("bind", {})["recursive"] = "readonly"
    for key in ("mountPropagation", "recursiveReadOnly"):
        mount.at(key).take(to=container.path("volumes"))
