"""Values of `--volume` and `--mount`: what is mounted where, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tocompose.importers.docker_run.options import parse_boolean
from tocompose.importers.docker_run.shapes import Fact, FactMerge, csv_fields
from tocompose.knowledge.placeholders import is_placeholder_text
from tocompose.model import Mount
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.mounts import (
    MountParts,
    is_container_path,
    is_windows_path,
    kind_of_source,
    parse_docker_mount,
    path_of_folder,
)
from tocompose.syntax.units import is_whole_number

# --volume -----------------------------------------------------------------------------------------

# Docker Desktop once read these; the engine ignores them.
_IGNORED_MODES = frozenset({"cached", "delegated", "consistent", "default", "copy"})
_PODMAN_MODES = frozenset(
    {
        "O",
        "U",
        "dev",
        "exec",
        "idmap",
        "nodev",
        "noexec",
        "nosuid",
        "suid",
        "upperdir",
        "workdir",
    }
)
# https://github.com/moby/moby/blob/master/daemon/names/names.go
_VOLUME_NAME = regex(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PROPAGATIONS = frozenset({"shared", "rshared", "slave", "rslave", "private", "rprivate"})


def read_volume(value: str) -> Iterator[Fact]:
    """`[source:]target[:modes]`, the source a path or a volume's name.

    https://docs.docker.com/engine/storage/volumes/#options-for---volume
    """
    mount_parts = parse_docker_mount(value)
    if not mount_parts.target:
        raise ValueError("it takes [source:]target[:modes]")
    _check_target(mount_parts.target)
    if mount_parts.source is None:
        mount = Mount(kind="volume", target=mount_parts.target)
        code = "TC146" if is_windows_path(mount_parts.target) else ""
        yield Fact(mount, FactMerge.APPEND, code=code, note_facts=(("value", value),))
        return
    mount = _mount_of(mount_parts.source, mount_parts)
    if mount.kind == "volume" and is_refused_name(mount_parts.source):
        if not is_placeholder_text(mount_parts.source):
            yield _refused_volume(mount_parts.source, mount_parts.target)
            return
        # `{{FOLDER}}` waits for a folder, as `/path/to/folder` does.
        mount = replace(mount, kind="bind")
    yield Fact(mount, FactMerge.APPEND)
    yield from _lost_options("TC128", "mode", _podman_modes(mount_parts))
    if mount.kind == "bind" and "nocopy" in mount_parts.modes:
        yield from _lost_options("TC865", "source", [mount.source or ""])
    if {"z", "Z"} & set(mount_parts.modes):
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


def _mount_of(source: str, mount_parts: MountParts) -> Mount:
    kind = kind_of_source(source)
    ignored = {"rw", "ro", "nocopy", *_IGNORED_MODES, *_podman_modes(mount_parts)}
    options: dict[str, Any] = {}
    if kind == "volume" and "nocopy" in mount_parts.modes:
        options["volume"] = {"nocopy": True}
    return Mount(
        kind=kind,
        source=source_path(source),
        target=mount_parts.target,
        read_only=mount_parts.is_read_only,
        mode=",".join(mode for mode in mount_parts.modes if mode not in ignored),
        options=options,
    )


def _podman_modes(mount_parts: MountParts) -> list[str]:
    return [mode for mode in mount_parts.modes if mode.partition("=")[0] in _PODMAN_MODES]


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


def source_path(source: str) -> str:
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
    # podman gives a ramfs the options of a tmpfs (podman-run(1), --mount).
    takes = "tmpfs" if kind == "ramfs" else kind
    for key in stated:
        prefix = key.partition("-")[0]
        if prefix != key and prefix in _MOUNT_KINDS and prefix != takes:
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
