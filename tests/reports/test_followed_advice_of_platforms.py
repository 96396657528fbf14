"""Advice on what stays on a platform, as it can be followed: variables, queues, buildpacks and access lists."""

from __future__ import annotations

import json

from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.duties import duties
from tocompose.reports.report import Report, report

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
    project = Memory({name: text.encode() for name, text in files.items()}, "app")
    return report(convert(project, Options(source=source)), project)


def test_config_vars_are_changed_where_they_stand() -> None:
    [duty] = [duty for duty in duties(told("procfile", APP)) if "config vars" in duty.text]
    assert not duty.text.endswith("to .env")
    assert "change them in docker-compose.yml" in duty.advice
    assert "`environment`" in duty.advice


def test_messages_of_a_queue_are_not_moved() -> None:
    [note] = [note for note in told("procfile", APP).notes if note.code == "TC400"]
    assert "let the workers empty the queues" in note.advice
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
