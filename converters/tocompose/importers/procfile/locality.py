"""Variables whose values fit the platform or a developer's machine, and not a container among others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import LOCAL, Entry
from tocompose.importers.procfile.repository import Repository
from tocompose.record import replace
from tocompose.syntax.interpolation import literal, plain
from tocompose.tables import Row, load

_ADDRESS = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def fitted(
    repository: Repository, entries: Iterable[Entry], backings: tuple[Backing, ...]
) -> tuple[Entry, ...]:
    """The entries, those that demand TLS of a service of the stack set to plain text; the others that cannot work are
    noted."""
    services = {item.kind: item.service.name for item in backings}
    return tuple(_fitted(repository, entry, services) for entry in entries)


def _fitted(repository: Repository, entry: Entry, services: dict[str, str]) -> Entry:
    text = _text(entry)
    if not text:
        return entry
    table = load("local")
    for row in table["tls"].values():
        kind = next((kind for kind in row["services"] if kind in services), "")
        if kind and _says(row, entry.name, text):
            facts = {"name": entry.name, "value": row["value"], "service": services[kind]}
            repository.say(
                "TC380", entry.origin, subject=f"services.{services[kind]}", **facts
            )
            return _with(entry, row["value"])
    if _says(table["redirect"], entry.name, text):
        repository.say("TC353", entry.origin, subject="services.web", what=entry.name)
    elif LOCAL.search(text) and (
        _ADDRESS.match(text) or re.fullmatch(table["local"], entry.name)
    ):
        repository.say(
            "TC381", entry.origin, subject=f"settings.{entry.name}", name=entry.name
        )
    return entry


def _text(entry: Entry) -> str:
    """The value where the source states one."""
    if entry.setting is not None:
        return entry.setting.value or ""
    return plain(entry.value) or "" if entry.value else ""


def _says(row: Row, name: str, text: str) -> bool:
    return bool(
        re.fullmatch(row["match"], name) and re.fullmatch(row["when"], text.lower())
    )


def _with(entry: Entry, value: str) -> Entry:
    if entry.setting is None:
        return entry._replace(value=literal(value))
    return entry._replace(
        value=f"${{{entry.name}:-{value}}}", setting=replace(entry.setting, value=value)
    )
