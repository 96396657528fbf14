"""SQLite databases: where their files lie, and the folder of each that every process of the image can share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, isabs, join, normpath

from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.scan import Occurrence
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span

_FILE = r"[\w./-]+\.(?:sqlite3?|db)\b"
# https://guides.rubyonrails.org/configuring.html#configuring-an-sqlite3-database, with a default of ERB too.
_OF_RAILS = regex(rf"^\s*database:\s*(?:<%=.*?[\"'])?[\"']?({_FILE})", re.MULTILINE)
_PRODUCTION = regex(r"^production:.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
# https://docs.djangoproject.com/en/stable/ref/settings/#name: `BASE_DIR / "data" / "db.sqlite3"`, or `os.path.join(…)`.
_OF_DJANGO = regex(
    rf"[\"']NAME[\"']\s*:\s*(?:str\()?(BASE_DIR\s*/\s*|os\.path\.join\(\s*BASE_DIR\s*,\s*)?"
    rf"((?:[\"'][\w./-]+[\"']\s*[/,]\s*)*[\"']{_FILE}[\"'])"
)
_QUOTED = regex(r"[\"']([^\"']+)[\"']")
_BASE_FOLDER = regex(r"^BASE_DIR\s*=\s*(.+)$", re.MULTILINE)
# How far above its own file it is: `.parent.parent`, `dirname(dirname(…))`.
_STEP_UP = regex(r"\.parent\b|\bdirname\(")
# https://docs.sqlalchemy.org/en/20/core/engines.html#sqlite: three slashes before a path in the work directory.
_ADDRESS = regex(rf"sqlite3?(?:\+\w+)?:(?:///)?(/?{_FILE})")
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
    paths: dict[str, Span | None] = {}
    for variable in variables:
        address = _ADDRESS.fullmatch(variable.plain_value or "")
        if address:
            paths.setdefault(address[1], variable.origin)
    for occurrence in occurrences if not paths else ():
        for path in _paths_in(repository, occurrence.span.file):
            paths.setdefault(path, occurrence.span)
    inside = ((normpath(path), span) for path, span in paths.items())
    return tuple(
        _place_file(repository, path, span)
        for path, span in inside
        if not path.startswith("..")
    )


def _paths_in(repository: Repository, file: str) -> Iterator[str]:
    """The paths that a file of settings names for production."""
    text = repository.read_text(file) or ""
    if file.endswith(".yml"):
        section = _PRODUCTION.search(text)
        paths = _OF_RAILS.findall(section[0] if section else text)
        yield from paths if section else (path for path in paths if "production" in path)
        return
    base_folder = _base_folder(text, file)
    for match in _OF_DJANGO.finditer(text):
        path = join(*_QUOTED.findall(match[2]))
        if match[1] and base_folder is not None:
            yield join(base_folder, path)
        elif not match[1]:
            yield path


def _base_folder(text: str, file: str) -> str | None:
    """The folder that BASE_DIR is; None where that cannot be told."""
    stated = _BASE_FOLDER.search(text)
    steps = len(_STEP_UP.findall(stated[1])) if stated else 2
    folder = file
    for _ in range(steps):
        if not folder:
            return None
        folder = dirname(folder)
    return folder if steps else None


def _place_file(repository: Repository, path: str, span: Span | None) -> DatabaseFile:
    folder = dirname(path)
    if folder and not _holds_code(repository, folder):
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
        and not re.fullmatch(_FILE, basename(path))
        for path in repository.project.files()
    )
