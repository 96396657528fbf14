"""SQLite databases: where their files lie, and the folder of each that every process of the image can share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from posixpath import basename, dirname, isabs, join, normpath

from tocompose.importers.procfile.database_paths import (
    DATABASE_FILE,
    settings_paths,
    stated_paths,
)
from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.scan import Occurrence
from tocompose.languages.dotnet import PUBLISHED
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span

# https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite: three slashes before a path in the work directory.
_ADDRESS = regex(rf"sqlite3?(?:\+\w+)?:(?:///?)?({DATABASE_FILE})")
# Variables that name the file alone, and an address of Prisma.
_FILE_VARIABLE = regex(r"(?:\w*_)?(?:DB|DATABASE|SQLITE)(?:_\w*)?")
_FILE_ADDRESS = regex(rf"(?:file:)?({DATABASE_FILE})")
# A folder for a database whose own folder holds code.
_FREE_FOLDERS = ("data", "database", "sqlite")


class DatabaseFile(NamedTuple):
    """A database: its path from the work directory, the folder that can be shared, and where that is stated.

    `folder` is empty where none can be. A `linked` file lies in that folder, and its own path leads there.
    """

    path: str
    folder: str
    span: Span | None = None
    linked: bool = False


def find_databases(
    repository: Repository,
    occurrences: Iterable[Occurrence],
    variables: Iterable[AppVariable],
) -> tuple[DatabaseFile, ...]:
    """The databases of production, each path once."""
    stated = tuple(occurrences)
    paths: dict[str, Span | None] = {}
    for variable in variables:
        if path := _path_of_variable(repository, variable, stated):
            paths.setdefault(path, variable.origin)
    for occurrence in stated if not paths else ():
        for path in stated_paths(repository, occurrence.span.file):
            paths.setdefault(path, occurrence.span)
    if stated and not paths:
        paths |= dict.fromkeys(settings_paths(repository), stated[0].span)
    inside = ((_from_workdir(path), span) for path, span in paths.items())
    return tuple(
        _place_file(repository, path, span)
        for path, span in inside
        if not path.startswith("..")
    )


def _path_of_variable(
    repository: Repository, variable: AppVariable, occurrences: tuple[Occurrence, ...]
) -> str:
    """The path that a variable tells; empty for one of another kind."""
    value = variable.plain_value or ""
    if address := _ADDRESS.fullmatch(value):
        return address[1]
    path = _FILE_ADDRESS.fullmatch(value)
    if path is None or not occurrences or not _FILE_VARIABLE.fullmatch(variable.name):
        return ""
    # https://www.prisma.io/docs/orm/overview/databases/sqlite: from the folder of the schema.
    schemas = (name for name in repository.project.files() if name.endswith(".prisma"))
    is_address = value.startswith("file:")
    return join(dirname(next(schemas, "")), path[1]) if is_address else path[1]


def _from_workdir(path: str) -> str:
    return normpath(path).removeprefix("/app/")


def _place_file(repository: Repository, path: str, span: Span | None) -> DatabaseFile:
    folder = dirname(path)
    if folder == "/":
        return DatabaseFile(path, "", span)
    is_free = not folder.endswith(PUBLISHED) and not _holds_code(repository, folder)
    if folder and is_free:
        return DatabaseFile(path, folder, span)
    free_folders = (name for name in _FREE_FOLDERS if not _holds_code(repository, name))
    free_folder = next(free_folders, "")
    return DatabaseFile(path, free_folder, span, linked=True)


def _holds_code(repository: Repository, folder: str) -> bool:
    """Whether the repository has files there that a volume would keep as they were at its first start."""
    if isabs(folder):
        return False
    return any(
        path.startswith(f"{folder}/")
        and not basename(path).startswith(".")
        and not re.fullmatch(DATABASE_FILE, basename(path))
        for path in repository.project.files()
    )
