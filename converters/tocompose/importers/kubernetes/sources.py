"""What stands behind a pod's volume: a named volume, a path of the host, memory, an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.importers.kubernetes.binds import host_path, nfs
from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.fields import types
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.quantities import memory, quantity
from tocompose.importers.kubernetes.scalars import items, text, truth, value
from tocompose.importers.kubernetes.security import names_user, runs_as_root
from tocompose.importers.kubernetes.volume_source import Source
from tocompose.knowledge.images import image_facts
from tocompose.ledger import Cursor
from tocompose.model import Volume
from tocompose.readers.yaml import integer
from tocompose.syntax.interpolation import literal

_SMALL = 256 * 2**20
_TEMPORARY = ("/tmp", "/var/tmp", "/run", "/var/run", "/var/cache", "/cache")


def source_of(volume: Cursor, place: Place, claims: Claims, target: str) -> Source | None:
    """The source of a volume as a mount at `target` sees it; None, with a note, when nothing stands in the volume."""
    for key, build in _BUILDERS.items():
        if volume.at(key):
            return build(volume.at(key), volume, place, claims, target)
    name = value(volume.at("name")) or "volume"
    for cursor in volume:
        field = types()["Volume"].get(cursor.key)
        if field is not None and field.note == "TC244":
            declared = place.world.draft.volume(
                Volume(name=f"{place.workload.name}-{name}", origin=volume.span)
            )
            return Source(kind="volume", source=declared)
    # A volume without any source is an emptyDir.
    return _empty_dir(volume.at("emptyDir"), volume, place, claims, target)


def _claim(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    found = claims.source(cursor.at("claimName"), place)
    read_only = truth(cursor.at("readOnly")) is True
    cursor.map(to=place.path("volumes"))
    if found.read_only:
        moot(cursor.at("readOnly"), place.workload.object, place.world, once=True)
    return found._replace(read_only=read_only or found.read_only)


def _ephemeral(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    name = f"{place.instance.base}-{value(volume.at('name')) or 'volume'}"
    return Source(
        kind="volume",
        source=place.world.draft.volume(Volume(name=name, origin=volume.span)),
    )


def _host_path(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    return host_path(cursor, place)


def _nfs(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    name = f"{place.workload.name}-{value(volume.at('name')) or 'nfs'}"
    return nfs(cursor, name, place)


def _image(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    reference = text(cursor.at("reference"), place.path("volumes")) or ""
    return Source(kind="image", source=literal(reference), read_only=True)


def _empty_dir(
    cursor: Cursor, volume: Cursor, place: Place, claims: Claims, target: str
) -> Source:
    name = value(volume.at("name")) or "volume"
    limit = value(cursor.at("sizeLimit"))
    amount = quantity(limit) if limit else None
    size = memory(amount) if amount else None
    in_memory = value(cursor.at("medium")) == "Memory"
    shared = _users(name, place) > 1
    if not shared and in_memory and target == "/dev/shm":
        cursor.map(to=place.path("shm_size"))
        return Source(kind="tmpfs", key="shm_size", options={"shm_size": size or "64M"})
    small = amount is not None and amount <= _SMALL
    if not shared and (in_memory or small or target.rstrip("/") in _TEMPORARY):
        cursor.map(to=place.path("volumes"))
        if in_memory and (small or target.rstrip("/") in _TEMPORARY):
            moot(cursor.at("medium"), place.workload.object, place.world, once=True)
        # Kubernetes gives an emptyDir to everybody, as /tmp is.
        given = integer(value(cursor.at("mode")) or "")
        mode: Mapping[str, Any] = {
            "mode": 0o1777 if given is None else given,
            **({"size": size} if size else {}),
        }
        return Source(kind="tmpfs", mount_options={"tmpfs": mode})
    if place.replicated and not shared and not in_memory:
        return _of_each(cursor, target, place)
    return _directory(
        cursor, name, size, in_memory, place, not shared and image_owns(target, place)
    )


def _of_each(cursor: Cursor, target: str, place: Place) -> Source:
    """A directory of each replica's own: replicas of a service would share a volume with a name."""
    cursor.map(to=place.path("volumes"))
    for key in ("sizeLimit", "mode"):
        moot(cursor.at(key), place.workload.object, place.world, "TC243", once=True)
    user = names_user(place) and not runs_as_root(place)
    what = "in memory" if user else "in a volume without a name"
    cursor.remark(
        "TC267",
        service=place.service,
        path=target,
        what=what,
        subject=place.path("volumes"),
    )
    # Nobody could open an unnamed volume to a user of the manifest's choice.
    return (
        Source(kind="tmpfs", mount_options={"tmpfs": {"mode": 0o1777}})
        if user
        else Source(kind="volume")
    )


def image_owns(target: str, place: Place) -> bool:
    """Whether the image keeps its data there and runs as the user that owns it: a new volume gets both from the image.

    https://docs.docker.com/engine/storage/volumes/#populate-a-volume-using-a-container
    """
    if names_user(place):
        return False
    known = image_facts(value(place.unit.cursor.at("image")) or "")
    return known is not None and any(
        data.path.rstrip("/") == target.rstrip("/") for data in known.data
    )


def _directory(
    cursor: Cursor, name: str, size: str | None, in_memory: bool, place: Place, plain: bool
) -> Source:
    declared = f"{place.instance.base}-{name}"
    options: dict[str, Any] = {}
    cursor.map(to=f"volumes.{declared}")
    moot(cursor.at("mode"), place.workload.object, place.world, once=True)
    if in_memory:
        words = ["mode=1777", *([f"size={size.lower()}"] if size else [])]
        options = {
            "driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": ",".join(words)}
        }
        place.world.draft.volume(
            Volume(name=declared, driver="local", options=options, origin=cursor.span)
        )
        return Source(kind="volume", source=declared)
    if size:
        cursor.at("sizeLimit").remark(
            "TC243",
            object=place.volume(name),
            fields=f"sizeLimit: {value(cursor.at('sizeLimit'))}",
        )
    place.world.draft.volume(Volume(name=declared, origin=cursor.span))
    cursor.remark("TC245", volume=declared, subject=f"volumes.{declared}")
    if plain:
        return Source(kind="volume", source=declared)
    # An emptyDir starts empty: Docker would copy the image's files into it.
    return Source(
        kind="volume",
        source=declared,
        empty=True,
        mount_options={"volume": {"nocopy": True}},
    )


def _users(name: str, place: Place) -> int:
    """How many containers of the pod mount the volume."""
    return sum(
        any(
            value(mount.at("name")) == name
            for mount in items(unit.cursor.at("volumeMounts"))
        )
        for unit in place.instance.units
    )


_BUILDERS = {
    "persistentVolumeClaim": _claim,
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "nfs": _nfs,
    "image": _image,
    "ephemeral": _ephemeral,
}
