"""Variables without which the app does not start, and values that fit the platform or a developer's machine only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import (
    EXAMPLES,
    LOCAL,
    AppVariable,
    demand_value,
    is_secret,
    variable_reference,
)
from tocompose.importers.procfile.host_port_variables import selects_server
from tocompose.importers.procfile.scan import CodeScan
from tocompose.languages import find_language
from tocompose.languages.node import inlined_names
from tocompose.model import EnvSetting
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.env_lines import entry_of_line, entry_text
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import SetBy, names_set_by
from tocompose.tables import Row, load

_COOKIE_KEY = regex(r"(?:\w+_)?SECRET_KEY(?:_BASE)?|APP_KEY")
_SET_ELSEWHERE = names_set_by(SetBy.SYSTEM, SetBy.PLATFORM, SetBy.LANGUAGE)
_SOURCE = "code"
_MAKERS = (
    ("APP_KEY", "php artisan key:generate --show"),
    ("SECRET_KEY", "openssl rand -hex 64"),
    ("SECRET_KEY_BASE", "openssl rand -hex 64"),
    ("BASIC_AUTH_PASSWORD", "openssl passwd -apr1 (in single quotes)"),
)
_ADDRESS = regex(r"(?!https?:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def required_by_code(
    repository: Repository, language: str, scan: CodeScan, commands: Iterable[str]
) -> tuple[AppVariable, ...]:
    """An entry for each variable that the settings, or the modules named by commands, read without a default.

    The key that signs cookies is demanded, and what every import of those modules reads; the others are passed
    through from `.env`.
    """
    if not language:
        return ()
    app_language = find_language(language)
    loaded = {
        read.name: read.span for read in app_language.loaded_reads(repository, commands)
    }
    stated = {
        name: scan.variables[name]
        for name in app_language.required_variables(repository)
        if name in scan.variables
    }
    of_code = (
        _required_variable(name, span, is_loaded=name in loaded)
        for name, span in {**loaded, **stated}.items()
        if name not in _SET_ELSEWHERE
    )
    of_framework = (
        _required_variable(key.name, Span(key.file, 1, 1, 1, 1), "framework", key.framework)
        for key in app_language.framework_keys(repository)
    )
    return (*of_code, *of_framework)


def inlined_by_code(repository: Repository, scan: CodeScan) -> tuple[AppVariable, ...]:
    """An entry for each variable that the front end reads and that its build writes into the pages."""
    names = inlined_names(repository, scan.variables)
    return tuple(_inlined_variable(name, scan.variables[name]) for name in names)


def _inlined_variable(name: str, span: Span) -> AppVariable:
    text = f"Read by {span.file} when the front end is built, and shown to everybody"
    setting = EnvSetting(name=name, description=text, origin=span)
    return AppVariable(name, None, "front end", span, setting)


def required_by_site(repository: Repository, language: str) -> tuple[AppVariable, ...]:
    """An entry for each variable without which the server of the site does not start."""
    if not language or repository.has_file("Dockerfile"):
        return ()
    return tuple(
        _required_variable(name, Span("static.json", 1, 1, 1, 1), "server")
        for name in find_language(language).site_variables(repository)
        if name not in _SET_ELSEWHERE
    )


def _required_variable(
    name: str,
    span: Span,
    source: str = _SOURCE,
    reader: str = "",
    is_loaded: bool = False,
) -> AppVariable:
    is_key = _COOKIE_KEY.fullmatch(name) is not None
    demanded = is_loaded or is_key or source != _SOURCE
    advice = next(
        (f". Make one with: {maker}" for ending, maker in _MAKERS if name.endswith(ending)),
        "",
    )
    setting = EnvSetting(
        name=name,
        secret=is_secret(name),
        required=demanded,
        description=f"Read by {reader or span.file} without a default{advice}",
        origin=span,
    )
    value = demand_value(name) if demanded else None
    return AppVariable(name, value, source, span, setting)


def note_unset(
    repository: Repository, language: str, app_variables: Iterable[AppVariable]
) -> None:
    """Names those that nothing else sets, and that are read whatever the other settings are."""
    unset = [
        variable
        for variable in app_variables
        if variable.source == _SOURCE
        and not _is_conditional(repository, language, variable)
    ]
    if unset:
        names = ", ".join(variable.name for variable in unset)
        repository.add_note(
            "TC386", unset[0].origin, subject=ModelPath.of("services"), names=names
        )


def _is_conditional(repository: Repository, language: str, variable: AppVariable) -> bool:
    """Whether the line that reads the variable may never run."""
    if variable.origin is None:
        return False
    text = repository.read_text(variable.origin.file) or ""
    return find_language(language).conditional_line(text, variable.origin.line)


def with_selected_servers(
    examples: Iterable[AppVariable], backings: tuple[Backing, ...]
) -> tuple[AppVariable, ...]:
    """The variables of an example file; one that selects a kind of server which the stack has keeps its value."""
    kinds = [backing.kind for backing in backings]
    return tuple(
        _with_value(variable, variable.setting.example)
        if variable.setting
        and any(
            selects_server(kind, variable.name, variable.setting.example) for kind in kinds
        )
        else variable
        for variable in examples
    )


def switches_in_comments(
    repository: Repository, backings: tuple[Backing, ...]
) -> Iterator[AppVariable]:
    """The variables by which comments of the example file switch TLS to a service off: `# PGSSLMODE=disable`."""
    path = next(filter(repository.has_file, EXAMPLES), "")
    lines = (repository.read_text(path) or "").splitlines() if path else ()
    kinds = {backing.kind for backing in backings}
    tls_rows = load("local")["tls"].values()
    rows = [row for row in tls_rows if not kinds.isdisjoint(row["services"])]
    for number, line in enumerate(lines, start=1):
        entry = entry_of_line(line.lstrip("# ")) if line.startswith("#") else None
        if entry is None:
            continue
        name, value = entry["name"], entry_text(entry).lower()
        if any(re.fullmatch(row["match"], name) and value == row["value"] for row in rows):
            span = Span(path, number, 1, number, len(line) + 1)
            setting = EnvSetting(name=name, origin=span)
            yield AppVariable(name, None, path, span, setting)


def fit_values(
    repository: Repository,
    app_variables: Iterable[AppVariable],
    backings: tuple[Backing, ...],
) -> tuple[AppVariable, ...]:
    """The variables, those that can demand TLS of a service of the stack set to plain text; the others that cannot work
    are noted."""
    services = {backing.kind: backing.service.name for backing in backings}
    return tuple(_fit_value(repository, variable, services) for variable in app_variables)


def _fit_value(
    repository: Repository, variable: AppVariable, services: dict[str, str]
) -> AppVariable:
    text = _stated_value(variable)
    if not text and variable.setting is None:
        return variable
    name, span = variable.name, variable.origin
    for row in load("local")["tls"].values():
        service = next((services[kind] for kind in row["services"] if kind in services), "")
        applies = bool(service) and re.fullmatch(row["match"], name) is not None
        if applies and (not text or _row_demands(row, name, text)):
            repository.add_note(
                "TC380" if text else "TC857",
                span,
                subject=ModelPath.service(service),
                name=name,
                value=row["value"],
                service=service,
            )
            return _with_value(variable, row["value"])
    if text:
        _note_misleading(repository, variable, text)
    return variable


def _note_misleading(repository: Repository, variable: AppVariable, text: str) -> None:
    """Says of a value that it demands TLS of browsers, or leads to the container itself."""
    name, span = variable.name, variable.origin
    if _row_demands(load("local")["redirect"], name, text):
        repository.add_note("TC353", span, subject=ModelPath.service("web"), what=name)
    elif _names_this_machine(name, text):
        repository.add_note(
            "TC381", span, subject=ModelPath.of("settings", name), name=name
        )


def _names_this_machine(name: str, text: str) -> bool:
    """Whether a value is the place of a service, and that is the container itself."""
    is_place = _ADDRESS.match(text) or re.fullmatch(load("local")["local"], name)
    return bool(is_place and LOCAL.search(text))


def _stated_value(variable: AppVariable) -> str:
    """The value where the source states one."""
    if variable.setting is not None:
        return variable.setting.value or ""
    return plain(variable.value or "") or ""


def _row_demands(row: Row, name: str, text: str) -> bool:
    return bool(
        re.fullmatch(row["match"], name) and re.fullmatch(row["when"], text.lower())
    )


def _with_value(variable: AppVariable, value: str) -> AppVariable:
    if variable.setting is None:
        return variable._replace(value=literal(value))
    return variable._replace(
        value=variable_reference(variable.name, value, False),
        setting=replace(variable.setting, value=value),
    )
