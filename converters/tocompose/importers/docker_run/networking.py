"""`--network` and `--gpus`, whose values are small languages of their own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from tocompose.importers.docker_run.shapes import Fact
from tocompose.model import Attachment

_ATTACHMENT_KEYS = {
    "ip": "ipv4_address",
    "ip6": "ipv6_address",
    "mac-address": "mac_address",
    "link-local-ip": "link_local_ips",
    "gw-priority": "gw_priority",
}


def csv_fields(value: str) -> list[tuple[str, str, str]]:
    """The `key=value` fields of a CSV value, as (key, `=` or nothing, value)."""
    try:
        row = next(csv.reader([value], strict=True), [])
    except csv.Error as problem:
        raise ValueError(f"its quotes do not fit ({problem})") from None
    return [
        (key.strip().lower(), equals, content)
        for key, equals, content in (field.partition("=") for field in row)
    ]


def read_network(value: str) -> Iterator[Fact]:
    """A network's name, a mode (`host`, `none`, `container:x`), or `name=…,alias=…,ip=…`.

    https://docs.docker.com/reference/cli/docker/container/run/#network
    """
    if "=" not in value.partition(",")[0]:
        yield _network_or_mode(value)
        return
    name = ""
    aliases: list[str] = []
    options: dict[str, Any] = {}
    for key, _, content in csv_fields(value):
        if key == "name":
            name = content
        elif key == "alias":
            aliases.append(content)
        elif key == "driver-opt":
            option, _, setting = content.partition("=")
            options.setdefault("driver_opts", {})[option] = setting
        elif key in _ATTACHMENT_KEYS:
            _put_option(options, _ATTACHMENT_KEYS[key], content)
        else:
            raise ValueError(f"docker knows no network option {key!r}")
    yield Fact(Attachment(network=name, aliases=tuple(aliases), options=options), "add")


def _network_or_mode(value: str) -> Fact:
    name, colon, _ = value.partition(":")
    if name in ("slirp4netns", "pasta") or (name == "bridge" and colon):
        return Fact(None, "none", code="TC127", note_facts=(("mode", name),))
    if value in ("default", "bridge"):
        return Fact(None, "none", code="TC130", note_facts=(("name", value),))
    if value in ("host", "none") or (colon and name in ("container", "ns")):
        return Fact(value, target="network_mode")
    return Fact(Attachment(network=value), "add")


def _put_option(options: dict[str, Any], key: str, content: str) -> None:
    if key == "link_local_ips":
        options.setdefault(key, []).append(content)
    else:
        options[key] = int(content) if key == "gw_priority" else content


def read_gpus(value: str) -> Iterator[Fact]:
    """`all`, a count, or `device=…,capabilities=…` (docker's opts.GpuOpts)."""
    if value == "all":
        yield Fact("all")
        return
    request: dict[str, Any] = {}
    for key, equals, content in csv_fields(value):
        if not equals:
            key, content = "count", key
        if key == "count":
            request["count"] = -1 if content == "all" else int(content)
        elif key == "device":
            request["device_ids"] = content.split(",")
        elif key in ("driver", "capabilities"):
            request[key] = content.split(",") if key == "capabilities" else content
        elif key == "options":
            request[key] = dict(option.partition("=")[::2] for option in content.split(","))
        else:
            raise ValueError(f"docker knows no GPU option {key!r}")
    if "count" not in request and "device_ids" not in request:
        request["count"] = 1
    yield Fact([request])
