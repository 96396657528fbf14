"""All process types of a repository, from every file that names some."""

from __future__ import annotations

from tocompose.importers.procfile.app_json import AppJson, cron, scripts
from tocompose.importers.procfile.heroku_yml import HerokuYml
from tocompose.importers.procfile.language import ends
from tocompose.importers.procfile.nested import expand
from tocompose.importers.procfile.processes import Found, Process, of_procfile
from tocompose.importers.procfile.repository import Repository, nothing
from tocompose.importers.procfile.sources import Choice, procfile
from tocompose.importers.procfile.wrappers import without_wrappers
from tocompose.readers.procfile import read_procfile
from tocompose.source import Span


def gather(repository: Repository, app: AppJson, heroku: HerokuYml) -> tuple[Found, ...]:
    """The process types: heroku.yml's before the Procfile's, then the scripts and scheduled commands of app.json."""
    choice = procfile(repository.project, repository.option("procfile"))
    own = _of_procfile(repository, heroku, choice)
    named = {item.type for item in heroku.processes}
    if heroku.commands:
        for item in own:
            item.cursor.note("TC337", name=item.type)
        own = ()
    elif named:
        for item in own:
            if item.type in named:
                item.cursor.note("TC337", name=item.type)
        own = tuple(item for item in own if item.type not in named)
    own = without_wrappers(repository, own)
    found = expand(
        repository, (*own, *heroku.processes, *_of_images(repository, heroku, own))
    )
    read = {item.cursor.span.file for item in found if item.cursor}
    for path in choice.left_aside:
        if path not in read:
            repository.say("TC335", Span(path, 1, 1, 1, 1), file=path)
    return _with_scripts(repository, found, app)


def _of_procfile(
    repository: Repository, heroku: HerokuYml, choice: Choice
) -> tuple[Found, ...]:
    if choice.fallback and heroku.commands:
        return ()
    if not choice.procfile:
        return ()
    tree = repository.open(choice.procfile, read_procfile, "procfile")
    if choice.fallback:
        repository.say("TC336", tree.span, file=choice.procfile)
    return of_procfile(tree)


def _of_images(
    repository: Repository, heroku: HerokuYml, own: tuple[Found, ...]
) -> tuple[Found, ...]:
    """A process for each image of heroku.yml that no command names: it runs the image's own command."""
    named = {item.type for item in (*own, *heroku.processes)} | {
        item.image for item in heroku.processes
    }
    keys = [recipe.key for recipe in heroku.recipes if recipe.key not in named]
    for key in keys:
        repository.say(
            "TC339",
            heroku.root.at("build", "docker", key).span,
            subject=f"services.{key}",
            name=key,
        )
    return tuple(Found(key, nothing(repository.ledger), "") for key in keys)


def _with_scripts(
    repository: Repository, found: tuple[Found, ...], app: AppJson
) -> tuple[Found, ...]:
    """Adds the one-off commands; one that the release runs anyway is left out."""
    result = list(found)
    for script in scripts(app):
        twin = next(
            (item for item in result if item.text.strip() == script.text.strip()), None
        )
        if twin is not None:
            script.cursor.note("TC346", name=script.type, other=twin.type)
            continue
        result.append(script)
    for number, job in enumerate(cron(app), 1):
        job.entry.at("schedule").noted("TC350")
        for key in ("maintenance", "concurrency_policy"):
            if job.entry.at(key):
                job.entry.at(key).note("TC364", what=f"cron.{key}")
        result.append(Found(f"cron-job-{number}", job.command, job.command.peek() or ""))
        facts = {"schedule": job.schedule, "service": f"cron-job-{number}"}
        repository.say(
            "TC350", job.command.span, subject=f"services.cron-job-{number}", **facts
        )
    return tuple(result)


def jobs(repository: Repository, found: tuple[Process, ...]) -> tuple[Process, ...]:
    """The processes, those whose command ends by itself as tasks; of those before the app's deletion a note speaks."""
    for item in found:
        if item.type == "pr-predestroy":
            item.cursor.remark(
                "TC347",
                subject=f"services.{item.service}",
                name=item.type,
                service=item.service,
            )
    return tuple(
        item._replace(kind="task") if item.kind == "worker" and ends(item.text) else item
        for item in found
    )
