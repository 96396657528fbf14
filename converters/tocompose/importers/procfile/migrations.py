"""Whether anything makes the tables of a new database: the platform's was filled once, by hand or long ago."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tocompose.importers.procfile.backing import Backing
from tocompose.importers.procfile.database_files import DatabaseFile
from tocompose.importers.procfile.inference import MIGRATES
from tocompose.importers.procfile.processes import Process
from tocompose.knowledge.servers import family_kinds
from tocompose.languages import language_rows
from tocompose.languages.node import package_scripts
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath


def note_missing_tables(
    repository: Repository,
    language: str,
    processes: tuple[Process, ...],
    backings: Iterable[Backing],
    databases: Iterable[DatabaseFile],
) -> None:
    """Says that the SQL database starts empty, where the app has migrations and no process runs them."""
    command = _migrating_command(repository, language)
    servers = tuple(
        backing.service.name for backing in backings if backing.kind in family_kinds("sql")
    )
    new_files = (
        database.path
        for database in databases
        if not repository.project.exists(database.path)
    )
    database_name = next(chain(servers, new_files), "")
    # What an image of the repository runs by itself may make the tables.
    is_known = all(process.text for process in processes if process.publishes)
    if not command or not database_name or not is_known:
        return
    if any(MIGRATES.search(text) for text in _started_texts(repository, processes)):
        return
    web = next(process for process in processes if not process.traits.get("once"))
    repository.add_note(
        "TC588",
        subject=ModelPath.service(next(iter(servers), web.service)),
        service=database_name,
        command=f"docker compose run --rm {web.service} {command}",
    )


def _migrating_command(repository: Repository, language: str) -> str:
    """The command of the app's own tool; empty where no file of one is there."""
    commands: dict[str, str] = language_rows().get(language, {}).get("migrates", {})
    exists = repository.project.exists
    return next((command for path, command in commands.items() if exists(path)), "")


def _started_texts(repository: Repository, processes: tuple[Process, ...]) -> Iterator[str]:
    """The commands, and the scripts of the repository that they run."""
    scripts = package_scripts(repository.read_json("package.json"))
    for process in processes:
        yield process.text
        for word in process.text.split():
            yield scripts.get(word, "")
            yield repository.read_text(word.removeprefix("./")) or ""
