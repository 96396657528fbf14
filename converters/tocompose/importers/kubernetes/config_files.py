"""Files made of ConfigMaps, Secrets and a pod's own fields: which a volume holds, and how a service gets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.references import (
    annotate_rewrites,
    record_hosts,
    replace_outside_names,
    rewrite_ports,
)
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
)
from tocompose.importers.kubernetes.security import names_user, runs_as_root
from tocompose.ledger import Cursor
from tocompose.model import File, Grant, Mount, Resource
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal, plain


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
    items: tuple[VolumeFile, ...]
    secret: bool


DEFAULT_MODE = 0o644


def volume_files(
    volume: Cursor, container: ContainerContext, to: str
) -> VolumeFiles | None:
    """The files of a configMap, secret, projected or downwardAPI volume; None for any other."""
    name = peek_text(volume.at("name")) or "volume"
    for key, kind, field in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
    ):
        source = volume.at(key)
        if source:
            mode = _default_mode(source, to)
            files = tuple(
                _config_files(source, kind, field, mode or DEFAULT_MODE, container, to)
            )
            return VolumeFiles(peek_text(source.at(field)) or name, files, kind == "Secret")
    if source := volume.at("projected"):
        files = tuple(_projected_files(source, container, to))
        return VolumeFiles(
            f"{container.workload.name}-{name}", files, any(file.secret for file in files)
        )
    if source := volume.at("downwardAPI"):
        mode = _default_mode(source, to) or DEFAULT_MODE
        return VolumeFiles(
            f"{container.pod.base}-{name}",
            tuple(_downward_files(source, mode, container, to)),
            False,
        )
    return None


def _default_mode(source: Cursor, to: str) -> int | None:
    """The mode of the files that have none of their own; unread where each has one."""
    listed = [
        *list_entries(source.at("items")),
        *(
            file_entry
            for projection in list_entries(source.at("sources"))
            for file_entry in _projected_entries(projection)
        ),
    ]
    if listed and all(
        peek_text(file_entry.at("mode")) is not None for file_entry in listed
    ):
        return DEFAULT_MODE
    return _file_mode(source.at("defaultMode"), to)


def _projected_entries(projection: Cursor) -> Iterator[Cursor]:
    for key in ("configMap", "secret", "downwardAPI"):
        if projection.at(key):
            yield from [*list_entries(projection.at(key, "items"))] or [projection.at(key)]


def _file_mode(cursor: Cursor, to: str) -> int | None:
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
    source: Cursor, kind: str, field: str, mode: int, container: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    """The files of one ConfigMap or Secret: its `items`, or every key."""
    name = peek_text(source.at(field)) or ""
    kube_object = container.store.find(kind, container.namespace, name)
    source.at(field).take(to=to)
    if kube_object is None:
        code = "TC214" if peek_bool(source.at("optional")) else "TC213"
        root = "secrets" if kind == "Secret" else "config"
        source.at(field).remark(
            code, what=f"{kind} {name}", name=f"{root}/{name}", subject=to
        )
        source.noted(code)
        return
    kube_object.count_identity_as_mapped(to)
    config_entries = container.store.entries(kube_object)
    if source.at("items").kind != "list":
        for key, config_entry in config_entries.items():
            yield VolumeFile(key, mode, kind == "Secret", kube_object, config_entry)
    for file_entry in list_entries(source.at("items")):
        key = peek_text(file_entry.at("key")) or ""
        path = peek_text(file_entry.at("path")) or key
        file_entry.at("key").take(to=to)
        file_entry.at("path").take(to=to)
        if key in config_entries and not _leaves_volume(path):
            yield VolumeFile(
                path,
                _file_mode(file_entry.at("mode"), to) or mode,
                kind == "Secret",
                kube_object,
                config_entries[key],
            )
        else:
            file_entry.note(
                "TC213", what=f"{kind} {name}, key {key}", name=path, subject=to
            )


def _leaves_volume(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _projected_files(
    source: Cursor, container: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    """The files of all sources; of two with one path the later counts."""
    mode = _default_mode(source, to) or DEFAULT_MODE
    file_by_path: dict[str, VolumeFile] = {}
    for projection in list_entries(source.at("sources")):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if projection.at(key):
                file_by_path |= {
                    file.path: file
                    for file in _config_files(
                        projection.at(key), kind, "name", mode, container, to
                    )
                }
        if projection.at("downwardAPI"):
            file_by_path |= {
                file.path: file
                for file in _downward_files(
                    projection.at("downwardAPI"), mode, container, to
                )
            }
    yield from file_by_path.values()


def _downward_files(
    source: Cursor, mode: int, container: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    for file_entry in list_entries(source.at("items")):
        path = peek_text(file_entry.at("path"))
        text = _downward_text(file_entry, container, to)
        if path and text is not None and not _leaves_volume(path):
            file_entry.at("path").take(to=to)
            yield VolumeFile(
                path, _file_mode(file_entry.at("mode"), to) or mode, False, None, None, text
            )
        else:
            file_entry.noted("TC218")


def _downward_text(file_entry: Cursor, container: ContainerContext, to: str) -> str | None:
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
    text_of_field = field_value(reference, container, to, name) if reference else None
    return plain(text_of_field) or text_of_field if text_of_field is not None else None


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class MountedFiles(NamedTuple):
    """What a volume of files gives a service: a folder, or single files as configs or secrets."""

    mounts: tuple[Mount, ...] = ()
    configs: tuple[Grant, ...] = ()
    secrets: tuple[Grant, ...] = ()


def mount_files(
    files: VolumeFiles,
    target: str,
    sub_path: str,
    mount: Cursor,
    container: ContainerContext,
) -> MountedFiles:
    """The files of a volume at `target`: all of them as a folder that hides the image's own, or one of them."""
    folder = _folder_of(files, container)
    if sub_path:
        # Of what is not among the manifests, the one file that is wanted is left to be filled in.
        empty = VolumeFile(sub_path, DEFAULT_MODE, files.secret, None, None)
        inside = [file for file in files.items or (empty,) if file.path == sub_path]
        if inside:
            return _mount_single(inside[0], folder, target, mount, container)
        below_path = tuple(
            file for file in files.items if file.path.startswith(f"{sub_path}/")
        )
        files, folder = files._replace(items=below_path), f"{folder}/{sub_path}"
        below_path = tuple(
            file._replace(path=file.path[len(sub_path) + 1 :]) for file in below_path
        )
        files = files._replace(items=below_path)
    for file in files.items:
        _write_file(file, f"{folder}/{file.path}", container)
    if not files.items:
        container.builder.add_file(
            File(
                path=f"{folder}/.keep", content=b"", secret=files.secret, origin=mount.span
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


def _folder_of(files: VolumeFiles, container: ContainerContext) -> str:
    """`config/<name>`; a name of its own where the namespace, the choice of keys or the modes differ."""
    root = "secrets" if files.secret else "config"
    owners = {file.owner for file in files.items if file.owner is not None}
    scoped = any(
        len(container.model.objects.in_all_namespaces(owner.kind, owner.name)) > 1
        for owner in owners
    )
    base = f"{container.namespace}/{files.name}" if scoped else files.name
    number, folder, workload_folder = (
        2,
        f"{root}/{base}",
        f"{root}/{base}-{container.workload.name}",
    )
    key = tuple((file.path, file.mode, id(file.entry), file.text) for file in files.items)
    while container.builder.folders.setdefault(folder, key) != key:
        folder = (
            workload_folder if folder == f"{root}/{base}" else f"{workload_folder}-{number}"
        )
        number += folder != workload_folder
    return folder


def _mount_single(
    file: VolumeFile, folder: str, target: str, mount: Cursor, container: ContainerContext
) -> MountedFiles:
    """One file in place of the image's: a config or secret of its own."""
    path = f"{folder}/{file.path}"
    _write_file(file, path, container)
    name = path.removeprefix("config/").removeprefix("secrets/").replace("/", "-")
    name = "".join(char if char.isalnum() or char in "._-" else "-" for char in name)
    resources = container.builder.secrets if file.secret else container.builder.configs
    resources.setdefault(name, Resource(name=name, file=f"./{path}", origin=mount.span))
    grant = Grant(source=name, target=literal(target), origin=mount.span)
    return MountedFiles(secrets=(grant,)) if file.secret else MountedFiles(configs=(grant,))


def _write_file(file: VolumeFile, path: str, container: ContainerContext) -> None:
    """Writes the file; its Service references are rewritten, since it is not read by Compose."""
    to = f"files.{path}"
    if file.entry is None:
        container.builder.add_file(
            File(path=path, content=file.text.encode(), mode=file.mode, secret=file.secret)
        )
        return
    data = file.entry.content(to)
    if data is None:
        return
    if file.owner is not None:
        file.owner.count_identity_as_mapped(to)
    if not file.secret:
        data = _rewrite_content(data, file, container, to)
    mode = _readable_mode(file, container)
    container.builder.add_file(
        File(
            path=path,
            content=data,
            mode=mode,
            secret=file.secret,
            origin=file.entry.cursor.span,
        )
    )


def _readable_mode(file: VolumeFile, container: ContainerContext) -> int:
    """The mode of the file. One that not everybody may read belongs to whoever runs Compose: where the container is
    not an almighty root, Kubernetes opens it to the pod's group, which a bind mount cannot."""
    own_context, pod_context = (
        container.cursor.at("securityContext"),
        container.pod_spec.at("securityContext"),
    )
    dropped = {
        (peek_text(capability) or "").upper()
        for capability in list_entries(own_context.at("capabilities", "drop"))
    }
    if file.mode & 0o004 or (
        runs_as_root(container) and not dropped & {"ALL", "DAC_OVERRIDE"}
    ):
        return file.mode
    limited = (
        names_user(container)
        or pod_context.at("fsGroup")
        or dropped & {"ALL", "DAC_OVERRIDE"}
    )
    return file.mode | 0o044 if limited else file.mode


def _rewrite_content(
    data: bytes, file: VolumeFile, container: ContainerContext, to: str
) -> bytes:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return data
    if file.entry is None:
        return data
    changed, done = rewrite_ports(text, container.namespace, container.kube_services)
    annotate_rewrites(done, file.entry.cursor, to)
    record_hosts(text, file.entry.cursor, container)
    changed = replace_outside_names(changed, file.entry.cursor, container, to)
    return changed.encode() if changed != text else data
