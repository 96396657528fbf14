"""What a stack keeps, how it is configured and where it logs: the tables that come before a migration."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from tocompose.compose.shapes import as_map, as_texts
from tocompose.compose.variable_usage import VariableUsage
from tocompose.model import (
    ComposeFileRole,
    EnvSetting,
    FileResource,
    Logging,
    Mount,
    Runtime,
    Service,
    Stack,
    Volume,
)
from tocompose.record import NamedTuple, replace
from tocompose.wording import enumerated

# https://docs.docker.com/engine/logging/drivers/local/#options
_KEPT_BY_DRIVER = {
    "none": "not kept",
    "local": "5 files of 20m",
    "journald": "in the journal of the machine",
}


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


# What a mount is for that only one of the files beside the base has.
_PURPOSES = {
    ComposeFileRole.DEV: " (for development)",
    ComposeFileRole.PROD: " (for production)",
}


class _UsedMount(NamedTuple):
    """A mount of a service; `purpose` says what it is for, where it is not for all."""

    service: str
    mount: Mount
    purpose: str = ""


def data_stores_of(stack: Stack) -> tuple[DataStore, ...]:
    """Volumes first, then host folders, then what is lost with the container."""
    used: dict[tuple[str, str], list[str]] = {}
    for name, mount, purpose in _used_mounts(stack):
        key = (_store_kind(mount), mount.source or f"{name}:{mount.target}")
        access = " (read-only)" if mount.read_only else ""
        used.setdefault(key, []).append(f"{name}:{mount.target}{access}{purpose}")
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


def keeps_volumes_or_folders(stack: Stack) -> bool:
    """Whether something that the stack keeps outlives its containers, on a volume or in a folder of the host."""
    return any(
        data_store.kind == "volume" or data_store.name.startswith("/")
        for data_store in data_stores_of(stack)
    )


def _used_mounts(stack: Stack) -> Iterator[_UsedMount]:
    """The mounts of all services, those too that only development or production has."""
    for service in stack.services:
        for mount in service.mounts:
            yield _UsedMount(service.name, mount)
        for role, overlay in service.overlays.items():
            for mount in overlay.mounts:
                purpose = "" if mount in service.mounts else _PURPOSES.get(role, "")
                yield _UsedMount(service.name, mount, purpose)
        for mount in _shared_mounts(service, stack):
            yield _UsedMount(service.name, mount)
    for service in stack.development:
        for mount in service.mounts:
            yield _UsedMount(service.name, mount, _PURPOSES[ComposeFileRole.DEV])


def _shared_mounts(service: Service, stack: Stack) -> Iterator[Mount]:
    """The mounts of other services that this one has too, by `volumes_from: [SERVICE:ro]`."""
    for entry in as_texts(service.options.get("volumes_from")):
        name, _, mode = entry.partition(":")
        owner = stack.service(name)
        for mount in owner.mounts if owner else ():
            is_data = mount.kind in ("volume", "bind") and mount.source is not None
            if is_data:
                yield replace(mount, read_only=mount.read_only or mode == "ro")


def _store_kind(mount: Mount) -> str:
    if mount.kind == "volume":
        return "volume" if mount.source else "anonymous volume"
    return {"bind": "host path", "tmpfs": "memory"}.get(mount.kind, "other")


def _fate_of_data(stack: Stack, kind: str, name: str) -> str:
    if kind == "host path":
        data_place = (
            "on the host, outside of this folder"
            if name.startswith("../")
            else "on the host"
        )
        return f"{data_place}; Compose never deletes it"
    if kind == "memory":
        return "gone when the container stops"
    if kind == "anonymous volume":
        return (
            "kept when Compose recreates the container, a new one after `docker compose down`;"
            " deleted by `docker compose down --volumes`"
        )
    volume = next((volume for volume in stack.volumes if volume.name == name), None)
    if volume is None or kind == "other":
        return ""
    if volume.external:
        return "exists already; Compose never deletes it"
    if as_map(volume.options.get("driver_opts")).get("type") == "tmpfs":
        return "in memory; gone when no container uses it any more"
    return f"{_what_it_holds(volume, stack)}kept until `docker compose down --volumes`"


def _what_it_holds(volume: Volume, stack: Stack) -> str:
    if volume.filled_from:
        from tocompose.knowledge.renewed_folders import renewed_volume

        kind = renewed_volume(volume.name, stack)
        if kind:
            return f"starts empty; it holds {kind}; "
        return f"starts empty: copy podman's volume {volume.filled_from} into it; "
    if volume.engine_name:
        return f"the existing volume {volume.engine_name}; "
    is_elsewhere = stack.runs_in in (Runtime.CLUSTER, Runtime.PLATFORM)
    return "starts without the old data; " if is_elsewhere else ""


def deleted_volumes(stack: Stack) -> tuple[str, ...]:
    """The engine's names of the volumes that `docker compose down --volumes` deletes."""
    return tuple(
        volume.name_in_engine(stack.name) for volume in stack.volumes if not volume.external
    )


