"""app.json, of Heroku and of Dokku: what the app needs, as its author wrote it down.

https://devcenter.heroku.com/articles/app-json-schema, https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.procfile.processes import Found
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
    for entry in root.at("environments"):
        if entry.key != environment_name:
            entry.note("TC345", name=entry.key, keys=", ".join(entry.keys()) or "nothing")
    if environment:
        for replacement in environment:
            replaced = root.at(replacement.key)
            replaced.skip(f"the {environment_name} environment replaces it")
    return AppJson(root, environment, root.at("environments", "review"))


def _settle_other_keys(root: Cursor) -> None:
    rows = table(
        "app_json", required=set(), optional={"ignore", "note", "read", "platform"}
    )
    for entry in root:
        row = rows.get(entry.key)
        if row is None or "read" in row:
            continue
        if "ignore" in row:
            entry.skip(row["ignore"])
        else:
            entry.note(row["note"], what=entry.key)


def read_scripts(app: AppJson) -> Iterator[Found]:
    """The one-off commands: postdeploy and its kin, each a string or {command, size}."""
    for entry in app.at("scripts"):
        if entry.key == "dokku" and entry.kind == "map":
            yield from _dokku_scripts(entry)
        elif entry.key in _SCRIPTS:
            yield from _read_script(entry, entry.key)
        elif entry.key == "test" or entry.key.startswith("test-"):
            entry.skip("Heroku CI runs it; it is no part of the running stack")


def _dokku_scripts(entry: Cursor) -> Iterator[Found]:
    for script in entry:
        if script.key == "predeploy":
            script.note("TC364", what="scripts.dokku.predeploy")
        else:
            yield from _read_script(script, f"dokku-{script.key}")


def _read_script(entry: Cursor, name: str) -> Iterator[Found]:
    command = entry.at("command") if entry.kind == "map" else entry
    text = command.peek()
    if entry.at("size"):
        entry.at("size").skip(
            "the script runs once, on request; it gets no limit of its own"
        )
    if command.style in ("null", "{}", "[]") or not (text or "").strip():
        entry.skip("no command is given")
        return
    yield Found(name, command, text or "")


class CronJob(NamedTuple):
    """One of Dokku's cron tasks."""

    entry: Cursor
    command: Cursor
    schedule: str


def read_cron(app: AppJson) -> tuple[CronJob, ...]:
    """Dokku's cron tasks that have a command."""
    jobs = []
    for entry in app.at("cron"):
        if (entry.peek("command") or "").strip():
            jobs.append(
                CronJob(entry, entry.at("command"), entry.peek("schedule") or "? ? ? ? ?")
            )
        else:
            entry.note("TC307", name="cron")
    return tuple(jobs)
