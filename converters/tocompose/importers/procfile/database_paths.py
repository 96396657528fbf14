"""How settings and code name the file of an SQLite database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from posixpath import dirname, join

from tocompose.languages.dotnet import published_folder
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.tables import Row, load

DATABASE_FILE = r"[\w./-]+\.(?:sqlite3?|db3?)\b"
# https://guides.rubyonrails.org/configuring.html#configuring-an-sqlite3-database, with a default of ERB too.
_OF_RAILS = regex(rf"^\s*database:\s*(?:<%=.*?[\"'])?[\"']?({DATABASE_FILE})", re.MULTILINE)
_PRODUCTION = regex(r"^production:.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)
# https://docs.djangoproject.com/en/stable/ref/settings/#name
_OF_DJANGO = regex(rf"[\"']NAME[\"']\s*:\s*[\"']({DATABASE_FILE})[\"']")
_QUOTED = regex(r"[\"']([^\"']+)[\"']")
# How far above its own file a folder is: `.parent.parent`, `dirname(dirname(…))`.
_STEP_UP = regex(r"\.parent\b|\bdirname\(")
# What Python calls the file that it reads, and Node.js the folder of it.
_OWN_FILE = regex(r"\b__file__\b|\b__dirname\b|import\.meta")
_INSTANCE = regex(r"\bSQLAlchemy\(|flask_sqlalchemy")
_OLD_FLASK_SQLALCHEMY = regex(r"(?im)^flask[-_]sqlalchemy\s*[=<~]=\s*[12]\.")


def stated_paths(repository: Repository, file: str) -> Iterator[str]:
    """The paths that a file of settings or code names for production, from the work directory."""
    text = repository.read_text(file) or ""
    if file.endswith("database.yml"):
        section = _PRODUCTION.search(text)
        paths = _OF_RAILS.findall(section[0] if section else text)
        yield from paths if section else (path for path in paths if "production" in path)
        return
    yield from _OF_DJANGO.findall(text)
    yield from _joined_paths(text, file)
    for row in load("sqlite")["paths"].values():
        if not file.endswith(tuple(row["endings"])):
            continue
        below = _folder_below(repository, row, text, file)
        for match in _compile(row["match"]).finditer(text):
            yield join(below, match[1])


def settings_paths(repository: Repository) -> Iterator[str]:
    """The paths that files of settings beside the code name; of the first file that names any."""
    for name in load("sqlite")["settings"]:
        files = (path for path in repository.project.files() if path.endswith(name))
        paths = [path for file in files for path in stated_paths(repository, file)]
        if paths:
            yield from paths
            return


def _folder_below(repository: Repository, row: Row, text: str, file: str) -> str:
    """The folder that relative paths begin in."""
    if row.get("below") == ".":
        return dirname(file)
    if row.get("below") == "published":
        return "" if repository.has_file("Dockerfile") else published_folder(repository)
    # https://flask-sqlalchemy.readthedocs.io/en/stable/config/#flask_sqlalchemy.config.SQLALCHEMY_DATABASE_URI
    if _INSTANCE.search(text) and "SQLALCHEMY_DATABASE_URI" in text:
        requirements = repository.read_text("requirements.txt") or ""
        is_old = _OLD_FLASK_SQLALCHEMY.search(requirements) is not None
        return dirname(file) if is_old else "instance"
    return str(row.get("below", ""))


def _joined_paths(text: str, file: str) -> Iterator[str]:
    """The paths whose folder is told by a name."""
    for pattern in load("sqlite")["joins"]:
        for match in _compile(pattern).finditer(text):
            folder = folder_of_name(match[1], text, file)
            parts = _QUOTED.findall(match[2]) or [match[2]]
            if folder is not None:
                yield join(folder, *(part.lstrip("/") for part in parts))


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    is_joined = "(<file>)" in pattern or "*<file>)" in pattern
    plain_quoted = rf"[\"']{DATABASE_FILE}[\"']"
    own_group = rf"[\"']({DATABASE_FILE})[\"']"
    quoted = plain_quoted if is_joined else own_group
    return re.compile(
        pattern.replace("<file>", quoted).replace("<bare>", DATABASE_FILE), re.MULTILINE
    )


def folder_of_name(name: str, text: str, file: str) -> str | None:
    """The folder that a name stands for; None where that cannot be told."""
    folders: dict[str, str] = load("sqlite")["folders"]
    if "__file__" in name:
        return _folder_above(file, len(_STEP_UP.findall(name)))
    if name in folders:
        is_compiled = name == "__dirname" and file.endswith(".ts")
        own = None if is_compiled else dirname(file)
        return own if folders[name] == "." else folders[name]
    stated = re.search(
        rf"^\s*(?:const\s+|let\s+|var\s+)?{re.escape(name)}\s*=\s*(.+)$", text, re.MULTILINE
    )
    if stated is None:
        return _usual_base(file) if name == "BASE_DIR" else None
    if _OWN_FILE.search(stated[1]) is None:
        return "" if "cwd()" in stated[1] else None
    return _folder_above(file, len(_STEP_UP.findall(stated[1])))


def _usual_base(file: str) -> str | None:
    """The folder of Django's own template: two above the settings."""
    return _folder_above(file, 2)


def _folder_above(file: str, steps: int) -> str | None:
    folder = file
    for _ in range(steps):
        if not folder:
            return None
        folder = dirname(folder)
    return folder if steps else None
