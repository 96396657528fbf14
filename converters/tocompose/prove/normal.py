"""A container's create payload as field → value, with what does not count brought to one form.

The rules R1 to R23 stand in `rules.md` beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tocompose.prove.engine import tagged
from tocompose.prove.recording import Container, Payload
from tocompose.prove.side import Side

Fields: TypeAlias = dict[str, Any]

SESSION = (
    "AttachStdin",
    "AttachStdout",
    "AttachStderr",
    "StdinOnce",
    "OnBuild",
    "ConsoleSize",
    "ContainerIDFile",
)  # R6
MOUNTS = ("Binds", "Mounts", "Tmpfs", "Volumes", "VolumeDriver")  # R9
ORDERED = ("Cmd", "Entrypoint", "Test", "Dns", "DnsOptions", "DnsSearch", "Shell")  # R7
COUNTED = ("Init", "MemorySwappiness", "StopTimeout")  # R5: null is not zero
PATHS = ("MaskedPaths", "ReadonlyPaths")  # R10: null is not []
MODES = ("NetworkMode", "PidMode", "IpcMode")  # R15
APART = (
    "Env",
    "Labels",
    "Image",
    "MacAddress",
    "Links",
    "VolumesFrom",
    "Healthcheck",
    "ExposedPorts",
    *MOUNTS,
    *SESSION,
)


def fields(side: Side, container: Container) -> Fields:
    """Every field of the container that both sides can be compared by; empty ones are left out (R5)."""
    found: Fields = {}
    for prefix, payload in (("Config", container.config), ("HostConfig", container.host)):
        for name, value in payload.items():
            if name not in APART:
                found[f"{prefix}.{name}"] = _value(side, name, value)
    found.update(_config(container))
    found.update(_health(container.config.get("Healthcheck") or {}))
    found.update(_attachments(side, container))
    found["HostConfig.VolumesFrom"] = _volumes_from(side, container)
    found["Platform"] = container.platform
    found["Pull"] = container.pulled
    found["Copies"] = sorted(container.copies)
    found.update(
        {f"Mounts.{target}": mount for target, mount in side.mounts(container).items()}
    )
    return {name: value for name, value in found.items() if not _empty(name, value)}


def _empty(name: str, value: Any) -> bool:
    last = name.rpartition(".")[2]
    if last in COUNTED or name.startswith(("Env.", "Labels.")):
        return value is None
    return value is None if last in PATHS else not value


def _value(side: Side, name: str, value: Any) -> Any:
    """One field in its comparable form."""
    if name in MODES:
        return _mode(side, name, str(value or ""))
    if name in SHAPES:
        return SHAPES[name](value)
    return value if name in PATHS else _sorted(name, _stripped(value))


def _stripped(value: Any) -> Any:
    """The value without what is empty inside it (R5); an empty text stays where the user chose the key."""
    if isinstance(value, Mapping):
        inner = {key: _stripped(item) for key, item in value.items()}
        return {
            key: item
            for key, item in inner.items()
            if item or (item == "" and not key[:1].isupper())
        }
    return [_stripped(item) for item in value] if isinstance(value, list) else value


def _sorted(name: str, value: Any) -> Any:
    if isinstance(value, list) and name not in ORDERED:
        return sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _mode(side: Side, name: str, value: str) -> str:
    """A namespace mode; that of the network counts only where it is not a network, which `Networks` tells (R19)."""
    if value.startswith("container:"):
        return f"container:{side.identity(value.removeprefix('container:'))}"
    return "" if name == "NetworkMode" and value not in ("host", "none") else value


def _capabilities(value: Any) -> list[str]:
    return sorted(str(item).upper().removeprefix("CAP_") for item in value or ())


def _security(value: Any) -> list[str]:
    """Options as `key=value`: the engine takes the first of `:` and `=` as the mark (R11)."""
    return sorted(
        item if "=" in item else item.replace(":", "=", 1) for item in value or ()
    )


def _swappiness(value: Any) -> Any:
    return None if value == -1 else value


def _restart(value: Any) -> Payload:
    policy = dict(value or {})
    return {} if policy.get("Name") in ("", "no", None) else _stripped(policy)


def _log(value: Any) -> Payload:
    config = dict(value or {})
    return {key: item for key, item in config.items() if item}


def _ports(value: Any) -> Payload:
    """Bindings by port and protocol, host side in any order (R7, R23)."""
    found = {_port(port): _bindings(bindings) for port, bindings in (value or {}).items()}
    return {port: found[port] for port in sorted(found)}


def _bindings(value: Any) -> list[Payload]:
    pairs = [
        {"HostIp": one.get("HostIp", ""), "HostPort": one.get("HostPort", "")}
        for one in value or ()
    ]
    return sorted(pairs, key=lambda one: (one["HostIp"], one["HostPort"]))


def _port(text: str) -> str:
    return text if "/" in text else f"{text}/tcp"


SHAPES = {
    "CapAdd": _capabilities,
    "CapDrop": _capabilities,
    "SecurityOpt": _security,
    "MemorySwappiness": _swappiness,
    "RestartPolicy": _restart,
    "LogConfig": _log,
    "PortBindings": _ports,
}


def _config(container: Container) -> Fields:
    """Environment, labels, image and exposed ports."""
    config = container.config
    pairs = [entry.partition("=") for entry in config.get("Env") or ()]
    found: Fields = {
        f"Env.{name}": value for name, equals, value in pairs if equals
    }  # R8; the last one wins
    labels = {
        key: value
        for key, value in (config.get("Labels") or {}).items()
        if not _bookkeeping(key)
    }
    found.update({f"Labels.{key}": value for key, value in labels.items()})
    found["Config.Image"] = tagged(str(config.get("Image") or ""))
    found["Config.ExposedPorts"] = sorted(
        _port(port) for port in config.get("ExposedPorts") or ()
    )
    return found


def _bookkeeping(label: str) -> bool:
    return label.startswith("com.docker.compose.")  # R1


def _health(given: Payload) -> Fields:
    return {f"Config.Healthcheck.{name}": value for name, value in given.items()}


def _volumes_from(side: Side, container: Container) -> list[str]:
    found = []
    for text in container.host.get("VolumesFrom") or ():
        reference, mark, mode = text.removeprefix("container:").partition(":")
        plain = mark + mode if mode not in ("", "rw") else ""
        found.append(side.identity(reference) + plain)
    return sorted(found)


def _attachments(side: Side, container: Container) -> Fields:
    """Each network's addresses and options (R13, R20); aliases and links are compared in `names`."""
    found: Fields = {}
    primary = side.primary(container)
    macs = {primary: container.config.get("MacAddress")}
    for network, end in side.endpoints(container).items():
        found[f"Networks.{network}"] = "attached"
        given = _stripped(
            {key: end.get(key) for key in ("IPAMConfig", "DriverOpts", "GwPriority")}
        )
        found.update({f"Networks.{network}.{key}": value for key, value in given.items()})
        macs[network] = end.get("MacAddress") or macs.get(network)
    found["Config.MacAddress"] = macs.pop(primary)
    found.update({f"Networks.{network}.MacAddress": mac for network, mac in macs.items()})
    return found
