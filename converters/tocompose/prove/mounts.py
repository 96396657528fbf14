"""The mounts of a container in one form, however the client asked for them (rule R9)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tocompose.prove.recording import Payload, RecordedContainer, user_labels
from tocompose.syntax.units import BYTE_UNITS, is_whole_number

Mount: TypeAlias = dict[str, Any]

# Options of a bind that say nothing: the default, and the consistency modes that only Docker Desktop ever read.
SILENT = frozenset({"rw", "cached", "delegated", "consistent", "default", ""})


def container_mounts(
    container: RecordedContainer, volumes: Mapping[str, Payload]
) -> dict[str, Mount]:
    """Each mount by its target: type, source, ro, opts and what else it has, empty parts left out.

    `volumes` are the named volumes that the same side created, with driver and options.
    """
    mounts_by_target = [
        *_from_binds(container),
        *_from_mounts(container),
        *_from_tmpfs(container),
        *_from_volumes(container),
    ]
    driver = str(container.host.get("VolumeDriver") or "")
    # The engine cleans the path, which docker sends as it was typed: `/data/` is `/data`.
    return {
        posixpath.normpath(target): _without_empty(_with_driver(mount, volumes, driver))
        for target, mount in mounts_by_target
    }


def _from_binds(container: RecordedContainer) -> Iterator[tuple[str, Mount]]:
    for text in container.host.get("Binds") or ():
        source, target, options = _split_bind(text)
        mount = {"type": "bind" if source.startswith("/") else "volume", "source": source}
        yield (
            target,
            {**mount, **_bind_flags(options), "create_host": mount["type"] == "bind"},
        )


def _split_bind(text: str) -> tuple[str, str, str]:
    source, _, target_and_options = text.partition(":")
    target, _, options = target_and_options.partition(":")
    return source, target, options


def _bind_flags(text: str) -> Mount:
    options = [option for option in text.split(",") if option not in SILENT]
    other_options = sorted(option for option in options if option not in ("ro", "nocopy"))
    return {"ro": "ro" in options, "nocopy": "nocopy" in options, "opts": other_options}


def _from_mounts(container: RecordedContainer) -> Iterator[tuple[str, Mount]]:
    for payload in container.host.get("Mounts") or ():
        mount = {
            "type": payload["Type"],
            "source": payload.get("Source", ""),
            "ro": payload.get("ReadOnly", False),
        }
        for shape in (_bind_fields, _volume_fields, _tmpfs_fields, _image_fields):
            mount.update(shape(payload))
        yield payload["Target"], mount


def _bind_fields(payload: Payload) -> Mount:
    options = dict(payload.get("BindOptions") or {})
    propagation = options.pop("Propagation", "")
    fields = {"create_host": options.pop("CreateMountpoint", False), "bind": options}
    return {**fields, "opts": [propagation] if propagation else []}


def _volume_fields(payload: Payload) -> Mount:
    options = dict(payload.get("VolumeOptions") or {})
    config = options.pop("DriverConfig", None) or {}
    fields = {"nocopy": options.pop("NoCopy", False), "volume": options}
    return {
        **fields,
        "driver": config.get("Name", ""),
        "driver_opts": config.get("Options") or {},
    }


def _tmpfs_fields(payload: Payload) -> Mount:
    options = dict(payload.get("TmpfsOptions") or {})
    return {
        "size": options.pop("SizeBytes", 0),
        "mode": options.pop("Mode", 0),
        "tmpfs": options,
    }


def _image_fields(payload: Payload) -> Mount:
    return {"image": dict(payload.get("ImageOptions") or {})}


def _from_tmpfs(container: RecordedContainer) -> Iterator[tuple[str, Mount]]:
    for target, text in (container.host.get("Tmpfs") or {}).items():
        options = dict(
            _split_option(option) for option in text.split(",") if option not in SILENT
        )
        mount = {
            "type": "tmpfs",
            "ro": "ro" in options,
            "size": _size_of(options),
            "mode": _mode_of(options),
        }
        other_options = sorted(
            f"{k}={v}" if v else k
            for k, v in options.items()
            if k not in ("ro", "size", "mode")
        )
        yield target, {**mount, "opts": other_options}


def _split_option(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def _size_of(options: Mapping[str, str]) -> int | str:
    text = options.get("size", "")
    number, unit = (text[:-1], text[-1:].lower()) if text[-1:].isalpha() else (text, "")
    is_size = is_whole_number(number) and unit in BYTE_UNITS
    return int(number) * BYTE_UNITS[unit] if is_size else text


def _mode_of(options: Mapping[str, str]) -> int | str:
    text = options.get("mode", "")
    return int(text, 8) if text and set(text) <= set("01234567") else text


def _from_volumes(container: RecordedContainer) -> Iterator[tuple[str, Mount]]:
    for target in container.config.get("Volumes") or ():
        yield target, {"type": "volume"}


def _with_driver(mount: Mount, volumes: Mapping[str, Payload], driver: str) -> Mount:
    """The mount with the driver of the volume that it names, wherever the client said it."""
    if mount["type"] != "volume":
        return mount
    volume = volumes.get(mount.get("source", ""), {})
    name = mount.get("driver") or volume.get("Driver") or driver
    options = {**(volume.get("DriverOpts") or {}), **(mount.get("driver_opts") or {})}
    volume_options = dict(mount.get("volume") or {})
    labels = {
        **user_labels(volume.get("Labels") or {}),
        **(volume_options.pop("Labels", None) or {}),
    }
    return {
        **mount,
        "driver": "" if name == "local" else name,
        "driver_opts": options,
        "volume": volume_options,
        "labels": labels,
    }


def _without_empty(mount: Mount) -> Mount:
    return {key: value for key, value in mount.items() if value}
