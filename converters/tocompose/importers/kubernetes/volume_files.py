"""The files of configMap, secret, projected and downwardAPI volumes: which a volume holds, and of what each is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import (
    ConfigEntry,
    VolumeFile,
    VolumeFiles,
)
from tocompose.importers.kubernetes.downward import PodValue, file_value
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.volume_fields import (
    ConfigVolume,
    DownwardFile,
    DownwardVolume,
    FileVolume,
    KeyFile,
    ProjectedVolume,
)

DEFAULT_MODE = 0o644


def volume_files(source: FileVolume, name: str, container: ContainerContext) -> VolumeFiles:
    """The files of the volume of that name in the pod, as the container sees them; of two with one path the later."""
    name = name or "volume"
    mode = default_mode(source)
    match source:
        case ConfigVolume():
            files = tuple(_config_files(source, mode, container))
            return VolumeFiles(source.name.text or name, files, source.kind == "Secret")
        case DownwardVolume():
            files = tuple(_downward_files(source, mode, container))
            return VolumeFiles(f"{container.pod.base}-{name}", files, False)
        case ProjectedVolume():
            files = tuple(_projected_files(source, mode, container))
            is_secret = any(file.secret for file in files)
            return VolumeFiles(f"{container.workload.name}-{name}", files, is_secret)


def needs_default(source: FileVolume) -> bool:
    """Whether some file of the volume has no mode of its own."""
    modes = list(_own_modes(source))
    return not modes or not all(modes)


def _own_modes(source: FileVolume) -> Iterator[bool]:
    """Whether each file has a mode of its own; a source of all keys has none."""
    if isinstance(source, ProjectedVolume):
        for projection in source.sources:
            yield from [*_own_modes(projection)] or [False]
        return
    for key_file in source.items:
        yield key_file.mode.text is not None


def default_mode(source: FileVolume) -> int:
    """The mode of the files that have none of their own."""
    if not needs_default(source):
        return DEFAULT_MODE
    return file_mode(source.default_mode) or DEFAULT_MODE


def file_mode(field: Stated) -> int | None:
    """The mode that a field says; None for none."""
    mode = field.number
    return mode if mode is not None and 0 <= mode <= 0o777 else None


def file_path(key_file: KeyFile) -> str:
    """The path of the file that a key becomes: the key itself where none is said."""
    return key_file.path.text or key_file.key.text or ""


def leaves_volume(path: str) -> bool:
    """Whether the path leads out of its volume, which Kubernetes refuses."""
    return path.startswith("/") or ".." in path.split("/")


def entry_of(
    key_file: KeyFile, source: ConfigVolume, container: ContainerContext
) -> ConfigEntry | None:
    """The key that a file is made of; None for one that does not exist or may not stand there."""
    kube_object = config_object(source, container)
    if kube_object is None or leaves_volume(file_path(key_file)):
        return None
    return container.store.entries(kube_object).get(key_file.key.text or "")


def config_object(source: ConfigVolume, container: ContainerContext) -> KubeObject | None:
    """The ConfigMap or Secret behind a volume."""
    name = source.name.text or ""
    namespace = source.namespace or container.namespace
    return container.store.find(source.kind, namespace, name)


def _config_files(
    source: ConfigVolume, mode: int, container: ContainerContext
) -> Iterator[VolumeFile]:
    """The files of one ConfigMap or Secret: its `items`, or every key."""
    is_secret, kube_object = source.kind == "Secret", config_object(source, container)
    if kube_object is None:
        return
    if not source.has_items:
        for key, config_entry in container.store.entries(kube_object).items():
            yield VolumeFile(key, mode, is_secret, kube_object, config_entry)
    for key_file in source.items:
        own_entry = entry_of(key_file, source, container)
        if own_entry is not None:
            own_mode = file_mode(key_file.mode) or mode
            yield VolumeFile(
                file_path(key_file), own_mode, is_secret, kube_object, own_entry
            )


def _projected_files(
    source: ProjectedVolume, mode: int, container: ContainerContext
) -> Iterable[VolumeFile]:
    """The files of all sources; of two with one path the later counts."""
    files = (
        _config_files(projection, mode, container)
        if isinstance(projection, ConfigVolume)
        else _downward_files(projection, mode, container)
        for projection in source.sources
    )
    return {file.path: file for file in chain.from_iterable(files)}.values()


def _downward_files(
    source: DownwardVolume, mode: int, container: ContainerContext
) -> Iterator[VolumeFile]:
    for key_file in source.items:
        answer = downward_value(key_file, container)
        if answer is not None and answer.text is not None and downward_path(key_file):
            own_mode = file_mode(key_file.mode) or mode
            yield VolumeFile(
                downward_path(key_file), own_mode, False, None, None, answer.text
            )


def downward_path(key_file: DownwardFile) -> str:
    """The path of the file in the volume; empty where it has none that Kubernetes accepts."""
    path = key_file.path.text or ""
    return "" if leaves_volume(path) else path


def downward_value(key_file: DownwardFile, container: ContainerContext) -> PodValue | None:
    """What a file says of the pod; None where nothing is referred to."""
    if key_file.reference is None:
        return None
    return file_value(key_file.reference, container, key_file.path.text or "a file")
