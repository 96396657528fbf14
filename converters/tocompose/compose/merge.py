"""Compose documents put together as docker compose does it with several `-f` files: the later file wins, key by key.

Measured against docker compose 2.40 and described in https://docs.docker.com/reference/compose-file/merge/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from tocompose.compose.keys import UNKNOWN, Form, Key, Merge, section_keys
from tocompose.compose.shapes import as_list, as_pairs, port_parts
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.mounts import parse_mount

_Document: TypeAlias = Mapping[str, Any]
_Rule: TypeAlias = Callable[[Key, Any, Any], Any]
_Target: TypeAlias = Callable[[Key, Any], Any]


class Override(NamedTuple):
    """A value tagged `!override`: it replaces what earlier files say."""

    value: Any


class Reset:
    """A value tagged `!reset`: what earlier files say is removed."""


RESET = Reset()


def merge_documents(earlier: _Document, later: _Document) -> dict[str, Any]:
    """The document that docker compose makes of two files, both in any mix of short and long syntax."""
    remaining, untagged = _apply_tags(dict(earlier), later)
    return merge_maps("top", remaining, untagged)


def merge_services(earlier: _Document, later: _Document) -> dict[str, Any]:
    """The service that docker compose makes of the bodies that two files give it."""
    return merge_maps("service", earlier, later)


def without_tags(document: _Document) -> dict[str, Any]:
    """A file's own content, as it is when no file stands before it."""
    return _apply_tags({}, document)[1]


def _apply_tags(earlier: Any, later: _Document) -> tuple[Any, dict[str, Any]]:
    """The earlier value without what `!reset` and `!override` take away, and the later map without these tags."""
    untagged: dict[str, Any] = {}
    for name, value in later.items():
        if isinstance(value, Reset | Override):
            earlier = _without_key(earlier, name)
            if isinstance(value, Override):
                untagged[name] = value.value
        elif isinstance(value, Mapping):
            value_below = earlier.get(name) if isinstance(earlier, Mapping) else None
            value_below, untagged[name] = _apply_tags(value_below, value)
            if value_below is not None and isinstance(earlier, Mapping):
                earlier = {**earlier, name: value_below}
        else:
            untagged[name] = value
    return earlier, untagged


def _without_key(value: Any, name: str) -> Any:
    """The map without the key; a list in the short form is not taken apart, as in docker compose."""
    if not isinstance(value, Mapping):
        return value
    return {key: content for key, content in value.items() if key != name}


def merge_maps(section: str, earlier: _Document, later: _Document) -> dict[str, Any]:
    """The map that two maps of a section of the table give together; null says nothing, save for a command."""
    keys = section_keys(section)
    result = dict(earlier)
    for name, value in later.items():
        key = keys.get(name, UNKNOWN)
        if key.merge is Merge.CLEAR:
            result[name] = value
            if value is None:
                del result[name]
        elif value is None or result.get(name) is None:
            result[name] = result.get(name) if value is None else value
        else:
            result[name] = _RULES[key.merge](key, result[name], value)
    return result


def _merge_by_form(key: Key, earlier: Any, later: Any) -> Any:
    """Maps of a section by its rows; values of the wrong shape, which Compose refuses anyway, replace each other."""
    match key.form:
        case Form.SECTION:
            earlier, later = _long_form(key, earlier), _long_form(key, later)
            if _are_maps(earlier, later):
                return merge_maps(key.section, earlier, later)
            return later
        case Form.NAMED if not _are_maps(earlier, later):
            return later
        case Form.NAMED | Form.NAMES:
            return _merge_named(key, earlier, later)
        case Form.LIST:
            return [*as_list(earlier), *as_list(later)]
        case _:
            return _merge_deeply(earlier, later)


def _long_form(key: Key, value: Any) -> Any:
    return {key.short: value} if key.short and not isinstance(value, Mapping) else value


def _are_maps(earlier: Any, later: Any) -> bool:
    return isinstance(earlier, Mapping) and isinstance(later, Mapping)


def _merge_named(key: Key, earlier: Any, later: Any) -> dict[str, Any]:
    """Maps by name, where a list of names counts as one."""
    result = _by_name(key, earlier)
    for name, value in _by_name(key, later).items():
        if _are_maps(result.get(name), value):
            result[name] = merge_maps(key.section, result[name], value)
        elif value is not None or name not in result:
            result[name] = value
    return result


