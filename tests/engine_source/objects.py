"""Objects as an engine describes them, small: what a test says and what every engine fills in."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

ID = "4f1c" * 16
IMAGE_ID = "sha256:" + "ab" * 32
# What the daemon writes on every container.
_FILLED_IN = {
    "NetworkMode": "default",
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "LogConfig": {"Type": "json-file", "Config": {}},
    "IpcMode": "private",
    "CgroupnsMode": "private",
    "ShmSize": 67108864,
    "Runtime": "runc",
    "Isolation": "",
    "ConsoleSize": [38, 229],
    "CapAdd": None,
    "Dns": [],
    "Memory": 0,
    "MemorySwap": 0,
    "MaskedPaths": ["/proc/kcore"],
    "ReadonlyPaths": ["/proc/bus"],
}


def _network_of(host: dict[str, Any]) -> str:
    """What the engine lists a container under that is on no network of its own."""
    mode = str(host.get("NetworkMode", ""))
    return mode if mode in ("host", "none") else "bridge"


def container(
    name: str = "web", /, *, config: Any = (), host: Any = (), **fields: Any
) -> Any:
    """A container of that name; `config` and `host` are what differs in Config and HostConfig."""
    return {
        "Id": ID,
        "Name": f"/{name}",
        "Image": IMAGE_ID,
        "State": {
            "Status": "running",
            "Health": {"Log": [{"Output": "s3cret-of-the-log"}]},
        },
        "Config": {"Hostname": ID[:12], "Image": "shop/web:1", **dict(config)},
        "HostConfig": {**_FILLED_IN, **dict(host)},
        "Mounts": [],
        "NetworkSettings": {
            "Networks": {_network_of(dict(host)): {"IPAddress": "172.17.0.2"}}
        },
        **fields,
    }


def image(**config: Any) -> Any:
    """The image of every container."""
    return {
        "Id": IMAGE_ID,
        "RepoTags": ["shop/web:1"],
        "RootFS": {"Type": "layers"},
        "Config": config,
    }


def network(name: str, **fields: Any) -> Any:
    """A bridge network."""
    ipam = {
        "Driver": "default",
        "Config": [{"Subnet": "172.25.0.0/16", "Gateway": "172.25.0.1"}],
    }
    return {"Name": name, "Id": name * 8, "Driver": "bridge", "IPAM": ipam, **fields}


def endpoint(**fields: Any) -> dict[str, Any]:
    """A place on a network, with what the engine fills in."""
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": None,
        "IPAddress": "172.25.0.3",
        **fields,
    }


def read_objects(*objects: Any, practices: str = "none", name: str | None = None) -> Result:
    """The conversion of the objects."""
    content = json.dumps(list(objects), indent=2).encode()
    return read_text(content, practices=practices, name=name)


def read_text(content: bytes, practices: str = "none", name: str | None = None) -> Result:
    """The conversion of what a command printed."""
    options = Options(
        source="engine", practices=practices, settings=ImportOptions(name=name)
    )
    return convert(Memory({"inspect.json": content}, "host"), options)


def compose_of(result: Result) -> Any:
    """The compose file that was written."""
    return yaml.safe_load(result.files[0].content)


def service_of(*objects: Any, name: str = "web") -> Any:
    """One service of the compose file."""
    return compose_of(read_objects(*objects))["services"][name]


def codes_of(result: Result) -> set[str]:
    """The codes of all notes."""
    return {one_note.code for one_note in result.notes}
