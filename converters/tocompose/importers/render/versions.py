"""The version of a language that a variable of a service asks for, as a file of the repository says it."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.project import Project
from tocompose.repository import Repository
from tocompose.tables import load


class VersionedProject:
    """A project with one more file, which names the version."""

    def __init__(self, project: Project, path: str, version: str) -> None:
        self.name = project.name
        self.named = project.named
        self.skipped = project.skipped
        self.earlier_runs = project.earlier_runs
        self._project = project
        self._path = path
        self._version = version

    def files(self) -> tuple[str, ...]:
        """Every file of the project itself."""
        return self._project.files()

    def read(self, path: str) -> bytes | None:
        """The content of a file."""
        return self._version.encode() if path == self._path else self._project.read(path)

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path is there."""
        return self._project.exists(path)

    def below(self, path: str) -> tuple[str, ...]:
        """The files that stand in a folder."""
        return self._project.below(path)


def with_stated_version(
    repository: Repository, language: str, variables: Mapping[str, str]
) -> Repository:
    """The repository with the version that a variable names, which on Render goes before all files."""
    stated = [
        variables[name]
        for name, image in load("render/plans")["versions"].items()
        if image == language and variables.get(name)
    ]
    files = load("languages").get(language, {}).get("version_files")
    if not stated or not files:
        return repository
    project = VersionedProject(repository.project, next(iter(files)), stated[0])
    return repository._replace(project=project)
