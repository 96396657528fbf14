"""How the value of a flag is read: `read_<shape>` for each shape that the tables in `mappings/docker/` name."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any, TypeAlias

from tocompose.importers.docker_run.options import parse_boolean
from tocompose.model import EnvFile, EnvVariable, Port
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.syntax.interpolation import split_outside_variables
from tocompose.syntax.mounts import path_of_folder
from tocompose.syntax.ports import parse_port, parse_port_range
from tocompose.syntax.units import is_whole_number, parse_byte_size, parse_duration


class FactMerge(Enum):
    """How a value joins what its target holds."""

    SET = auto()
    APPEND = auto()
    KEY = auto()
    # Nothing comes of it but a note.
    NOTE = auto()
    # Nothing comes of it, and nothing is lost: `key` says why.
    SKIP = auto()


def csv_fields(value: str) -> list[tuple[str, str, str]]:
    """The `key=value` fields of a CSV value, as (key, `=` or nothing, value)."""
    try:
        row = next(csv.reader([value], strict=True), [])
    except csv.Error as problem:
        raise ValueError(f"its quotes do not fit ({problem})") from None
    fields = (field.partition("=") for field in row)
    return [(key.strip().lower(), equals, content) for key, equals, content in fields]


class Fact(NamedTuple):
    """One thing that a flag says about its target: a value, an item of a list, or the entry `key` of a map.

    `code` is a note to give with `note_facts`. `target` is set where the value decides which key it goes to.
    """

    value: Any
    merge: FactMerge = FactMerge.SET
    key: str = ""
    code: str = ""
    note_facts: tuple[tuple[str, str], ...] = ()
    target: str = ""


Shape: TypeAlias = Callable[[str], Iterator[Fact]]
_INTEGER = regex(r"[+-]?[0-9]+")


def read_text(value: str) -> Iterator[Fact]:
    """The value as it stands."""
    yield Fact(value)


def read_item(value: str) -> Iterator[Fact]:
    """One entry of a list."""
    yield Fact(value, FactMerge.APPEND)


def read_names(value: str) -> Iterator[Fact]:
    """Entries of a list, separated by commas."""
    for name in split_outside_variables(value, ","):
        yield Fact(name, FactMerge.APPEND)


def read_boolean(value: str) -> Iterator[Fact]:
    """A truth value."""
    yield Fact(parse_boolean(value))


def read_integer(value: str) -> Iterator[Fact]:
    """A whole number; text with a variable stays text."""
    if "$" in value:
        yield Fact(value)
    elif _INTEGER.fullmatch(value):
        yield Fact(int(value))
    else:
        raise ValueError("it takes a whole number")


# https://pkg.go.dev/math/big#Rat.SetString, which docker reads the flag with, but for its fractions and other bases.
_RATIONAL = regex(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def read_cpus(value: str) -> Iterator[Fact]:
    """A number of CPUs; text with a variable stays text."""
    if "$" not in value and _RATIONAL.fullmatch(value) is None:
        raise ValueError("it takes a number of CPUs such as 1.5")
    yield Fact(value)


def read_swappiness(value: str) -> Iterator[Fact]:
    """0 to 100; docker compose drops 0, which means the host's default instead."""
    for fact in read_integer(value):
        yield fact._replace(code="TC123") if fact.value == 0 else fact


def read_duration(value: str) -> Iterator[Fact]:
    """A duration; Compose wants a unit behind each number."""
    if "$" not in value and parse_duration(value) is None:
        raise ValueError("it takes a duration such as 30s or 1m30s")
    yield Fact("0s" if value == "0" else value)


def read_seconds(value: str) -> Iterator[Fact]:
    """A number of seconds, as a duration; with a unit, which docker refuses, it is plain what is meant."""
    if not _INTEGER.fullmatch(value) and parse_duration(value) is not None:
        yield Fact(value, code="TC184", note_facts=(("value", value),))
        return
    for fact in read_integer(value):
        yield Fact(f"{fact.value}s")


def read_bytes(value: str) -> Iterator[Fact]:
    """A byte count, which docker and Compose read alike (`512m`, `1.5g`, plain bytes)."""
    if "$" not in value and parse_byte_size(value) is None:
        raise ValueError("it takes a size such as 512m or 2g")
    yield Fact(value)


def read_swap(value: str) -> Iterator[Fact]:
    """A byte count, or -1 for no limit."""
    yield from (Fact(-1),) if value == "-1" else read_bytes(value)


def read_pair(value: str) -> Iterator[Fact]:
    """`key=value`, as an entry of a map."""
    key, _, content = value.partition("=")
    yield Fact(content, FactMerge.KEY, key)


def read_label(value: str) -> Iterator[Fact]:
    """`key=value` or `key`, which both CLIs take for an empty value."""
    key, _, content = value.partition("=")
    if not key:
        raise ValueError("it takes a label such as key=value")
    yield Fact(content, FactMerge.KEY, key)


