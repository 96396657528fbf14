"""Files made of ConfigMaps, Secrets and a pod's own fields: which a volume holds, and how a service gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.container_fields import PodVolume
from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.objects import COMPOSED, GENERATED, KubeObject
from tocompose.importers.kubernetes.references import (
    annotate_rewrites,
    record_hosts,
    replace_outside_names,
    rewrite_references,
)
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
    take_scalar,
)
from tocompose.ledger import Cursor
from tocompose.model import ConfigMount, File, FileResource, Mount
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath

DEFAULT_MODE = 0o644
_ROOTS = {"ConfigMap": "config", "Secret": "secrets"}
# The keys of volumes that hold the entries of an object: its kind, and the key of its name.
_VOLUMES = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}


class VolumeFile(NamedTuple):
    """One file of a volume: its path below the mount, and the key or field that it is made of."""

    path: str
    mode: int
    secret: bool
    owner: KubeObject | None
    entry: ConfigEntry | None
    text: str = ""


class VolumeFiles(NamedTuple):
    """The files of a volume; `name` and `secret` say whose they are."""

    name: str
    files: tuple[VolumeFile, ...]
    secret: bool

    def below(self, folder: str) -> VolumeFiles:
        """The files in a folder of the volume, with their paths from there."""
        inside = tuple(
            file._replace(path=file.path.removeprefix(f"{folder}/"))
            for file in self.files
            if file.path.startswith(f"{folder}/")
        )
        return self._replace(files=inside)


def volume_files(
    volume: PodVolume, container: ContainerContext, to: ModelPath
) -> VolumeFiles | None:
    """The files of a configMap, secret, projected or downwardAPI volume; None for any other."""
    name = volume.name or "volume"
    for key, (kind, name_key) in _VOLUMES.items():
        if source := volume.sources.get(key):
            name_cursor, mode = source.at(name_key), _default_mode(source, to)
            files = tuple(_config_files(source, name_cursor, kind, mode, container, to))
            return VolumeFiles(peek_text(name_cursor) or name, files, kind == "Secret")
    if source := volume.sources.get("projected"):
        files = tuple(_projected_files(source, container, to))
        is_secret = any(file.secret for file in files)
        return VolumeFiles(f"{container.workload.name}-{name}", files, is_secret)
    if source := volume.sources.get("downwardAPI"):
        files = tuple(_downward_files(source, _default_mode(source, to), container, to))
        return VolumeFiles(f"{container.pod.base}-{name}", files, False)
    return None


def _default_mode(source: Cursor, to: ModelPath) -> int:
    """The mode of the files that have none of their own; unread where each has one."""
    file_entries = list(list_entries(source.at("items")))
    for projection in list_entries(source.at("sources")):
        file_entries.extend(_projected_entries(projection))
    if file_entries and all(
        peek_text(file_entry.at("mode")) is not None for file_entry in file_entries
    ):
        return DEFAULT_MODE
    return _file_mode(source.at("defaultMode"), to) or DEFAULT_MODE


def _projected_entries(projection: Cursor) -> Iterator[Cursor]:
    for key in ("configMap", "secret", "downwardAPI"):
        if projection.at(key):
            yield from [*list_entries(projection.at(key, "items"))] or [projection.at(key)]


def _file_mode(cursor: Cursor, to: ModelPath) -> int | None:
    text = peek_text(cursor)
    if text is None:
        return None
    mode = integer(text)
    if mode is None or not 0 <= mode <= 0o777:
        cursor.note("TC209", field=cursor.key, expected="a file mode")
        return None
    cursor.take(to=to)
    return mode


def _config_files(
    source: Cursor,
    name_cursor: Cursor,
    kind: str,
    mode: int,
    container: ContainerContext,
    to: ModelPath,
) -> Iterator[VolumeFile]:
    """The files of one ConfigMap or Secret: its `items`, or every key."""
    name = peek_text(name_cursor) or ""
    kube_object = container.store.find(kind, container.namespace, name)
    name_cursor.take(to=to)
    if kube_object is None:
        _want_absent(source, name_cursor, kind, container, to)
        return
    kube_object.count_identity_as_mapped(to)
    config_entries = container.store.entries(kube_object)
    if source.at("items").kind != "list":
        for key, own_entry in config_entries.items():
            yield VolumeFile(key, mode, kind == "Secret", kube_object, own_entry)
    for file_entry in list_entries(source.at("items")):
        key = take_scalar(file_entry.at("key"), to) or ""
        path = take_scalar(file_entry.at("path"), to) or key
        config_entry = config_entries.get(key)
        if config_entry is None or _leaves_volume(path):
            container.store.absent.ask(
                kind, container.namespace, name, f"{path} (key {key})", to, file_entry.span
            )
            file_entry.mark_noted("TC213")
            continue
        own_mode = _file_mode(file_entry.at("mode"), to)
        yield VolumeFile(
            path, own_mode or mode, kind == "Secret", kube_object, config_entry
        )


def _want_absent(
    source: Cursor,
    name_cursor: Cursor,
    kind: str,
    container: ContainerContext,
    to: ModelPath,
) -> None:
    """Asks for the folder of an object that the input does not hold; one that is optional is said to be missing."""
    name = peek_text(name_cursor) or ""
    path, absent = f"{_ROOTS[kind]}/{name}", container.store.absent
    if peek_bool(source.at("optional")):
        name_cursor.note("TC214", what=f"{kind} {name}", name=path, subject=to)
        source.mark_noted("TC214")
        return
    keys = ", ".join(absent.keys(kind, container.namespace, name))
    place = f"the folder {path}{f' (files {keys})' if keys else ''}"
    absent.ask(kind, container.namespace, name, place, to, name_cursor.span)
    source.mark_noted(absent.code(kind, container.namespace, name))


def _leaves_volume(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _projected_files(
    source: Cursor, container: ContainerContext, to: ModelPath
) -> Iterable[VolumeFile]:
    """The files of all sources; of two with one path the later counts."""
    mode = _default_mode(source, to)
    file_by_path: dict[str, VolumeFile] = {}
    for projection in list_entries(source.at("sources")):
        for file in _projection_files(projection, mode, container, to):
            file_by_path[file.path] = file
    return file_by_path.values()


def _projection_files(
    projection: Cursor, mode: int, container: ContainerContext, to: ModelPath
) -> Iterator[VolumeFile]:
    for key, (kind, _) in _VOLUMES.items():
        if source := projection.at(key):
            yield from _config_files(source, source.at("name"), kind, mode, container, to)
    yield from _downward_files(projection.at("downwardAPI"), mode, container, to)


def _downward_files(
    source: Cursor, mode: int, container: ContainerContext, to: ModelPath
) -> Iterator[VolumeFile]:
    for file_entry in list_entries(source.at("items")):
        path = peek_text(file_entry.at("path"))
        text = _downward_text(file_entry, container, to)
        if path and text is not None and not _leaves_volume(path):
            file_entry.at("path").take(to=to)
            own_mode = _file_mode(file_entry.at("mode"), to) or mode
            yield VolumeFile(path, own_mode, False, None, None, text)
        else:
            file_entry.mark_noted("TC218")


def _downward_text(
    file_entry: Cursor, container: ContainerContext, to: ModelPath
) -> str | None:
    """The text of a downward API file: for a map of labels or annotations, a line `key="value"` each."""
    name = peek_text(file_entry.at("path")) or "a file"
    if resource := file_entry.at("resourceFieldRef"):
        return resource_value(resource, container, to, name)
    reference = file_entry.at("fieldRef")
    field = peek_text(reference.at("fieldPath"))
    if field in ("metadata.labels", "metadata.annotations"):
        reference.at("fieldPath").take(to=to)
        section = container.workload.pod_template.at("metadata", field.partition(".")[2])
        section.map(to=to)
        return "".join(
            f'{key}="{_escape_value(text)}"\n'
            for key, text in sorted(string_map(section).items())
        )
    field_text = field_value(reference, container, to, name) if reference else None
    return None if field_text is None else plain(field_text) or field_text


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class ServiceFiles(NamedTuple):
    """What a volume of files gives a service: a folder, or single files as configs or secrets."""

    mounts: tuple[Mount, ...] = ()
    configs: tuple[ConfigMount, ...] = ()
    secrets: tuple[ConfigMount, ...] = ()


def mount_files(
    volume: VolumeFiles,
    target: str,
    sub_path: str,
    mount: Cursor,
    container: ContainerContext,
) -> ServiceFiles:
    """The files of a volume at `target`: all of them as a folder that hides the image's own, or one of them."""
    folder = _folder_of(volume, container)
    if sub_path:
        # Of what is not among the manifests, the one file that is wanted is left to be filled in.
        empty = VolumeFile(sub_path, DEFAULT_MODE, volume.secret, None, None)
        for file in volume.files or (empty,):
            if file.path == sub_path:
                return _mount_single(file, folder, target, mount, container)
        volume, folder = volume.below(sub_path), f"{folder}/{sub_path}"
    for file in volume.files:
        _write_file(file, f"{folder}/{file.path}", container)
    if not volume.files:
        path = f"{folder}/.keep"
        container.builder.add_file(
            File(path=path, content=b"", secret=volume.secret, origin=mount.span)
        )
    bind = Mount(
        kind="bind",
        source=f"./{folder}",
        target=literal(target),
        read_only=True,
        origin=mount.span,
    )
    return ServiceFiles(mounts=(bind,))


