"""What stands behind the volumes of pods and behind claims, each read once into a record with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

from tocompose.importers.kubernetes.environment_fields import (
    FieldReference,
    ResourceReference,
    decode_field_reference,
    decode_resource_reference,
)
from tocompose.importers.kubernetes.kinds import field_tables
from tocompose.importers.kubernetes.objects import DEFAULT, KubeObject
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    peek_bool,
    peek_text,
    stated,
    stated_entries,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

# The keys of volumes that hold the entries of an object: its kind, and the key of its name.
_CONFIG_KEYS = {"configMap": ("ConfigMap", "name"), "secret": ("Secret", "secretName")}
# What a driver of the cluster's alone could mount.
FOREIGN_NOTE = "TC244"


class KeyFile(NamedTuple):
    """One of the `items` of a ConfigMap or Secret: the file that a key becomes."""

    cursor: Cursor
    key: Stated
    path: Stated
    mode: Stated


class ConfigVolume(NamedTuple):
    """The entries of a ConfigMap or Secret as files: those of `items`, or all where none are said; of the pod's own
    namespace where none is named."""

    cursor: Cursor
    kind: str
    name: Stated
    items: tuple[KeyFile, ...]
    has_items: bool
    default_mode: Stated
    is_optional: bool
    namespace: str = ""


class DownwardFile(NamedTuple):
    """A file that says something of the pod itself; `reference` is None where nothing is named."""

    cursor: Cursor
    path: Stated
    mode: Stated
    reference: FieldReference | ResourceReference | None


class DownwardVolume(NamedTuple):
    """Files that say something of the pod itself."""

    items: tuple[DownwardFile, ...]
    default_mode: Stated


class ProjectedVolume(NamedTuple):
    """The files of several sources in one folder."""

    sources: tuple[ConfigVolume | DownwardVolume, ...]
    default_mode: Stated


class EmptyDirVolume(NamedTuple):
    """An empty folder that lives as long as the pod; falsy `cursor` where the volume names no source at all."""

    cursor: Cursor
    medium: Stated
    size_limit: Stated
    mode: Stated


class HostPathVolume(NamedTuple):
    """A path of the node; `type` is what must be there."""

    cursor: Cursor
    path: Stated
    type: Stated


class NfsVolume(NamedTuple):
    """An export of an NFS server."""

    cursor: Cursor
    server: Stated
    path: Stated
    read_only: Stated


class ClaimVolume(NamedTuple):
    """What a PersistentVolumeClaim gives."""

    cursor: Cursor
    claim_name: Stated
    read_only: Stated


class EphemeralVolume(NamedTuple):
    """A claim that lives as long as the pod."""

    cursor: Cursor


class ImageVolume(NamedTuple):
    """The files of an image."""

    reference: Stated


class ForeignVolume(NamedTuple):
    """What only a driver of the cluster could mount."""

    cursor: Cursor


FileVolume: TypeAlias = ConfigVolume | DownwardVolume | ProjectedVolume
FILE_VOLUMES = (ConfigVolume, DownwardVolume, ProjectedVolume)
MountedVolume: TypeAlias = (
    EmptyDirVolume
    | HostPathVolume
    | NfsVolume
    | ClaimVolume
    | EphemeralVolume
    | ImageVolume
    | ForeignVolume
)


class PodVolume(NamedTuple):
    """One volume of a pod, and what stands behind it; `name` is empty where none is said."""

    cursor: Cursor
    name: str
    name_cursor: Cursor
    source: FileVolume | MountedVolume


def decode_volume(cursor: Cursor) -> PodVolume:
    """The volume of a pod that stands at the cursor; of several sources one counts."""
    name = stated(cursor, "name")
    source = next(_decode_sources(cursor), None) or _decode_rest(cursor)
    return PodVolume(cursor, name.text or "", name.cursor, source)


def _decode_sources(cursor: Cursor) -> Iterator[FileVolume | MountedVolume]:
    for key, (kind, name_key) in _CONFIG_KEYS.items():
        if source := cursor.at(key):
            yield _decode_config(source, kind, name_key)
    for key, decode in _DECODERS.items():
        if source := cursor.at(key):
            yield decode(source)


def _decode_rest(cursor: Cursor) -> MountedVolume:
    """What stands behind a volume of no kind known here: one without any source is an emptyDir."""
    rows = field_tables()["Volume"]
    for child in cursor:
        if child.key in rows and rows[child.key].note == FOREIGN_NOTE:
            return ForeignVolume(child)
    return _decode_empty_dir(cursor.at("emptyDir"))


def _decode_config(source: Cursor, kind: str, name_key: str) -> ConfigVolume:
    items = source.at("items")
    return ConfigVolume(
        source,
        kind,
        name=stated(source, name_key),
        items=tuple(map(_decode_key_file, list_entries(items))),
        has_items=items.kind == "list",
        default_mode=stated(source, "defaultMode"),
        is_optional=peek_bool(source.at("optional")) is True,
    )


def _decode_key_file(cursor: Cursor) -> KeyFile:
    return KeyFile(
        cursor, stated(cursor, "key"), stated(cursor, "path"), stated(cursor, "mode")
    )


def _decode_downward(source: Cursor) -> DownwardVolume:
    items = tuple(map(_decode_downward_file, list_entries(source.at("items"))))
    return DownwardVolume(items, stated(source, "defaultMode"))


def _decode_downward_file(cursor: Cursor) -> DownwardFile:
    reference: FieldReference | ResourceReference | None = None
    if resource := cursor.at("resourceFieldRef"):
        reference = decode_resource_reference(resource)
    elif field := cursor.at("fieldRef"):
        reference = decode_field_reference(field)
    return DownwardFile(cursor, stated(cursor, "path"), stated(cursor, "mode"), reference)


def _decode_projected(source: Cursor) -> ProjectedVolume:
    projections = map(_decode_projection, list_entries(source.at("sources")))
    return ProjectedVolume(
        tuple(chain.from_iterable(projections)), stated(source, "defaultMode")
    )


def _decode_projection(
    projection: Cursor,
) -> Iterator[ConfigVolume | DownwardVolume]:
    for key, (kind, _) in _CONFIG_KEYS.items():
        if source := projection.at(key):
            yield _decode_config(source, kind, "name")
    if source := projection.at("downwardAPI"):
        yield _decode_downward(source)


def _decode_empty_dir(source: Cursor) -> EmptyDirVolume:
    return EmptyDirVolume(
        source,
        medium=stated(source, "medium"),
        size_limit=stated(source, "sizeLimit"),
        mode=stated(source, "mode"),
    )


def _decode_host_path(source: Cursor) -> HostPathVolume:
    return HostPathVolume(source, stated(source, "path"), stated(source, "type"))


def _decode_nfs(source: Cursor) -> NfsVolume:
    return NfsVolume(
        source,
        server=stated(source, "server"),
        path=stated(source, "path"),
        read_only=stated(source, "readOnly"),
    )


def _decode_claim_volume(source: Cursor) -> ClaimVolume:
    return ClaimVolume(source, stated(source, "claimName"), stated(source, "readOnly"))


def _decode_image(source: Cursor) -> ImageVolume:
    return ImageVolume(stated(source, "reference"))


# In the order in which a volume with several sources is asked for them.
_DECODERS: Mapping[str, Callable[[Cursor], FileVolume | MountedVolume]] = {
    "projected": _decode_projected,
    "downwardAPI": _decode_downward,
    "persistentVolumeClaim": _decode_claim_volume,
    "emptyDir": _decode_empty_dir,
    "hostPath": _decode_host_path,
    "nfs": _decode_nfs,
    "image": _decode_image,
    "ephemeral": EphemeralVolume,
}


class ClaimTemplate(NamedTuple):
    """A claim that each pod of a StatefulSet gets one of."""

    cursor: Cursor
    name: Stated
    type_fields: tuple[Stated, ...]
    volume_name: Stated
    is_read_only: bool


def decode_claim_templates(workload_spec: Cursor) -> tuple[ClaimTemplate, ...]:
    """The claim templates of a workload, in the order of the source."""
    templates = list_entries(workload_spec.at("volumeClaimTemplates"))
    return tuple(map(_decode_template, templates))


def _decode_template(cursor: Cursor) -> ClaimTemplate:
    spec = cursor.at("spec")
    return ClaimTemplate(
        cursor,
        name=stated(cursor.at("metadata"), "name"),
        type_fields=tuple(stated(cursor, key) for key in ("apiVersion", "kind")),
        volume_name=stated(spec, "volumeName"),
        is_read_only=_is_read_only(spec),
    )


class PersistentClaim(NamedTuple):
    """A PersistentVolumeClaim of the input."""

    kube_object: KubeObject
    volume_name: Stated
    is_read_only: bool


def decode_claim(kube_object: KubeObject) -> PersistentClaim:
    """What a PersistentVolumeClaim says."""
    spec = kube_object.at("spec")
    return PersistentClaim(kube_object, stated(spec, "volumeName"), _is_read_only(spec))


def _is_read_only(claim_spec: Cursor) -> bool:
    modes = [peek_text(mode) for mode in list_entries(claim_spec.at("accessModes"))]
    return modes == ["ReadOnlyMany"]


class PersistentVolume(NamedTuple):
    """A PersistentVolume of the input; `source` is None where only the cluster's storage knows it."""

    kube_object: KubeObject
    claim_name: Stated
    claim_namespace: Stated
    mount_options: tuple[Stated, ...]
    options_cursor: Cursor
    source: HostPathVolume | NfsVolume | None

    @property
    def claim_key(self) -> tuple[str, str]:
        """The namespace and name of the claim that it is kept for."""
        return self.claim_namespace.text or DEFAULT, self.claim_name.text or ""


def decode_persistent_volume(kube_object: KubeObject) -> PersistentVolume:
    """What a PersistentVolume says."""
    spec = kube_object.at("spec")
    reference = spec.at("claimRef")
    return PersistentVolume(
        kube_object,
        claim_name=stated(reference, "name"),
        claim_namespace=stated(reference, "namespace"),
        mount_options=stated_entries(spec, "mountOptions"),
        options_cursor=spec.at("mountOptions"),
        source=_decode_volume_source(spec),
    )


def _decode_volume_source(spec: Cursor) -> HostPathVolume | NfsVolume | None:
    for key in ("hostPath", "local"):
        if source := spec.at(key):
            return _decode_host_path(source)
    if source := spec.at("nfs"):
        return _decode_nfs(source)
    return None
