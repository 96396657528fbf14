"""What a stack keeps, how it is configured and where it logs: the tables that come before a migration."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from tocompose.model import EnvSetting, FileResource, Logging, Mount, Service, Stack


class DataStore(NamedTuple):
    """Data that outlives a container, or a folder that is mounted; `kept` says what becomes of it."""

    name: str
    kind: str
    used_by: tuple[str, ...]
    kept: str


class ConfigurationRow(NamedTuple):
    """A piece of configuration: a variable, a file, a secret; never its value."""

    name: str
    kind: str
    where: str
    note: str


class ServiceLog(NamedTuple):
    """Where a service's log goes."""

    service: str
    driver: str
    rotation: str


def data_stores_of(stack: Stack) -> tuple[DataStore, ...]:
    """Volumes first, then host folders, then what is lost with the container."""
    used: dict[tuple[str, str], list[str]] = {}
    for service in stack.services:
        for mount in _all_mounts(service):
            key = (_store_kind(mount), mount.source or f"{service.name}:{mount.target}")
            access = " (read-only)" if mount.read_only else ""
            used.setdefault(key, []).append(f"{service.name}:{mount.target}{access}")
    for volume in stack.volumes:
        used.setdefault(("volume", volume.name), [])
    rank = ("volume", "host path", "anonymous volume", "memory", "other")
    data_stores = [
        DataStore(
            name, kind, tuple(dict.fromkeys(mount_places)), _fate_of_data(stack, kind, name)
        )
        for (kind, name), mount_places in used.items()
    ]
    return tuple(
        sorted(
            data_stores,
            key=lambda data_store: (rank.index(data_store.kind), data_store.name),
        )
    )


def _all_mounts(service: Service) -> tuple[Mount, ...]:
    return tuple(
        mount
        for service_layer in (service, *service.overlays.values())
        for mount in service_layer.mounts
    )


def _store_kind(mount: Mount) -> str:
    if mount.kind == "volume":
        return "volume" if mount.source else "anonymous volume"
    return {"bind": "host path", "tmpfs": "memory"}.get(mount.kind, "other")


def _fate_of_data(stack: Stack, kind: str, name: str) -> str:
    if kind == "host path":
        return "on the host; Compose never deletes it"
    if kind == "memory":
        return "gone when the container stops"
    if kind == "anonymous volume":
        return "a new one with each new container; deleted by `down --volumes`"
    volume = next((volume for volume in stack.volumes if volume.name == name), None)
    if volume is None or kind == "other":
        return ""
    if volume.external:
        return "exists already; Compose never deletes it"
    called = f"the existing volume {volume.engine_name}; " if volume.engine_name else ""
    return f"{called}deleted by `down --volumes`"


def deleted_volumes(stack: Stack) -> tuple[str, ...]:
    """The engine's names of the volumes that `docker compose down --volumes` deletes."""
    return tuple(
        volume.engine_name or f"{stack.name}_{volume.name}"
        for volume in stack.volumes
        if not volume.external
    )


def configuration_rows(
    stack: Stack, generated: Container[str] = ()
) -> tuple[ConfigurationRow, ...]:
    """Settings, configuration files and secrets, each with the place where its value is.

    The values of those that are `generated` are made where the files are written to a folder.
    """
    rows = []
    for setting in stack.settings:
        kind = "secret" if setting.secret else "setting"
        state = _setting_state(setting, setting.name in generated)
        rows.append(ConfigurationRow(setting.name, kind, ".env", state))
    for config in stack.configs:
        value_place = _value_place(config)
        rows.append(ConfigurationRow(config.name, "configuration file", value_place, ""))
    for secret in stack.secrets:
        rows.append(ConfigurationRow(secret.name, "secret file", _value_place(secret), ""))
    for service in stack.services:
        for file in service.env_files:
            note = f"read by {service.name}"
            rows.append(ConfigurationRow(file.path, "variables", file.path, note))
    return tuple(rows)


def _value_place(resource: FileResource) -> str:
    """Where the content of a config or secret stands."""
    if resource.file:
        return resource.file
    if resource.environment:
        return f"variable {resource.environment}"
    return "outside" if resource.external else "in the compose file"


def _setting_state(setting: EnvSetting, is_generated: bool) -> str:
    """What a setting is for, and whether it has a value yet."""
    if is_generated:
        return "generated once into .env; keep it"
    missing = "set it before the first start" if setting.required else "optional"
    remarks = [
        setting.description.strip().rstrip("."),
        missing if setting.value is None else "",
    ]
    return "; ".join(remark for remark in remarks if remark)


def service_logs(stack: Stack) -> tuple[ServiceLog, ...]:
    """The log driver of each service, and how its log is kept from growing."""
    return tuple(_service_log(service.name, service.logging) for service in stack.services)


def _service_log(service: str, logging: Logging | None) -> ServiceLog:
    options = logging.options if logging else {}
    size, count = options.get("max-size"), options.get("max-file")
    rotation = (
        f"{count or 1} files of {size}"
        if size
        else "as the engine is set up; by default none"
    )
    return ServiceLog(
        service, (logging.driver if logging else None) or "the engine's default", rotation
    )