def _folder_of(volume: VolumeFiles, container: ContainerContext) -> str:
    """`config/<name>`; a name of its own where the namespace, the choice of keys or the modes differ."""
    content = tuple(
        (file.path, file.mode, id(file.entry), file.text) for file in volume.files
    )
    for folder in _folder_names(volume, container):
        if container.builder.folders.setdefault(folder, content) == content:
            break
    return folder


def _folder_names(volume: VolumeFiles, container: ContainerContext) -> Iterator[str]:
    owners = {file.owner for file in volume.files if file.owner is not None}
    objects = container.model.objects
    is_ambiguous = any(
        len(objects.in_all_namespaces(owner.kind, owner.name)) > 1 for owner in owners
    )
    name = f"{container.namespace}/{volume.name}" if is_ambiguous else volume.name
    folder = f"{'secrets' if volume.secret else 'config'}/{name}"
    yield folder
    yield f"{folder}-{container.workload.name}"
    for number in count(2):
        yield f"{folder}-{container.workload.name}-{number}"


def _mount_single(
    file: VolumeFile, folder: str, target: str, mount: Cursor, container: ContainerContext
) -> ServiceFiles:
    """One file in place of the image's: a config or secret of its own."""
    path = f"{folder}/{file.path}"
    _write_file(file, path, container)
    name = path.removeprefix("config/").removeprefix("secrets/").replace("/", "-")
    name = "".join(char if char.isalnum() or char in "._-" else "-" for char in name)
    resources = container.builder.secrets if file.secret else container.builder.configs
    resources.setdefault(name, FileResource(name=name, file=f"./{path}", origin=mount.span))
    grant = ConfigMount(source=name, target=literal(target), origin=mount.span)
    return ServiceFiles(secrets=(grant,)) if file.secret else ServiceFiles(configs=(grant,))


