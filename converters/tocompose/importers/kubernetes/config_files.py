"""Files made of ConfigMaps, Secrets and a pod's own fields: how a service gets them, and what asks for the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from tocompose.importers.kubernetes.absent import UNFILLED, AbsentDemand
from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.config import ConfigEntry, VolumeFile, VolumeFiles
from tocompose.importers.kubernetes.container_fields import VolumeMount
from tocompose.importers.kubernetes.objects import COMPOSED, GENERATED
from tocompose.importers.kubernetes.reading_values import AskedFile, FileForm
from tocompose.importers.kubernetes.references import (
    annotate_rewrites,
    record_hosts,
    replace_outside_names,
    rewrite_references,
)
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.stack_builder import SharedFile
from tocompose.importers.kubernetes.volume_fields import (
    ConfigVolume,
    DownwardFile,
    DownwardVolume,
    FileVolume,
    KeyFile,
    ProjectedVolume,
)
from tocompose.importers.kubernetes.volume_files import (
    DEFAULT_MODE,
    config_object,
    downward_path,
    downward_value,
    entry_of,
    file_mode,
    file_path,
    needs_default,
)
from tocompose.model import ConfigMount, File, FileResource, Mount
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath


def settle_files(source: FileVolume, folder: str, container: ContainerContext) -> None:
    """Counts what the files of a volume are made of as mapped to the service, and asks for what the folder lacks."""
    to = container.path()
    if needs_default(source):
        _settle_mode(source.default_mode, to)
    match source:
        case ConfigVolume():
            _settle_config(source, folder, container, to)
        case DownwardVolume():
            _settle_downward(source, container, to)
        case ProjectedVolume():
            for projection in source.sources:
                if isinstance(projection, ConfigVolume):
                    _settle_config(projection, folder, container, to)
                else:
                    _settle_downward(projection, container, to)


def _settle_mode(mode: Stated, to: ModelPath) -> None:
    if mode.text is None:
        return
    if file_mode(mode) is None:
        mode.cursor.note("TC209", field=mode.cursor.key, expected="a file mode")
    else:
        mode.take(to)


def _settle_config(
    source: ConfigVolume, folder: str, container: ContainerContext, to: ModelPath
) -> None:
    source.name.take(to)
    kube_object = config_object(source, container)
    if kube_object is None:
        _want_absent(source, folder, container, to)
        return
    container.use_config(kube_object)
    kube_object.count_identity_as_mapped(to)
    for key_file in source.items:
        key_file.key.take(to)
        key_file.path.take(to)
        if entry_of(key_file, source, container) is None:
            _want_key(key_file, source, folder, container)
        else:
            _settle_mode(key_file.mode, to)


def _want_key(
    key_file: KeyFile, source: ConfigVolume, folder: str, container: ContainerContext
) -> None:
    key, kind, to = key_file.key.text or "", source.kind, container.path()
    if source.is_optional:
        key_file.cursor.note(
            "TC214",
            what=f"{kind} {source.name.text}, key {key}",
            name=file_path(key_file),
            subject=to,
        )
        return
    path = f"{folder}/{file_path(key_file)}"
    name, span = source.name.text or "", key_file.cursor.span
    demand = AbsentDemand(
        kind, container.namespace, name, f"{path} (key {key})", to, span, key
    )
    container.contribute(demand._replace(asked_file=AskedFile(path)))
    key_file.cursor.mark_noted(UNFILLED)


def _want_absent(
    source: ConfigVolume, folder: str, container: ContainerContext, to: ModelPath
) -> None:
    """Asks for the folder of an object that the input does not hold; one that is optional is said to be missing."""
    kind, name, name_cursor = source.kind, source.name.text or "", source.name.cursor
    absent = container.store.absent
    if source.is_optional:
        name_cursor.note("TC214", what=f"{kind} {name}", name=folder, subject=to)
        source.cursor.mark_noted("TC214")
        return
    keys = ", ".join(absent.keys(kind, container.namespace, name))
    file_in_words = f"the folder {folder}{f' (files {keys})' if keys else ''}"
    demand = AbsentDemand(
        kind, container.namespace, name, file_in_words, to, name_cursor.span
    )
    for asked_demand in _asked_files(demand, source, folder):
        container.contribute(asked_demand)
    source.cursor.mark_noted(absent.code(kind, container.namespace, name))


def _asked_files(
    demand: AbsentDemand, source: ConfigVolume, folder: str
) -> Iterator[AbsentDemand]:
    """The demand for each file that is made of a key, or for the whole folder where no keys are chosen."""
    if not source.items:
        yield demand._replace(asked_file=AskedFile(folder, FileForm.FOLDER))
    for key_file in source.items:
        path, key = f"{folder}/{file_path(key_file)}", key_file.key.text or ""
        yield demand._replace(
            place=f"{path} (key {key})", value_of=key, asked_file=AskedFile(path)
        )


def _settle_downward(
    source: DownwardVolume, container: ContainerContext, to: ModelPath
) -> None:
    for key_file in source.items:
        if _settle_value(key_file, container, to) and downward_path(key_file):
            key_file.path.take(to)
            _settle_mode(key_file.mode, to)
        else:
            key_file.cursor.mark_noted("TC218")


def _settle_value(
    key_file: DownwardFile, container: ContainerContext, to: ModelPath
) -> bool:
    """Whether the file says something; what that is made of counts as mapped."""
    answer = downward_value(key_file, container)
    return answer is not None and answer.settle(container, to) is not None


class ServiceFiles(NamedTuple):
    """What a volume of files gives a service: a folder, or single files as configs or secrets."""

    mounts: tuple[Mount, ...] = ()
    configs: tuple[ConfigMount, ...] = ()
    secrets: tuple[ConfigMount, ...] = ()


def mount_files(
    volume: VolumeFiles, mount: VolumeMount, sub_path: str, container: ContainerContext
) -> ServiceFiles:
    """The files of a mounted volume: all of them as a folder that hides the image's own, or one of them."""
    folder = container.store.folders[container.service, mount.volume]
    if sub_path:
        # Of what is not among the manifests, the one file that is wanted is left to be filled in.
        empty = VolumeFile(sub_path, DEFAULT_MODE, volume.secret, None, None)
        for file in volume.files or (empty,):
            if file.path == sub_path:
                return _mount_single(file, folder, mount, container)
        volume, folder = volume.below(sub_path), f"{folder}/{sub_path}"
    for file in volume.files:
        _write_file(file, f"{folder}/{file.path}", container)
    if not volume.files:
        path = f"{folder}/.keep"
        container.contribute(
            File(path=path, content=b"", secret=volume.secret, origin=mount.cursor.span)
        )
    bind = Mount(
        kind="bind",
        source=f"./{folder}",
        target=literal(mount.path),
        read_only=True,
        origin=mount.cursor.span,
    )
    return ServiceFiles(mounts=(bind,))


