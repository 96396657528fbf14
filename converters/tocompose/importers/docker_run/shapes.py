"""How the value of a flag is read: small named functions that the tables in `mappings/docker/` refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from tocompose.importers.docker_run.options import parse_boolean
from tocompose.model import EnvFile, Grant, Port, Variable
from tocompose.patterns import regex
from tocompose.syntax.interpolation import split
from tocompose.syntax.units import is_whole_number


class Fact(NamedTuple):
    """One thing that a flag says about its target: a value, an item of a list, or the entry `key` of a map.

    `how` is `set`, `add`, `put`, or `none` when nothing comes of it but the note `code` with its facts. `target` is set
    where the value decides which key it goes to.
    """

    value: Any
    merge: str = "set"
    key: str = ""
    code: str = ""
    note_facts: tuple[tuple[str, str], ...] = ()
    target: str = ""


_UNITS = regex(r"(?:[0-9]*\.?[0-9]+(?:ns|us|µs|ms|s|m|h))+")
Shape: TypeAlias = Callable[[str], Iterator[Fact]]


def text(value: str) -> Iterator[Fact]:
    """The value as it stands."""
    yield Fact(value)


def item(value: str) -> Iterator[Fact]:
    """One entry of a list."""
    yield Fact(value, "add")


def names(value: str) -> Iterator[Fact]:
    """Entries of a list, separated by commas."""
    for name in split(value, ","):
        yield Fact(name, "add")


def boolean_(value: str) -> Iterator[Fact]:
    """A truth value."""
    yield Fact(parse_boolean(value))


def integer(value: str) -> Iterator[Fact]:
    """A whole number; text with a variable stays text."""
    if "$" in value:
        yield Fact(value)
    elif re.fullmatch(r"[+-]?[0-9]+", value):
        yield Fact(int(value))
    else:
        raise ValueError("it takes a whole number")


def swappiness(value: str) -> Iterator[Fact]:
    """0 to 100; docker compose drops 0, which means the host's default instead."""
    for fact in integer(value):
        yield fact._replace(code="TC123") if fact.value == 0 else fact


def duration(value: str) -> Iterator[Fact]:
    """A Go duration; Compose wants a unit behind each number."""
    if re.fullmatch(r"0+", value):
        value = "0s"
    if "$" not in value and not _UNITS.fullmatch(value.removeprefix("-")):
        raise ValueError("it takes a duration such as 30s or 1m30s")
    yield Fact(value)


def seconds(value: str) -> Iterator[Fact]:
    """A number of seconds, as a duration; with a unit, which docker refuses, it is plain what is meant."""
    if _UNITS.fullmatch(value):
        yield Fact(value, code="TC184", note_facts=(("value", value),))
        return
    for fact in integer(value):
        yield Fact(f"{fact.value}s")


def bytes_(value: str) -> Iterator[Fact]:
    """A byte count, which docker and Compose read alike (`512m`, `1.5g`, plain bytes); -1 is no limit."""
    if "$" not in value and not re.fullmatch(
        r"-1|[0-9.]+ ?[kKmMgGtTpPeE]?[iI]?[bB]?", value
    ):
        raise ValueError("it takes a size such as 512m or 2g")
    yield Fact(-1 if value == "-1" else value)


def pair(value: str) -> Iterator[Fact]:
    """`key=value`, as an entry of a map."""
    key, _, content = value.partition("=")
    yield Fact(content, "put", key)


def label(value: str) -> Iterator[Fact]:
    """`key=value` or `key`, which both CLIs take for an empty value."""
    key, _, content = value.partition("=")
    if not key:
        raise ValueError("it takes a label such as key=value")
    yield Fact(content, "put", key)


def env(value: str) -> Iterator[Fact]:
    """`NAME=value`, or `NAME` to pass the host's value through."""
    name, equals, content = value.partition("=")
    if not name:
        raise ValueError("it takes a variable such as NAME=value")
    code = "" if equals else "TC124"
    yield Fact(
        Variable(name=name, value=content if equals else None),
        "put",
        name,
        code,
        (("name", name),),
    )


def env_file(value: str) -> Iterator[Fact]:
    """A file of variables; whether it can be read in Compose's own dialect is looked at later."""
    yield Fact(EnvFile(path=_as_path(value), format="raw"), "add")


def _as_path(path: str) -> str:
    return path if path.startswith(("/", "./", "../", "~", "$")) else f"./{path}"


def extra_host(value: str) -> Iterator[Fact]:
    """`host:address` or `host=address`; Compose's `=` form is the one that takes IPv6 plainly."""
    host, separator, address = value.partition("=" if "=" in value else ":")
    if not separator:
        raise ValueError("it takes host:address")
    yield Fact(f"{host}={address.strip('[]')}", "add")


