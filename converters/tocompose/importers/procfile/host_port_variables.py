"""Variables that tell an app in parts where a service is: DB_HOST, DB_USER, REDIS_PORT."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import cache

from tocompose.knowledge.servers import servers
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.tables import load

_HOST = regex(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?([A-Za-z0-9.-]+)(?::\d+)?(?:[/?,].*)?",
    re.DOTALL,
)
_ADDRESS = regex(r"\d{1,3}(?:\.\d{1,3}){3}")
# A host as an app may take it: with a scheme, with a port, or bare.
_STATED_HOST = regex(r"[A-Za-z][\w+.-]*://\S+|[\w.-]+(?::\d+)?")
_NO_HOST = ("null", "none")
_ACCESS = ("host", "port", "user", "password", "name")


class PartialVariable(NamedTuple):
    """One variable: its name, which part it tells, the prefix that it shares with the others of its group.

    `shared` says that the prefix means whichever server of a family the app speaks to.
    """

    name: str
    role: str
    group: str
    shared: bool

    @property
    def gives_access(self) -> bool:
        """Whether it holds a part of the address."""
        return self.role in _ACCESS


def find_partial_variables(
    kind: str, samples: Mapping[str, str], is_sole: bool
) -> tuple[PartialVariable, ...]:
    """The variables among the names (with a sample value, or an empty one) that tell where a service of the kind is.

    `is_sole` says that no other SQL server is in play, so that DB_HOST means this one. A group of which the host is a
    server elsewhere is left out; none is told where no host is.
    """
    usable = [
        variable
        for variable in _read_names(kind, samples)
        if is_sole or not variable.shared
    ]
    far, near = set[str](), set[str]()
    for variable in usable:
        if variable.role == "host":
            is_far = is_elsewhere(samples[variable.name])
            (far if is_far else near).add(variable.group)
    if near <= far:
        return ()
    return tuple(variable for variable in usable if variable.group not in far)


def host_elsewhere(kind: str, samples: Mapping[str, str]) -> str:
    """The first variable that names the host of a server elsewhere; empty when none does."""
    for variable in _read_names(kind, samples):
        if variable.role == "host" and is_elsewhere(samples[variable.name]):
            return variable.name
    return ""


def remote_host(kind: str, values: Mapping[str, str]) -> str:
    """The first variable that holds the host of a server elsewhere, of values that are used; empty when none does."""
    for variable in _read_names(kind, values):
        if variable.role == "host" and is_remote(values[variable.name]):
            return variable.name
    return ""


def engine_variable(kind: str, samples: Mapping[str, str]) -> str:
    """The variable whose sample value names the kind as the app's database (`DB_CONNECTION=pgsql`); empty when none."""
    for variable in _read_names(kind, samples):
        if variable.role == "engine" and _names_engine(kind, samples[variable.name]):
            return variable.name
    return ""


def _read_names(kind: str, names: Mapping[str, str]) -> Iterator[PartialVariable]:
    for name in filter(_ends_as_part, names):
        variable = _read_name(name, kind)
        if variable is not None:
            yield variable


def _names_engine(kind: str, sample: str) -> bool:
    engine = servers()[kind].get("parts", {}).get("engine")
    return bool(engine) and re.fullmatch(engine, sample.strip().lower()) is not None


def selects_server(kind: str, name: str, value: str) -> bool:
    """Whether a variable tells the app to use a server of the kind: `QUEUE_CONNECTION=redis`."""
    table = load("parts")
    endings = f"{table['endings']['engine']}|{table['selects']}"
    if not re.fullmatch(f"(?:.+_)?(?:{endings})", name):
        return False
    names = (kind, *servers()[kind].get("schemes", ()))
    return value.strip().lower() in names or _names_engine(kind, value)


def value_template(kind: str, variable: PartialVariable, sample: str) -> str:
    """The template of a variable's value, in the shape of its sample (`host`, `host:port`, a URL); empty for none."""
    if variable.role == "engine":
        return sample if _names_engine(kind, sample) else ""
    templates = {"host": "<host>", "port": "<port>"}
    templates |= servers()[kind]["parts"].get("values", {})
    template = str(templates.get(variable.role, ""))
    if variable.role == "host":
        return _shape_host(kind, template, sample.strip())
    return template


def _shape_host(kind: str, template: str, sample: str) -> str:
    """A host as the sample writes one: with a scheme, with a port, or bare."""
    if not _STATED_HOST.fullmatch(sample) or sample.lower() in _NO_HOST:
        return template
    scheme, sign, _ = sample.partition("://")
    if sign:
        plain_scheme = servers()[kind].get("plain_schemes", {}).get(scheme, scheme)
        return f"{plain_scheme}://<host>:<port>"
    return "<host>:<port>" if re.search(r":\d+$", sample) else "<host>"


def is_elsewhere(sample: str) -> bool:
    """Whether a sample value is the real name or public address of a server elsewhere."""
    host = _host_of(sample)
    address = _address_of(host)
    if address is not None and not address.is_global:
        return False
    return is_remote(sample) and re.fullmatch(load("parts")["example"], host) is None


def is_remote(value: str) -> bool:
    """Whether a value that is used is the name or address of a server elsewhere, on a network of one's own too."""
    host = _host_of(value)
    if _ADDRESS.fullmatch(host):
        address = _address_of(host)
        return address is not None and not (address.is_loopback or address.is_unspecified)
    return "." in host and re.fullmatch(load("parts")["placeholder"], host) is None


def _address_of(host: str) -> ipaddress.IPv4Address | None:
    """The host as an address; None where it is a name or no address."""
    try:
        return ipaddress.IPv4Address(host)
    except ValueError:
        return None


def _host_of(value: str) -> str:
    match = _HOST.fullmatch(value.strip())
    return match[1].lower() if match else ""


@cache
def _ends_as_part(name: str) -> bool:
    """Whether the name ends as those of parts do: the patterns of the servers are made when one does."""
    endings = "|".join(load("parts")["endings"].values())
    return re.fullmatch(f".+(?:{endings})", name) is not None


@cache
def _name_pattern(prefixes: str) -> re.Pattern[str]:
    endings = "|".join(
        f"(?P<{role}>{pattern})" for role, pattern in load("parts")["endings"].items()
    )
    return re.compile(
        rf"(?P<group>(?:(?P<first>[A-Z0-9]+)_)?(?:{prefixes})_?)(?:{endings})"
    )


def _read_name(name: str, kind: str) -> PartialVariable | None:
    row, table = servers()[kind], load("parts")
    if "parts" not in row:
        return None
    prefixes = (row["parts"].get("prefixes"), table["shared"].get(row.get("family")))
    for index, pattern in enumerate(prefixes):
        # The prefixes are words: a name without any needs no pattern to be made.
        may_fit = bool(pattern) and any(word in name for word in pattern.split("|"))
        match = _name_pattern(pattern).fullmatch(name) if may_fit else None
        if match is None or re.fullmatch(table["not_ours"], match["first"] or ""):
            continue
        role = next(role for role in table["endings"] if match[role] is not None)
        return PartialVariable(name, role, match["group"], shared=index == 1)
    return None
