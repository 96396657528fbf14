"""Files made of ConfigMaps, Secrets and the pod's own fields, for volumes that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.config import Entry
from tocompose.importers.kubernetes.downward import field_value, resource_value
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import items, strings, truth, value
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import plain


class Item(NamedTuple):
    """One file of a volume: its path below the mount, and the key or field that it is made of."""

    path: str
    mode: int
    secret: bool
    owner: Object | None
    entry: Entry | None
    text: str = ""


class Content(NamedTuple):
    """The files of a volume; `name` and `secret` say whose they are."""

    name: str
    items: tuple[Item, ...]
    secret: bool


DEFAULT_MODE = 0o644


def content(volume: Cursor, place: Place, to: str) -> Content | None:
    """The files of a configMap, secret, projected or downwardAPI volume; None for any other."""
    name = value(volume.at("name")) or "volume"
    for key, kind, field in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
    ):
        source = volume.at(key)
        if source:
            mode = _default_mode(source, to)
            found = tuple(_from(source, kind, field, mode or DEFAULT_MODE, place, to))
            return Content(value(source.at(field)) or name, found, kind == "Secret")
    if source := volume.at("projected"):
        found = tuple(_projected(source, place, to))
        return Content(
            f"{place.workload.name}-{name}", found, any(item.secret for item in found)
        )
    if source := volume.at("downwardAPI"):
        mode = _default_mode(source, to) or DEFAULT_MODE
        return Content(
            f"{place.instance.base}-{name}",
            tuple(_downward(source, mode, place, to)),
            False,
        )
    return None


def _default_mode(source: Cursor, to: str) -> int | None:
    """The mode of the files that have none of their own; unread where each has one."""
    listed = [
        *items(source.at("items")),
        *(item for each in items(source.at("sources")) for item in _listed(each)),
    ]
    if listed and all(value(item.at("mode")) is not None for item in listed):
        return DEFAULT_MODE
    return _mode(source.at("defaultMode"), to)


def _listed(projection: Cursor) -> Iterator[Cursor]:
    for key in ("configMap", "secret", "downwardAPI"):
        if projection.at(key):
            yield from [*items(projection.at(key, "items"))] or [projection.at(key)]


def _mode(cursor: Cursor, to: str) -> int | None:
    given = value(cursor)
    if given is None:
        return None
    mode = integer(given)
    if mode is None or not 0 <= mode <= 0o777:
        cursor.note("TC209", field=cursor.key, expected="a file mode")
        return None
    cursor.take(to=to)
    return mode


def _from(
    source: Cursor, kind: str, field: str, mode: int, place: Place, to: str
) -> Iterator[Item]:
    """The files of one ConfigMap or Secret: its `items`, or every key."""
    name = value(source.at(field)) or ""
    item = place.world.store.find(kind, place.namespace, name)
    source.at(field).take(to=to)
    if item is None:
        code = "TC214" if truth(source.at("optional")) else "TC213"
        root = "secrets" if kind == "Secret" else "config"
        source.at(field).remark(
            code, what=f"{kind} {name}", name=f"{root}/{name}", subject=to
        )
        source.noted(code)
        return
    item.took(to)
    known = place.world.store.entries(item)
    if source.at("items").kind != "list":
        for key, entry in known.items():
            yield Item(key, mode, kind == "Secret", item, entry)
    for chosen in items(source.at("items")):
        key = value(chosen.at("key")) or ""
        path = value(chosen.at("path")) or key
        chosen.at("key").take(to=to)
        chosen.at("path").take(to=to)
        if key in known and not _leaves(path):
            yield Item(
                path,
                _mode(chosen.at("mode"), to) or mode,
                kind == "Secret",
                item,
                known[key],
            )
        else:
            chosen.note("TC213", what=f"{kind} {name}, key {key}", name=path, subject=to)


def _leaves(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _projected(source: Cursor, place: Place, to: str) -> Iterator[Item]:
    """The files of all sources; of two with one path the later counts."""
    mode = _default_mode(source, to) or DEFAULT_MODE
    found: dict[str, Item] = {}
    for each in items(source.at("sources")):
        for key, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
            if each.at(key):
                found |= {
                    item.path: item
                    for item in _from(each.at(key), kind, "name", mode, place, to)
                }
        if each.at("downwardAPI"):
            found |= {
                item.path: item
                for item in _downward(each.at("downwardAPI"), mode, place, to)
            }
    yield from found.values()


def _downward(source: Cursor, mode: int, place: Place, to: str) -> Iterator[Item]:
    for each in items(source.at("items")):
        path = value(each.at("path"))
        text = _own(each, place, to)
        if path and text is not None and not _leaves(path):
            each.at("path").take(to=to)
            yield Item(path, _mode(each.at("mode"), to) or mode, False, None, None, text)
        else:
            each.noted("TC218")


def _own(each: Cursor, place: Place, to: str) -> str | None:
    """The text of a downward API file: for a map of labels or annotations, a line `key="value"` each."""
    name = value(each.at("path")) or "a file"
    if resource := each.at("resourceFieldRef"):
        return resource_value(resource, place, to, name)
    reference = each.at("fieldRef")
    field = value(reference.at("fieldPath"))
    if field in ("metadata.labels", "metadata.annotations"):
        reference.at("fieldPath").take(to=to)
        section = place.workload.template.at("metadata", field.partition(".")[2])
        section.map(to=to)
        return "".join(
            f'{key}="{_escaped(text)}"\n' for key, text in sorted(strings(section).items())
        )
    given = field_value(reference, place, to, name) if reference else None
    return plain(given) or given if given is not None else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
