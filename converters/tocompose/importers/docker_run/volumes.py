"""`--volume` and `--mount`: where a container's files come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tocompose.importers.docker_run.networking import csv_fields
from tocompose.importers.docker_run.options import parse_boolean
from tocompose.importers.docker_run.shapes import Fact
from tocompose.model import Mount
from tocompose.patterns import regex
from tocompose.syntax.interpolation import split
from tocompose.syntax.units import is_whole_number

_DRIVE = regex(r"[A-Za-z]:[\\/]")
# Docker Desktop once read these; the engine ignores them. `U`, `O` and `idmap` are podman's.
_IGNORED_MODES = frozenset({"cached", "delegated", "consistent", "default"})
_PODMAN_MODES = frozenset({"U", "O", "idmap"})
_PROPAGATIONS = frozenset({"shared", "rshared", "slave", "rslave", "private", "rprivate"})
_SOURCES = ("source", "src")
_TARGETS = ("target", "dst", "destination")


def read_volume(value: str) -> Iterator[Fact]:
    """`[source:]target[:modes]`, the source a path or a volume's name.

    https://docs.docker.com/engine/storage/volumes/#options-for---volume
    """
    source, target, modes = _volume_parts(value)
    if not target:
        raise ValueError("it takes [source:]target[:modes]")
    if source is None:
        code = "TC146" if _DRIVE.match(target) else ""
        yield Fact(
            Mount(kind="volume", target=target),
            "add",
            code=code,
            note_facts=(("value", value),),
        )
        return
    kept = [
        mode for mode in modes if mode not in _IGNORED_MODES | _PODMAN_MODES | {"rw", "ro"}
    ]
    podman = next((mode for mode in modes if mode.partition("=")[0] in _PODMAN_MODES), "")
    yield Fact(
        Mount(
            kind="bind" if _is_path(source) else "volume",
            source=_as_source(source),
            target=target,
            read_only="ro" in modes,
            mode=",".join(
                mode for mode in kept if mode.partition("=")[0] not in _PODMAN_MODES
            ),
        ),
        "add",
        code="TC128" if podman else "TC148" if _loses_label(modes) else "",
        note_facts=(("mode", podman),),
    )


def _loses_label(modes: list[str]) -> bool:
    """docker compose turns a bind with a propagation into its long form, which has no place for the label."""
    return bool({"z", "Z"} & set(modes)) and bool(_PROPAGATIONS & set(modes))


def _volume_parts(value: str) -> tuple[str | None, str, list[str]]:
    """Source, target and modes. Like the docker CLI, it reads a single letter in front of a path as a Windows drive."""
    parts = split(value, ":")
    if _DRIVE.match(value) and (
        len(parts) == 2 or parts[2][:1] in ("/", "\\") or len(parts[2]) == 1
    ):
        parts[:2] = [":".join(parts[:2])]
    if len(parts) == 1:
        return None, parts[0], []
    source, target, *rest = parts
    return source, target, split(rest[0], ",") if rest else []


def _is_path(source: str) -> bool:
    return (
        source.startswith(("/", ".", "~", "${", "\\"))
        or bool(_DRIVE.match(source))
        or "/" in source
    )


def _as_source(source: str) -> str:
    """Compose takes `.hidden` for a volume's name; a path must start with `./`, `../`, `/` or `~`."""
    relative = (
        source.startswith(".")
        and not source.startswith(("./", "../"))
        and source not in (".", "..")
    )
    bare = (
        "/" in source
        and not source.startswith(("/", ".", "~", "$"))
        and not _DRIVE.match(source)
    )
    return f"./{source}" if relative or bare else source


def read_mount(value: str) -> Iterator[Fact]:
    """`type=…,source=…,target=…` (docker's opts.MountOpt); a bind mount does not create a missing host path.

    https://docs.docker.com/engine/storage/bind-mounts/#options-for---mount
    """
    given = csv_fields(value)
    kind = next((content for key, _, content in given if key == "type"), "volume")
    source = next((content for key, _, content in given if key in _SOURCES), None)
    target = next((content for key, _, content in given if key in _TARGETS), "")
    if not target:
        raise ValueError("it takes a target")
    options: dict[str, Any] = (
        {"bind": {"create_host_path": False}} if kind == "bind" else {}
    )
    driver: dict[str, Any] = {}
    read_only, lost = False, ""
    for key, equals, content in given:
        if key in ("readonly", "ro"):
            read_only = parse_boolean(content) if equals else True
        elif key in ("volume-driver", "volume-opt"):
            _driver_option(driver, key, content)
        elif key not in ("type", "consistency", *_SOURCES, *_TARGETS) and not _mount_option(
            options, key, content
        ):
            lost = key
    if driver:
        options["x-driver"] = driver
    found = Mount(
        kind=kind, source=source, target=target, read_only=read_only, options=options
    )
    target_key = "tmpfs" if kind == "tmpfs" and not options else ""
    yield Fact(
        target if target_key else found,
        "add",
        code="TC129" if lost else "",
        note_facts=(("option", lost),),
        target=target_key,
    )


def _driver_option(driver: dict[str, Any], key: str, content: str) -> None:
    if key == "volume-driver":
        driver["driver"] = content
    else:
        name, _, setting = content.partition("=")
        driver.setdefault("driver_opts", {})[name] = setting


def _mount_option(options: dict[str, Any], key: str, content: str) -> bool:
    """Puts an option into the long form's section; False for one that Compose has no key for.

    Raises ValueError for what docker refuses: a value that is none, an option of another type of mount.
    """
    if key.startswith("bind-") and "bind" not in options:
        raise ValueError(f"{key} is for mounts of the type bind")
    if key == "bind-propagation":
        options["bind"]["propagation"] = content
    elif key == "bind-recursive":
        options["bind"]["recursive"] = content
    elif key in ("bind-nonrecursive", "bind-create-src"):
        _bind_switch(options["bind"], key, content in ("", "true", "1"))
    elif key == "volume-nocopy":
        options.setdefault("volume", {})["nocopy"] = content in ("", "true", "1")
    elif key == "volume-label":
        name, _, setting = content.partition("=")
        options.setdefault("volume", {}).setdefault("labels", {})[name] = setting
    elif key in ("volume-subpath", "image-subpath"):
        options.setdefault(key.partition("-")[0], {})["subpath"] = content
    elif key == "tmpfs-size":
        options.setdefault("tmpfs", {})["size"] = (
            int(content) if is_whole_number(content) else content
        )
    elif key == "tmpfs-mode":
        options.setdefault("tmpfs", {})["mode"] = int(content, 8)
    else:
        return False
    return True


def _bind_switch(bind: dict[str, Any], key: str, on: bool) -> None:
    if key == "bind-nonrecursive":
        bind["recursive"] = "disabled" if on else "enabled"
    else:
        bind["create_host_path"] = on
