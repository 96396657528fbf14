"""Values that app.json and heroku.yml hold for a new app: those of the running one may have been changed since.

https://devcenter.heroku.com/articles/app-json-schema#env
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import AppVariable
from tocompose.knowledge.images import DATA_ROLES
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.servers import kept_variables
from tocompose.repository import Repository
from tocompose.tables import load
from tocompose.wording import enumerated

_SOURCE = "app.json"
_MOST_NAMES = 12


def note_new_app_values(
    repository: Repository,
    app_variables: Iterable[AppVariable],
    backings: Iterable[Backing],
) -> None:
    """Says which values are those of a new app, and which of them switch on a mode for development.

    Those of an environment that the user asked for are meant.
    """
    if repository.option("environment"):
        return
    variables = list(app_variables)
    kept = kept_variables(list(_names_of_servers(variables, backings)))
    variables_by_file: dict[str, list[AppVariable]] = {}
    for variable in variables:
        if variable.source == _SOURCE and variable.origin and variable.plain_value:
            variables_by_file.setdefault(variable.origin.file, []).append(variable)
    for file, stated in variables_by_file.items():
        _note_values(repository, file, stated, kept)
        for variable in _of_development(stated):
            facts: dict[str, Any] = {"name": variable.name, "value": variable.plain_value}
            repository.add_note("TC896", variable.origin, file=file, **facts)


def _names_of_servers(
    variables: list[AppVariable], backings: Iterable[Backing]
) -> Iterator[str]:
    """The variables that lead to the stack's own servers of data, without their passwords, which are to be changed."""
    # Mail that a local server takes is to be sent where the app runs.
    sources = {backing.source for backing in backings if backing.service.role in DATA_ROLES}
    for variable in variables:
        if variable.source in sources and not secret_name(variable.name):
            yield variable.name


def _note_values(
    repository: Repository, file: str, variables: list[AppVariable], kept: str
) -> None:
    names = [variable.name for variable in variables if not _is_generated(variable)]
    if names:
        shown = enumerated(_first_names(names))
        facts: dict[str, Any] = {"names": shown, "file": file, "kept": kept}
        repository.add_note("TC895", variables[0].origin, **facts)


def _first_names(names: list[str]) -> list[str]:
    rest = len(names) - _MOST_NAMES
    return names if rest < 2 else [*names[:_MOST_NAMES], f"{rest} more"]


def _is_generated(variable: AppVariable) -> bool:
    return variable.setting is not None and variable.setting.value is None


def _of_development(variables: list[AppVariable]) -> Iterator[AppVariable]:
    """The variables by which a framework shows its errors to everybody, or reads its code anew for each request."""
    for row in load("development")["modes"]:
        for variable in variables:
            is_named = re.fullmatch(row["variable"], variable.name)
            if is_named and re.fullmatch(row["value"], variable.plain_value or ""):
                yield variable