def read_env(value: str) -> Iterator[Fact]:
    """`NAME=value`, or `NAME` to pass the host's value through."""
    name, equals, content = value.partition("=")
    if not name:
        raise ValueError("it takes a variable such as NAME=value")
    variable = EnvVariable(name=name, value=content if equals else None)
    code = "" if equals else "TC124"
    yield Fact(variable, FactMerge.KEY, name, code, note_facts=(("name", name),))


def read_env_file(value: str) -> Iterator[Fact]:
    """A file of variables; whether it can be read in Compose's own dialect is looked at later."""
    yield Fact(EnvFile(path=path_of_folder(value), format="raw"), FactMerge.APPEND)


def read_extra_host(value: str) -> Iterator[Fact]:
    """`host:address` or `host=address`; Compose's `=` form is the one that takes IPv6 plainly."""
    host, separator, address = value.partition("=" if "=" in value else ":")
    if not separator:
        raise ValueError("it takes host:address")
    yield Fact(f"{host}={address.strip('[]')}", FactMerge.APPEND)


def read_expose(value: str) -> Iterator[Fact]:
    """A port or range, one entry a port with its protocol: Compose sends a range unexpanded."""
    if "$" in value:
        yield Fact(value, FactMerge.APPEND)
        return
    ports, _, protocol = value.partition("/")
    numbers = parse_port_range(ports)
    if numbers is None:
        raise ValueError("it takes a port such as 80, 80/udp or 8000-8010")
    for number in numbers:
        yield Fact(f"{number}/{protocol or 'tcp'}", FactMerge.APPEND)


def read_port(value: str) -> Iterator[Fact]:
    """`[[address:]host port:]container port[/protocol]`, ranges and IPv6 in brackets included."""
    port_parts = parse_port(value)
    for ports in (port_parts.target, port_parts.published or "0"):
        if "$" not in ports and parse_port_range(ports) is None:
            raise ValueError("it takes [address:][host port:]container port[/protocol]")
    port = Port(
        target=port_parts.target,
        published=port_parts.published,
        host_ip=port_parts.host_ip,
        protocol=port_parts.protocol,
    )
    yield Fact(port, FactMerge.APPEND)


def read_device(value: str) -> Iterator[Fact]:
    """`path[:path in the container][:permissions]`; of two parts the second may be permissions, as docker reads it.

    https://github.com/docker/cli/blob/master/cli/command/container/opts.go, parseLinuxDevice
    """
    path, *device_parts = split_outside_variables(value, ":")
    if len(device_parts) == 1 and _DEVICE_MODE.fullmatch(device_parts[0]):
        value = f"{path}:{path}:{device_parts[0]}"
    elif not _NAMED_DEVICE.fullmatch(value):
        _check_device(path, device_parts)
    yield Fact(value, FactMerge.APPEND)


_DEVICE_MODE = regex(r"[rwm]{1,3}")
# https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md#cdi-json-specification
_NAMED_DEVICE = regex(r"[\w.-]+/[\w.-]+=.+")


def _check_device(path: str, device_parts: list[str]) -> None:
    """Raises ValueError for what docker refuses; a variable may yet hold something else."""
    target, mode = (
        [*device_parts, path][0],
        device_parts[1] if len(device_parts) > 1 else "",
    )
    if not path or len(device_parts) > 2 or not target.startswith(("/", "$")):
        raise ValueError("it takes path[:path in the container][:permissions]")
    if mode and "$" not in mode and not _DEVICE_MODE.fullmatch(mode):
        raise ValueError("its permissions are r, w and m")


def read_device_rate(value: str) -> Iterator[Fact]:
    """`/dev/path:rate`."""
    path, colon, rate = value.rpartition(":")
    if not colon:
        raise ValueError("it takes a device and a rate such as /dev/sda:1mb")
    amount = int(rate) if is_whole_number(rate) else rate
    yield Fact({"path": path, "rate": amount}, FactMerge.APPEND)


def read_device_weight(value: str) -> Iterator[Fact]:
    """`/dev/path:weight`."""
    path, _, weight = value.rpartition(":")
    if not is_whole_number(weight) or not path:
        raise ValueError("it takes a device and a weight such as /dev/sda:500")
    yield Fact({"path": path, "weight": int(weight)}, FactMerge.APPEND)


def read_ulimit(value: str) -> Iterator[Fact]:
    """`name=soft[:hard]`."""
    match = re.fullmatch(r"([^=]*)=(-?[0-9]+)(?::(-?[0-9]+))?", value)
    if match is None:
        raise ValueError("it takes name=soft or name=soft:hard")
    name, soft, hard = match[1], int(match[2]), int(match[3] or match[2])
    limit = soft if soft == hard else {"soft": soft, "hard": hard}
    yield Fact(limit, FactMerge.KEY, name)


def read_health_command(value: str) -> Iterator[Fact]:
    """A command for the shell."""
    yield Fact(("CMD-SHELL", value))


def read_pids(value: str) -> Iterator[Fact]:
    """A number of processes; for -1 docker compose sends nothing, which is no limit too."""
    yield Fact(value, code="TC144" if value == "-1" else "")


def read_api_socket(value: str) -> Iterator[Fact]:
    """Docker's API socket in the container, which docker compose mounts a little differently."""
    for fact in read_boolean(value):
        yield fact._replace(code="TC145")
