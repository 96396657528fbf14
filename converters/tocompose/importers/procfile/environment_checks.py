"""Variables without which the app does not start, and values that fit the platform or a developer's machine only."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import LOCAL, Entry, is_secret, reference
from tocompose.importers.procfile.scan import Scan
from tocompose.languages import find_language
from tocompose.model import Setting
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.names import SetBy, names_set_by
from tocompose.tables import Row, load

_COOKIE_KEY = regex(r"(?:\w+_)?SECRET_KEY(?:_BASE)?")
_SET_ELSEWHERE = names_set_by(SetBy.SYSTEM, SetBy.PLATFORM, SetBy.LANGUAGE)
_SOURCE = "code"
_ADDRESS = regex(r"(?!https?:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def required_by_code(
    repository: Repository, language: str, scan: Scan
) -> tuple[Entry, ...]:
    """An entry for each variable that the settings read without a default.

    The key that signs cookies is demanded, the others are passed through from `.env`.
    """
    if not language:
        return ()
    names = dict.fromkeys(find_language(language).required_variables(repository))
    return tuple(
        _required_entry(name, scan.variables[name])
        for name in names
        if name in scan.variables and name not in _SET_ELSEWHERE
    )


def _required_entry(name: str, span: Span) -> Entry:
    demanded = _COOKIE_KEY.fullmatch(name) is not None
    advice = ". Make one with: openssl rand -hex 64" if demanded else ""
    setting = Setting(
        name=name,
        secret=is_secret(name),
        required=demanded,
        description=f"Read by {span.file} without a default{advice}",
        origin=span,
    )
    value = reference(name, None, True) if demanded else None
    return Entry(name, value, setting, (), _SOURCE, span)


def note_unset(repository: Repository, language: str, entries: Iterable[Entry]) -> None:
    """Names those that nothing else sets, and that are read whatever the other settings are."""
    unset = [
        entry
        for entry in entries
        if entry.source == _SOURCE and not _is_conditional(repository, language, entry)
    ]
    if unset:
        names = ", ".join(entry.name for entry in unset)
        repository.say("TC386", unset[0].origin, subject="services", names=names)


def _is_conditional(repository: Repository, language: str, entry: Entry) -> bool:
    """Whether the line that reads the variable may never run."""
    if entry.origin is None:
        return False
    text = repository.text(entry.origin.file) or ""
    return find_language(language).conditional_line(text, entry.origin.line)


def fit_values(
    repository: Repository, entries: Iterable[Entry], backings: tuple[Backing, ...]
) -> tuple[Entry, ...]:
    """The entries, those that demand TLS of a service of the stack set to plain text; the others that cannot work are
    noted."""
    services = {backing.kind: backing.service.name for backing in backings}
    return tuple(_fit_value(repository, entry, services) for entry in entries)


def _fit_value(repository: Repository, entry: Entry, services: dict[str, str]) -> Entry:
    text = _stated_value(entry)
    if not text:
        return entry
    table = load("local")
    for row in table["tls"].values():
        kind = next((kind for kind in row["services"] if kind in services), "")
        if kind and _demands(row, entry.name, text):
            service = services[kind]
            repository.say(
                "TC380",
                entry.origin,
                subject=f"services.{service}",
                name=entry.name,
                value=row["value"],
                service=service,
            )
            return _with_value(entry, row["value"])
    is_place = _ADDRESS.match(text) or re.fullmatch(table["local"], entry.name)
    if _demands(table["redirect"], entry.name, text):
        repository.say("TC353", entry.origin, subject="services.web", what=entry.name)
    elif is_place and LOCAL.search(text):
        repository.say(
            "TC381", entry.origin, subject=f"settings.{entry.name}", name=entry.name
        )
    return entry


def _stated_value(entry: Entry) -> str:
    """The value where the source states one."""
    if entry.setting is not None:
        return entry.setting.value or ""
    return plain(entry.value or "") or ""


def _demands(row: Row, name: str, text: str) -> bool:
    return bool(
        re.fullmatch(row["match"], name) and re.fullmatch(row["when"], text.lower())
    )


def _with_value(entry: Entry, value: str) -> Entry:
    if entry.setting is None:
        return entry._replace(value=literal(value))
    return entry._replace(
        value=reference(entry.name, value, False),
        setting=replace(entry.setting, value=value),
    )
