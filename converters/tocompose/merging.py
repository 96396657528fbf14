"""Compose documents put together as docker compose does it with several `-f` files: the later file wins, key by key.

Measured against docker compose 2.40 and described in https://docs.docker.com/reference/compose-file/merge/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from tocompose.patterns import regex
from tocompose.syntax.interpolation import split

Strategy: TypeAlias = Callable[[Any, Any], Any]


class Override(NamedTuple):
    """A value tagged `!override`: it replaces what earlier files say."""

    value: Any


class Reset:
    """A value tagged `!reset`: what earlier files say is removed."""


RESET = Reset()


def merge_documents(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The document that docker compose makes of two files, both in any mix of short and long syntax."""
    kept, added = _settle(dict(first), second)
    result = dict(kept)
    for key, value in added.items():
        if key == "services":
            result[key] = _each(result.get(key), value, merge_services)
        elif key in ("networks", "volumes", "secrets", "configs"):
            result[key] = _each(result.get(key), value, _deep)
        else:
            result[key] = _deep(result.get(key), value)
    return result


def without_tags(document: Mapping[str, Any]) -> dict[str, Any]:
    """A file's own content, as it is when no file stands before it."""
    return _settle({}, document)[1]


def _settle(first: Any, second: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The first file without what `!reset` and `!override` take away, and the second without these tags."""
    kept: dict[str, Any] = {}
    for key, value in second.items():
        if isinstance(value, Reset | Override):
            first = _without(first, key)
            if isinstance(value, Override):
                kept[key] = value.value
        elif isinstance(value, Mapping):
            inner, kept[key] = _settle(_at(first, key), value)
            if inner is not None and isinstance(first, Mapping):
                first = {**first, key: inner}
        else:
            kept[key] = value
    return first, kept


def _at(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _without(value: Any, key: str) -> Any:
    """The map without the key; a list in the short form is not taken apart, as in docker compose."""
    return (
        {name: item for name, item in value.items() if name != key}
        if isinstance(value, Mapping)
        else value
    )


def merge_services(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The service that docker compose makes of the bodies that two files give it."""
    result = dict(first)
    for key, value in second.items():
        if key in ("command", "entrypoint") and key in second:
            result[key] = value
        elif value is None and key in result:
            continue
        else:
            known = result.get(key)
            result[key] = (
                value if known is None else _strategy(key, known, value)(known, value)
            )
    return {
        key: value
        for key, value in result.items()
        if value is not None or key not in ("command", "entrypoint")
    }


def _strategy(key: str, first: Any, second: Any) -> Strategy:
    """How the key is merged; values of the wrong kind, which Compose refuses anyway, replace each other."""
    if key in _MAPS and not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return _replaced
    return _STRATEGIES.get(key, _deep)


def _replaced(_: Any, second: Any) -> Any:
    return second


def _each(first: Any, second: Any, strategy: Strategy) -> Any:
    if not isinstance(first or {}, Mapping) or not isinstance(second or {}, Mapping):
        return second
    result = dict(first or {})
    for name, value in (second or {}).items():
        known = result.get(name)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        result[name] = (
            strategy(known, value) if both else (known if value is None else value)
        )
    return result


def _deep(first: Any, second: Any) -> Any:
    if second is None:
        return first
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        result = dict(first)
        for key, value in second.items():
            result[key] = _deep(result[key], value) if key in result else value
        return result
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    return second


def _pairs(first: Any, second: Any) -> dict[str, Any]:
    """Maps or lists of `KEY=value`, by key."""
    return {**as_map(first), **as_map(second)}


def as_map(value: Any) -> dict[str, Any]:
    """A map, or a list of `KEY=value` where a bare `KEY` has no value."""
    if isinstance(value, Mapping):
        return dict(value)
    pairs = (split(str(item), "=", 1) for item in _listed(value) if item is not None)
    return {pair[0]: pair[1] if len(pair) > 1 else None for pair in pairs}


def _networks(first: Any, second: Any) -> dict[str, Any]:
    """A service's networks by name, aliases united."""
    result = _by_name(first, None)
    for name, value in _by_name(second, None).items():
        known = result.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            result[name] = merge_with(known, value, {"aliases": _union})
        else:
            result[name] = known if value is None else value
    return result


def _depends_on(first: Any, second: Any) -> dict[str, Any]:
    """Dependencies by service; the short form states a condition of its own."""
    result = _by_name(first, _STARTED)
    for name, value in _by_name(second, _STARTED).items():
        result[name] = _deep(result.get(name) or {}, value)
    return result


_STARTED = {"condition": "service_started", "required": True}


def _by_name(value: Any, default: Any) -> dict[str, Any]:
    return (
        dict(value)
        if isinstance(value, Mapping)
        else dict.fromkeys(map(str, _listed(value)), default)
    )


def _union(first: Any, second: Any) -> list[Any]:
    """Lists (or one text) without repeats, the first file's order before the second's."""
    result: list[Any] = []
    for item in (*_listed(first), *_listed(second)):
        if item not in result:
            result.append(item)
    return result


def _append(first: Any, second: Any) -> list[Any]:
    return [*_listed(first), *_listed(second)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _hosts(first: Any, second: Any) -> dict[str, Any]:
    """`extra_hosts`: a host that both files name has the addresses of both."""
    result: dict[str, list[Any]] = {}
    for host, address in (*_host_pairs(first), *_host_pairs(second)):
        result[host] = _union(result.get(host, []), [address])
    return {
        host: addresses if len(addresses) > 1 else addresses[0]
        for host, addresses in result.items()
    }


def _host_pairs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [
            (host, address) for host, given in value.items() for address in _listed(given)
        ]
    pairs = (_HOST.match(str(item)) for item in _listed(value))
    return [(pair["host"], pair["address"]) for pair in pairs if pair]


_HOST = regex(r"(?P<host>[^=:]*)[=:](?P<address>.*)", re.DOTALL)


def _keyed(key: Callable[[Any], Any]) -> Strategy:
    """Lists whose entries replace each other when they have the same key; the place of the first is kept."""

    def strategy(first: Any, second: Any) -> list[Any]:
        result: dict[Any, Any] = {}
        for item in (*_listed(first), *_listed(second)):
            result[key(item)] = item
        return list(result.values())

    return strategy


def port_key(item: Any) -> tuple[str, str, str, str]:
    """What makes a published port unique: address, port in the container, port on the host, protocol."""
    if isinstance(item, Mapping):
        return (
            str(item.get("host_ip", "")),
            str(item.get("target", "")),
            str(item.get("published", "")),
            str(item.get("protocol", "tcp")),
        )
    text, *protocol = split(str(item), "/", 1)
    address = ""
    if text.startswith("["):
        address, _, text = text[1:].partition("]")
        text = text.removeprefix(":")
    parts = split(text, ":")
    if len(parts) == 3:
        address = parts.pop(0)
    published = parts[0] if len(parts) > 1 else ""
    return (address, parts[-1], published, protocol[0] if protocol else "tcp")


def mount_target(item: Any) -> str:
    """The path in the container at which an entry of `volumes` is mounted."""
    if isinstance(item, Mapping):
        return str(item.get("target", ""))
    parts = split(str(item), ":")
    return parts[0] if len(parts) == 1 else parts[1]


def _grant_target(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("target") or item.get("source", ""))
    return str(item)


def _device_target(item: Any) -> str:
    if isinstance(item, Mapping):
        return str(item.get("target") or item.get("source", ""))
    parts = str(item).split(":")
    return parts[1] if len(parts) > 1 else parts[0]


def _env_file_path(item: Any) -> str:
    return str(item.get("path", "")) if isinstance(item, Mapping) else str(item)


def _logging(first: Any, second: Any) -> Any:
    """Options are merged for the same driver; another driver replaces the whole block."""
    drivers = first.get("driver"), second.get("driver")
    return second if all(drivers) and drivers[0] != drivers[1] else _deep(first, second)


def _healthcheck(first: Any, second: Any) -> Any:
    return merge_with(first, second, {"test": lambda _, test: test})


def _build(first: Any, second: Any) -> Any:
    sides = [
        side if isinstance(side, Mapping) else {"context": side} for side in (first, second)
    ]
    return merge_with(
        sides[0],
        sides[1],
        {
            "args": _pairs,
            "labels": _pairs,
            "additional_contexts": _pairs,
            "tags": _union,
            "extra_hosts": _hosts,
        },
    )


def _ulimits(first: Any, second: Any) -> Any:
    result = dict(first)
    for name, value in second.items():
        both = isinstance(value, Mapping) and isinstance(result.get(name), Mapping)
        result[name] = _deep(result[name], value) if both else value
    return result


def _deploy(first: Any, second: Any) -> Any:
    return merge_with(first, second, {"labels": _pairs})


def merge_with(
    first: Mapping[str, Any], second: Mapping[str, Any], strategies: Mapping[str, Strategy]
) -> dict[str, Any]:
    """Two maps merged deeply, some of their keys in ways of their own."""
    result = dict(first)
    for key, value in second.items():
        if value is not None:
            result[key] = (
                strategies.get(key, _deep)(result[key], value)
                if result.get(key) is not None
                else value
            )
    return result


_MAPS = frozenset({"deploy", "healthcheck", "logging", "ulimits"})
_STRATEGIES: dict[str, Strategy] = {
    **dict.fromkeys(("environment", "labels", "annotations", "sysctls"), _pairs),
    "depends_on": _depends_on,
    "networks": _networks,
    **dict.fromkeys(
        ("expose", "dns", "dns_search", "dns_opt", "cap_add", "cap_drop", "tmpfs"), _union
    ),
    **dict.fromkeys(("links", "external_links", "profiles", "label_file"), _union),
    **dict.fromkeys(
        ("security_opt", "group_add", "device_cgroup_rules", "volumes_from"), _append
    ),
    "build": _build,
    "configs": _keyed(_grant_target),
    "deploy": _deploy,
    "devices": _keyed(_device_target),
    "env_file": _keyed(_env_file_path),
    "extra_hosts": _hosts,
    "healthcheck": _healthcheck,
    "logging": _logging,
    "ports": _keyed(port_key),
    "secrets": _keyed(_grant_target),
    "ulimits": _ulimits,
    "volumes": _keyed(mount_target),
}
