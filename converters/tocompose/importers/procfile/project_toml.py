"""project.toml, the project descriptor of Cloud Native Buildpacks: what the build leaves out, is told and runs.

https://buildpacks.io/docs/reference/config/project-descriptor/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.procfile.environment import AppVariable, literal_variable
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.toml import read_toml
from tocompose.record import NamedTuple
from tocompose.repository import Repository, nothing

_FILE = "project.toml"
# What these say is for the builder: https://cloud.google.com/docs/buildpacks/service-specific-configs,
# https://paketo.io/docs/howto/configuration/
_STEERS_BUILDER = regex(r"(?:BP|BPL|BPE|GOOGLE|PACK|CNB)_\w+")
_NAME = regex(r"[A-Za-z_]\w*")
# https://github.com/buildpacks/pack/blob/main/pkg/project/project.go: it refuses any other, looked up 2026-11-29.
_SCHEMA_VERSIONS = ("0.1", "0.2", "0.3")


class ProjectToml(NamedTuple):
    """What project.toml says: its buildpacks, and the variables of the build; empty where there is none."""

    buildpacks: tuple[Cursor, ...]
    variables: tuple[Cursor, ...]


def read_project_toml(repository: Repository) -> ProjectToml:
    """The repository's descriptor; what carries no part of the stack is settled here.

    A file of that name without a table of buildpacks is something else's, and is not read.
    """
    data = repository.read_toml(_FILE)
    is_descriptor = not data.keys().isdisjoint(("io", "build"))
    is_broken = not data and repository.has_file(_FILE)
    root = (
        repository.open(_FILE, read_toml, "toml")
        if is_descriptor or is_broken
        else nothing(repository.ledger)
    )
    _settle_version(root.at("_", "schema-version"))
    for key in ("_", "project", "licenses", "metadata"):
        root.at(key).skip("it describes the project or the file")
    newer, older = root.at("io", "buildpacks"), root.at("build")
    for table in (newer, older):
        table.at("builder").skip("the Dockerfile names its own base image")
        for key in ("exclude", "include"):
            table.at(key).skip("the .dockerignore leaves these files out")
    lists = (newer.at("pre", "group"), newer.at("group"), newer.at("post", "group"))
    return ProjectToml(
        tuple(
            buildpack for group in (*lists, older.at("buildpacks")) for buildpack in group
        ),
        (*newer.at("build", "env"), *older.at("env")),
    )


def _settle_version(version: Cursor) -> None:
    if version and version.peek() not in _SCHEMA_VERSIONS:
        known_versions = f"{', '.join(_SCHEMA_VERSIONS[:-1])} or {_SCHEMA_VERSIONS[-1]}"
        version.note("TC315", what="schema-version", wanted=known_versions)


def variables_of_build(project: ProjectToml) -> Iterator[AppVariable]:
    """The variables of the build, which the stack's processes get too; those that steer the builder are noted."""
    for entry in project.variables:
        name = entry.peek("name") or ""
        if not _NAME.fullmatch(name):
            entry.note("TC315", what="an entry of build.env", wanted="name and value")
        elif _STEERS_BUILDER.fullmatch(name):
            entry.note("TC589", name=name)
        else:
            entry.at("name").skip("it is the name of the variable")
            entry.annotate("TC590", name=name)
            variable = literal_variable(entry.at("value"), name)
            yield variable._replace(source=_FILE)
