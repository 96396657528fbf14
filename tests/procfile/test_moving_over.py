"""What an app takes for granted on the platform and must be given, or told of, in the stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tocompose.decisions import plan
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.notes import Note
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report

_APP = {"Procfile": "web: node web.js\n", "package.json": "{}"}
_POSTGRES = {"addons": ["heroku-postgresql"]}


def _converted(files: dict[str, str], **options: tuple[str, ...]) -> Result:
    project = Memory({name: text.encode() for name, text in files.items()}, "shop")
    settings = ImportOptions(options=options)
    return convert(project, Options(layout=Layout(split=True), settings=settings))


def _app_with(app: dict[str, Any], **files: str) -> Result:
    return _converted({**_APP, "app.json": json.dumps(app), **files})


def _notes(result: Result, code: str) -> list[Note]:
    return [note for note in result.notes if note.code == code]


def _web(result: Result) -> dict[str, Any]:
    base = next(file for file in result.files if file.path == "docker-compose.yml")
    web: dict[str, Any] = yaml.safe_load(base.content)["services"]["web"]
    return web


@pytest.mark.parametrize(
    "line",
    ["# PGSSLMODE=disable", "#PGSSLMODE='disable'", "PGSSLMODE=", "PGSSLMODE=require"],
)
def test_an_example_that_names_a_switch_of_tls_leaves_it_off(line: str) -> None:
    result = _app_with(_POSTGRES, **{".env.example": f"{line}\n"})
    assert _web(result)["environment"]["PGSSLMODE"] == "${PGSSLMODE:-disable}"
    [said] = _notes(result, "TC857")
    assert said.subject == ("services", "postgres")


@pytest.mark.parametrize(
    ("app", "files"),
    [
        ({}, {".env.example": "# PGSSLMODE=disable\n"}),
        (_POSTGRES, {".env.example": "# PGSSLMODE=require\n"}),
        (
            _POSTGRES,
            {".env": "PGSSLMODE=prefer\n", ".env.example": "# PGSSLMODE=disable\n"},
        ),
    ],
    ids=["no server", "demanded in a comment", "stated"],
)
def test_elsewhere_no_switch_of_tls_is_set(
    app: dict[str, Any], files: dict[str, str]
) -> None:
    assert not _notes(_app_with(app, **files), "TC857")


@pytest.mark.parametrize(
    ("command", "release", "again"),
    [
        ("npm run db:migrate", "", True),
        ("npm run db:migrate", "release: npx prisma migrate deploy\n", False),
        ("npm run seed", "", False),
    ],
)
def test_the_command_of_a_new_app_is_run_once(
    command: str, release: str, again: bool
) -> None:
    app = {**_POSTGRES, "scripts": {"postdeploy": command}}
    procfile = _APP["Procfile"] + release
    [said] = _notes(_app_with(app, Procfile=procfile), "TC859")
    assert "once, for a new app" in said.message
    assert said.advice.startswith("Unless you move the old data, run it before the first")
    assert "`docker compose run --rm postdeploy`" in said.advice
    assert ("after each new version" in said.advice) is again


def test_a_command_after_each_deployment_is_run_again() -> None:
    app = {"scripts": {"dokku": {"postdeploy": "npm run warm"}}}
    [said] = _notes(_app_with(app), "TC859")
    assert "after each deployment" in said.message
    assert said.advice.startswith("Run it before the first start, and again")


def test_a_service_on_evidence_says_how_old_data_come_into_it() -> None:
    files = {
        "Procfile": "web: bundle exec puma\n",
        "Gemfile": "gem 'pg'\ngem 'rails'\n",
        ".env.example": "DATABASE_URL=postgres://localhost/shop\n",
    }
    [said] = _notes(_converted(files), "TC819")
    assert "heroku config:get DATABASE_URL -a APP" in said.advice
    assert said.advice.index("maintenance:on") < said.advice.index("pg_dump")
    remote = {**files, ".env": "DATABASE_URL=postgres://a:b@db.example.com/shop\n"}
    told = _converted(remote)
    assert _notes(told, "TC578") and not _notes(told, "TC819")


@pytest.mark.parametrize("required", [True, False])
def test_no_name_of_the_app_is_made_up(required: bool) -> None:
    asked = {"description": "Set by the platform", "required": required}
    result = _app_with({"env": {"HEROKU_APP_NAME": asked}})
    assert _web(result)["environment"]["HEROKU_APP_NAME"] is None
    assert not _notes(result, "TC343")
    stated = _app_with({"env": {"HEROKU_APP_NAME": {"value": "shop"}}})
    assert _web(stated)["environment"]["HEROKU_APP_NAME"] == "${HEROKU_APP_NAME:-shop}"


def test_buildpacks_bring_the_launcher_of_php() -> None:
    files = {"Procfile": "web: heroku-php-apache2 public/\n", "composer.json": "{}"}
    generated = _converted({**files, "public/index.php": ""})
    [said] = _notes(generated, "TC375")
    assert "the folder public/" in said.message
    assert "`--option dockerfile=pack`" in _notes(generated, "TC354")[0].advice
    packed = _converted({**files, "public/index.php": ""}, dockerfile=("pack",))
    assert _web(packed)["command"] == ["heroku-php-apache2", "public/"]
    assert "build" not in _web(packed) and not _notes(packed, "TC374")


def test_a_folder_of_an_example_is_said_to_need_a_volume() -> None:
    example = "UPLOAD_DIR=/var/lib/shop/files\nBASE_PATH=/shop\n"
    result = _converted({**_APP, ".env.example": example})
    env = next(file for file in result.files if file.path == ".env").content.decode()
    assert "# UPLOAD_DIR is a folder of the container. Mount a volume there" in env
    assert "BASE_PATH is a folder" not in env


@pytest.mark.parametrize(
    ("addon", "settings", "state"),
    [
        ("heroku-postgresql", "", "starts empty and speaks no TLS"),
        ("heroku-postgresql", "production:\n  sslmode: require\n", "starts empty"),
        ("bonsai", "", "starts empty"),
    ],
)
def test_a_server_without_tls_is_said_to_have_none(
    addon: str, settings: str, state: str
) -> None:
    files = {"Dockerfile": "FROM debian:12\n", "config/database.yml": settings}
    [said] = _notes(_app_with({"addons": [addon]}, **files), "TC400")
    assert said.message.endswith(f", which {state}")


def test_values_of_a_new_app_are_to_be_compared_with_the_running_ones() -> None:
    environment = {
        "USE_S3": "True",
        "DEBUG": "True",
        "LEVEL": {"value": "info", "description": "How much is logged"},
        "KEY": {"generator": "secret"},
        "TOKEN": {"required": False},
        "REGION": "eu",
    }
    result = _app_with({"env": environment}, **{".env": "REGION=us\n"})
    [said] = _notes(result, "TC895")
    assert "add those that the stack lacks" in said.advice
    assert "app.json gives USE_S3, DEBUG and LEVEL the values" in said.message
    [mode] = _notes(result, "TC896")
    assert mode.message.startswith("DEBUG is True in production too, as app.json says")


_OF_EXAMPLES = {
    "Procfile": "web: node server.js\n",
    "package.json": "{}",
    "app.json": json.dumps(_POSTGRES),
    ".env": "API_SECRET=p-9Kq2vT\n",
    ".env.example": "API_TOKEN=1234\nHOOK_SECRET=\n",
}


def test_a_secret_that_is_left_out_is_said_to_be_where_it_is() -> None:
    project = Memory({name: text.encode() for name, text in _OF_EXAMPLES.items()}, "shop")
    notes = convert(project, Options()).notes
    said = {note.message.split()[0]: note.message for note in notes if note.code == "TC758"}
    made = said["POSTGRES_PASSWORD"]
    assert made.endswith("; a server of this stack takes any value for it")
    assert said["API_TOKEN"].endswith("; the source has at most an example of it")
    assert said["API_SECRET"].endswith("was left out of this file")


def test_an_example_of_a_secret_may_be_in_the_source() -> None:
    project = Memory({name: text.encode() for name, text in _OF_EXAMPLES.items()}, "shop")
    evidence = {asked.id: asked.evidence for asked in plan(project, Options()).decisions}
    assert evidence["value.API_TOKEN"] == "the source gives no value, at most an example"


def test_an_empty_example_of_a_secret_is_none() -> None:
    project = Memory({name: text.encode() for name, text in _OF_EXAMPLES.items()}, "shop")
    text = render("markdown", report(convert(project, Options()), project))
    assert "an example of a secret is not carried over (1: `API_TOKEN`)" in text
    assert "the example gives no value (1: `HOOK_SECRET`)" in text


@pytest.mark.parametrize(
    ("environment", "is_said"),
    [
        ({"DJANGO_DEBUG": "1"}, True),
        ({"NODE_ENV": "development"}, True),
        ({"DEBUG": "app:*"}, False),
        ({"DEBUG": "False"}, False),
        ({"NODE_ENV": "production"}, False),
    ],
)
def test_a_mode_for_development_is_told(environment: dict[str, str], is_said: bool) -> None:
    assert bool(_notes(_app_with({"env": environment}), "TC896")) is is_said


def test_values_that_the_user_asked_for_are_meant() -> None:
    app = {"environments": {"review": {"env": {"DEBUG": "True"}}}}
    files = {**_APP, "app.json": json.dumps(app)}
    result = _converted(files, environment=("review",))
    assert not {"TC895", "TC896"} & {note.code for note in result.notes}
