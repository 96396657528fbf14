"""Variables that links put into the environment, and what stands for them now.

The engine wrote them for each alias (daemon/links of moby), and Compose 1 gave each link three aliases: the one in the
file, `db_1` and `shop_db_1` (docker/compose 1.29.2, compose/service.py, _get_links).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.compose.shapes import as_pairs, as_text, as_texts, port_parts
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.names import variable_name

_NAME = regex(r"\b[A-Z][A-Z0-9_]*\b")
_ADDRESS = regex(r"PORT_(?P<port>\d+)_(?P<protocol>TCP|UDP)(?:_(?P<part>ADDR|PORT|PROTO))?")
_VARIABLE = regex(r"ENV_(?P<name>\w+)")


class LinkVariable(NamedTuple):
    """A variable that a link to a service set, with the value that says the same now; None where none does."""

    name: str
    target: str
    value: str | None


def used_link_variables(
    links: Mapping[str, str],
    services: Mapping[str, Mapping[str, Any]],
    own_text: str,
    file_text: str,
) -> Iterator[LinkVariable]:
    """The variables of links (targets by alias) that a service's own text or its files speak of, each once."""
    prefixes = {variable_name(alias): target for alias, target in links.items()}
    longest_first = sorted(prefixes, key=len, reverse=True)
    for name in dict.fromkeys(_NAME.findall(f"{own_text}\n{file_text}")):
        prefix = next(
            (link_name for link_name in longest_first if name.startswith(f"{link_name}_")),
            None,
        )
        if prefix is None:
            continue
        target = prefixes[prefix]
        suffix = name.removeprefix(f"{prefix}_")
        # In files these may be names of the program's own.
        if suffix in ("PORT", "NAME") and not re.search(rf"\b{name}\b", own_text):
            continue
        if suffix in ("PORT", "NAME") or _ADDRESS.fullmatch(suffix):
            yield LinkVariable(name, target, _address(suffix, target, services[target]))
        elif of_target := _VARIABLE.fullmatch(suffix):
            variables = as_pairs(services[target].get("environment"))
            yield LinkVariable(name, target, as_text(variables.get(of_target["name"])))


def _address(suffix: str, target: str, body: Mapping[str, Any]) -> str | None:
    """The value of a variable about the address of a service."""
    if suffix == "PORT":
        port = _lowest_port(body)
        return port and f"tcp://{target}:{port}"
    match = _ADDRESS.fullmatch(suffix)
    if match is None:
        return None
    port, protocol = match["port"], match["protocol"].lower()
    address_parts = {"ADDR": target, "PORT": port, "PROTO": protocol}
    return address_parts.get(match["part"], f"{protocol}://{target}:{port}")


def _lowest_port(body: Mapping[str, Any]) -> str | None:
    """The port that `ALIAS_PORT` was about: the lowest of those that the service exposes."""
    published = (port_parts(port).target for port in as_texts(body.get("ports")))
    exposed = (port.partition("/")[0] for port in as_texts(body.get("expose")))
    numbers = [port for port in (*published, *exposed) if port.isdigit()]
    return min(numbers, key=int) if numbers else None
