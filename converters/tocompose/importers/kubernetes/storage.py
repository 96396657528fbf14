"""Volumes and their mounts: files, named volumes, binds, tmpfs."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.claims import Claims
from tocompose.importers.kubernetes.content import Content, content
from tocompose.importers.kubernetes.expansion import expand
from tocompose.importers.kubernetes.fields import INJECTED, values
from tocompose.importers.kubernetes.folders import placed
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import items, truth, value
from tocompose.importers.kubernetes.sources import source_of
from tocompose.importers.kubernetes.volume_source import Source
from tocompose.ledger import Cursor
from tocompose.model import File, Grant, Mount
from tocompose.patterns import regex
from tocompose.syntax.interpolation import literal, plain

_PROPAGATION = {"HostToContainer": "rslave", "Bidirectional": "rshared"}
# The credentials of the pod's account, under the names that clusters give the volume.
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_ADDED = regex(r"kube-api-access-[a-z0-9]{5}|.+-token-[a-z0-9]{5}")


class Storage:
    """What the mounts of one container come to; `options` are Compose keys beside them, `texts` what its files say.

    A one-shot must make the `sub_paths` of each volume, open `empty_dirs` for everybody and give `owned` to the group.
    """

    __slots__ = (
        "configs",
        "empty_dirs",
        "mounts",
        "options",
        "owned",
        "secrets",
        "sub_paths",
        "texts",
    )

    def __init__(self) -> None:
        self.mounts: list[Mount] = []
        self.configs: list[Grant] = []
        self.secrets: list[Grant] = []
        self.options: dict[str, Any] = {}
        self.sub_paths: dict[str, list[str]] = {}
        self.empty_dirs: list[str] = []
        self.owned: list[str] = []
        self.texts: list[str] = []


def storage(place: Place, claims: Claims, scope: dict[str, str]) -> Storage:
    """The storage of a container."""
    found = Storage()
    volumes = {
        value(volume.at("name")) or "": volume
        for volume in items(place.workload.spec.at("volumes"))
    }
    for mount in items(place.unit.cursor.at("volumeMounts")):
        _mount(mount, volumes, place, claims, scope, found)
    _mount_points(found, place)
    for device in items(place.unit.cursor.at("volumeDevices")):
        device.note(
            "TC244",
            object=str(place.workload.object),
            fields=f"volumeDevices {value(device.at('name'))} ({values(device.node)})",
        )
    return found


def _mount_points(found: Storage, place: Place) -> None:
    """Makes the places in generated folders where other mounts of the container lie, as the kubelet does: the folders
    are read-only once they are mounted."""
    files = [str(grant.target) for grant in (*found.configs, *found.secrets)]
    for folder in found.mounts:
        if folder.kind != "bind" or not (folder.source or "").startswith(
            ("./config/", "./secrets/")
        ):
            continue
        inside = f"{folder.target.rstrip('/')}/"
        base = (folder.source or "").removeprefix("./")
        for mount in found.mounts:
            if mount is not folder and mount.target.startswith(inside):
                place.world.draft.file(
                    File(path=f"{base}/{mount.target[len(inside) :]}/.keep", content=b"")
                )
        for target in files:
            if target.startswith(inside):
                place.world.draft.file(
                    File(path=f"{base}/{target[len(inside) :]}", content=b"")
                )


def _mount(
    mount: Cursor,
    volumes: dict[str, Cursor],
    place: Place,
    claims: Claims,
    scope: dict[str, str],
    found: Storage,
) -> None:
    name, target = value(mount.at("name")) or "", value(mount.at("mountPath"))
    if not target:
        mount.note("TC209", field="mountPath", expected="a path in the container")
        return
    target = target if target.startswith("/") else f"/{target}"
    to = place.path("volumes")
    volume = volumes.get(name)
    if target.rstrip("/") == _ACCOUNT and _ADDED.fullmatch(name):
        for cursor in (mount, volume):
            if cursor is not None:
                cursor.skip(INJECTED)
        return
    template = claims.template(place, name)
    if volume is None and template is None:
        mount.note("TC213", what=place.volume(name), name=target, subject=to)
        return
    if volume is not None and template is not None:
        volume.skip("the claim template of the same name takes its place")
        volume = None
    sub_path = _sub_path(mount, scope, place.path())
    files = content(volume, place, place.path()) if volume is not None else None
    if files is not None and volume is not None:
        _files(files, volume, target, sub_path, mount, place, found)
        return
    source = (
        template
        if template is not None
        else source_of(volume, place, claims, target)
        if volume
        else None
    )
    if source is None:
        return
    for key in ("name", "mountPath", "readOnly"):
        mount.at(key).take(to=place.path(source.key))
    if volume is not None:
        volume.at("name").take(to=place.path(source.key))
    _add(source, target, sub_path, mount, place, found)


def _files(
    files: Content,
    volume: Cursor,
    target: str,
    sub_path: str,
    mount: Cursor,
    place: Place,
    found: Storage,
) -> None:
    given = placed(files, target, sub_path, mount, place)
    found.mounts.extend(given.mounts)
    found.configs.extend(given.configs)
    found.secrets.extend(given.secrets)
    found.texts.extend(_texts(files))
    key = "volumes" if given.mounts else "secrets" if given.secrets else "configs"
    mount.map(to=place.path(key))
    _redundant(mount, place)
    volume.at("name").take(to=place.path(key))
    if mount.peek("mountPropagation") is not None:
        mount.at("mountPropagation").noted("TC201")


def _texts(files: Content) -> list[str]:
    """The texts of ConfigMap files, which may name the variables of Services."""
    entries = [
        item.entry.cursor
        for item in files.items
        if item.entry is not None and not item.secret
    ]
    return [given for cursor in entries if (given := value(cursor)) is not None]


def _redundant(mount: Cursor, place: Place) -> None:
    """`readOnly` where the source cannot be written to anyway."""
    if value(mount.at("readOnly")) is not None:
        moot(mount.at("readOnly"), place.workload.object, place.world, once=True)


def _sub_path(mount: Cursor, scope: dict[str, str], to: str) -> str:
    plain_path = value(mount.at("subPath"))
    if plain_path is not None:
        mount.at("subPath").take(to=to)
        return plain_path.strip("/")
    expression = value(mount.at("subPathExpr"))
    if expression is None:
        return ""
    mount.at("subPathExpr").take(to=to)
    given = expand(expression, scope)
    return (plain(given) or given).strip("/")


def _add(
    source: Source, target: str, sub_path: str, mount: Cursor, place: Place, found: Storage
) -> None:
    if source.options:
        found.options |= source.options
        return
    read_only = source.read_only or truth(mount.at("readOnly")) is True
    if source.read_only:
        _redundant(mount, place)
    options: dict[str, Any] = {
        key: dict(inner) for key, inner in source.mount_options.items()
    }
    name = source.source
    if sub_path and source.kind == "volume":
        options.setdefault("volume", {})["subpath"] = literal(sub_path)
        found.sub_paths.setdefault(name or "", []).append(sub_path)
    elif sub_path and source.kind == "bind":
        name = f"{name}/{literal(sub_path)}"
        options.pop("bind", None)
    elif sub_path and source.kind == "image":
        options.setdefault("image", {})["subpath"] = literal(sub_path)
    if source.kind == "bind":
        _bind_options(mount, options, place)
    else:
        mount.at("mountPropagation").skip("only bind mounts have a propagation")
        mount.at("recursiveReadOnly").skip("a volume has nothing mounted below it")
    if source.kind == "volume" and name and not read_only:
        (found.empty_dirs if source.empty else found.owned).append(name)
    found.mounts.append(
        Mount(
            kind=source.kind,
            source=name,
            target=literal(target),
            read_only=read_only,
            options=options,
            origin=mount.span,
        )
    )


def _bind_options(mount: Cursor, options: dict[str, Any], place: Place) -> None:
    propagation = _PROPAGATION.get(value(mount.at("mountPropagation")) or "")
    if propagation:
        options.setdefault("bind", {})["propagation"] = propagation
    if value(mount.at("recursiveReadOnly")) in ("Enabled", "IfPossible"):
        options.setdefault("bind", {})["recursive"] = "readonly"
    for key in ("mountPropagation", "recursiveReadOnly"):
        mount.at(key).take(to=place.path("volumes"))
