"""All process types of a repository, from every file that names some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tocompose.importers.procfile.app_json import (
    AppJson,
    CronJob,
    read_cron,
    read_scripts,
)
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.language import ends_by_itself
from tocompose.importers.procfile.nested import expand_nested
from tocompose.importers.procfile.ports import names_port, stated_port
from tocompose.importers.procfile.processes import Process, StatedProcess, of_procfile
from tocompose.importers.procfile.shell import parse_command, simple_commands
from tocompose.importers.procfile.sources import (
    ProcfileChoice,
    choose_procfile,
    development_file,
)
from tocompose.importers.procfile.steering import processes_of_folder, read_steering
from tocompose.importers.procfile.unread_files import note_unread_compose
from tocompose.knowledge.wrappers import Wrapper, wrappers_before
from tocompose.languages import find_language
from tocompose.patterns import regex
from tocompose.readers.procfile import read_procfile
from tocompose.repository import Repository, nothing
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# With these it installs something else, or starts it elsewhere.
_FURTHER_OPTIONS = ("--with", "--directory", "--project", "--package")
_MODULE_OPTIONS = frozenset({"-m", "--module"})
_AS_DEFINED = "Nothing to do: heroku.yml defines it too."
_NOT_DEFINED = "If it is still needed, add it to `run` in heroku.yml."
_KEPT_PORT = regex(r"(?<!\\)(?:\\\\)*\\[$]\W?PORT\b")


def gather_processes(
    repository: Repository, app: AppJson, heroku: HerokuYml
) -> tuple[StatedProcess, ...]:
    """The process types: heroku.yml's before the Procfile's, then the scripts and scheduled commands of app.json."""
    steering = read_steering(repository, app)
    asked_path = repository.option("procfile") or steering.procfile
    choice = choose_procfile(repository.project, asked_path)
    of_file = _without_outranked(_read_chosen(repository, heroku, choice), heroku)
    if steering.folder:
        of_file = processes_of_folder(repository, steering.folder, of_file)
    if not repository.has_file("Dockerfile"):
        of_file = tuple(_without_wrapper(repository, process) for process in of_file)
    of_images = tuple(_image_commands(repository, heroku, of_file))
    processes = expand_nested(repository, (*of_file, *heroku.processes, *of_images))
    read_paths = {process.cursor.span.file for process in processes if process.cursor}
    for path in choice.left_aside:
        # What becomes of that for development is seen when the images are known.
        is_read = path in read_paths or path == development_file(repository.project)
        if not is_read or repository.option("procfile") not in ("", "Procfile"):
            repository.add_note("TC335", Span(path, 1, 1, 1, 1), file=path)
    note_unread_compose(repository)
    scheduled = (
        _scheduled_process(repository, number, job)
        for number, job in enumerate(read_cron(app), 1)
    )
    return (*_with_scripts(processes, app), *scheduled)


def _read_chosen(
    repository: Repository, heroku: HerokuYml, choice: ProcfileChoice
) -> tuple[StatedProcess, ...]:
    is_outranked = choice.fallback and heroku.names_processes
    if is_outranked or not choice.path:
        return ()
    tree = repository.open(choice.path, read_procfile, "procfile")
    if choice.fallback:
        repository.add_note("TC336", tree.span, file=choice.path)
    return of_procfile(tree)


def _without_outranked(
    processes: tuple[StatedProcess, ...], heroku: HerokuYml
) -> tuple[StatedProcess, ...]:
    """The processes of the Procfile: none where heroku.yml names any but the release, or builds images."""
    named = {process.type for process in heroku.processes}
    result = []
    for process in processes:
        if heroku.names_processes or process.type in named:
            is_defined = process.type in named
            process.cursor.note(
                "TC337",
                name=process.type,
                advice_text=_AS_DEFINED if is_defined else _NOT_DEFINED,
            )
        elif heroku.recipes:
            process.cursor.note("TC560", name=process.type)
        else:
            result.append(process)
    return tuple(result)


def _without_wrapper(repository: Repository, process: StatedProcess) -> StatedProcess:
    """The process, running the command behind a buildpack's program (`bin/start-nginx puma`), which no image has."""
    for command in simple_commands(parse_command(process.text)):
        texts = [shell_word.text for shell_word in command]
        start = 0
        for wrapper, end in wrappers_before(texts):
            options = texts[start:end]
            if end < len(texts) and _is_left_behind(repository, wrapper, options):
                _note_wrapper(repository, process, wrapper)
                before = process.text[: command[start].start]
                program = _interpreter(wrapper, options, texts[end])
                text = before + program + process.text[command[end].start :]
                return _without_wrapper(repository, process._replace(text=text))
            start = end
    return process


