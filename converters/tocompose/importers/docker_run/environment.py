"""`--env-file`, and the variables that a script leaves open."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from tocompose.ledger import Ledger
from tocompose.model import EnvFile, Mount, Setting, Stack
from tocompose.notes import note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.values import variables

# docker run reads env files raw; Compose's own dialect gives these characters a meaning.
_SPECIAL = frozenset("\"'$#`\\")


def env_file(item: EnvFile, project: Project, service: str, ledger: Ledger) -> EnvFile:
    """The env file in Compose's own dialect where both read it alike, else as `format: raw` (Compose 2.30 on).

    One that the source does not bring is optional, so that its absence does not keep the whole stack from starting.
    """
    content = project.read(item.path)
    if content is not None and not _differs(content.decode("utf-8", "replace")):
        return replace(item, format=None)
    code = "TC142" if content is None else "TC143"
    ledger.say(
        note(code, item.origin, subject=f"services.{service}.env_file", path=item.path)
    )
    return item if content is not None else replace(item, required=False)


def _differs(text: str) -> bool:
    return any(_line_differs(line) for line in text.splitlines())


def _line_differs(line: str) -> bool:
    if not line.strip() or line.lstrip().startswith("#"):
        return False
    name, _, value = line.partition("=")
    return (
        line != line.lstrip()
        or name != name.strip()
        or value != value.strip()
        or bool(_SPECIAL & set(value))
    )


def settings(
    known: Mapping[str, str | None], secret: Container[str], stack: Stack
) -> tuple[Setting, ...]:
    """An `.env` entry for each variable that the services still hold.

    A host path that the source leaves open is a folder beside the compose file until the user says otherwise: a mount
    without a source is refused.
    """
    used = dict.fromkeys(name for text in texts(stack) for name in variables(text))
    places = dict(_open_places(stack))
    values = {
        name: places.get(name) if known.get(name) is None else known[name]
        for name in used
        if name in known
    }
    return tuple(
        Setting(name=name, value=value, secret=name in secret, required=value is None)
        for name, value in values.items()
        if name != "HOME"
    )


def open_places(known: Mapping[str, str | None], stack: Stack, ledger: Ledger) -> None:
    """Says of each host path that the source leaves open where its data goes for now."""
    for service in stack.services:
        for item in service.mounts:
            for name, folder in _open_place(item):
                if name in known and known[name] is None:
                    subject = f"services.{service.name}.volumes"
                    ledger.say(
                        note(
                            "TC105",
                            item.origin,
                            subject=subject,
                            variable=name,
                            folder=folder,
                        )
                    )


def _open_places(stack: Stack) -> Iterator[tuple[str, str]]:
    for service in stack.services:
        for item in service.mounts:
            yield from _open_place(item)


def _open_place(item: Mount) -> Iterator[tuple[str, str]]:
    """The variable that a bind mount's source starts with, and the folder that stands in for it."""
    source = item.source or ""
    name = source[2:].partition("}")[0]
    if item.kind == "bind" and source.startswith("${") and name.isidentifier():
        yield name, f"./{name.lower().replace('_', '-')}"


def texts(value: Any) -> Iterator[str]:
    """Every text of a record, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(key)
            yield from texts(item)
    elif isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from texts(getattr(value, field.name))