def free_folder(
    volume: VolumeFiles, container: ContainerContext, folders: dict[str, VolumeFiles]
) -> str:
    """`config/<name>`; a name of its own where the namespace, the choice of keys or the modes differ from those of the
    folders so far."""
    for folder in _folder_names(volume, container):
        if folders.setdefault(folder, volume).files == volume.files:
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


def file_name(path: str) -> str:
    """What a file of a folder of configs or secrets is called as one of its own."""
    name = path.removeprefix("config/").removeprefix("secrets/").replace("/", "-")
    return "".join(char if char.isalnum() or char in "._-" else "-" for char in name)


def _mount_single(
    file: VolumeFile, folder: str, mount: VolumeMount, container: ContainerContext
) -> ServiceFiles:
    """One file in place of the image's: a config or secret of its own."""
    path = f"{folder}/{file.path}"
    _write_file(file, path, container)
    name = container.store.file_names.get(path) or file_name(path)
    resource = FileResource(name=name, file=f"./{path}", origin=mount.cursor.span)
    container.contribute(SharedFile(resource, file.secret))
    grant = ConfigMount(source=name, target=literal(mount.path), origin=mount.cursor.span)
    return ServiceFiles(secrets=(grant,)) if file.secret else ServiceFiles(configs=(grant,))


def _write_file(file: VolumeFile, path: str, container: ContainerContext) -> None:
    """Writes the file; its Service references are rewritten, since it is not read by Compose."""
    content: bytes | None = file.text.encode()
    if file.entry is not None:
        content = _entry_content(file, file.entry, container, path)
    origin = file.entry.cursor.span if file.entry is not None else None
    mode = _readable_mode(file, container)
    if content is not None:
        container.contribute(
            File(path=path, content=content, mode=mode, secret=file.secret, origin=origin)
        )


def _entry_content(
    file: VolumeFile, config_entry: ConfigEntry, container: ContainerContext, path: str
) -> bytes | None:
    to = ModelPath.of("files", path)
    if config_entry.cursor.style in (GENERATED, COMPOSED) and file.owner is not None:
        key, owner = config_entry.cursor.key, file.owner
        file_in_words = f"{path} (key {key})"
        container.contribute(
            AbsentDemand(
                "Secret",
                owner.namespace,
                owner.name,
                file_in_words,
                container.path(),
                owner.span,
                key,
                AskedFile(path),
            )
        )
        return None
    content = config_entry.content(to)
    if content is None:
        return None
    if file.owner is not None:
        file.owner.count_identity_as_mapped(to)
    if not file.secret:
        content = _rewrite_content(content, config_entry, container, to)
    return _with_listener(content, config_entry, container, to)


def _with_listener(
    content: bytes, config_entry: ConfigEntry, container: ContainerContext, to: ModelPath
) -> bytes:
    """The file with the protocol that the broker speaks which a client calls; imported where there is a broker."""
    if b"protocol" not in content.lower():
        return content
    from tocompose.importers.kubernetes.kafka_clients import follow_listener

    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    return follow_listener(text, config_entry.cursor, container, to).encode()


def _readable_mode(file: VolumeFile, container: ContainerContext) -> int:
    """The mode of the file. One that not everybody may read belongs to whoever runs Compose: where the container is
    not an almighty root, Kubernetes opens it to the pod's group, which a bind mount cannot."""
    # What the group may run, a member of it runs here as somebody else.
    opened = file.mode | 0o044 | (file.mode & 0o010) >> 3
    if opened == file.mode:
        return file.mode
    dropped = {
        (capability.text or "").upper()
        for capability in container.fields.privileges.dropped_capabilities
    }
    is_limited = bool(dropped & {"ALL", "DAC_OVERRIDE"})
    if not container.run_as.is_root:
        has_group = bool(container.pod_spec.ownership.group.cursor)
        is_limited = is_limited or has_group or container.run_as.user.text is not None
    return opened if is_limited else file.mode


def _rewrite_content(
    content: bytes, config_entry: ConfigEntry, container: ContainerContext, to: ModelPath
) -> bytes:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    changed, rewrites = rewrite_references(
        text, container.namespace, container.kube_services
    )
    annotate_rewrites(rewrites, config_entry.cursor, to)
    record_hosts(text, config_entry.cursor, container)
    changed = replace_outside_names(changed, config_entry.cursor, container, to)
    return changed.encode() if changed != text else content
