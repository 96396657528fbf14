"""What a stack keeps, how it is configured and where it logs: the tables that come before a migration."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.model import Logging, Mount, Service, Setting, Stack


class Store(NamedTuple):
    """Data that outlives a container, or a folder that is mounted; `kept` says what becomes of it."""

    name: str
    kind: str
    used_by: tuple[str, ...]
    kept: str


class Item(NamedTuple):
    """A piece of configuration: a variable, a file, a secret; never its value."""

    name: str
    kind: str
    where: str
    note: str


class Log(NamedTuple):
    """Where a service's log goes."""

    service: str
    driver: str
    rotation: str


def stores(stack: Stack) -> tuple[Store, ...]:
    """Volumes first, then host folders, then what is lost with the container."""
    used: dict[tuple[str, str], list[str]] = {}
    for service in stack.services:
        for mount in _mounts(service):
            key = (_kind(mount), mount.source or f"{service.name}:{mount.target}")
            access = " (read-only)" if mount.read_only else ""
            used.setdefault(key, []).append(f"{service.name}:{mount.target}{access}")
    for volume in stack.volumes:
        used.setdefault(("volume", volume.name), [])
    rank = ("volume", "host path", "anonymous volume", "memory", "other")
    found = [
        Store(name, kind, tuple(dict.fromkeys(at)), _kept(stack, kind, name))
        for (kind, name), at in used.items()
    ]
    return tuple(sorted(found, key=lambda item: (rank.index(item.kind), item.name)))


def _mounts(service: Service) -> tuple[Mount, ...]:
    return tuple(
        mount for part in (service, *service.overlays.values()) for mount in part.mounts
    )


def _kind(mount: Mount) -> str:
    if mount.kind == "volume":
        return "volume" if mount.source else "anonymous volume"
    return {"bind": "host path", "tmpfs": "memory"}.get(mount.kind, "other")


def _kept(stack: Stack, kind: str, name: str) -> str:
    if kind == "host path":
        return "on the host; Compose never deletes it"
    if kind == "memory":
        return "gone when the container stops"
    if kind == "anonymous volume":
        return "a new one with each new container; deleted by `down --volumes`"
    volume = next((item for item in stack.volumes if item.name == name), None)
    if volume is None or kind == "other":
        return ""
    if volume.external:
        return "exists already; Compose never deletes it"
    called = f"the existing volume {volume.engine_name}; " if volume.engine_name else ""
    return f"{called}deleted by `down --volumes`"


def deleted_volumes(stack: Stack) -> tuple[str, ...]:
    """The engine's names of the volumes that `docker compose down --volumes` deletes."""
    return tuple(
        item.engine_name or f"{stack.name}_{item.name}"
        for item in stack.volumes
        if not item.external
    )


def items(stack: Stack) -> tuple[Item, ...]:
    """Settings, configuration files and secrets, each with the place where its value is."""
    found = [
        Item(
            setting.name, "secret" if setting.secret else "setting", ".env", _state(setting)
        )
        for setting in stack.settings
    ]
    for kind, resources in (
        ("configuration file", stack.configs),
        ("secret file", stack.secrets),
    ):
        for item in resources:
            where = item.file or (
                f"variable {item.environment}" if item.environment else ""
            )
            found.append(
                Item(
                    item.name,
                    kind,
                    where or ("outside" if item.external else "in the compose file"),
                    "",
                )
            )
    for service in stack.services:
        found += [
            Item(file.path, "variables", file.path, f"read by {service.name}")
            for file in service.env_files
        ]
    return tuple(found)


def _state(setting: Setting) -> str:
    """What a setting is for, and whether it has a value yet."""
    missing = "fill it in before the first start" if setting.required else "optional"
    parts = [
        setting.description.strip().rstrip("."),
        missing if setting.value is None else "",
    ]
    return "; ".join(part for part in parts if part)


def logs(stack: Stack) -> tuple[Log, ...]:
    """The log driver of each service, and how its log is kept from growing."""
    return tuple(_log(item.name, item.logging) for item in stack.services)


def _log(service: str, logging: Logging | None) -> Log:
    options = logging.options if logging else {}
    size, count = options.get("max-size"), options.get("max-file")
    rotation = (
        f"{count or 1} files of {size}"
        if size
        else "as the engine is set up; by default none"
    )
    return Log(
        service, (logging.driver if logging else None) or "the engine's default", rotation
    )
