"""The versions of languages that the variables of a service ask for."""

from __future__ import annotations

from tocompose.importers.render.blueprint import Part, text_of
from tocompose.repository import Repository, StatedVersion
from tocompose.tables import load


def with_stated_versions(repository: Repository, render_part: Part) -> Repository:
    """The repository with the versions that variables name, which on Render go before all files.

    https://render.com/docs/language-support
    """
    languages: dict[str, str] = load("render/plans")["versions"]
    versions: dict[str, StatedVersion] = {}
    for env_entry in render_part.cursor.at("envVars"):
        name, number = text_of(env_entry.at("key")), env_entry.at("value")
        if name in languages and text_of(number):
            reason = f"{name} in {number.span.file} says so"
            stated = StatedVersion(text_of(number), reason, number)
            versions[languages[name]] = stated
    return repository._replace(versions=versions)
