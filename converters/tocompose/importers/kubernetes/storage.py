"""Volumes and their mounts: files, named volumes, binds, tmpfs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from tocompose.importers.kubernetes.claims import claim_template
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import VolumeFiles
from tocompose.importers.kubernetes.config_files import mount_files, settle_files
from tocompose.importers.kubernetes.container_fields import VolumeMount
from tocompose.importers.kubernetes.links import expand_references
from tocompose.importers.kubernetes.pod_volumes import source_of, template_source
from tocompose.importers.kubernetes.volume_fields import FILE_VOLUMES, PodVolume
from tocompose.importers.kubernetes.volume_sources import VolumeSource
from tocompose.model import ConfigMount, File, Mount
from tocompose.patterns import regex
from tocompose.record import NamedTuple
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


class ContainerStorage(NamedTuple):
    """What mounts of a container come to; `options` are Compose keys beside them, `texts` what the files say.

    A one-shot must make the `sub_paths` of each volume, open `empty_dirs` for everybody and give `owned` to the group.
    """

    mounts: tuple[Mount, ...] = ()
    configs: tuple[ConfigMount, ...] = ()
    secrets: tuple[ConfigMount, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    sub_paths: tuple[tuple[str, str], ...] = ()
    empty_dirs: tuple[str, ...] = ()
    owned: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


_NOTHING = ContainerStorage()


def _sub_path(mount: VolumeMount, scope: Mapping[str, str], to: ModelPath) -> str:
    """The path in the volume, mapped to `to`; empty for all of it."""
    fixed, cursor = mount.sub_path
    if fixed is not None:
        cursor.take(to=to)
        return fixed.strip("/")
    expression, cursor = mount.sub_path_expression
    if expression is None:
        return ""
    cursor.take(to=to)
    path = expand_references(expression, scope)
    return (plain(path) or path).strip("/")


def container_storage(
    container: ContainerContext, scope: Mapping[str, str]
) -> ContainerStorage:
    """The storage of a container, in whose paths variables of the scope may stand."""
    volumes = {volume.name: volume for volume in container.workload.pod_spec.volumes}
    mounted = []
    for mount in container.fields.mounts:
        if mount.path:
            volume = volumes.get(mount.volume)
            mounted.append(_mounted_storage(mount, volume, container, scope))
        else:
            expected = "a path in the container"
            mount.cursor.note("TC209", field="mountPath", expected=expected)
    columns = zip(*mounted, strict=True)
    storage = ContainerStorage(*map(tuple, map(chain.from_iterable, columns)))
    for file in _mount_points(storage):
        container.contribute(file)
    for device in container.fields.devices:
        to = container.path("devices")
        device.cursor.note(
            "TC690",
            service=container.service,
            volume=device.volume,
            path=device.path,
            subject=to,
        )
    return storage


def _mounted_storage(
    mount: VolumeMount,
    volume: PodVolume | None,
    container: ContainerContext,
    scope: Mapping[str, str],
) -> ContainerStorage:
    """What a mount of a volume of the pod, or of a claim template, comes to."""
    if mount.path.rstrip("/") == _ACCOUNT and _ADDED.fullmatch(mount.volume):
        for injected in (mount, volume):
            if injected is not None:
                injected.cursor.skip(INJECTED)
        return _NOTHING
    template = claim_template(container.workload, mount.volume)
    if template is not None:
        if volume is not None:
            volume.cursor.skip("the claim template of the same name takes its place")
        source = template_source(template, container)
        return _mounted_source(source, mount, container, scope)
    if volume is None:
        description, to = container.describe_volume(mount.volume), container.path("volumes")
        mount.cursor.note(
            "TC213",
            what=description,
            name=mount.path,
            advice_text="Add the volume to the pod in the manifests, and convert again.",
            subject=to,
        )
        return _NOTHING
    if isinstance(volume.source, FILE_VOLUMES):
        folder = container.store.folders[container.service, mount.volume]
        settle_files(volume.source, folder, container)
        files = container.store.files_by_folder[folder]
        return _mounted_files(files, volume, mount, container, scope)
    source = source_of(volume.source, volume, container, mount.path)
    volume.name_cursor.take(to=container.path(source.key))
    return _mounted_source(source, mount, container, scope)


def _mounted_files(
    files: VolumeFiles,
    volume: PodVolume,
    mount: VolumeMount,
    container: ContainerContext,
    scope: Mapping[str, str],
) -> ContainerStorage:
    """What a mounted volume of files comes to."""
    sub_path = _sub_path(mount, scope, container.path())
    mounts, configs, secrets = mount_files(files, mount, sub_path, container)
    to = container.path("volumes" if mounts else "secrets" if secrets else "configs")
    mount.cursor.map(to=to)
    volume.name_cursor.take(to=to)
    _settle_redundant(mount, container)
    mount.propagation.cursor.mark_noted("TC201")
    texts = tuple(_file_texts(files))
    return ContainerStorage(mounts, configs, secrets, texts=texts)


def _file_texts(volume: VolumeFiles) -> Iterator[str]:
    """The texts of ConfigMap files, which may name the variables of Services."""
    for file in volume.files:
        if file.entry is not None and not file.secret:
            yield file.entry.text or ""


def _settle_redundant(mount: VolumeMount, container: ContainerContext) -> None:
    """`readOnly` where the source cannot be written to anyway."""
    if mount.read_only.text is not None:
        container.not_applicable(mount.read_only.cursor)


def _mounted_source(
    source: VolumeSource,
    mount: VolumeMount,
    container: ContainerContext,
    scope: Mapping[str, str],
) -> ContainerStorage:
    """What a mounted volume that is no volume of files comes to."""
    sub_path = _sub_path(mount, scope, container.path())
    for key in mount.keys:
        key.cursor.take(to=container.path(source.key))
    if source.options:
        return ContainerStorage(options=tuple(source.options.items()))
    if source.read_only:
        _settle_redundant(mount, container)
    name = source.source
    if sub_path and source.kind == "bind":
        name = f"{name}/{literal(sub_path)}"
    mounted = Mount(
        kind=source.kind,
        source=name,
        target=literal(mount.path),
        read_only=source.read_only or mount.read_only.flag is True,
        options=_mount_options(source, mount, sub_path, container),
        origin=mount.cursor.span,
    )
    storage = ContainerStorage(mounts=(mounted,))
    return _prepared(storage, source, sub_path) if source.kind == "volume" else storage


def _mount_options(
    source: VolumeSource, mount: VolumeMount, sub_path: str, container: ContainerContext
) -> dict[str, dict[str, Any]]:
    options = {kind: dict(nested) for kind, nested in source.mount_options.items()}
    if source.kind == "bind":
        if sub_path:
            options.pop("bind", None)
        _set_bind_options(mount, options, container)
        return options
    # A volume without a name belongs to this mount alone: nothing else of it could be seen.
    if sub_path and source.source is not None and source.kind in ("volume", "image"):
        options.setdefault(source.kind, {})["subpath"] = literal(sub_path)
    mount.propagation.cursor.skip("only bind mounts have a propagation")
    mount.recursive_read_only.cursor.skip("a volume has nothing mounted below it")
    return options


def _prepared(
    storage: ContainerStorage, source: VolumeSource, sub_path: str
) -> ContainerStorage:
    """The storage with what a one-shot must do to the volume before it is mounted."""
    name, (mounted,) = source.source, storage.mounts
    if name is None:
        return storage
    if sub_path:
        storage = storage._replace(sub_paths=((name, sub_path),))
    if mounted.read_only or source.is_ready:
        return storage
    if source.empty:
        return storage._replace(empty_dirs=(name,))
    return storage._replace(owned=(name,))


def _set_bind_options(
    mount: VolumeMount, options: dict[str, dict[str, Any]], container: ContainerContext
) -> None:
    propagation = _PROPAGATION.get(mount.propagation.text or "")
    if propagation:
        options.setdefault("bind", {})["propagation"] = propagation
    if mount.recursive_read_only.text in ("Enabled", "IfPossible"):
        options.setdefault("bind", {})["recursive"] = "readonly"
    for field in (mount.propagation, mount.recursive_read_only):
        field.cursor.take(to=container.path("volumes"))


def _mount_points(storage: ContainerStorage) -> Iterator[File]:
    """The places in generated folders where other mounts of the container lie, which the kubelet makes: the folders
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
                yield File(path=path, content=b"")
