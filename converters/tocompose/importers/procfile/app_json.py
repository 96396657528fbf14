"""app.json, of Heroku and of Dokku: what the app needs, as its author wrote it down.

https://devcenter.heroku.com/articles/app-json-schema, https://dokku.com/docs/appendices/file-formats/app-json/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.procfile.environment import (
    AppVariable,
    demand_value,
    is_secret,
    literal_variable,
    settle_text,
    variable_reference,
)
from tocompose.importers.procfile.formation import dyno_row
from tocompose.importers.procfile.processes import StatedProcess
from tocompose.knowledge.generators import names_command
from tocompose.ledger import Cursor
from tocompose.model import EnvSetting
from tocompose.patterns import regex
from tocompose.readers.json import read_json
from tocompose.record import NamedTuple
from tocompose.repository import Repository
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load, table

# Process types that stand for a script: they alone make no app.
_SCRIPTS = ("postdeploy", "pr-predestroy", "pr-predeploy")
ONE_OFF = (*_SCRIPTS, "dokku-postdeploy")


# https://pkg.go.dev/github.com/robfig/cron/v3#hdr-Predefined_schedules, which Dokku reads it with.
_SCHEDULE = regex(
    r"(?:\S+\s+){4}\S+|@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)"
)


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
        "app_json",
        required=set(),
        optional={"ignore", "note", "read", "platform", "telling"},
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
    _settle_size(script.at("size"))
    if command.style in ("null", "{}", "[]") or not (text or "").strip():
        script.skip("no command is given")
        return
    yield StatedProcess(name, command, text or "")


def _settle_size(size: Cursor) -> None:
    if size and dyno_row(size.peek() or "") is None:
        size.note("TC328", what="the size of a script")
    else:
        size.skip("the script runs once, on request; it gets no limit of its own")


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
            schedule = task.peek("schedule") or "? ? ? ? ?"
            jobs.append(CronJob(task, task.at("command"), schedule))
            if not _SCHEDULE.fullmatch(schedule):
                schedule_form = "five fields, or a word such as @daily"
                task.at("schedule").annotate("TC315", what="schedule", wanted=schedule_form)
        else:
            task.note("TC307", name="cron")
    return tuple(jobs)


# --- env: https://devcenter.heroku.com/articles/app-json-schema#env ----------------------------------------------

# A generator of another platform than Heroku is a command, as in `mix phx.gen.secret`.
_COMMAND = regex(r"[\w./-]+(?: [\w./:=-]+)+")
_NAME = regex(r"[A-Za-z_][A-Za-z0-9_.-]*")
# A list of the hosts that an app answers to, and what lets a request of this machine in.
_HOST_LIST = regex(r"(?:ALLOWED|TRUSTED)_HOSTS$")
_OPEN_HOSTS = regex(r"\*|localhost|127\.0\.0\.1|^\.?$")
# What the platform alone can tell: https://devcenter.heroku.com/articles/dyno-metadata
METADATA = (
    "HEROKU_APP_ID",
    "HEROKU_APP_NAME",
    "HEROKU_RELEASE_VERSION",
    "HEROKU_SLUG_COMMIT",
)
_EMPTY = ("null", "{}", "[]")
_FALSE = ("false", "null", "0", "no")


def variables_of_app(
    repository: Repository, app: AppJson, supplied: Mapping[str, str]
) -> Iterator[AppVariable]:
    """The variables of app.json's `env`; `supplied` are values that the platform or a buildpack gives by itself."""
    platform = load("app_json")["env"].get("platform", {})
    for variable in app.at("env"):
        name = variable.key
        if not _NAME.fullmatch(name):
            expected_form = "letters, digits and _"
            variable.note("TC315", what="a name in env", wanted=expected_form)
        elif name in platform:
            for leaf in (variable, *variable):
                leaf.skip(platform[name])
        elif variable.kind == "list" or variable.style == "[]":
            variable.note("TC315", what=f"env.{name}", wanted="a string or a map")
        elif variable.kind == "leaf" and variable.style not in ("{}", "null"):
            yield literal_variable(variable, name)
        else:
            yield _described_variable(repository, variable, supplied.get(name))


def _described_variable(
    repository: Repository, variable: Cursor, supplied: str | None
) -> AppVariable:
    """`NAME: {description, value, required, generator}`: a setting of the person who deploys."""
    text = _value_of_form(variable)
    states_value = _holds_value(variable.at("value"))
    if supplied is None or states_value or variable.at("generator"):
        return _asked_variable(repository, variable, text)
    for key in ("required", "description"):
        variable.at(key).skip("the stack sets the value itself")
    return AppVariable(variable.key, supplied, "platform", variable.span)


