"""The programming languages that apps are written in: one module a language, one row a language in languages.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import import_module
from typing import cast

from tocompose.languages.language import Language, Library
from tocompose.project import Project
from tocompose.repository import Repository
from tocompose.tables import Row, table

_REQUIRED = {"title", "detect", "port", "environment", "development", "tcp", "http"}
_OPTIONAL = {
    "base",
    "built_in",
    "compiled",
    "compiled_libraries",
    "newest_for",
    "migrates",
    "oldest_for",
    "debian",
    "debug",
    "version_file",
    "develops_in_place",
    "drivers",
    "installers",
    "keep",
    "libraries",
    "lines",
    "manifest",
    "needs",
    "orms",
    "package_tools",
    "packages",
    "pecl",
    "pinned_pecl",
    "placeholders",
    "releases",
    "sources",
    "staged",
    "variables",
    "version_files",
    "without_manifest",
}


def language_rows() -> dict[str, Row]:
    """The languages that a Dockerfile can be generated for, in the order in which they are tried."""
    return dict(table("languages", required=_REQUIRED, optional=_OPTIONAL))


def is_present(project: Project, row: Row, *further: str) -> bool:
    """Whether a file speaks of the language of a row; a name with `*` is of any file, wherever it lies."""
    names = (*row["detect"], *further)
    if any(project.read(name) is not None for name in names if "*" not in name):
        return True
    patterns = [name for name in names if "*" in name]
    if not patterns:
        return False
    files = project.files()
    return any(fnmatch(path, pattern) for pattern in patterns for path in files)


def find_language(name: str) -> Language:
    """The module of a language, by the name of its row."""
    return cast("Language", import_module(f"{__name__}.{name}").LANGUAGE)


def read_libraries(repository: Repository) -> tuple[Library, ...]:
    """Every direct dependency for production, of every language in the repository.

    The module of a language that none of its files speaks of is not loaded.
    """
    libraries: dict[tuple[str, str], Library] = {}
    for language, row in language_rows().items():
        if not is_present(repository.project, row, *row.get("libraries", ())):
            continue
        for library in read_libraries_of(repository, language):
            libraries.setdefault((language, library.name), library)
    return tuple(libraries.values())


def read_libraries_of(repository: Repository, language: str) -> Iterator[Library]:
    """The direct dependencies of one language, some of them more than once."""
    for name, file in find_language(language).read_libraries(repository):
        yield Library(language, name.lower(), file)
