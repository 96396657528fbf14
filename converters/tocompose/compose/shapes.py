"""Values of compose documents in whichever shape they stand: one or many, a map or a list, a scalar of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.model import NumberText
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.ports import PortParts, parse_port


def with_texts(value: Any) -> Any:
    """The value with the text of each number in it."""
    if isinstance(value, Mapping):
        return {key: with_texts(child) for key, child in value.items()}
    if isinstance(value, list):
        return [with_texts(child) for child in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return NumberText(value)
    return value if isinstance(value, bool | NumberText | None) else str(value)


def as_text(value: Any) -> str | None:
    """A scalar as text; None for null and for what is no scalar."""
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_file_mode(value: Any) -> str | None:
    """The mode of a file as text: docker compose reads that as octal digits, whereas YAML's number `0440` is 288."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return f"0{value:o}" if is_number else as_text(value)


def as_list(value: Any) -> list[Any]:
    """A list; one scalar counts as a list of one."""
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None or isinstance(value, Mapping) else [value]


def as_texts(value: Any) -> tuple[str, ...]:
    """The scalars of a list as texts."""
    return tuple(text for text in map(as_text, as_list(value)) if text is not None)


def as_map(value: Any) -> dict[str, Any]:
    """A map; empty for what is none."""
    return dict(value) if isinstance(value, Mapping) else {}


def as_pairs(value: Any) -> dict[str, Any]:
    """A map, or a list of `KEY=value` in which a bare `KEY` has no value."""
    if isinstance(value, Mapping):
        return dict(value)
    pairs: dict[str, Any] = {}
    for line in as_list(value):
        if line is not None:
            name, *text = split_outside_variables(str(line), "=", 1)
            pairs[name] = text[0] if text else None
    return pairs


def port_parts(value: Any) -> PortParts:
    """A published port in short or long form."""
    if not isinstance(value, Mapping):
        return parse_port(str(value))
    return PortParts(
        target=str(value.get("target", "")),
        published=str(value.get("published", "")) or None,
        host_ip=str(value.get("host_ip", "")) or None,
        protocol=str(value.get("protocol", "tcp")),
    )


def keys_beside_external(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """What stands beside `external` in a network or volume that is made elsewhere.

    https://github.com/compose-spec/compose-go/blob/main/loader/external.go
    """
    if not definition.get("external"):
        return ()
    return tuple(
        key
        for key in definition
        if key not in ("external", "name") and not key.startswith("x-")
    )


# Where the content of a secret or a config comes from.
# https://github.com/compose-spec/compose-go/blob/main/validation/validation.go, checkFileObject
_SOURCES = ("file", "environment", "content")
# The keys of which an entry of these sections has to have one.
KEYS_NEEDED: Mapping[str, tuple[str, ...]] = {
    "secret": ("file", "environment", "external"),
    "config": (*_SOURCES, "external"),
    "model": ("model",),
}


def sources_beside_first(resource: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that give a secret or a config another source than the first that it has: it may have one."""
    return tuple(key for key in _SOURCES if resource.get(key) is not None)[1:]
