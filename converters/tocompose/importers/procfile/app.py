"""What an app's repository states: its files, read, the processes, and the variables that every process gets."""

from __future__ import annotations

from tocompose.importers.procfile import app_folders
from tocompose.importers.procfile.app_json import AppJson
from tocompose.importers.procfile.database_files import DatabaseFile
from tocompose.importers.procfile.environment import AppVariable
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.project_toml import ProjectToml
from tocompose.importers.procfile.upload_folders import UploadFolder
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting
from tocompose.record import NamedTuple
from tocompose.repository import Repository


class App(NamedTuple):
    """What the repository states: its files, read, and the processes with their services' names."""

    repository: Repository
    app_json: AppJson
    heroku: HerokuYml
    project: ProjectToml
    processes: tuple[Process, ...]
    name: str
    language: str
    service_names: set[str]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that have an image of their own."""
        return () if self.heroku.recipes else app_folders.folders_of(self.processes)

    @property
    def buildpacks(self) -> tuple[Cursor, ...]:
        """The buildpacks of app.json, of heroku.yml and of project.toml, the last of which decides."""
        stated = (*self.app_json.at("buildpacks"), *self.heroku.buildpacks)
        return (*stated, *self.project.buildpacks)

    @property
    def web(self) -> Process:
        """The process that the platform's router reaches, or the first one."""
        publishing = (process for process in self.processes if process.publishes)
        return next(publishing, self.processes[0])


class AppEnvironment(NamedTuple):
    """The variables that every process gets, what PORT is set to (empty when nothing sets it), the `.env` entries.

    `databases` are the files in which the app keeps its data, where no server does, `uploads` the folders of files that
    its users upload.
    """

    app_variables: tuple[AppVariable, ...]
    port: str
    settings: tuple[EnvSetting, ...]
    databases: tuple[DatabaseFile, ...] = ()
    uploads: tuple[UploadFolder, ...] = ()
