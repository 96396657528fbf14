"""app.json, of Heroku and of Dokku: what the app needs, as its author wrote it down.

https://devcenter.heroku.com/articles/app-json-schema, https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.processes import StatedProcess
from tocompose.ledger import Cursor
from tocompose.readers.json import read_json
from tocompose.repository import Repository
from tocompose.tables import table

# Process types that stand for a script: they alone make no app.
_SCRIPTS = ("postdeploy", "pr-predestroy", "pr-predeploy")
ONE_OFF = (*_SCRIPTS, "dokku-postdeploy")


class AppJson(NamedTuple):
    """What app.json says; `base` is its root, or the environment (`test`, `review`) that the user asked for."""

    root: Cursor
    environment: Cursor
    review: Cursor

    def at(self, key: str) -> Cursor:
        """A part of it: an environment replaces each key that it names as a whole, as on the platform."""
        return self.environment.at(key) or self.root.at(key)


def read_app_json(repository: Repository) -> AppJson:
    """The repository's app.json; every key that carries no part of the stack is settled here."""
    root = repository.open("app.json", read_json, "json")
    environment_name = repository.option("environment")
    environment = root.at("environments", environment_name)
    _settle_other_keys(root)
    for environment_entry in root.at("environments"):
        if environment_entry.key != environment_name:
            environment_entry.note(
                "TC345",
                name=environment_entry.key,
                keys=", ".join(environment_entry.keys()) or "nothing",
            )
    if environment:
        for replacement in environment:
            replaced = root.at(replacement.key)
            replaced.skip(f"the {environment_name} environment replaces it")
    return AppJson(root, environment, root.at("environments", "review"))


def _settle_other_keys(root: Cursor) -> None:
    rows = table(
        "app_json", required=set(), optional={"ignore", "note", "read", "platform"}
    )
    for member in root:
        row = rows.get(member.key)
        if row is None or "read" in row:
            continue
        if "ignore" in row:
            member.skip(row["ignore"])
        else:
            member.note(row["note"], what=member.key)


def read_scripts(app: AppJson) -> Iterator[StatedProcess]:
    """The one-off commands: postdeploy and its kin, each a string or {command, size}."""
    for script in app.at("scripts"):
        if script.key == "dokku" and script.kind == "map":
            yield from _dokku_scripts(script)
        elif script.key in _SCRIPTS:
            yield from _read_script(script, script.key)
        elif script.key == "test" or script.key.startswith("test-"):
            script.skip("Heroku CI runs it; it is no part of the running stack")


def _dokku_scripts(scripts: Cursor) -> Iterator[StatedProcess]:
    for script in scripts:
        if script.key == "predeploy":
            script.note("TC364", what="scripts.dokku.predeploy")
        else:
            yield from _read_script(script, f"dokku-{script.key}")


def _read_script(script: Cursor, name: str) -> Iterator[StatedProcess]:
    command = script.at("command") if script.kind == "map" else script
    text = command.peek()
    if script.at("size"):
        script.at("size").skip(
            "the script runs once, on request; it gets no limit of its own"
        )
    if command.style in ("null", "{}", "[]") or not (text or "").strip():
        script.skip("no command is given")
        return
    yield StatedProcess(name, command, text or "")


class CronJob(NamedTuple):
    """One of Dokku's cron tasks."""

    cursor: Cursor
    command: Cursor
    schedule: str


def read_cron(app: AppJson) -> tuple[CronJob, ...]:
    """Dokku's cron tasks that have a command."""
    jobs = []
    for task in app.at("cron"):
        if (task.peek("command") or "").strip():
            jobs.append(
                CronJob(task, task.at("command"), task.peek("schedule") or "? ? ? ? ?")
            )
        else:
            task.note("TC307", name="cron")
    return tuple(jobs)
