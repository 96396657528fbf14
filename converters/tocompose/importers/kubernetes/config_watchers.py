"""Sidecars that copy ConfigMaps with a label into a folder of their pod: here the folder holds those of the manifests.

They ask the Kubernetes API for them, which is not there: https://github.com/kiwigrid/k8s-sidecar
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain

from tocompose.importers.kubernetes.container_fields import Container
from tocompose.importers.kubernetes.environment_fields import FieldReference
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.pod_fields import PodSpec
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.volume_fields import (
    ConfigVolume,
    EmptyDirVolume,
    KeyFile,
    PodVolume,
    ProjectedVolume,
)
from tocompose.knowledge.images import image_ref
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.wording import enumerated

# The last part of the image's name, here and in copies of it.
_IMAGE = "k8s-sidecar"
_RESOURCES = {
    "configmap": ("ConfigMap",),
    "secret": ("Secret",),
    "both": ("ConfigMap", "Secret"),
}
_SECTIONS = ("data", "binaryData", "stringData")
_ANNOTATION = "k8s-sidecar-target-directory"


class WatchedObjects(NamedTuple):
    """What a watcher asks for: kinds with a label in some namespaces; `namespaces` is None for all of them."""

    kinds: tuple[str, ...]
    label: str
    label_value: str
    namespaces: frozenset[str] | None

    def select(self, objects: KubeObjects) -> Iterator[KubeObject]:
        """The objects of the manifests that it would copy."""
        for kube_object in objects.of_kind(*self.kinds):
            value = kube_object.labels.get(self.label)
            is_near = self.namespaces is None or kube_object.namespace in self.namespaces
            if value is not None and is_near and self.label_value in ("", value):
                yield kube_object


class ConfigWatcher(NamedTuple):
    """A container that copies objects with a label into the folder of a volume.

    `problem` says why it stays; else `selected` are the objects that the volume holds now, `sources` their files in it,
    and `left_files` those that it cannot hold.
    """

    container: Container
    folder: str = ""
    label: str = ""
    volume: PodVolume | None = None
    selected: tuple[KubeObject, ...] = ()
    sources: tuple[ConfigVolume, ...] = ()
    left_files: tuple[str, ...] = ()
    problem: str = ""

    def content_in_words(self) -> str:
        """What its folder holds."""
        if not self.selected:
            return (
                f"is empty, because no object of the manifests has the label {self.label}"
            )
        return f"holds the files of {enumerated([str(each) for each in self.selected])}"


class SettledPod(NamedTuple):
    """A pod without its watchers, whose volumes hold what they would have copied."""

    spec: PodSpec
    watchers: tuple[ConfigWatcher, ...] = ()


def without_watchers(spec: PodSpec, namespace: str, objects: KubeObjects) -> SettledPod:
    """The pod as far as it can do without watchers."""
    containers = [*spec.init_containers, *spec.containers]
    watching = [fields for fields in containers if _is_watcher(fields)]
    if not watching:
        return SettledPod(spec)
    others = _without(containers, watching)
    watched = [_watched(fields, spec, others, namespace, objects) for fields in watching]
    kept_volumes = set(_volumes_of_kept(watched))
    watchers = tuple(_unless_shared(watcher, kept_volumes) for watcher in watched)
    left_out = [watcher.container for watcher in watchers if watcher.volume is not None]
    settled = spec._replace(
        init_containers=_without(spec.init_containers, left_out),
        containers=_without(spec.containers, left_out),
        volumes=tuple(_filled(volume, watchers) for volume in spec.volumes),
    )
    return SettledPod(settled, watchers)


def _without(
    containers: Iterable[Container], left_out: Sequence[Container]
) -> tuple[Container, ...]:
    cursors = [fields.cursor for fields in left_out]
    return tuple(fields for fields in containers if fields.cursor not in cursors)


def _unless_shared(watcher: ConfigWatcher, kept_volumes: Set[str]) -> ConfigWatcher:
    """The watcher, which stays where one that stays writes to its volume too."""
    if watcher.volume is None or watcher.volume.name not in kept_volumes:
        return watcher
    problem = "another one that was kept writes to the same volume"
    return ConfigWatcher(watcher.container, problem=problem)


def _volumes_of_kept(watchers: Iterable[ConfigWatcher]) -> Iterator[str]:
    """The names of the volumes that watchers which stay write to."""
    for watcher in watchers:
        if watcher.problem:
            yield from (mount.volume for mount in watcher.container.mounts)


def _is_watcher(fields: Container) -> bool:
    image = fields.image.text or ""
    reference = image_ref(image) if _IMAGE in image else None
    return reference is not None and reference.repository.rpartition("/")[2] == _IMAGE


def _watched(
    fields: Container,
    spec: PodSpec,
    others: Sequence[Container],
    namespace: str,
    objects: KubeObjects,
) -> ConfigWatcher:
    """What the watcher comes to."""
    settings = _settings(fields, namespace)
    label, folder = settings.get("LABEL"), settings.get("FOLDER")
    if fields.words:
        return ConfigWatcher(fields, problem="it runs a command of its own")
    if not label or not folder:
        name = "FOLDER" if label else "LABEL"
        return ConfigWatcher(fields, problem=f"the manifests do not show its {name}")
    volume, mount_path = _volume_at(folder, fields, spec)
    if volume is None:
        return ConfigWatcher(fields, problem=f"{folder} is on no emptyDir of the pod")
    if writer := _other_writer(volume, spec, others):
        why = f"the init container {writer} writes to the same volume"
        return ConfigWatcher(fields, problem=why)
    watched = WatchedObjects(
        _RESOURCES.get(settings.get("RESOURCE", "").lower(), ("ConfigMap",)),
        label,
        settings.get("LABEL_VALUE", ""),
        _namespaces(settings.get("NAMESPACE", ""), namespace),
    )
    selected = tuple(watched.select(objects))
    sources: list[ConfigVolume] = []
    left_files: list[str] = []
    for kube_object in selected:
        paths = dict(_file_paths(kube_object, settings, mount_path))
        left_files += [key for key, path in paths.items() if not path]
        sources.append(_source(kube_object, paths, volume.cursor))
    return ConfigWatcher(
        fields, folder, label, volume, selected, tuple(sources), tuple(left_files)
    )


def _settings(fields: Container, namespace: str) -> Mapping[str, str]:
    """The variables of the container, as far as the manifest itself says what they hold."""
    settings: dict[str, str] = {}
    for entry in fields.env:
        name, reference = entry.name.text or "", entry.reference
        if entry.value.text is not None:
            settings[name] = entry.value.text
            continue
        field = reference.field_path if isinstance(reference, FieldReference) else None
        if field is not None and field.text == "metadata.namespace":
            settings[name] = namespace
    return settings


def _namespaces(stated: str, own_namespace: str) -> frozenset[str] | None:
    if stated == "ALL":
        return None
    names = [name.strip() for name in stated.split(",")]
    return frozenset(filter(None, names)) or frozenset([own_namespace])


def _volume_at(
    folder: str, fields: Container, spec: PodSpec
) -> tuple[PodVolume | None, str]:
    """The emptyDir that holds a folder of the container, and where it is mounted."""
    for mount in fields.mounts:
        path = posixpath.normpath(mount.path or "/")
        is_part = mount.sub_path.text or mount.sub_path_expression.text
        volume = spec.volume(mount.volume)
        if volume is None or is_part or not isinstance(volume.source, EmptyDirVolume):
            continue
        if _below(folder, path) is not None:
            return volume, path
    return None, ""


def _below(path: str, folder: str) -> str | None:
    """The path from the folder on, empty for the folder itself; None for what is not in it."""
    relative = posixpath.relpath(posixpath.normpath(path), folder)
    if relative == "..":
        return None
    return None if relative.startswith("../") else relative.removeprefix(".")


def _other_writer(volume: PodVolume, spec: PodSpec, others: Iterable[Container]) -> str:
    """The name of an init container that may leave files in the volume too; empty without one."""
    for fields in others:
        is_init = fields in spec.init_containers
        for mount in fields.mounts:
            if is_init and mount.volume == volume.name and not mount.read_only.flag:
                return fields.name.text or "without a name"
    return ""


def _file_paths(
    kube_object: KubeObject, settings: Mapping[str, str], mount_path: str
) -> Iterator[tuple[str, str]]:
    """The keys of an object, each with its path in the volume; empty for a file that the volume cannot hold: one
    elsewhere, or one that is to be downloaded."""
    annotation = settings.get("FOLDER_ANNOTATION") or _ANNOTATION
    target = kube_object.annotations.get(annotation, "")
    folder = _below(posixpath.join(settings["FOLDER"], target), mount_path)
    is_unique = settings.get("UNIQUE_FILENAMES", "").lower() == "true"
    for section in _SECTIONS:
        for child in kube_object.at(section).children:
            key = name = str(child.key)
            if is_unique:
                kind = kube_object.title.lower()
                name = f"namespace_{kube_object.namespace}.{kind}_{kube_object.name}.{key}"
            is_held = folder is not None and not key.endswith(".url")
            yield key, posixpath.join(folder or "", name) if is_held else ""


def _source(
    kube_object: KubeObject, paths: Mapping[str, str], place: Cursor
) -> ConfigVolume:
    """The files of an object at those paths."""
    nowhere = place.at("sidecar")
    unsaid = Stated(None, nowhere)
    items = tuple(
        KeyFile(nowhere, Stated(key, nowhere), Stated(path, nowhere), unsaid)
        for key, path in paths.items()
        if path
    )
    return ConfigVolume(
        place,
        kube_object.title,
        Stated(kube_object.name, nowhere),
        items,
        has_items=True,
        default_mode=unsaid,
        is_optional=True,
        namespace=kube_object.namespace,
    )


def _filled(volume: PodVolume, watchers: Iterable[ConfigWatcher]) -> PodVolume:
    """The volume, with the files that watchers would have put into it."""
    own_watchers = [watcher for watcher in watchers if watcher.volume is volume]
    if not own_watchers:
        return volume
    sources = chain.from_iterable(watcher.sources for watcher in own_watchers)
    unsaid = Stated(None, volume.cursor.at("sidecar"))
    return volume._replace(source=ProjectedVolume(tuple(sources), unsaid))
