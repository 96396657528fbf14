"""What the engine makes of a request: the image's settings merged in, defaults filled in, as `docker inspect` shows it.

Written from moby/moby alone: daemon/commit.go (`merge`), daemon/create.go and daemon/daemon_unix.go
(`adaptContainerSettings`). It knows nothing of the importer, which takes the same apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.prove.recording import Payload, RecordedContainer

_SHARED_MEMORY = 64 * 2**20


def effective_container(container: RecordedContainer, image: Payload) -> RecordedContainer:
    """The container as the engine keeps it; `image` is the image's own configuration, empty where it is not known."""
    config = _merged_config(dict(container.config), image)
    return container._replace(config=config, host=_filled_host(dict(container.host)))


def _merged_config(config: dict[str, Any], image: Payload) -> Payload:
    config["Env"] = _merged_variables(config.get("Env") or [], image.get("Env") or [])
    config["Labels"] = {**(image.get("Labels") or {}), **(config.get("Labels") or {})}
    for key in ("ExposedPorts", "Volumes"):
        config[key] = {**(image.get(key) or {}), **(config.get(key) or {})}
    if not config.get("Entrypoint"):
        if not config.get("Cmd"):
            config["Cmd"] = image.get("Cmd")
        if config.get("Entrypoint") is None:
            config["Entrypoint"] = image.get("Entrypoint")
    for key in ("User", "WorkingDir", "StopSignal"):
        config[key] = config.get(key) or image.get(key)
    config["Healthcheck"] = _merged_check(
        config.get("Healthcheck") or {}, image.get("Healthcheck") or {}
    )
    return config


def _merged_variables(own: list[str], of_image: list[str]) -> list[str]:
    """The container's variables, then the image's whose names it does not set."""
    names = {variable.partition("=")[0] for variable in own}
    return [
        *own,
        *(variable for variable in of_image if variable.partition("=")[0] not in names),
    ]


def _merged_check(own: Payload, of_image: Payload) -> Payload:
    """Field by field; 0 and nothing stand for the image's."""
    keys = dict.fromkeys((*own, *of_image))
    return {key: own.get(key) or of_image.get(key) for key in keys}


def _filled_host(host: dict[str, Any]) -> Payload:
    memory, swap = host.get("Memory") or 0, host.get("MemorySwap") or 0
    if memory > 0 and swap == 0:
        host["MemorySwap"] = 2 * memory
    host["ShmSize"] = host.get("ShmSize") or _SHARED_MEMORY
    host["IpcMode"] = host.get("IpcMode") or "private"
    host["Runtime"] = host.get("Runtime") or "runc"
    log = host.get("LogConfig") or {}
    host["LogConfig"] = {**log, "Type": log.get("Type") or "json-file"}
    namespaces = (host.get("PidMode"), host.get("IpcMode"))
    options = list(host.get("SecurityOpt") or ())
    if (host.get("Privileged") or "host" in namespaces) and "label=disable" not in options:
        options.append("label=disable")
    host["SecurityOpt"] = options
    return host


def plain_host(host: Mapping[str, Any]) -> Payload:
    """The host configuration of a container that exists, without what differs from one engine to another."""
    plain = dict(host)
    for key in ("MaskedPaths", "ReadonlyPaths"):
        # The lists are the engine's own; none at all was asked for.
        plain[key] = [] if plain.get(key) == [] and not plain.get("Privileged") else None
    if plain.get("CgroupnsMode") in ("private", "host"):
        plain.pop("CgroupnsMode")
    if not plain.get("Memory"):
        plain.pop("MemorySwap", None)
    return _filled_host(plain)
