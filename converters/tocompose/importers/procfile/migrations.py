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
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath

# The name of a script that brings the tables up to date: `migrate`, `db:migrate`, `migration:run`.
_SCRIPT_NAME = regex(
    r"(?:(?:db|prisma|knex|typeorm|sequelize|drizzle)[:-])?migrat(?:e|ions?)"
    r"(?:[:-](?:run|up|latest|deploy|prod))?"
)
_NO_PROCESS = "no process of the source creates its tables"
_NO_TOOL = "the repository holds no migrations of a known tool"
_ONCE = "run this once before the first start"
_OWN_COMMAND = (
    "create its tables with the app's own command, if the app does not do so when it starts"
)


def note_missing_tables(
    repository: Repository,
    language: str,
    processes: tuple[Process, ...],
    backings: Iterable[Backing],
    databases: Iterable[DatabaseFile],
) -> None:
    """Says that the SQL database starts empty, where the app has migrations and no process runs them, and where the
    server was added on evidence and none are known."""
    sql_backings = [backing for backing in backings if backing.kind in family_kinds("sql")]
    servers = [backing.service.name for backing in sql_backings]
    database_name = next(chain(servers, _new_files(repository, databases)), "")
    if not database_name or _may_make_tables(repository, processes):
        return
    command = _migrating_command(repository, language)
    web = next(process for process in processes if not process.traits.get("once"))
    subject = ModelPath.service(next(iter(servers), web.service))
    run = f"docker compose run --rm {web.service}"
    if command:
        lack, step = _NO_PROCESS, f"{_ONCE}: `{run} {command}`"
    elif any(backing.is_assumed for backing in sql_backings):
        lack, step = _NO_TOOL, f"{_OWN_COMMAND}: `{run} COMMAND`"
    else:
        return
    repository.add_note(
        "TC588", subject=subject, service=database_name, lack=lack, step=step
    )


def _may_make_tables(repository: Repository, processes: tuple[Process, ...]) -> bool:
    """Whether a process runs migrations, or an image of the repository runs what nobody sees."""
    is_seen = all(process.text for process in processes if process.publishes)
    started_texts = _started_texts(repository, processes)
    return not is_seen or any(map(MIGRATES.search, started_texts))


def _new_files(repository: Repository, databases: Iterable[DatabaseFile]) -> Iterator[str]:
    """The files of databases that the repository does not hold."""
    for database in databases:
        if not repository.project.exists(database.path):
            yield database.path


def note_setup_commands(
    repository: Repository, processes: tuple[Process, ...], keeps_data: bool
) -> None:
    """Says when the commands are to be run that a platform runs for a new app, or after each deployment."""
    released = (process for process in processes if process.traits.get("once"))
    is_migrated = any(map(MIGRATES.search, _started_texts(repository, released)))
    for process in processes:
        if process.kind != "postdeploy":
            continue
        migrates = any(map(MIGRATES.search, _started_texts(repository, (process,))))
        # https://devcenter.heroku.com/articles/app-json-schema#scripts; others run it after each deployment.
        is_of_new_app = process.type == "postdeploy" and _is_in_app_json(process)
        is_repeated = not is_of_new_app or (migrates and not is_migrated)
        repository.add_note(
            "TC859",
            process.span,
            subject=ModelPath.service(process.service, "profiles"),
            name=process.type,
            service=process.service,
            occasion="once, for a new app" if is_of_new_app else "after each deployment",
            start="Unless you move the old data, run it" if keeps_data else "Run it",
            again=", and again after each new version" if is_repeated else "",
        )


def _is_in_app_json(process: Process) -> bool:
    return process.span is not None and process.span.file == "app.json"


def _migrating_command(repository: Repository, language: str) -> str:
    """The command of the app's own tool; empty where no file of one is there."""
    commands: dict[str, str] = language_rows().get(language, {}).get("migrates", {})
    exists = repository.project.exists
    command = next((command for path, command in commands.items() if exists(path)), "")
    return command or _migrating_script(repository)


def _migrating_script(repository: Repository) -> str:
    """The script of package.json that is called as one that migrates, as a command; empty without one."""
    scripts = package_scripts(repository.read_json("package.json"))
    name = next(filter(_SCRIPT_NAME.fullmatch, scripts), "")
    return f"npm run {name}" if name else ""


def _started_texts(repository: Repository, processes: Iterable[Process]) -> Iterator[str]:
    """The commands, and the scripts of the repository that they run."""
    scripts = package_scripts(repository.read_json("package.json"))
    for process in processes:
        yield process.text
        for word in process.text.split():
            yield scripts.get(word, "")
            yield repository.read_text(word.removeprefix("./")) or ""
