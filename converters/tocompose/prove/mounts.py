"""The mounts of a container in one form, however the client asked for them (rule R9)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tocompose.prove.recording import Container, Payload
from tocompose.syntax.units import is_whole_number

Mount: TypeAlias = dict[str, Any]

# Options of a bind that say nothing: the default, and the consistency modes that only Docker Desktop ever read.
SILENT = frozenset({"rw", "cached", "delegated", "consistent", "default", ""})
UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


def mounts(container: Container, volumes: Mapping[str, Payload]) -> dict[str, Mount]:
    """Each mount by its target: type, source, ro, opts and what else it has, empty parts left out.

    `volumes` are the named volumes that the same side created, with driver and options.
    """
    found = [
        *_binds(container),
        *_mounts(container),
        *_tmpfs(container),
        *_anonymous(container),
    ]
    driver = str(container.host.get("VolumeDriver") or "")
    # The engine cleans the path, which docker sends as it was typed: `/data/` is `/data`.
    return {
        posixpath.normpath(target): _plain(_with_driver(mount, volumes, driver))
        for target, mount in found
    }


def _binds(container: Container) -> Iterator[tuple[str, Mount]]:
    for text in container.host.get("Binds") or ():
        source, target, options = _split(text)
        mount = {"type": "bind" if source.startswith("/") else "volume", "source": source}
        yield target, {**mount, **_options(options), "create_host": mount["type"] == "bind"}


def _split(text: str) -> tuple[str, str, str]:
    source, _, rest = text.partition(":")
    target, _, options = rest.partition(":")
    return source, target, options


def _options(text: str) -> Mount:
    words = [word for word in text.split(",") if word not in SILENT]
    kept = sorted(word for word in words if word not in ("ro", "nocopy"))
    return {"ro": "ro" in words, "nocopy": "nocopy" in words, "opts": kept}


def _mounts(container: Container) -> Iterator[tuple[str, Mount]]:
    for given in container.host.get("Mounts") or ():
        mount = {
            "type": given["Type"],
            "source": given.get("Source", ""),
            "ro": given.get("ReadOnly", False),
        }
        for shape in (_bind_part, _volume_part, _tmpfs_part, _image_part):
            mount.update(shape(given))
        yield given["Target"], mount


def _bind_part(given: Payload) -> Mount:
    options = dict(given.get("BindOptions") or {})
    propagation = options.pop("Propagation", "")
    part = {"create_host": options.pop("CreateMountpoint", False), "bind": options}
    return {**part, "opts": [propagation] if propagation else []}


def _volume_part(given: Payload) -> Mount:
    options = dict(given.get("VolumeOptions") or {})
    config = options.pop("DriverConfig", None) or {}
    part = {"nocopy": options.pop("NoCopy", False), "volume": options}
    return {
        **part,
        "driver": config.get("Name", ""),
        "driver_opts": config.get("Options") or {},
    }


def _tmpfs_part(given: Payload) -> Mount:
    options = dict(given.get("TmpfsOptions") or {})
    return {
        "size": options.pop("SizeBytes", 0),
        "mode": options.pop("Mode", 0),
        "tmpfs": options,
    }


def _image_part(given: Payload) -> Mount:
    return {"image": dict(given.get("ImageOptions") or {})}


def _tmpfs(container: Container) -> Iterator[tuple[str, Mount]]:
    for target, text in (container.host.get("Tmpfs") or {}).items():
        words = dict(_pair(word) for word in text.split(",") if word not in SILENT)
        mount = {
            "type": "tmpfs",
            "ro": "ro" in words,
            "size": _bytes(words),
            "mode": _mode(words),
        }
        rest = sorted(
            f"{k}={v}" if v else k
            for k, v in words.items()
            if k not in ("ro", "size", "mode")
        )
        yield target, {**mount, "opts": rest}


def _pair(word: str) -> tuple[str, str]:
    key, _, value = word.partition("=")
    return key, value


def _bytes(words: Mapping[str, str]) -> int | str:
    text = words.get("size", "")
    number, unit = (text[:-1], text[-1:].lower()) if text[-1:].isalpha() else (text, "")
    return (
        int(number) * UNITS.get(unit, 1)
        if is_whole_number(number) and unit in ("", *UNITS)
        else text
    )


def _mode(words: Mapping[str, str]) -> int | str:
    text = words.get("mode", "")
    return int(text, 8) if text and set(text) <= set("01234567") else text


def _anonymous(container: Container) -> Iterator[tuple[str, Mount]]:
    for target in container.config.get("Volumes") or ():
        yield target, {"type": "volume"}


def _with_driver(mount: Mount, volumes: Mapping[str, Payload], driver: str) -> Mount:
    """The mount with the driver of the volume that it names, wherever the client said it."""
    if mount["type"] != "volume":
        return mount
    made = volumes.get(mount.get("source", ""), {})
    name = mount.get("driver") or made.get("Driver") or driver
    options = {**(made.get("DriverOpts") or {}), **(mount.get("driver_opts") or {})}
    part = dict(mount.get("volume") or {})
    labels = {**_own(made.get("Labels") or {}), **(part.pop("Labels", None) or {})}
    return {
        **mount,
        "driver": "" if name == "local" else name,
        "driver_opts": options,
        "volume": part,
        "labels": labels,
    }


def _own(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in labels.items()
        if not key.startswith("com.docker.compose.")
    }


def _plain(mount: Mount) -> Mount:
    return {key: value for key, value in mount.items() if value}
