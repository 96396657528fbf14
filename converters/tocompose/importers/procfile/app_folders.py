"""Apps in folders of their own: a process that runs in a folder with a language of its own gets an image of that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import normpath

from tocompose.importers.procfile.processes import Process, StatedProcess
from tocompose.languages import is_present, language_rows
from tocompose.model import File
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.names import identifier

_GO_THERE = regex(r"\s*cd\s+(?P<folder>[\w./-]+)\s*(?:&&|;)\s*(?P<rest>\S.*)", re.DOTALL)
# `npm --prefix web start`, `yarn start --cwd web`, `gunicorn --chdir api app`.
_OPTION = regex(
    r"(?P<program>(?:exec\s+)?(?:npm|yarn|pnpm|bun|gunicorn|uvicorn|bundle)\b.*?)\s+"
    r"(?:--prefix|--cwd|--dir|--chdir|--app-dir|-C)[ =](?P<folder>[\w./-]+)(?P<rest>.*)",
    re.DOTALL,
)
_SCRIPT = regex(
    r"(?P<program>(?:exec\s+)?(?:python3?|node|ruby|php|bash|sh))\s+(?P<folder>[\w.-]+)/(?P<rest>\S.*)",
    re.DOTALL,
)


class FolderCommand(NamedTuple):
    """A command that runs in a folder: the folder's path, and the command as it is written there."""

    folder: str
    text: str


class FolderProject:
    """A folder of a project as a project of its own."""

    def __init__(self, project: Project, folder: str) -> None:
        self.name = folder.rsplit("/", 1)[-1]
        self.named: tuple[str, ...] = ()
        self.skipped = project.skipped
        self.earlier_runs = project.earlier_runs
        self._project = project
        self._prefix = f"{folder}/"

    def files(self) -> tuple[str, ...]:
        """Every file of the folder."""
        paths = self._project.files()
        return tuple(
            path.removeprefix(self._prefix)
            for path in paths
            if path.startswith(self._prefix)
        )

    def read(self, path: str) -> bytes | None:
        """The content of a file, None where there is none."""
        return self._project.read(self._prefix + path)

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path is there."""
        return self._project.exists(self._prefix + path)

    def below(self, path: str) -> tuple[str, ...]:
        """The files that stand in a folder."""
        return tuple(
            found_path.removeprefix(self._prefix)
            for found_path in self._project.below(self._prefix + path)
        )


def folder_repository(repository: Repository, folder: str) -> Repository:
    """The folder as a repository of its own, settled in the same ledger."""
    return repository._replace(project=FolderProject(repository.project, folder))


def folder_language(project: Project, folder: str) -> str:
    """The language whose files the folder holds; empty where it holds none, or pages that nothing builds."""
    own_project = FolderProject(project, folder)
    for language, row in language_rows().items():
        if language != "static" and is_present(own_project, row):
            return language
    return ""


def find_folder(text: str) -> FolderCommand | None:
    """The folder that a command runs in, and the command without what leads there."""
    for pattern in (_GO_THERE, _OPTION, _SCRIPT):
        match = pattern.fullmatch(text.strip())
        if match is None:
            continue
        folder = normpath(match["folder"])
        command_text = (
            f"{match.groupdict().get('program') or ''} {match['rest'].strip()}".strip()
        )
        return (
            None if folder.startswith((".", "/")) else FolderCommand(folder, command_text)
        )
    return None


def place_processes(
    repository: Repository, stated: tuple[StatedProcess, ...], language: str
) -> tuple[StatedProcess, ...]:
    """The processes, those of a folder with a language of its own under its name as their image."""
    if repository.has_file("Dockerfile"):
        return stated
    return tuple(_place_process(repository, process, language) for process in stated)


def _place_process(
    repository: Repository, process: StatedProcess, language: str
) -> StatedProcess:
    command = find_folder(process.text)
    if command is None or process.image:
        return process
    own_language = folder_language(repository.project, command.folder)
    if own_language in ("", language):
        return process
    return process._replace(text=command.text, image=command.folder)


def folders_of(processes: tuple[Process, ...]) -> tuple[str, ...]:
    """The folders that have an image of their own, each once."""
    return tuple(dict.fromkeys(process.image for process in processes if process.image))


def folder_files(files: tuple[File, ...], folder: str) -> tuple[File, ...]:
    """The files of a folder's image under names of their own; BuildKit finds the second by the name of the first."""
    dockerfile = folder_dockerfile(folder)
    names: Mapping[str, str] = {
        "Dockerfile": dockerfile,
        ".dockerignore": f"{dockerfile}.dockerignore",
        "Dockerfile.dockerignore": f"{dockerfile}.dockerignore",
    }
    return tuple(
        File(path=names.get(file.path, file.path), content=file.content) for file in files
    )


def folder_dockerfile(folder: str) -> str:
    """The name of the Dockerfile that is written for a folder."""
    return f"Dockerfile.{identifier(folder.replace('/', '-'))}"