def _by_name(key: Key, value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    return dict.fromkeys(map(str, as_list(value)), key.listed)


def _merge_deeply(earlier: Any, later: Any) -> Any:
    if later is None:
        return earlier
    if isinstance(earlier, Mapping) and isinstance(later, Mapping):
        result = dict(earlier)
        for name, value in later.items():
            result[name] = _merge_deeply(result[name], value) if name in result else value
        return result
    if isinstance(earlier, list) and isinstance(later, list):
        return [*earlier, *later]
    return later


def _merge_pairs(_: Key, earlier: Any, later: Any) -> dict[str, Any]:
    return {**as_pairs(earlier), **as_pairs(later)}


def _unite_lists(_: Key, earlier: Any, later: Any) -> list[Any]:
    return _drop_repeats((*as_list(earlier), *as_list(later)))


def _drop_repeats(values: Iterable[Any]) -> list[Any]:
    """The values in their order, each once; they need not be hashable."""
    result: list[Any] = []
    for value in values:
        if value not in result:
            result.append(value)
    return result


def _merge_hosts(_: Key, earlier: Any, later: Any) -> dict[str, Any]:
    """`extra_hosts`: a host that both files name has the addresses of both."""
    addresses: dict[str, list[Any]] = {}
    for host, address in (*_host_addresses(earlier), *_host_addresses(later)):
        addresses[host] = _drop_repeats((*addresses.get(host, ()), address))
    return {
        host: several if len(several) > 1 else several[0]
        for host, several in addresses.items()
    }


def _host_addresses(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [
            (host, address)
            for host, addresses in value.items()
            for address in _as_addresses(addresses)
        ]
    matches = (_HOST.match(str(line)) for line in as_list(value))
    return [(match["host"], match["address"]) for match in matches if match]


def _as_addresses(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


_HOST = regex(r"(?P<host>[^=:]*)[=:](?P<address>.*)", re.DOTALL)


def _keep_unique(key: Key, earlier: Any, later: Any) -> list[Any]:
    """Entries that replace each other when they have the same target; the place of the earlier is kept."""
    target_of: _Target = _TARGETS.get(key.form, _entry_target)
    by_target = {
        target_of(key, earlier_entry): earlier_entry for earlier_entry in as_list(earlier)
    }
    by_target |= {
        target_of(key, later_entry): later_entry for later_entry in as_list(later)
    }
    return list(by_target.values())


def _entry_target(key: Key, value: Any) -> str:
    """Where a config, secret or file of variables goes: its target, or what the short form names."""
    if isinstance(value, Mapping):
        return str(value.get("target") or value.get(key.short, ""))
    return str(value)


def _device_target(_: Key, value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("target") or value.get("source", ""))
    paths = str(value).split(":")
    return paths[min(1, len(paths) - 1)]


def mount_target(value: Any) -> str:
    """The path in the container at which an entry of `volumes` is mounted."""
    if isinstance(value, Mapping):
        return str(value.get("target", ""))
    return parse_mount(str(value)).target


def _merge_of_driver(key: Key, earlier: Any, later: Any) -> Any:
    """Options are merged for the same driver; another driver replaces the whole block."""
    if not _are_maps(earlier, later):
        return later
    drivers = {earlier.get("driver"), later.get("driver")} - {None}
    return later if len(drivers) > 1 else merge_maps(key.section, earlier, later)


_TARGETS: Mapping[Form, _Target] = {
    Form.PORTS: lambda _, value: port_parts(value),
    Form.MOUNTS: lambda _, value: mount_target(value),
    Form.DEVICES: _device_target,
}
_RULES: Mapping[Merge, _Rule] = {
    Merge.PLAIN: _merge_by_form,
    Merge.DRIVER: _merge_of_driver,
    Merge.HOSTS: _merge_hosts,
    Merge.PAIRS: _merge_pairs,
    Merge.REPLACE: lambda _, __, later: later,
    Merge.UNION: _unite_lists,
    Merge.UNIQUE: _keep_unique,
}
