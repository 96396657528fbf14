"""Advice on what stays on a platform, as it can be followed: variables, queues, buildpacks and access lists."""

from __future__ import annotations

import json

import pytest

from reported import reported
from tocompose.pipeline import Options
from tocompose.reports.duties import duties
from tocompose.reports.report import Report

APP = {
    "Procfile": "web: gunicorn app.wsgi\nworker: celery -A app worker\n",
    "requirements.txt": "django==5.0\ncelery==5.3\npsycopg2\n",
    ".env.example": "MAIL_HOST=\n",
    "app.json": json.dumps(
        {
            "env": {
                "FROM_EMAIL": {"value": "a@example.com"},
                "API_HOST": {"required": True},
            },
            "addons": ["cloudamqp"],
            "buildpacks": [
                {"url": "https://github.com/heroku/heroku-buildpack-nodejs"},
                {"url": "https://github.com/heroku/heroku-buildpack-python"},
            ],
        }
    ),
}
BLUEPRINT = """databases: [{name: db, ipAllowList: []}]
services:
  - {type: redis, name: cache, ipAllowList: []}
  - {type: web, name: app, runtime: image, image: {url: "docker.io/corp/app:1"},
     envVars: [{key: DATABASE_URL, fromDatabase: {name: db, property: connectionString}}]}
"""


def told(source: str, files: dict[str, str]) -> Report:
    """The report on these files."""
    return reported(files, Options(source=source), "app")


def test_config_vars_are_changed_where_they_stand() -> None:
    [duty] = [duty for duty in duties(told("procfile", APP)) if "config vars" in duty.text]
    assert not duty.text.endswith("to .env")
    assert "differ from docker-compose.yml, change them there" in duty.advice
    assert "`environment`" in duty.advice


SPLIT = {
    "Procfile": "web: gunicorn app:app\n",
    "requirements.txt": "gunicorn==23.0.0\npsycopg2==2.9.9\n",
    ".env.example": "DB_HOST=localhost\nDB_PORT=5432\nPOSTGRES_PASSWORD=\nAPI_TOKEN=\n",
}


@pytest.mark.parametrize(
    ("env", "kept"),
    [
        (
            {"LEVEL": "info"},
            "Leave DB_HOST, DB_PORT and DATABASE_URL as they are: they belong to the"
            " stack's own servers.",
        ),
        (
            {},
            "Do not copy POSTGRES_PASSWORD: it is for the stack's own server.",
        ),
    ],
    ids=["compared with the compose file", "copied to .env"],
)
def test_what_leads_to_own_servers_is_not_taken_from_the_platform(
    env: dict[str, str], kept: str
) -> None:
    app = json.dumps({"addons": ["heroku-postgresql"], "env": env})
    told_app = told("procfile", {**SPLIT, "app.json": app})
    [duty] = [duty for duty in duties(told_app) if "config vars" in duty.text]
    assert kept in duty.advice
    [said] = [note.advice for note in told_app.notes if note.code == "TC895"] or [kept]
    assert kept in said


def test_the_workers_empty_a_queue_before_any_data_is_copied() -> None:
    addons = json.dumps({"addons": ["heroku-postgresql", "cloudamqp"]})
    notes = told("procfile", {**APP, "app.json": addons}).notes
    advices = [note.advice for note in notes if note.code == "TC400"]
    stop = "for each process type besides web, for workers only when they have emptied the queues of cloudamqp. "
    assert len(advices) == 2
    assert all(stop in advice.partition("To move")[0] for advice in advices)


def test_the_workers_empty_a_queue_that_only_the_code_names_first() -> None:
    files = {
        "Procfile": APP["Procfile"],
        "requirements.txt": "celery==5.3\npsycopg2==2.9.9\npika==1.3.2\n",
        ".env.example": "DATABASE_URL=\nRABBITMQ_URL=\n",
        "app/settings.py": "import os\nA = os.environ['DATABASE_URL']\nB = os.environ['CLOUDAMQP_URL']\n",
    }
    notes = told("procfile", files).notes
    [advice] = [note.advice for note in notes if note.code == "TC819"]
    assert (
        "besides web, for workers only when they have emptied the queues of rabbitmq. To move"
        in advice
    )


def test_messages_of_a_queue_are_not_moved() -> None:
    [note] = [note for note in told("procfile", APP).notes if note.code == "TC400"]
    assert (
        "for workers only when they have emptied the queues of cloudamqp. Messages are"
        in note.advice
    )
    assert "with the tools of" not in note.advice and "alone" not in note.advice


def test_all_buildpacks_are_replaced_by_one_dockerfile() -> None:
    reasons = [
        reason
        for reason in told("procfile", APP).ignored_by_reason()
        if "buildpack" in reason
    ]
    assert reasons == ["the generated Dockerfile takes the place of the buildpacks"]


def test_each_server_that_lets_nobody_in_is_named() -> None:
    notes = [
        note
        for note in told("render", {"render.yaml": BLUEPRINT}).notes
        if note.code == "TC435"
    ]
    for name in ("db", "cache"):
        assert any(f"The `ipAllowList` of {name} is empty" in note.advice for note in notes)
