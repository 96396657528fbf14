"""Flags whose values are small languages of their own: `--volume`, `--mount`, `--network`, `--gpus`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any

from tocompose.importers.docker_run.options import parse_boolean
from tocompose.importers.docker_run.shapes import Fact, FactMerge
from tocompose.model import FileResource, Mount, NetworkAttachment
from tocompose.patterns import regex
from tocompose.syntax.mounts import (
    MountParts,
    is_container_path,
    is_windows_path,
    kind_of_source,
    parse_docker_mount,
    path_of_folder,
)
from tocompose.syntax.units import is_whole_number


def csv_fields(value: str) -> list[tuple[str, str, str]]:
    """The `key=value` fields of a CSV value, as (key, `=` or nothing, value)."""
    try:
        row = next(csv.reader([value], strict=True), [])
    except csv.Error as problem:
        raise ValueError(f"its quotes do not fit ({problem})") from None
    fields = (field.partition("=") for field in row)
    return [(key.strip().lower(), equals, content) for key, equals, content in fields]


# --volume -----------------------------------------------------------------------------------------

# Docker Desktop once read these; the engine ignores them.
_IGNORED_MODES = frozenset({"cached", "delegated", "consistent", "default", "copy"})
_PODMAN_MODES = frozenset(
    {"O", "U", "dev", "exec", "idmap", "nodev", "noexec", "nosuid", "suid"}
)
# https://github.com/moby/moby/blob/master/daemon/names/names.go
_VOLUME_NAME = regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PROPAGATIONS = frozenset({"shared", "rshared", "slave", "rslave", "private", "rprivate"})


def read_volume(value: str) -> Iterator[Fact]:
    """`[source:]target[:modes]`, the source a path or a volume's name.

    https://docs.docker.com/engine/storage/volumes/#options-for---volume
    """
    parts = parse_docker_mount(value)
    if not parts.target:
        raise ValueError("it takes [source:]target[:modes]")
    _check_target(parts.target)
    if parts.source is None:
        mount = Mount(kind="volume", target=parts.target)
        code = "TC146" if is_windows_path(parts.target) else ""
        yield Fact(mount, FactMerge.APPEND, code=code, note_facts=(("value", value),))
        return
    mount = _mount_of(parts.source, parts)
    if mount.kind == "volume" and is_refused_name(parts.source):
        yield _refused_volume(parts.source, parts.target)
        return
    yield Fact(mount, FactMerge.APPEND)
    yield from _lost_options("TC128", "mode", _podman_modes(parts))
    if mount.kind == "bind" and "nocopy" in parts.modes:
        yield from _lost_options("TC865", "source", [mount.source or ""])
    if {"z", "Z"} & set(parts.modes):
        yield from _lost_options("TC148", "option", _rivals_of_labels(mount))


def _check_target(target: str) -> None:
    """Raises ValueError for a place in the container that the engine refuses; a variable may yet hold another."""
    is_open = target.startswith("$") and not target.startswith("$$")
    if not (is_open or is_container_path(target)):
        raise ValueError("the path in the container begins with /")


def is_refused_name(source: str) -> bool:
    """Whether the engine refuses the text as a volume's name; what holds a variable may yet be one."""
    return "$" not in source and _VOLUME_NAME.fullmatch(source) is None


def _refused_volume(source: str, target: str) -> Fact:
    note_facts = (("source", source), ("target", target))
    return Fact(None, FactMerge.NOTE, code="TC188", note_facts=note_facts)


def _mount_of(source: str, parts: MountParts) -> Mount:
    kind = kind_of_source(source)
    ignored = {"rw", "ro", "nocopy", *_IGNORED_MODES, *_podman_modes(parts)}
    options: dict[str, Any] = {}
    if kind == "volume" and "nocopy" in parts.modes:
        options["volume"] = {"nocopy": True}
    return Mount(
        kind=kind,
        source=_as_source(source),
        target=parts.target,
        read_only=parts.is_read_only,
        mode=",".join(mode for mode in parts.modes if mode not in ignored),
        options=options,
    )