def expose(value: str) -> Iterator[Fact]:
    """A port or range, one entry a port with its protocol: Compose sends a range unexpanded."""
    ports, _, protocol = value.partition("/")
    first_port, _, last_port = ports.partition("-")
    if "$" in value:
        yield Fact(value, "add")
        return
    if (
        not is_whole_number(first_port)
        or (last_port and not is_whole_number(last_port))
        or int(last_port or first_port) < int(first_port)
    ):
        raise ValueError("it takes a port such as 80, 80/udp or 8000-8010")
    for number in range(int(first_port), int(last_port or first_port) + 1):
        yield Fact(f"{number}/{protocol or 'tcp'}", "add")


def port(value: str) -> Iterator[Fact]:
    """`[[address:]host port:]container port[/protocol]`, ranges and IPv6 in brackets included."""
    body, slash, protocol = value.rpartition("/")
    if not slash or "}" in protocol:
        body, protocol = value, "tcp"
    host_ip, published, target = _port_parts(body)
    if not target or not _is_port(target) or not _is_port(published or "0"):
        raise ValueError("it takes [address:][host port:]container port[/protocol]")
    yield Fact(
        Port(
            target=target, published=published, host_ip=host_ip, protocol=protocol.lower()
        ),
        "add",
    )


def _is_port(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9]+(-[0-9]+)?|.*\$.*", text))


def _port_parts(body: str) -> tuple[str | None, str | None, str]:
    if body.startswith("["):
        address, _, ports = body[1:].partition("]:")
        published, _, target = ports.partition(":")
        return address, published or None, target
    fields = split(body, ":")
    target = fields.pop()
    host_port = fields.pop() if fields else None
    return ":".join(fields) or None, host_port or None, target


def device_rate(value: str) -> Iterator[Fact]:
    """`/dev/path:rate`."""
    path, colon, rate = value.rpartition(":")
    if not colon:
        raise ValueError("it takes a device and a rate such as /dev/sda:1mb")
    yield Fact({"path": path, "rate": int(rate) if is_whole_number(rate) else rate}, "add")


def device_weight(value: str) -> Iterator[Fact]:
    """`/dev/path:weight`."""
    path, _, weight = value.rpartition(":")
    if not is_whole_number(weight) or not path:
        raise ValueError("it takes a device and a weight such as /dev/sda:500")
    yield Fact({"path": path, "weight": int(weight)}, "add")


def ulimit(value: str) -> Iterator[Fact]:
    """`name=soft[:hard]`."""
    name, _, limits = value.partition("=")
    soft, colon, hard = limits.partition(":")
    if not re.fullmatch(r"-?[0-9]+", soft) or (
        colon and not re.fullmatch(r"-?[0-9]+", hard)
    ):
        raise ValueError("it takes name=soft or name=soft:hard")
    is_single = not colon or soft == hard
    yield Fact(
        int(soft) if is_single else {"soft": int(soft), "hard": int(hard)}, "put", name
    )


def health_command(value: str) -> Iterator[Fact]:
    """A command for the shell."""
    yield Fact(("CMD-SHELL", value))


def pids(value: str) -> Iterator[Fact]:
    """A number of processes; -1 is no limit, which `deploy` cannot say and a service without limit has anyway."""
    yield Fact(None, "none", code="TC144") if value == "-1" else Fact(value)


def api_socket(value: str) -> Iterator[Fact]:
    """Docker's API socket in the container, which docker compose mounts a little differently."""
    for fact in boolean_(value):
        yield fact._replace(code="TC145")


def namespace(value: str) -> Iterator[Fact]:
    """`host`, `private` …, or `container:NAME`, whose name is resolved to a service when the stack is put together."""
    yield Fact(value)


def tmpfs(value: str) -> Iterator[Fact]:
    """`/path[:options]`."""
    yield Fact(value, "add")


def secret(value: str) -> Iterator[Fact]:
    """podman's `name[,type=mount|env,target=…,uid=…,gid=…,mode=…]`."""
    name, *options = split(value, ",")
    fields = dict(option.partition("=")[::2] for option in options)
    if fields.get("type", "mount") == "env":
        yield Fact(
            None,
            "none",
            code="TC125",
            note_facts=(("name", name), ("variable", fields.get("target", name))),
        )
        return
    grant = Grant(
        source=name,
        target=fields.get("target"),
        uid=fields.get("uid"),
        gid=fields.get("gid"),
        mode=fields.get("mode"),
    )
    yield Fact(grant, "add", code="TC126", note_facts=(("name", name),))