def _holds_value(value: Cursor) -> bool:
    return value.kind == "leaf" and value.style not in _EMPTY


def _value_of_form(variable: Cursor) -> str | None:
    """The value that the form begins with; None where there is none, or an empty one that asks for another."""
    value = variable.at("value")
    text = settle_text(value) if _holds_value(value) else None
    if not text and (variable.peek("required") or "").lower() == "true":
        text = None
    for cursor in (value, variable):
        if text is None and cursor.kind == "leaf":
            cursor.skip("no value is given")
    return text


def _note_hosts(repository: Repository, variable: Cursor, text: str) -> None:
    """Says of a list of hosts that the app answers to no other one."""
    if _HOST_LIST.search(variable.key) and not _OPEN_HOSTS.search(text):
        repository.add_note("TC580", variable.span, what=f"{variable.key} ({text})")


def required_names(app: AppJson) -> frozenset[str]:
    """The variables that app.json asks for: those with no value that are not optional."""
    return frozenset(
        variable.key
        for variable in app.at("env")
        if (variable.kind == "map" or variable.style == "{}")
        and not (variable.peek("value") or variable.at("generator"))
        and (variable.peek("required") or "true").lower() not in _FALSE
    )


def _asked_variable(
    repository: Repository, variable: Cursor, text: str | None
) -> AppVariable:
    name = variable.key
    maker = _secret_maker(variable) if not text else ""
    required = name not in METADATA and (_is_required(variable) or bool(maker))
    secret = bool(maker) or is_secret(name, text or "")
    setting = EnvSetting(
        name=name,
        value=text,
        secret=secret,
        required=required,
        description=_describe_setting(variable, maker),
        origin=variable.span,
    )
    if maker:
        repository.add_note(
            "TC342",
            variable.span,
            subject=ModelPath.of("settings", name),
            name=name,
        )
    else:
        _settle_generator(variable.at("generator"), name)
    if text is None and required and not variable.at("generator"):
        repository.add_note(
            "TC343", variable.span, subject=ModelPath.of("settings", name), name=name
        )
    if text:
        _note_hosts(repository, variable, text)
    return AppVariable(
        name,
        _asked_value(name, text, secret, required),
        "app.json",
        variable.span,
        setting,
        tuple(_stating_cursors(variable, bool(maker))),
    )


def _secret_maker(variable: Cursor) -> str:
    """The command that makes the value as the platform would; empty where it makes none."""
    generator = variable.peek("generator") or ""
    if generator == "secret":
        return "openssl rand -hex 64"
    return generator if _COMMAND.fullmatch(generator) else ""


def _describe_setting(variable: Cursor, maker: str) -> str:
    description = variable.peek("description") or ""
    if not maker or names_command(description):
        return description
    advice = f"Make one with: {maker}"
    return f"{description.rstrip('. ')}. {advice}" if description else advice


def _settle_generator(generator: Cursor, name: str) -> None:
    """Settles the word `generator` where it makes no value."""
    text = generator.peek() or ""
    is_known = text == "secret" or _COMMAND.fullmatch(text) is not None
    if text and not is_known:
        generator.note("TC315", what=f"env.{name}.generator", wanted="secret")
    elif generator:
        generator.skip("a value is given")


def _stating_cursors(variable: Cursor, generated: bool) -> Iterator[Cursor]:
    """The leaves that the variable comes from."""
    for cursor in (variable.at("value"), variable):
        if cursor.kind == "leaf" and cursor.style != "null":
            yield cursor
    if variable.at("description"):
        yield variable.at("description")
    if variable.at("required") and not _states_value(variable):
        yield variable.at("required")
    if generated:
        yield variable.at("generator")


def _states_value(variable: Cursor) -> bool:
    value = variable.at("value")
    return value.kind == "leaf" and value.style != "null"


def _asked_value(name: str, text: str | None, secret: bool, required: bool) -> str | None:
    if text is None:
        return demand_value(name) if required else None
    if secret and text:
        return demand_value(name)
    return variable_reference(name, text, required)


def _is_required(variable: Cursor) -> bool:
    """Heroku's default is true; the word decides only where no value is given."""
    required = variable.at("required")
    if required and _states_value(variable):
        required.skip("a value is given, so it is never asked for")
    return (required.peek() or "true").lower() not in _FALSE