def _podman_modes(parts: MountParts) -> list[str]:
    return [mode for mode in parts.modes if mode.partition("=")[0] in _PODMAN_MODES]


def _rivals_of_labels(mount: Mount) -> list[str]:
    """What lets docker compose write a mount in its long form, which has no place for an SELinux label."""
    if _PROPAGATIONS & set(mount.mode.split(",")):
        return ["a propagation"]
    return ["nocopy"] if mount.options else []


def _lost_options(code: str, fact_name: str, options: list[str]) -> Iterator[Fact]:
    """A note for each option of a mount that Compose has no place for."""
    for option in options:
        note_facts = ((fact_name, option),)
        yield Fact(None, FactMerge.NOTE, code=code, note_facts=note_facts)


def _as_source(source: str) -> str:
    """Compose takes `.hidden` for a volume's name; a path must start with `./`, `../`, `/` or `~`."""
    is_relative = source.startswith(".") or ("/" in source and not is_windows_path(source))
    return path_of_folder(source) if is_relative else source


# --mount ------------------------------------------------------------------------------------------

_MOUNT_ALIASES = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
}
_MOUNT_KINDS = ("bind", "cluster", "image", "npipe", "tmpfs", "volume")
_MOUNT_FIELDS = ("type", "source", "target", "readonly", "consistency")


def _is_on(content: str) -> bool:
    return content in ("true", "1")


def _recursion(content: str) -> str:
    return "disabled" if _is_on(content) else "enabled"


def _number_or_text(content: str) -> int | str:
    return int(content) if is_whole_number(content) else content


def _octal(content: str) -> int:
    return int(content, 8)


# Options of `--mount`: section and key of the long form, and how their value is read.
_MOUNT_OPTIONS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "bind-propagation": ("bind", "propagation", str),
    "bind-recursive": ("bind", "recursive", str),
    "bind-nonrecursive": ("bind", "recursive", _recursion),
    "bind-create-src": ("bind", "create_host_path", _is_on),
    "volume-nocopy": ("volume", "nocopy", parse_boolean),
    "volume-subpath": ("volume", "subpath", str),
    "image-subpath": ("image", "subpath", str),
    "tmpfs-size": ("tmpfs", "size", _number_or_text),
    "tmpfs-mode": ("tmpfs", "mode", _octal),
}
# Options that hold `key=value` themselves, each an entry of a map.
_MOUNT_MAPS = {
    "volume-label": ("volume", "labels"),
    "volume-opt": ("x-driver", "driver_opts"),
}


def read_mount(value: str) -> Iterator[Fact]:
    """`type=…,source=…,target=…` (docker's opts.MountOpt); a bind mount does not create a missing host path.

    https://docs.docker.com/engine/storage/bind-mounts/#options-for---mount
    """
    fields = [
        (_MOUNT_ALIASES.get(key, key), content if equals else "true")
        for key, equals, content in csv_fields(value)
    ]
    stated = dict(fields)
    kind, target = stated.get("type", "volume"), stated.get("target")
    source = stated.get("source")
    if not target:
        raise ValueError("it takes a target")
    _check_target(target)
    _check_kind(kind, stated)
    if kind == "volume" and source and is_refused_name(source):
        yield _refused_volume(source, target)
        return
    options: dict[str, Any] = {"bind": {"create_host_path": False}}
    if kind != "bind":
        options = {}
    unknown = _unknown_mount_options(fields, stated, options)
    mount = Mount(
        kind=kind,
        source=source,
        target=target,
        read_only=parse_boolean(stated.get("readonly", "false")),
        options=options,
    )
    fact = Fact(mount, FactMerge.APPEND)
    if kind not in _MOUNT_KINDS:
        unknown = [f"type={kind}"]
    elif kind == "tmpfs" and not options and not mount.read_only:
        yield fact._replace(value=target, target="tmpfs")
    else:
        yield fact
    yield from _lost_options("TC129", "option", unknown)


