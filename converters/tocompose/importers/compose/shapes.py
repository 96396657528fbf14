"""Values of compose files in any of their forms: short or long, map or list, one or many."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from tocompose.merging import as_map, port_key
from tocompose.model import Attachment, Dependency, EnvFile, Grant, Mount, Port, Variable
from tocompose.syntax.interpolation import split

_PATHS = ("/", ".", "~", "$")


def text(value: Any) -> str | None:
    """A scalar as text; None for null and for what is no scalar."""
    if value is None or isinstance(value, Mapping | list):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def many(value: Any) -> list[Any]:
    """A list; one text counts as a list of one."""
    if isinstance(value, list):
        return value
    return [] if value is None or isinstance(value, Mapping) else [value]


def texts(value: Any) -> tuple[str, ...]:
    """The scalars of a list as texts."""
    return tuple(item for item in map(text, many(value)) if item is not None)


def mapping(value: Any) -> dict[str, Any]:
    """A map; empty for what is none."""
    return dict(value) if isinstance(value, Mapping) else {}


def pairs(value: Any) -> dict[str, str]:
    """A map or a list of `KEY=value`, values as texts, empty where there is none."""
    return {key: text(item) or "" for key, item in _as_map(value).items()}


def _as_map(value: Any) -> dict[str, Any]:
    return as_map(value) if isinstance(value, Mapping | list) else {}


def variables(value: Any) -> tuple[Variable, ...]:
    """Environment variables of a map or a list; a bare name is passed through from the host."""
    return tuple(
        Variable(name=name, value=text(item)) for name, item in _as_map(value).items()
    )


def words(value: Any) -> tuple[str, ...] | None:
    """A command: a text is split as a shell does; None where the image's own runs."""
    if value is None:
        return None
    if isinstance(value, list):
        return texts(value)
    try:
        return tuple(shlex.split(str(value)))
    except ValueError:
        return (str(value),)


def port(item: Any) -> Port:
    """A port in short or long form."""
    address, target, published, protocol = port_key(item)
    return Port(
        target=target,
        published=published or None,
        host_ip=address or None,
        protocol=protocol,
    )


def mount(item: Any) -> Mount:
    """An entry of `volumes` in short or long form."""
    if isinstance(item, Mapping):
        rest = {
            key: value
            for key, value in item.items()
            if key not in ("type", "source", "target", "read_only")
        }
        return Mount(
            kind=text(item.get("type")) or "volume",
            target=text(item.get("target")) or "",
            source=text(item.get("source")),
            read_only=item.get("read_only") is True,
            options=rest,
        )
    parts = split(str(item), ":")
    if len(parts) == 1:
        return Mount(kind="volume", target=parts[0])
    modes = parts[2].split(",") if len(parts) > 2 else []
    kind = "bind" if parts[0].startswith(_PATHS) else "volume"
    rest_modes = ",".join(mode for mode in modes if mode not in ("ro", "rw"))
    return Mount(
        kind=kind,
        source=parts[0],
        target=parts[1],
        read_only="ro" in modes,
        mode=rest_modes,
    )


def tmpfs(item: Any) -> Mount:
    """An entry of `tmpfs`."""
    target, _, options = str(item).partition(":")
    return Mount(kind="tmpfs", target=target, mode=options)


def attachments(value: Any) -> tuple[Attachment, ...]:
    """The networks of a service, list or map."""
    given = value if isinstance(value, Mapping) else dict.fromkeys(texts(value))
    return tuple(_attachment(str(name), mapping(body)) for name, body in given.items())


def _attachment(name: str, body: dict[str, Any]) -> Attachment:
    aliases = texts(body.pop("aliases", None))
    return Attachment(network=name, aliases=aliases, options=body)


def dependencies(value: Any) -> tuple[Dependency, ...]:
    """The services that a service waits for, list or map."""
    given = value if isinstance(value, Mapping) else dict.fromkeys(texts(value))
    return tuple(
        Dependency(
            service=str(name),
            condition=text(mapping(body).get("condition")) or "service_started",
            required=mapping(body).get("required") is not False,
            restart=mapping(body).get("restart") is True,
        )
        for name, body in given.items()
    )


def grant(item: Any) -> Grant:
    """A config or secret given to a service."""
    body = item if isinstance(item, Mapping) else {"source": item}
    return Grant(
        source=text(body.get("source")) or "",
        target=text(body.get("target")),
        mode=text(body.get("mode")),
        uid=text(body.get("uid")),
        gid=text(body.get("gid")),
    )


def env_file(item: Any) -> EnvFile:
    """An entry of `env_file`."""
    body = item if isinstance(item, Mapping) else {"path": item}
    return EnvFile(
        path=text(body.get("path")) or "",
        required=body.get("required") is not False,
        format=text(body.get("format")),
    )
