"""`--env-file`, and the variables that a script leaves open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tocompose.ledger import Ledger
from tocompose.model import EnvFile, Setting, Stack
from tocompose.notes import note
from tocompose.project import Project
from tocompose.values import variables

# docker run reads env files raw; Compose's own dialect gives these characters a meaning.
_SPECIAL = frozenset("\"'$#`\\")


def env_file(item: EnvFile, project: Project, service: str, ledger: Ledger) -> EnvFile:
    """The env file in Compose's own dialect where both read it alike, else as `format: raw` (Compose 2.30 on)."""
    content = project.read(item.path)
    if content is not None and not _differs(content.decode("utf-8", "replace")):
        return replace(item, format=None)
    code = "TC142" if content is None else "TC143"
    ledger.say(note(code, item.origin, subject=f"services.{service}.env_file", path=item.path))
    return item


def _differs(text: str) -> bool:
    return any(_line_differs(line) for line in text.splitlines())


def _line_differs(line: str) -> bool:
    if not line.strip() or line.lstrip().startswith("#"):
        return False
    name, _, value = line.partition("=")
    return line != line.lstrip() or name != name.strip() or value != value.strip() or bool(_SPECIAL & set(value))


def settings(known: Mapping[str, str | None], stack: Stack) -> tuple[Setting, ...]:
    """An `.env` entry for each variable that the services still hold."""
    used = dict.fromkeys(name for text in texts(stack) for name in variables(text))
    return tuple(
        Setting(name=name, value=known.get(name), required=known.get(name) is None)
        for name in used
        if name in known and name != "HOME"
    )


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