def _check_kind(kind: str, stated: dict[str, str]) -> None:
    """Raises ValueError for a mount that docker refuses: a source that is missing, what another type takes.

    https://github.com/docker/cli/blob/master/opts/mount.go
    """
    if kind == "bind" and not stated.get("source"):
        raise ValueError("a mount of the type bind takes a source")
    if kind == "tmpfs" and stated.get("source"):
        raise ValueError("a mount of the type tmpfs takes no source")
    for key in stated:
        prefix = key.partition("-")[0]
        if prefix != key and prefix in _MOUNT_KINDS and prefix != kind:
            raise ValueError(f"{key} is for mounts of the type {prefix}")


def _unknown_mount_options(
    fields: list[tuple[str, str]], stated: dict[str, str], options: dict[str, Any]
) -> list[str]:
    """The keys that Compose has no word for; what the others say is put into `options`."""
    unknown = []
    for key, content in fields:
        if key not in _MOUNT_FIELDS and not _read_mount_option(options, key, content):
            unknown.append(key)
    if "source" not in stated and options.pop("x-driver", None):
        # Compose declares no volume that has no name, so there is nothing to give the driver to.
        unknown += [key for key in stated if key in ("volume-driver", "volume-opt")]
    if stated.get("consistency", "default") not in _IGNORED_MODES:
        unknown.append("consistency")
    return unknown


def _read_mount_option(options: dict[str, Any], key: str, content: str) -> bool:
    """Puts an option into the long form's section; False for one that Compose has no key for.

    What the driver of a volume is told stands in `x-driver` until the volume is made. Raises ValueError for what docker
    refuses: a value that is none, an option of another type of mount.
    """
    if key == "volume-driver":
        options.setdefault("x-driver", {})["driver"] = content
    elif key in _MOUNT_MAPS:
        section, map_name = _MOUNT_MAPS[key]
        name, _, setting = content.partition("=")
        options.setdefault(section, {}).setdefault(map_name, {})[name] = setting
    elif key in _MOUNT_OPTIONS:
        section, option, read_content = _MOUNT_OPTIONS[key]
        options.setdefault(section, {})[option] = read_content(content)
    else:
        return False
    return True


# --network ----------------------------------------------------------------------------------------

_ATTACHMENT_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ip": ("ipv4_address", str),
    "ip6": ("ipv6_address", str),
    "mac-address": ("mac_address", str),
    "mac": ("mac_address", str),
    "interface_name": ("interface_name", str),
    "gw-priority": ("gw_priority", int),
}


_NETWORK_MODES = ("bridge", "container", "host", "none", "ns", "pasta", "slirp4netns")


def read_network(value: str) -> Iterator[Fact]:
    """A network's name, a mode (`host`, `none`, `container:x`), or `name=…,alias=…,ip=…`; podman's `name:alias=…,ip=…`.

    https://docs.docker.com/reference/cli/docker/container/run/#network
    """
    network, _, settings = value.partition(":")
    if network == "bridge" and settings:
        # podman's own network by another name, which is the stack's default one here.
        network = "default"
        value = f"{network}:{settings}"
    if network in _NETWORK_MODES or "=" not in value.partition(",")[0]:
        yield _network_or_mode(value)
        return
    if "=" not in network:
        value = f"name={network},{settings}"
    name = ""
    aliases: list[str] = []
    options: dict[str, Any] = {}
    for key, _, content in csv_fields(value):
        if key == "name":
            name = content
        elif key == "alias":
            aliases.append(content)
        elif key == "driver-opt":
            option, _, setting = content.partition("=")
            options.setdefault("driver_opts", {})[option] = setting
        elif key == "link-local-ip":
            options.setdefault("link_local_ips", []).append(content)
        elif key in _ATTACHMENT_KEYS:
            option, read_content = _ATTACHMENT_KEYS[key]
            options[option] = read_content(content)
        else:
            raise ValueError(f"docker knows no network option {key!r}")
    _check_network_name(name)
    attachment = NetworkAttachment(network=name, aliases=tuple(aliases), options=options)
    yield Fact(attachment, FactMerge.APPEND)


