"""What a platform supplies without being asked: a default web process, variables of its buildpacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.environment import AppVariable, demand_value
from tocompose.importers.procfile.processes import StatedProcess
from tocompose.importers.procfile.sources import apps_below
from tocompose.languages import find_language, language_rows
from tocompose.model import EnvSetting
from tocompose.record import NamedTuple
from tocompose.repository import Repository, nothing
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated


class PlatformVariables(NamedTuple):
    """Variables that every process gets (`always`), and those given when a source asks for them (`offered`)."""

    always: tuple[AppVariable, ...]
    offered: tuple[AppVariable, ...]


def default_web(repository: Repository, language: str) -> StatedProcess:
    """The web process of a repository that names none: the image's own command, or the buildpack's default.

    https://devcenter.heroku.com/articles/procfile and the buildpacks' own bin/release
    """
    command = ""
    if language and not repository.has_file("Dockerfile"):
        command = find_language(language).default_command(repository)
    if command:
        title = language_rows()[language]["title"]
        repository.add_note(
            "TC338",
            subject=ModelPath.service("web", "command"),
            language=title,
            command=command,
        )
    elif not repository.has_file("Dockerfile") and (
        folders := apps_below(repository.project)
    ):
        paths = [f"{folder}/Procfile" for folder in folders]
        repository.add_note(
            "TC389",
            Span(paths[0], 1, 1, 1, 1),
            subject=ModelPath.service("web"),
            name="web",
            paths=enumerated(paths),
            verb="is" if len(paths) == 1 else "are",
            folder=folders[0],
            path=paths[0],
        )
    elif language != "static":
        subject = ModelPath.service("web")
        how = "write a Procfile, or set `command` on the service"
        repository.add_note("TC339", subject=subject, name="web", how=how)
    return StatedProcess("web", nothing(repository.ledger), command)


def platform_variables(
    repository: Repository, language: str, backings: tuple[Backing, ...]
) -> PlatformVariables:
    """The variables of the platform and of the language's buildpack."""
    values = dict(_buildpack_values(repository, language, backings) if language else ())
    always = tuple(AppVariable(name, value, "buildpack") for name, value in values.items())
    platform_values = {
        "LANG": "C.UTF-8",
        "NODE_ENV": "production",
    }
    offered = tuple(
        AppVariable(name, value, "platform") for name, value in platform_values.items()
    )
    key = find_language(language).generated_key(repository) if language else None
    generated = (_generated_key(*key),) if key else ()
    return PlatformVariables((*always, *generated), (*always, *offered))


def _buildpack_values(
    repository: Repository, language: str, backings: tuple[Backing, ...]
) -> Iterator[tuple[str, str]]:
    module = find_language(language)
    yield from language_rows()[language]["environment"].items()
    yield from module.environment(repository).items()
    for backing in backings:
        for name, url in backing.variables[:1]:
            if name == "DATABASE_URL":
                yield from module.derive_variables(backing.kind, url).items()


def note_buildpack_values(
    repository: Repository, app_variables: Iterable[AppVariable]
) -> None:
    """Says which variables are set as the buildpack sets them, and that a key that it makes is made anew."""
    names = []
    for variable in app_variables:
        if variable.source != "buildpack":
            continue
        if variable.setting is None:
            names.append(variable.name)
        else:
            subject = ModelPath.of("settings", variable.name)
            repository.add_note("TC579", subject=subject, name=variable.name)
    if names:
        repository.add_note("TC598", names=enumerated(names))


def _generated_key(name: str, purpose: str) -> AppVariable:
    """A secret that the buildpack makes once for each app, and that the user makes here."""
    setting = EnvSetting(
        name=name,
        secret=True,
        required=True,
        description=f"{purpose}. Make one with: openssl rand -hex 64",
    )
    return AppVariable(name, demand_value(name), "buildpack", None, setting)
