"""Variables that tell buildpacks of repositories with several apps which folder, or which Procfile, is this one."""

from __future__ import annotations

from posixpath import normpath

from tocompose.importers.procfile import app_folders
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.defaults import default_web
from tocompose.importers.procfile.processes import StatedProcess
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# https://github.com/heroku/heroku-buildpack-multi-procfile, https://github.com/timanovsky/subdir-heroku-buildpack,
# https://github.com/lstoll/heroku-buildpack-monorepo
# https://github.com/cantino/heroku-selectable-procfile
_FILES, _FOLDERS = ("PROCFILE", "PROCFILE_PATH"), ("PROJECT_PATH", "APP_BASE")


class Steering(NamedTuple):
    """The Procfile that is meant, and the folder that becomes the root of the app; empty where nothing says so."""

    procfile: str = ""
    folder: str = ""


def read_steering(repository: Repository, app: AppJson) -> Steering:
    """What the variables of app.json name, where it is in the repository; a note says what was followed."""
    steering, variable = _find_steering(repository, app)
    if variable:
        repository.add_note(
            "TC584",
            _span_of(app, variable),
            subject=ModelPath.of("services"),
            variable=variable,
            path=steering.folder or steering.procfile,
        )
    return steering


def _find_steering(repository: Repository, app: AppJson) -> tuple[Steering, str]:
    exists = repository.project.exists
    for variable in _FILES:
        if (file := _value_of(app, variable)) and repository.has_file(file):
            return Steering(procfile=file), variable
    for variable in _FOLDERS:
        folder = _value_of(app, variable)
        if folder not in ("", ".") and exists(folder) and not repository.has_file(folder):
            path = f"{folder}/Procfile"
            return Steering(path if exists(path) else "", folder), variable
    return Steering(), ""


def _value_of(app: AppJson, variable: str) -> str:
    """The path that a variable holds, relative to the root; empty for none."""
    setting = app.at("env").at(variable)
    text = (setting.peek() if setting.kind == "leaf" else setting.peek("value")) or ""
    path = normpath(text.strip("/ ")) if text.strip("/ ") else ""
    return "" if path.startswith("..") else path


def _span_of(app: AppJson, variable: str) -> Span | None:
    return app.at("env").at(variable).span


def processes_of_folder(
    repository: Repository, folder: str, stated: tuple[StatedProcess, ...]
) -> tuple[StatedProcess, ...]:
    """The processes, which run in the folder's own image; its language's default where its Procfile names none."""
    own_language = app_folders.folder_language(repository.project, folder)
    own_repository = app_folders.folder_repository(repository, folder)
    if not own_language and not own_repository.has_file("Dockerfile"):
        return stated
    processes = stated or (default_web(own_repository, own_language),)
    return tuple(process._replace(image=folder) for process in processes)