def _network_or_mode(value: str) -> Fact:
    name, colon, _ = value.partition(":")
    if name in ("slirp4netns", "pasta"):
        return Fact(None, FactMerge.NOTE, code="TC127", note_facts=(("mode", value),))
    if value in ("default", "bridge"):
        return Fact(None, FactMerge.NOTE, code="TC130", note_facts=(("name", value),))
    if value in ("host", "none") or (colon and name in ("container", "ns")):
        return Fact(value, target="network_mode")
    _check_network_name(value)
    return Fact(NetworkAttachment(network=value), FactMerge.APPEND)


def _check_network_name(name: str) -> None:
    """Raises ValueError for what the engine refuses as a network's name; a variable may yet hold another."""
    if "$" not in name and _VOLUME_NAME.fullmatch(name) is None:
        raise ValueError("a network's name has letters, digits, `.`, `_` and `-` only")


# --gpus -------------------------------------------------------------------------------------------


def _gpu_count(content: str) -> int:
    return -1 if content == "all" else int(content)


def _comma_list(content: str) -> list[str]:
    return content.split(",")


def _comma_map(content: str) -> dict[str, str]:
    return dict(option.partition("=")[::2] for option in content.split(","))


_GPU_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "count": ("count", _gpu_count),
    "device": ("device_ids", _comma_list),
    "driver": ("driver", str),
    "capabilities": ("capabilities", _comma_list),
    "options": ("options", _comma_map),
}


def read_gpus(value: str) -> Iterator[Fact]:
    """`all`, a count, or `device=…,capabilities=…` (docker's opts.GpuOpts)."""
    if value == "all":
        yield Fact("all")
        return
    request: dict[str, Any] = {}
    bare_fields: list[str] = []
    for key, equals, content in csv_fields(value):
        if not equals:
            bare_fields.append(key)
            continue
        if key not in _GPU_KEYS:
            raise ValueError(f"docker knows no GPU option {key!r}")
        name, read_content = _GPU_KEYS[key]
        request[name] = read_content(content)
    if "device_ids" in request and bare_fields:
        # `device=0,1` without the quotes inside: docker takes the 1 for a count, and the engine refuses both.
        request["device_ids"] += bare_fields
        yield Fact([request], code="TC186", note_facts=(("value", value),))
        return
    for field in bare_fields:
        request["count"] = _gpu_count(field)
    if {"count", "device_ids"} <= set(request):
        raise ValueError("it takes a count or devices, not both")
    if not {"count", "device_ids"} & set(request):
        request["count"] = 1
    yield Fact([request])


def read_build_secret(value: str) -> Iterator[Fact]:
    """`id=NAME[,type=file|env][,src=PATH][,env=VARIABLE]`, a secret of a build.

    https://docs.docker.com/reference/cli/docker/buildx/build/#secret
    """
    settings = {key: content for key, _, content in csv_fields(value)}
    unknown = settings.keys() - {"id", "type", "src", "source", "env"}
    name, kind = settings.get("id", ""), settings.get("type", "")
    if unknown or kind not in ("", "file", "env") or not name:
        raise ValueError("it takes id=NAME with src=PATH or env=VARIABLE")
    path = settings.get("src") or settings.get("source")
    variable = settings.get("env") or (path if kind == "env" else None)
    if path and kind != "env" and not variable:
        yield Fact(FileResource(name=name, file=_as_source(path)), FactMerge.APPEND)
        return
    # Without either, the variable of that name, else the file of that name.
    code = "" if variable or kind == "env" else "TC051"
    secret = FileResource(name=name, environment=variable or name)
    yield Fact(secret, FactMerge.APPEND, code=code, note_facts=(("name", name),))
