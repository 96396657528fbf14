"""A container's create payload as field → value, with what does not count brought to one form.

The rules R1 to R23 stand in `rules.md` beside this file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from tocompose.prove.engine import full_reference
from tocompose.prove.recording import Payload, RecordedContainer, user_labels
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


def fields_of(side: Side, container: RecordedContainer) -> Fields:
    """Every field of the container that both sides can be compared by; empty ones are left out (R5)."""
    container_fields: Fields = {}
    for prefix, payload in (("Config", container.config), ("HostConfig", container.host)):
        for name, value in payload.items():
            if name not in APART:
                container_fields[f"{prefix}.{name}"] = _normal_value(side, name, value)
    container_fields.update(_config_fields(container))
    container_fields.update(_health_fields(container.config.get("Healthcheck") or {}))
    container_fields.update(_network_fields(side, container))
    container_fields["HostConfig.VolumesFrom"] = _volumes_from(side, container)
    container_fields["Platform"] = container.platform
    container_fields["Pull"] = container.pulled
    container_fields["Copies"] = sorted(container.copies)
    container_fields.update(
        {f"Mounts.{target}": mount for target, mount in side.mounts(container).items()}
    )
    return {
        name: value
        for name, value in container_fields.items()
        if not _is_empty(name, value)
    }


def _is_empty(name: str, value: Any) -> bool:
    leaf_name = name.rpartition(".")[2]
    if leaf_name in COUNTED or name.startswith(("Env.", "Labels.")):
        return value is None
    return value is None if leaf_name in PATHS else not value


def _normal_value(side: Side, name: str, value: Any) -> Any:
    """One field in its comparable form."""
    if name in MODES:
        return _namespace_mode(side, name, str(value or ""))
    if name in SHAPES:
        return SHAPES[name](value)
    return value if name in PATHS else _sort_unordered(name, _strip_empty(value))


def _strip_empty(value: Any) -> Any:
    """The value without what is empty inside it (R5); an empty text stays where the user chose the key."""
    if isinstance(value, Mapping):
        stripped = {key: _strip_empty(content) for key, content in value.items()}
        return {
            key: content
            for key, content in stripped.items()
            if content or (content == "" and not key[:1].isupper())
        }
    return (
        [_strip_empty(content) for content in value] if isinstance(value, list) else value
    )


def _sort_unordered(name: str, value: Any) -> Any:
    if isinstance(value, list) and name not in ORDERED:
        return sorted(value, key=lambda element: json.dumps(element, sort_keys=True))
    return value


def _namespace_mode(side: Side, name: str, value: str) -> str:
    """A namespace mode; that of the network counts only where it is not a network, which `Networks` tells (R19)."""
    if value.startswith("container:"):
        return f"container:{side.identity(value.removeprefix('container:'))}"
    return "" if name == "NetworkMode" and value not in ("host", "none") else value


def _normal_capabilities(value: Any) -> list[str]:
    return sorted(
        str(capability).upper().removeprefix("CAP_") for capability in value or ()
    )


def _normal_security(value: Any) -> list[str]:
    """Options as `key=value`: the engine takes the first of `:` and `=` as the mark (R11)."""
    return sorted(
        option if "=" in option else option.replace(":", "=", 1) for option in value or ()
    )


def _normal_swappiness(value: Any) -> Any:
    return None if value == -1 else value


def _normal_processors(value: Any) -> int:
    """Billionths of a processor to a hundred-thousandth: docker compose counts them with a small float (R19)."""
    return round(int(value or 0), -4)


def _normal_restart(value: Any) -> Payload:
    policy = dict(value or {})
    return {} if policy.get("Name") in ("", "no", None) else _strip_empty(policy)


def _normal_log(value: Any) -> Payload:
    config = dict(value or {})
    return {key: content for key, content in config.items() if content}


def _normal_ports(value: Any) -> Payload:
    """Bindings by port and protocol, host side in any order (R7, R23)."""
    bindings_by_port = {
        _port_with_protocol(port): _normal_bindings(bindings)
        for port, bindings in (value or {}).items()
    }
    return {port: bindings_by_port[port] for port in sorted(bindings_by_port)}


def _normal_bindings(value: Any) -> list[Payload]:
    pairs = [
        {"HostIp": binding.get("HostIp", ""), "HostPort": binding.get("HostPort", "")}
        for binding in value or ()
    ]
    return sorted(pairs, key=lambda binding: (binding["HostIp"], binding["HostPort"]))


def _port_with_protocol(text: str) -> str:
    return text if "/" in text else f"{text}/tcp"


SHAPES = {
    "NanoCpus": _normal_processors,
    "CapAdd": _normal_capabilities,
    "CapDrop": _normal_capabilities,
    "SecurityOpt": _normal_security,
    "MemorySwappiness": _normal_swappiness,
    "RestartPolicy": _normal_restart,
    "LogConfig": _normal_log,
    "PortBindings": _normal_ports,
}


def _config_fields(container: RecordedContainer) -> Fields:
    """Environment, labels, image and exposed ports."""
    config = container.config
    settings = (text.partition("=") for text in config.get("Env") or ())
    # R8; the last one wins.
    env = {f"Env.{name}": value for name, equals, value in settings if equals}
    labels = user_labels(config.get("Labels"))
    ports = map(_port_with_protocol, config.get("ExposedPorts") or ())
    return {
        **env,
        **{f"Labels.{name}": value for name, value in labels.items()},
        "Config.Image": full_reference(str(config.get("Image") or "")),
        "Config.ExposedPorts": sorted(ports),
    }


def _health_fields(healthcheck: Payload) -> Fields:
    return {f"Config.Healthcheck.{name}": value for name, value in healthcheck.items()}


def _volumes_from(side: Side, container: RecordedContainer) -> list[str]:
    references = []
    for text in container.host.get("VolumesFrom") or ():
        reference, mark, mode = text.removeprefix("container:").partition(":")
        plain = mark + mode if mode not in ("", "rw") else ""
        references.append(side.identity(reference) + plain)
    return sorted(references)


def _network_fields(side: Side, container: RecordedContainer) -> Fields:
    """Each network's addresses and options (R13, R20); aliases and links are compared in `names`."""
    network_fields: Fields = {}
    primary = side.primary(container)
    macs = {primary: container.config.get("MacAddress")}
    for network, endpoint in side.endpoints(container).items():
        network_fields[f"Networks.{network}"] = "attached"
        options = _strip_empty(
            {key: endpoint.get(key) for key in ("IPAMConfig", "DriverOpts", "GwPriority")}
        )
        network_fields.update(
            {f"Networks.{network}.{key}": value for key, value in options.items()}
        )
        macs[network] = endpoint.get("MacAddress") or macs.get(network)
    network_fields["Config.MacAddress"] = macs.pop(primary)
    network_fields.update(
        {f"Networks.{network}.MacAddress": mac for network, mac in macs.items()}
    )
    return network_fields
