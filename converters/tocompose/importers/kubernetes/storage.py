"""Volumes and their mounts: files, named volumes, binds, tmpfs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config_files import (
    VolumeFiles,
    mount_files,
    volume_files,
)
from tocompose.importers.kubernetes.container_fields import PodVolume, VolumeMount
from tocompose.importers.kubernetes.links import expand_references
from tocompose.importers.kubernetes.pod_volumes import source_of
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_scalar,
)
from tocompose.importers.kubernetes.volume_sources import VolumeSource
from tocompose.ledger import Cursor
from tocompose.model import ConfigMount, File, Mount
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath

_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}
# Why what the cluster itself added to a pod is left out: nothing is to be said about it.
INJECTED = "the cluster adds it to every pod, to talk to its API"
# The credentials of the pod's account, under the names that clusters give the volume.
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
# Folders of ours beside the compose file.
_GENERATED = ("./config/", "./secrets/")
_ADDED = regex(r"kube-api-access-[a-z0-9]{5}|.+-token-[a-z0-9]{5}")


class ContainerStorage:
    """What the mounts of one container come to; `options` are Compose keys beside them, `texts` what its files say,
    `scope` the variables that paths may name.

    A one-shot must make the `sub_paths` of each volume, open `empty_dirs` for everybody and give `owned` to the group.
    """

    __slots__ = (
        "configs",
        "empty_dirs",
        "mounts",
        "options",
        "owned",
        "scope",
        "secrets",
        "sub_paths",
        "texts",
    )

    def __init__(self, scope: Mapping[str, str]) -> None:
        self.scope = scope
        self.mounts: list[Mount] = []
        self.configs: list[ConfigMount] = []
        self.secrets: list[ConfigMount] = []
        self.options: dict[str, Any] = {}
        self.sub_paths: dict[str, list[str]] = {}
        self.empty_dirs: list[str] = []
        self.owned: list[str] = []
        self.texts: list[str] = []


def _sub_path(mount: VolumeMount, scope: Mapping[str, str], to: ModelPath) -> str:
    """The path in the volume, mapped to `to`; empty for all of it."""
    fixed = take_scalar(mount.cursor.at("subPath"), to)
    if fixed is not None:
        return fixed.strip("/")
    expression = take_scalar(mount.cursor.at("subPathExpr"), to)
    if expression is None:
        return ""
    path = expand_references(expression, scope)
    return (plain(path) or path).strip("/")


def container_storage(
    container: ContainerContext, claims: Claims, scope: Mapping[str, str]
) -> ContainerStorage:
    """The storage of a container."""
    storage = ContainerStorage(scope)
    volumes = {volume.name: volume for volume in container.workload.volumes}
    for mount in container.mounts:
        if mount.path:
            volume = volumes.get(mount.volume)
            _add_mount(mount, volume, container, claims, storage)
        else:
            expected = "a path in the container"
            mount.cursor.note("TC209", field="mountPath", expected=expected)
    _add_mount_points(storage, container)
    for device in list_entries(container.cursor.at("volumeDevices")):
        name, values = peek_text(device.at("name")), values_in_words(device.node)
        fields = f"volumeDevices {name} ({values})"
        device.note("TC244", object=container.workload_title, fields=fields)
    return storage


def _add_mount(
    mount: VolumeMount,
    volume: PodVolume | None,
    container: ContainerContext,
    claims: Claims,
    storage: ContainerStorage,
) -> None:
    if mount.path.rstrip("/") == _ACCOUNT and _ADDED.fullmatch(mount.volume):
        for injected in (mount, volume):
            if injected is not None:
                injected.cursor.skip(INJECTED)
        return
    template = claims.template(container, mount.volume)
    if template is not None:
        if volume is not None:
            volume.cursor.skip("the claim template of the same name takes its place")
        _add_source(template, mount, container, storage)
    elif volume is None:
        description, to = container.describe_volume(mount.volume), container.path("volumes")
        mount.cursor.note("TC213", what=description, name=mount.path, subject=to)
    elif (files := volume_files(volume, container, container.path())) is not None:
        key = _add_files(files, mount, container, storage)
        volume.cursor.at("name").take(to=container.path(key))
    else:
        source = source_of(volume, container, claims, mount.path)
        if source is not None:
            _add_source(source, mount, container, storage)
            volume.cursor.at("name").take(to=container.path(source.key))


def _add_files(
    files: VolumeFiles,
    mount: VolumeMount,
    container: ContainerContext,
    storage: ContainerStorage,
) -> str:
    """Adds what the files of a volume become; gives the key of the service that they are under."""
    sub_path = _sub_path(mount, storage.scope, container.path())
    mounted = mount_files(files, mount.path, sub_path, mount.cursor, container)
    storage.mounts.extend(mounted.mounts)
    storage.configs.extend(mounted.configs)
    storage.secrets.extend(mounted.secrets)
    storage.texts.extend(_file_texts(files))
    key = "volumes" if mounted.mounts else "secrets" if mounted.secrets else "configs"
    mount.cursor.map(to=container.path(key))
    _settle_redundant(mount.cursor, container)
    mount.cursor.at("mountPropagation").mark_noted("TC201")
    return key


def _file_texts(volume: VolumeFiles) -> Iterator[str]:
    """The texts of ConfigMap files, which may name the variables of Services."""
    for file in volume.files:
        if file.entry is not None and not file.secret:
            text = peek_text(file.entry.cursor)
            if text is not None:
                yield text


def _settle_redundant(mount: Cursor, container: ContainerContext) -> None:
    """`readOnly` where the source cannot be written to anyway."""
    if peek_text(mount.at("readOnly")) is not None:
        container.not_applicable(mount.at("readOnly"))


def _add_source(
    source: VolumeSource,
    mount: VolumeMount,
    container: ContainerContext,
    storage: ContainerStorage,
) -> None:
    sub_path = _sub_path(mount, storage.scope, container.path())
    for key in ("name", "mountPath", "readOnly"):
        mount.cursor.take(key, to=container.path(source.key))
    if source.options:
        storage.options |= source.options
        return
    if source.read_only:
        _settle_redundant(mount.cursor, container)
    name = source.source
    if sub_path and source.kind == "bind":
        name = f"{name}/{literal(sub_path)}"
    options = _mount_options(source, mount, sub_path, container)
    read_only = source.read_only or mount.read_only
    if source.kind == "volume":
        _prepare_volume(source, sub_path, read_only, storage)
    storage.mounts.append(
        Mount(
            kind=source.kind,
            source=name,
            target=literal(mount.path),
            read_only=read_only,
            options=options,
            origin=mount.cursor.span,
        )
    )


def _mount_options(
    source: VolumeSource, mount: VolumeMount, sub_path: str, container: ContainerContext
) -> dict[str, dict[str, Any]]:
    options = {kind: dict(nested) for kind, nested in source.mount_options.items()}
    if source.kind == "bind":
        if sub_path:
            options.pop("bind", None)
        _set_bind_options(mount, options, container)
        return options
    if sub_path and source.kind in ("volume", "image"):
        options.setdefault(source.kind, {})["subpath"] = literal(sub_path)
    mount.cursor.at("mountPropagation").skip("only bind mounts have a propagation")
    mount.cursor.at("recursiveReadOnly").skip("a volume has nothing mounted below it")
    return options


def _prepare_volume(
    source: VolumeSource, sub_path: str, read_only: bool, storage: ContainerStorage
) -> None:
    """Adds what a one-shot must do to the volume before it is mounted."""
    if sub_path:
        storage.sub_paths.setdefault(source.source or "", []).append(sub_path)
    if source.source and not read_only:
        (storage.empty_dirs if source.empty else storage.owned).append(source.source)


def _set_bind_options(
    mount: VolumeMount, options: dict[str, dict[str, Any]], container: ContainerContext
) -> None:
    propagation = _PROPAGATION.get(mount.propagation or "")
    if propagation:
        options.setdefault("bind", {})["propagation"] = propagation
    if mount.recursive_read_only in ("Enabled", "IfPossible"):
        options.setdefault("bind", {})["recursive"] = "readonly"
    for key in ("mountPropagation", "recursiveReadOnly"):
        mount.cursor.at(key).take(to=container.path("volumes"))


def _add_mount_points(storage: ContainerStorage, container: ContainerContext) -> None:
    """Makes the places in generated folders where other mounts of the container lie, as the kubelet does: the folders
    are read-only once they are mounted."""
    grants = [str(grant.target) for grant in (*storage.configs, *storage.secrets)]
    for folder in storage.mounts:
        source = folder.source or ""
        if folder.kind != "bind" or not source.startswith(_GENERATED):
            continue
        inside = f"{folder.target.rstrip('/')}/"
        mounts = (mount.target for mount in storage.mounts if mount is not folder)
        for path in (*(f"{target}/.keep" for target in mounts), *grants):
            if path.startswith(inside):
                path = f"{source.removeprefix('./')}/{path.removeprefix(inside)}"
                container.builder.add_file(File(path=path, content=b""))