def _write_file(file: VolumeFile, path: str, container: ContainerContext) -> None:
    """Writes the file; its Service references are rewritten, since it is not read by Compose."""
    to = ModelPath.of("files", path)
    if file.entry is None:
        content: bytes | None = file.text.encode()
        origin, mode = None, file.mode
    else:
        content = _entry_content(file, file.entry, container, to)
        origin, mode = file.entry.cursor.span, _readable_mode(file, container)
    if content is not None:
        container.builder.add_file(
            File(path=path, content=content, mode=mode, secret=file.secret, origin=origin)
        )


def _entry_content(
    file: VolumeFile, entry: ConfigEntry, container: ContainerContext, to: ModelPath
) -> bytes | None:
    if entry.cursor.style in (GENERATED, COMPOSED) and file.owner is not None:
        key, owner = entry.cursor.key, file.owner
        place = f"{'.'.join(to[1:])} (key {key})"
        container.store.absent.ask(
            "Secret", owner.namespace, owner.name, place, container.path(), owner.span
        )
        return None
    content = entry.content(to)
    if content is None:
        return None
    if file.owner is not None:
        file.owner.count_identity_as_mapped(to)
    return (
        content if file.secret else _rewrite_content(content, entry.cursor, container, to)
    )


def _readable_mode(file: VolumeFile, container: ContainerContext) -> int:
    """The mode of the file. One that not everybody may read belongs to whoever runs Compose: where the container is
    not an almighty root, Kubernetes opens it to the pod's group, which a bind mount cannot."""
    # What the group may run, a member of it runs here as somebody else.
    opened = file.mode | 0o044 | (file.mode & 0o010) >> 3
    if opened == file.mode:
        return file.mode
    dropped = {
        (peek_text(capability) or "").upper()
        for capability in list_entries(
            container.cursor.at("securityContext", "capabilities", "drop")
        )
    }
    is_limited = bool(dropped & {"ALL", "DAC_OVERRIDE"})
    if not container.run_as.is_root:
        has_group = bool(container.pod_spec.at("securityContext", "fsGroup"))
        is_limited = is_limited or has_group or container.run_as.user is not None
    return opened if is_limited else file.mode


def _rewrite_content(
    content: bytes, cursor: Cursor, container: ContainerContext, to: ModelPath
) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    changed, rewrites = rewrite_references(
        text, container.namespace, container.kube_services
    )
    annotate_rewrites(rewrites, cursor, to)
    record_hosts(text, cursor, container)
    changed = replace_outside_names(changed, cursor, container, to)
    return changed.encode() if changed != text else content
