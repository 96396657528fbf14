"""Variables that tell an app in parts where a service is: DB_HOST, DB_USER, REDIS_PORT."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from tocompose.knowledge.servers import servers
from tocompose.tables import load

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?([A-Za-z0-9.-]+)(?::\d+)?(?:[/?,].*)?",
    re.DOTALL,
)
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


class Part(NamedTuple):
    """One variable: its name, which part it tells, and the prefix that it shares with the others of its group."""

    name: str
    part: str
    group: str
    shared: bool


def parts(kind: str, names: Mapping[str, str], sole: bool) -> tuple[Part, ...]:
    """The variables among the names (with a sample value, or an empty one) that tell where a service of the kind is.

    `sole` says that no other SQL server is in play, so that DB_HOST means this one. A group of which the host is a
    server elsewhere is left out; none is told where no host is.
    """
    found = [
        part
        for name in names
        if (part := _part(name, kind)) is not None and (sole or not part.shared)
    ]
    far = {part.group for part in found if part.part == "host" and away(names[part.name])}
    near = [part for part in found if part.group not in far]
    return tuple(near) if any(part.part == "host" for part in near) else ()


def elsewhere(kind: str, names: Mapping[str, str]) -> str:
    """The first variable that names the host of a server elsewhere; empty when none does."""
    found = (
        part
        for name in names
        if (part := _part(name, kind)) is not None and part.part == "host"
    )
    return next((part.name for part in found if away(names[part.name])), "")


def engine(kind: str, names: Mapping[str, str]) -> str:
    """The variable whose sample value names the kind as the app's database (`DB_CONNECTION=pgsql`); empty when none."""
    for name, sample in names.items():
        part = _part(name, kind)
        if part is not None and part.part == "engine" and _names_engine(kind, sample):
            return name
    return ""


def _names_engine(kind: str, sample: str) -> bool:
    engine = servers()[kind].get("parts", {}).get("engine")
    return bool(engine) and re.fullmatch(engine, sample.strip().lower()) is not None


def value(kind: str, part: Part, sample: str) -> str:
    """The template of a variable's value, in the shape of its sample (`host`, `host:port`, a URL); empty for none."""
    if part.part == "engine":
        return sample if _names_engine(kind, sample) else ""
    values = {"host": "<host>", "port": "<port>"}
    values |= servers()[kind]["parts"].get("values", {})
    template = str(values.get(part.part, ""))
    return _shaped(kind, template, sample) if part.part == "host" else template


def _shaped(kind: str, template: str, sample: str) -> str:
    """A host as the sample writes one: with a scheme, with a port, or bare."""
    text = sample.strip()
    if not re.fullmatch(
        r"[A-Za-z][\w+.-]*://\S+|[\w.-]+(?::\d+)?", text
    ) or text.lower() in ("null", "none"):
        return template
    scheme, sign, _ = text.partition("://")
    if sign:
        plain = servers()[kind].get("plain_schemes", {}).get(scheme, scheme)
        return f"{plain}://<host>:<port>"
    return "<host>:<port>" if re.search(r":\d+$", text) else "<host>"


def away(sample: str) -> bool:
    """Whether a sample value is the real name or public address of a server elsewhere."""
    match = _HOST.fullmatch(sample.strip())
    host = match[1].lower() if match else ""
    if _ADDRESS.fullmatch(host):
        import ipaddress

        try:
            return ipaddress.ip_address(host).is_global
        except ValueError:
            return False
    return "." in host and re.fullmatch(load("parts")["placeholder"], host) is None


@cache
def _pattern(prefixes: str) -> re.Pattern[str]:
    endings = "|".join(
        f"(?P<{part}>{words})" for part, words in load("parts")["endings"].items()
    )
    return re.compile(
        rf"(?P<group>(?:(?P<first>[A-Z0-9]+)_)?(?:{prefixes})_?)(?:{endings})"
    )


def _part(name: str, kind: str) -> Part | None:
    row, table = servers()[kind], load("parts")
    prefixes = {
        False: row.get("parts", {}).get("prefixes"),
        True: table["shared"].get(row.get("family")) if "parts" in row else None,
    }
    for shared, words in prefixes.items():
        match = _pattern(words).fullmatch(name) if words else None
        if match is not None and not re.fullmatch(table["not_ours"], match["first"] or ""):
            part = next(part for part in table["endings"] if match[part] is not None)
            return Part(name, part, match["group"], shared)
    return None
