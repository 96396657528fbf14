"""What the engine makes of a request: the image's settings merged in, defaults filled in, as `docker inspect` shows it.

Written from moby/moby alone: daemon/commit.go (`merge`), daemon/create.go and daemon/daemon_unix.go
(`adaptContainerSettings`). It knows nothing of the importer, which takes the same apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.prove.recording import Payload, RecordedContainer

# What the daemon of Linux takes where nothing is said (moby, daemon/config and runconfig).
_HOST_DEFAULTS = {"ShmSize": 64 * 2**20, "IpcMode": "private", "Runtime": "runc"}


def effective_container(container: RecordedContainer, image: Payload) -> RecordedContainer:
    """The container as the engine keeps it; `image` is the image's own configuration, empty where it is not known."""
    config = _merged_config(dict(container.config), image)
    return container._replace(config=config, host=_filled_host(dict(container.host)))


def _merged_config(config: dict[str, Any], image: Payload) -> Payload:
    config["Env"] = _merged_variables(config.get("Env") or [], image.get("Env") or [])
    for key in ("Labels", "ExposedPorts", "Volumes"):
        config[key] = _map_of(image, key) | _map_of(config, key)
    # An emptied entry point drops the image's own, one that is stated drops the image's command as well.
    if not config.get("Entrypoint"):
        config["Cmd"] = config.get("Cmd") or image.get("Cmd")
    if config.get("Entrypoint") is None:
        config["Entrypoint"] = image.get("Entrypoint")
    for key in ("User", "WorkingDir", "StopSignal"):
        config[key] = config.get(key) or image.get(key)
    config["Healthcheck"] = _merged_check(
        _map_of(config, "Healthcheck"), _map_of(image, "Healthcheck")
    )
    return config


def _map_of(payload: Payload, key: str) -> dict[str, Any]:
    return dict(payload.get(key) or {})


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
    memory = host.get("Memory") or 0
    if memory > 0 and not host.get("MemorySwap"):
        host["MemorySwap"] = 2 * memory
    for key, default in _HOST_DEFAULTS.items():
        host[key] = host.get(key) or default
    log = host.get("LogConfig") or {}
    host["LogConfig"] = {**log, "Type": log.get("Type") or "json-file"}
    host["SecurityOpt"] = _security_options(host)
    return host


def _security_options(host: Mapping[str, Any]) -> list[str]:
    """The stated options; SELinux's labels do not hold within the host's own namespaces."""
    options = list(host.get("SecurityOpt") or ())
    shares_host = "host" in (host.get("PidMode"), host.get("IpcMode"))
    if (host.get("Privileged") or shares_host) and "label=disable" not in options:
        options.append("label=disable")
    return options


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
