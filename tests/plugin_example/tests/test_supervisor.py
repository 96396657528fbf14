"""The tests of this package: the laws of tocompose, by its kit."""

from __future__ import annotations

import pytest
from tocompose_supervisor.rule import RULE

from tocompose import Memory, Options, convert, testing

CONFIG = """[supervisord]
nodaemon=true

[program:web]
command=gunicorn shop:app --bind 0.0.0.0:8000
environment=MODE="live",PRICE="5$"
autorestart=true

[program:worker]
command=celery -A shop worker
numprocs=3
priority=20
autorestart=unexpected
"""
DOCKERFILE = "FROM python:3.13-slim\n"


@pytest.fixture(scope="module")
def result():
    # [supervisord] nodaemon is about supervisord itself: nothing reads it, and the note says so.
    return testing.check_format(
        "supervisor",
        {"supervisord.conf": CONFIG, "Dockerfile": DOCKERFILE},
        unread=1,
    )


def test_the_format_holds_the_laws(result):
    worker = result.stack.service("worker")
    assert (worker.replicas, worker.restart) == (3, "on-failure")


def test_each_note_is_said(result):
    files = {"supervisord.conf": CONFIG.replace('"5$"', '"5$"x'), "Dockerfile": DOCKERFILE}
    broken = testing.check_format("supervisor", files, unread=1)
    testing.check_notes(["SUP001", "SUP002", "SUP003", "SUP010"], [result, broken])


def test_all_that_the_package_brings_can_be_used():
    testing.check_plugins()


def test_the_rule_holds_the_laws():
    testing.check_rule(RULE)


def test_the_image_and_the_server():
    facts = testing.check_image("example/acorn:2.4")
    assert facts.kind == "queue"
    testing.check_server("acorn")


def test_an_app_that_talks_to_the_server_gets_it():
    files = {
        "Procfile": b"web: node app.js\n",
        "package.json": b'{"engines": {"node": "22"}, "dependencies": {"acornmq": "2"}}',
        "app.js": b"connect(process.env.ACORN_URL)\n",
        "app.json": b'{"env": {"ACORN_URL": {"required": true}}}',
    }
    stack = convert(Memory(files, "shop"), Options()).stack
    acorn = next(service for service in stack.services if "acorn" in (service.image or ""))
    assert acorn.mounts[0].target == "/var/lib/acorn"
    assert "acorn" in " ".join(acorn.healthcheck.test)
