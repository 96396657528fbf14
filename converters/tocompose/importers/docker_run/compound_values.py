"""Flags whose values are small languages of their own: `--network`, `--gpus`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tocompose.importers.docker_run.mount_values import source_path
from tocompose.importers.docker_run.shapes import Fact, FactMerge, csv_fields
from tocompose.model import FileResource, NetworkAttachment

# --network ----------------------------------------------------------------------------------------

_ATTACHMENT_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "ip": ("ipv4_address", str),
    "ip6": ("ipv6_address", str),
    "mac-address": ("mac_address", str),
    "mac": ("mac_address", str),
    "interface_name": ("interface_name", str),
    "gw-priority": ("gw_priority", int),
}


_NETWORK_MODES = ("bridge", "container", "host", "none", "ns", "pasta", "slirp4netns")


def read_network(value: str) -> Iterator[Fact]:
    """A network's name, a mode (`host`, `none`, `container:x`), or `name=…,alias=…,ip=…`; podman's `name:alias=…,ip=…`.

    https://docs.docker.com/reference/cli/docker/container/run/#network
    """
    if value.startswith("bridge:") and value != "bridge:":
        # podman's own network by another name, which is the stack's default one here.
        value = f"default:{value.removeprefix('bridge:')}"
    network, _, settings = value.partition(":")
    if network in _NETWORK_MODES or "=" not in value.partition(",")[0]:
        yield _network_or_mode(value)
        return
    if "=" not in network:
        value = f"name={network},{settings}"
    yield Fact(_read_attachment(value), FactMerge.APPEND)


def _read_attachment(settings: str) -> NetworkAttachment:
    name = ""
    aliases: list[str] = []
    options: dict[str, Any] = {}
    for key, _, content in csv_fields(settings):
        if key == "name":
            name = content
        elif key == "alias":
            aliases.append(content)
        elif key == "driver-opt":
            option, _, setting = content.partition("=")
            options.setdefault("driver_opts", {})[option] = setting
        elif key == "link-local-ip":
            options.setdefault("link_local_ips", []).append(content)
        elif key in _ATTACHMENT_KEYS:
            option, read_content = _ATTACHMENT_KEYS[key]
            options[option] = read_content(content)
        else:
            raise ValueError(f"docker knows no network option {key!r}")
    _check_network_name(name)
    return NetworkAttachment(network=name, aliases=tuple(aliases), options=options)


def _network_or_mode(value: str) -> Fact:
    name, colon, _ = value.partition(":")
    if name in ("slirp4netns", "pasta"):
        return Fact(None, FactMerge.NOTE, code="TC127", note_facts=(("mode", value),))
    if value in ("default", "bridge"):
        return Fact(None, FactMerge.NOTE, code="TC130", note_facts=(("name", value),))
    if value in ("host", "none") or (colon and name in ("container", "ns")):
        return Fact(value, target="network_mode")
    _check_network_name(value)
    return Fact(NetworkAttachment(network=value), FactMerge.APPEND)


def _check_network_name(name: str) -> None:
    """Raises ValueError for what the engine refuses as a network's name: it takes any other text."""
    if not name.strip():
        raise ValueError("a network has a name")


# --gpus -------------------------------------------------------------------------------------------


def _gpu_count(content: str) -> int:
    return -1 if content == "all" else int(content)


def _comma_list(content: str) -> list[str]:
    return content.split(",")


def _comma_map(content: str) -> dict[str, str]:
    return dict(option.partition("=")[::2] for option in content.split(","))


_GPU_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "count": ("count", _gpu_count),
    "device": ("device_ids", _comma_list),
    "driver": ("driver", str),
    "capabilities": ("capabilities", _comma_list),
    "options": ("options", _comma_map),
}


def read_gpus(value: str) -> Iterator[Fact]:
    """`all`, a count, or `device=…,capabilities=…` (docker's opts.GpuOpts)."""
    if value == "all":
        yield Fact("all")
        return
    request: dict[str, Any] = {}
    bare_fields: list[str] = []
    for key, equals, content in csv_fields(value):
        if not equals:
            bare_fields.append(key)
            continue
        if key not in _GPU_KEYS:
            raise ValueError(f"docker knows no GPU option {key!r}")
        name, read_content = _GPU_KEYS[key]
        request[name] = read_content(content)
    if "device_ids" in request and bare_fields:
        # `device=0,1` without the quotes inside: docker takes the 1 for a count, and the engine refuses both.
        request["device_ids"] += bare_fields
        yield Fact([request], code="TC186", note_facts=(("value", value),))
        return
    for field in bare_fields:
        request["count"] = _gpu_count(field)
    if {"count", "device_ids"} <= set(request):
        raise ValueError("it takes a count or devices, not both")
    if not {"count", "device_ids"} & set(request):
        request["count"] = 1
    yield Fact([request])


def _build_secret_settings(value: str) -> dict[str, str]:
    """The settings of a secret of a build; raises ValueError for those that buildx refuses."""
    settings = {key: content for key, _, content in csv_fields(value)}
    is_known = settings.keys() <= {"id", "type", "src", "source", "env"}
    kind = settings.get("type", "")
    if not is_known or kind not in ("", "file", "env") or not settings.get("id"):
        raise ValueError("it takes id=NAME with src=PATH or env=VARIABLE")
    return settings


def read_build_secret(value: str) -> Iterator[Fact]:
    """`id=NAME[,type=file|env][,src=PATH][,env=VARIABLE]`, a secret of a build.

    https://docs.docker.com/reference/cli/docker/buildx/build/#secret
    """
    settings = _build_secret_settings(value)
    name, is_variable = settings["id"], settings.get("type") == "env"
    path = settings.get("src") or settings.get("source")
    variable = settings.get("env") or (path if is_variable else None)
    if path and not variable:
        yield Fact(FileResource(name=name, file=source_path(path)), FactMerge.APPEND)
        return
    # Without either, the variable of that name, else the file of that name.
    code = "" if variable or is_variable else "TC051"
    secret = FileResource(name=name, environment=variable or name)
    yield Fact(secret, FactMerge.APPEND, code=code, note_facts=(("name", name),))
