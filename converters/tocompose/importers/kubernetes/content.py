"""Files made of ConfigMaps, Secrets and the pod's own fields, for volumes that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.config import ConfigEntry
from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_bool,
    peek_text,
    string_map,
)
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import plain


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


def volume_files(volume: Cursor, place: ContainerContext, to: str) -> VolumeFiles | None:
    """The files of a configMap, secret, projected or downwardAPI volume; None for any other."""
    name = peek_text(volume.at("name")) or "volume"
    for key, kind, field in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
    ):
        source = volume.at(key)
        if source:
            mode = _default_mode(source, to)
            found = tuple(
                _config_files(source, kind, field, mode or DEFAULT_MODE, place, to)
            )
            return VolumeFiles(peek_text(source.at(field)) or name, found, kind == "Secret")
    if source := volume.at("projected"):
        found = tuple(_projected_files(source, place, to))
        return VolumeFiles(
            f"{place.workload.name}-{name}", found, any(item.secret for item in found)
        )
    if source := volume.at("downwardAPI"):
        mode = _default_mode(source, to) or DEFAULT_MODE
        return VolumeFiles(
            f"{place.pod.base}-{name}",
            tuple(_downward_files(source, mode, place, to)),
            False,
        )
    return None


def _default_mode(source: Cursor, to: str) -> int | None:
    """The mode of the files that have none of their own; unread where each has one."""
    listed = [
        *list_entries(source.at("items")),
        *(
            item
            for each in list_entries(source.at("sources"))
            for item in _projected_entries(each)
        ),
    ]
    if listed and all(peek_text(item.at("mode")) is not None for item in listed):
        return DEFAULT_MODE
    return _file_mode(source.at("defaultMode"), to)


def _projected_entries(projection: Cursor) -> Iterator[Cursor]:
    for key in ("configMap", "secret", "downwardAPI"):
        if projection.at(key):
            yield from [*list_entries(projection.at(key, "items"))] or [projection.at(key)]


def _file_mode(cursor: Cursor, to: str) -> int | None:
    given = peek_text(cursor)
    if given is None:
        return None
    mode = integer(given)
    if mode is None or not 0 <= mode <= 0o777:
        cursor.note("TC209", field=cursor.key, expected="a file mode")
        return None
    cursor.take(to=to)
    return mode


def _config_files(
    source: Cursor, kind: str, field: str, mode: int, place: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    """The files of one ConfigMap or Secret: its `items`, or every key."""
    name = peek_text(source.at(field)) or ""
    item = place.model.config_store.find(kind, place.namespace, name)
    source.at(field).take(to=to)
    if item is None:
        code = "TC214" if peek_bool(source.at("optional")) else "TC213"
        root = "secrets" if kind == "Secret" else "config"
        source.at(field).remark(
            code, what=f"{kind} {name}", name=f"{root}/{name}", subject=to
        )
        source.noted(code)
        return
    item.count_identity_as_mapped(to)
    known = place.model.config_store.entries(item)
    if source.at("items").kind != "list":
        for key, entry in known.items():
            yield VolumeFile(key, mode, kind == "Secret", item, entry)
    for chosen in list_entries(source.at("items")):
        key = peek_text(chosen.at("key")) or ""
        path = peek_text(chosen.at("path")) or key
        chosen.at("key").take(to=to)
        chosen.at("path").take(to=to)
        if key in known and not _leaves_volume(path):
            yield VolumeFile(
                path,
                _file_mode(chosen.at("mode"), to) or mode,
                kind == "Secret",
                item,
                known[key],
            )
        else:
            chosen.note("TC213", what=f"{kind} {name}, key {key}", name=path, subject=to)


def _leaves_volume(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _projected_files(
    source: Cursor, place: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    """The files of all sources; of two with one path the later counts."""
    mode = _default_mode(source, to) or DEFAULT_MODE
    found: dict[str, VolumeFile] = {}
    for each in list_entries(source.at("sources")):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if each.at(key):
                found |= {
                    item.path: item
                    for item in _config_files(each.at(key), kind, "name", mode, place, to)
                }
        if each.at("downwardAPI"):
            found |= {
                item.path: item
                for item in _downward_files(each.at("downwardAPI"), mode, place, to)
            }
    yield from found.values()


def _downward_files(
    source: Cursor, mode: int, place: ContainerContext, to: str
) -> Iterator[VolumeFile]:
    for each in list_entries(source.at("items")):
        path = peek_text(each.at("path"))
        text = _downward_text(each, place, to)
        if path and text is not None and not _leaves_volume(path):
            each.at("path").take(to=to)
            yield VolumeFile(
                path, _file_mode(each.at("mode"), to) or mode, False, None, None, text
            )
        else:
            each.noted("TC218")


def _downward_text(each: Cursor, place: ContainerContext, to: str) -> str | None:
    """The text of a downward API file: for a map of labels or annotations, a line `key="value"` each."""
    name = peek_text(each.at("path")) or "a file"
    if resource := each.at("resourceFieldRef"):
        return resource_value(resource, place, to, name)
    reference = each.at("fieldRef")
    field = peek_text(reference.at("fieldPath"))
    if field in ("metadata.labels", "metadata.annotations"):
        reference.at("fieldPath").take(to=to)
        section = place.workload.pod_template.at("metadata", field.partition(".")[2])
        section.map(to=to)
        return "".join(
            f'{key}="{_escape_value(text)}"\n'
            for key, text in sorted(string_map(section).items())
        )
    given = field_value(reference, place, to, name) if reference else None
    return plain(given) or given if given is not None else None


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