def configuration_rows(
    stack: Stack, generated: Container[str] = (), to_set: Container[str] = ()
) -> tuple[ConfigurationRow, ...]:
    """Settings, configuration files and secrets, each with the place where its value is.

    The values of those that are `generated` are made where the files are written to a folder; those `to_set` are asked
    for before the first start.
    """
    rows = []
    usage = VariableUsage(stack)
    for setting in stack.settings:
        name = setting.name
        kind = "secret" if setting.secret else "setting"
        description = setting.description or usage.meaning_of(name)
        setting = replace(setting, description=description)
        state = _setting_state(setting, name in generated, name in to_set)
        rows.append(ConfigurationRow(name, kind, ".env", state))
    for config in stack.configs:
        value_place = _value_place(config)
        rows.append(ConfigurationRow(config.name, "configuration file", value_place, ""))
    for secret in stack.secrets:
        variable = secret.environment
        meaning = f"Docker secret of production, which takes {variable}" if variable else ""
        rows.append(
            ConfigurationRow(secret.name, "secret file", _value_place(secret), meaning)
        )
    rows += _env_file_rows(stack)
    return tuple(rows)


def _env_file_rows(stack: Stack) -> Iterator[ConfigurationRow]:
    """The files of variables, each with the services that read it."""
    readers: dict[str, dict[str, None]] = {}
    for service in stack.services:
        for file in service.env_files:
            readers.setdefault(file.path, {})[service.name] = None
    for path, names in readers.items():
        yield ConfigurationRow(
            path, "variables", path, f"read by {enumerated(list(names))}"
        )


def _value_place(resource: FileResource) -> str:
    """Where the content of a config or secret stands."""
    if resource.file:
        return resource.file
    if resource.environment:
        return ".env"
    return "outside of this stack" if resource.external else "in the compose file"


def _setting_state(setting: EnvSetting, is_generated: bool, is_to_set: bool) -> str:
    """What a setting is for, and whether it has a value yet."""
    if is_generated:
        return "a new value, generated into .env"
    description = setting.description.strip().rstrip(".")
    is_said = "optional" in description.casefold()
    missing = "no value yet" if is_to_set else "" if is_said else "optional"
    remarks = [description, missing if setting.value is None else ""]
    return "; ".join(remark for remark in remarks if remark)


def service_logs(stack: Stack) -> tuple[ServiceLog, ...]:
    """The log driver of each service, and how its log is kept from growing."""
    return tuple(_service_log(service.name, service.logging) for service in stack.services)


class LogsAlike(NamedTuple):
    """The services whose logs go the same way."""

    services: tuple[str, ...]
    driver: str
    rotation: str


def logs_alike(stack: Stack) -> tuple[LogsAlike, ...]:
    """Where the logs go, a row for all services that have it in common."""
    by_way: dict[tuple[str, str], list[str]] = {}
    for log in service_logs(stack):
        by_way.setdefault((log.driver, log.rotation), []).append(log.service)
    return tuple(LogsAlike(tuple(names), *way) for way, names in by_way.items())


def _service_log(service: str, logging: Logging | None) -> ServiceLog:
    options = logging.options if logging else {}
    size, count = options.get("max-size"), options.get("max-file")
    driver = logging.driver if logging else None
    if size:
        rotation = _counted_files(str(count or 1), size)
    elif driver in (None, "json-file"):
        rotation = "as the engine is set up; by default without limit"
    else:
        rotation = _KEPT_BY_DRIVER.get(driver) or _destination(options)
    return ServiceLog(service, driver or "the engine's default", rotation)


def _destination(options: Mapping[str, str]) -> str:
    """Where a driver such as syslog, gelf or fluentd sends the log."""
    address = next((options[key] for key in options if key.endswith("-address")), "")
    scheme, separator, authority = address.rpartition("://")
    # What stands before the host may be a password.
    host = authority.rpartition("@")[2]
    return f"sent to {scheme}{separator}{host}" if host else "where its driver sends it"


def _counted_files(count: str, size: str) -> str:
    return f"one file of {size}" if count == "1" else f"{count} files of {size}"