def _is_left_behind(repository: Repository, wrapper: Wrapper, words: Sequence[str]) -> bool:
    """Whether a generated image does not have the wrapper, and what is behind it can do without."""
    if wrapper.environment:
        # A library that is named is installed, and what --with names is in no image.
        libraries = dict(find_language("python").read_libraries(repository))
        does_more = any(word.startswith(_FURTHER_OPTIONS) for word in words)
        return words[0] not in libraries and not does_more
    return bool(wrapper.buildpack) and not repository.has_file(words[0].removeprefix("./"))


def _interpreter(wrapper: Wrapper, words: Sequence[str], program: str) -> str:
    """What stands before the program in the wrapper's place: `uv run` knows scripts and modules of Python itself."""
    if not wrapper.environment:
        return ""
    if not _MODULE_OPTIONS.isdisjoint(words):
        return "python -m "
    return "python " if program.endswith(".py") else ""


def _note_wrapper(repository: Repository, process: StatedProcess, wrapper: Wrapper) -> None:
    if wrapper.environment:
        repository.add_note(
            "TC585",
            process.cursor.span if process.cursor else None,
            subject=ModelPath.service(process.type, "command"),
            name=process.type,
            wrapper=" ".join(wrapper.words),
            tool=wrapper.words[0],
        )
        return
    repository.add_note(
        "TC384",
        process.cursor.span if process.cursor else None,
        subject=ModelPath.service(process.type, "command"),
        name=process.type,
        wrapper=wrapper.words[0],
        what=wrapper.buildpack,
    )


def _image_commands(
    repository: Repository, heroku: HerokuYml, processes: tuple[StatedProcess, ...]
) -> Iterator[StatedProcess]:
    """A process for each image of heroku.yml that no command names: it runs the image's own command.

    A release runs in the image of the process that follows it.
    """
    named = {process.type for process in (*processes, *heroku.processes)}
    named |= {process.image for process in heroku.processes if process.type != "release"}
    for recipe in heroku.recipes:
        if recipe.key in named:
            continue
        span = heroku.root.at("build", "docker", recipe.key).span
        repository.add_note(
            "TC339",
            span,
            subject=ModelPath.service(recipe.key),
            name=recipe.key,
            how="add it to `run` in heroku.yml",
        )
        yield StatedProcess(recipe.key, nothing(repository.ledger), "")


def _with_scripts(
    processes: tuple[StatedProcess, ...], app: AppJson
) -> tuple[StatedProcess, ...]:
    """Adds the one-off commands; one that the release runs anyway is left out."""
    result = list(processes)
    for script in read_scripts(app):
        same_command = (
            process for process in result if process.text.strip() == script.text.strip()
        )
        twin = next(same_command, None)
        if twin is None:
            result.append(script)
        else:
            script.cursor.note("TC346", name=script.type, other=twin.type)
    return tuple(result)


def _scheduled_process(repository: Repository, number: int, job: CronJob) -> StatedProcess:
    """A process that runs a scheduled command on request; a note says when."""
    name = f"cron-job-{number}"
    job.cursor.at("schedule").mark_noted("TC350")
    for key in ("maintenance", "concurrency_policy"):
        if job.cursor.at(key):
            job.cursor.at(key).note("TC364", what=f"cron.{key}")
    repository.add_note(
        "TC350",
        job.command.span,
        subject=ModelPath.service(name),
        schedule=job.schedule,
        service=name,
    )
    return StatedProcess(name, job.command, job.command.peek() or "")


def publish_server(
    repository: Repository, processes: tuple[Process, ...]
) -> tuple[Process, ...]:
    """The processes; where none is named web, the one that alone is told a port is published in its place."""
    servers = [process for process in processes if _is_told_port(process)]
    if len(servers) != 1 or any(process.publishes for process in processes):
        return processes
    repository.add_note(
        "TC586",
        servers[0].span,
        subject=ModelPath.service(servers[0].service, "ports"),
        name=servers[0].type,
    )
    return tuple(
        process._replace(kind="web") if process is servers[0] else process
        for process in processes
    )


def note_kept_dollars(repository: Repository, processes: tuple[Process, ...]) -> None:
    """Says of commands in which a backslash keeps the shell from putting the port in, as tutorials show by mistake."""
    for process in processes:
        if _KEPT_PORT.search(process.text):
            subject = ModelPath.service(process.service, "command")
            repository.add_note("TC591", process.span, subject=subject, name=process.type)


def _is_told_port(process: Process) -> bool:
    is_unsorted = process.kind == "worker" and not process.image
    return is_unsorted and (names_port(process.text) or bool(stated_port(process.text)))


def sort_out_tasks(
    repository: Repository, processes: tuple[Process, ...]
) -> tuple[Process, ...]:
    """The processes, those whose command ends by itself as tasks; of those before the app's deletion a note speaks."""
    result = []
    for process in processes:
        if process.type == "pr-predestroy":
            process.cursor.annotate(
                "TC347",
                subject=ModelPath.service(process.service),
                name=process.type,
                service=process.service,
            )
        is_task = process.kind == "worker" and ends_by_itself(process.text)
        result.append(process._replace(kind="task") if is_task else process)
    return tuple(result)
