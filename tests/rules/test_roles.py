"""What a service is for, from its image, its command and its ports."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.check import audit
from tocompose.model import Role
from tocompose.project import Memory
from tocompose.rules import Context, apply_all, select


@pytest.mark.parametrize(
    ("body", "role"),
    [
        ("image: 'postgres:16'", Role.DATA),
        ("image: 'redis:7'", Role.CACHE),
        ("image: 'rabbitmq:4'", Role.QUEUE),
        ("image: 'elasticsearch:8.15.0'", Role.DATA),
        ("image: 'minio/minio'", Role.DATA),
        ("image: 'traefik:v3'", Role.PROXY),
        ("image: 'nginx:1.27'", Role.PROXY),
        ("image: 'prom/prometheus:v3.0.0'", Role.INFRA),
        ("image: 'registry:2'", Role.INFRA),
        ("image: 'adminer:4'", Role.TOOL),
        ("image: 'axllent/mailpit:v1'", Role.TOOL),
        ("image: 'wordpress:6'", Role.APP),
        ("image: 'node:22', command: [node, server.js]", Role.APP),
        ("image: 'me/web:1', ports: ['80:3000']", Role.APP),
        ("build: .", Role.APP),
        ("image: 'flyway/flyway:10'", Role.JOB),
        ("image: 'postgres:16', command: [pg_dump, -h, db]", Role.JOB),
        ("image: 'postgres:16', command: [sh, -c, 'pg_dump -h db > /x']", Role.JOB),
        ("image: 'me/web:1', command: [python, manage.py, migrate]", Role.JOB),
        (
            "image: 'me/web:1', command: [sh, -c, 'python manage.py migrate && gunicorn app']",
            Role.APP,
        ),
        ("image: 'me/web:1', command: [rails, db:migrate], restart: always", Role.APP),
        ("image: 'corp/postgres:12-custom'", Role.DATA),
        ("image: 'busybox:1', command: [sh, -c, 'mkdir -p /d && cp -r /s /d']", Role.JOB),
        ("image: 'node:22', command: [npm, run, build]", Role.JOB),
        ("image: 'node:22', command: [npm, run, build:watch]", Role.APP),
        ("image: 'alpine:3', command: [chown, -R, '1000', /data]", Role.JOB),
        ("image: 'alpine:3', command: [chown, x, /d], restart: always", Role.APP),
        ("image: 'certbot/certbot', command: [certonly, --webroot]", Role.JOB),
        ("image: 'matrixdotorg/synapse:v1.120.0', command: [generate]", Role.JOB),
        ("image: 'matrixdotorg/synapse:v1.120.0', command: [run]", Role.APP),
        ("image: 'kong:3.6', command: [kong, migrations, bootstrap]", Role.JOB),
        ("image: 'kong:3.6', command: [kong, docker-start]", Role.PROXY),
        ("image: 'apache/airflow:2.9.3', command: [db, migrate]", Role.JOB),
        (
            "image: 'alpine:3', command: [sh, -c, 'for f in a b; do echo $$f; done']",
            Role.JOB,
        ),
        (
            "image: 'postgres:16', command: [sh, -c, 'while sleep 60; do pg_dump x; done']",
            Role.APP,
        ),
        (
            "image: 'certbot/certbot', entrypoint: [sh, -c, 'while :; do certbot renew; sleep 9; done']",
            Role.APP,
        ),
        ("image: 'me/web:1', command: [sh, -c, 'echo hello; exec serve']", Role.APP),
        ("image: 'me/web:1', command: [sh, -c, 'echo hello && tail -f /log']", Role.APP),
        ("image: 'me/web:1', command: [sh, -c, 'serve & echo up']", Role.APP),
        ("image: 'corp/store:1', expose: ['5432']", Role.DATA),
        ("image: 'corp/store:1', expose: ['5432', '80']", Role.APP),
        ("image: '${IMAGE}'", Role.APP),
        # A program of the app, whatever it is called, is not the one of the system or of the shell.
        ("image: 'alpine:3', command: [jobs]", Role.JOB),
        ("image: 'me/web:1', command: [bin/jobs]", Role.APP),
        ("image: 'me/web:1', command: [sh, -c, 'cd /x && exec ./test']", Role.APP),
        ("image: 'me/web:1', command: [/app/install]", Role.APP),
        ("image: 'me/web:1', command: [/usr/bin/install, a, b]", Role.JOB),
        # Tools that end, and what they do not end after.
        ("image: 'hashicorp/terraform:1.9', command: [apply, -auto-approve]", Role.JOB),
        ("image: 'hello-world'", Role.JOB),
        ("image: 'restic/restic', command: [backup, /d]", Role.JOB),
        ("image: 'restic/restic', command: [mount, /d]", Role.APP),
        ("image: 'bitnami/kubectl', command: [port-forward, svc/a, '80']", Role.APP),
        ("image: 'maven:3', command: [mvn, -q, package]", Role.JOB),
        ("image: 'maven:3', command: [mvn, 'spring-boot:run']", Role.APP),
        ("image: 'golang:1.25', command: [go, build, ./...]", Role.JOB),
        ("image: 'golang:1.25', command: [go, run, .]", Role.APP),
        ("image: 'node:22', command: [npx, prisma, migrate, deploy]", Role.JOB),
        ("image: 'busybox:1', command: ['true']", Role.JOB),
        ("image: 'minio/mc', command: [mb, a/b]", Role.JOB),
        ("image: 'minio/mc', command: [mirror, --watch, a, b]", Role.APP),
        ("image: 'redis:7', command: [redis-cli, -h, a, ping]", Role.JOB),
        ("image: 'redis:7', command: [redis-cli, -h, a, monitor]", Role.CACHE),
    ],
)
def test_role(body: str, role: Role) -> None:
    found = apply_all(stack(f"services: {{x: {{{body}}}}}"), select("SVC-CLASS"), Context())
    assert found.stack.services[0].role is role


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("image: 'postgres:16'", []),
        ("image: 'corp/postgres:12'", ["TC600"]),
        ("image: 'me/web:1'", ["TC601"]),
        ("build: .", []),
    ],
)
def test_guesses_are_said(body: str, codes: list[str]) -> None:
    found = apply_all(stack(f"services: {{x: {{{body}}}}}"), select("SVC-CLASS"), Context())
    assert [note.code for note in found.notes] == codes


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("", {"health check"}),
        (", ports: ['9:9']", {"ports", "health check"}),
        (", ports: ['9:9'], healthcheck: {test: [CMD, ok]}", {"ports"}),
        (", healthcheck: {test: [CMD, ok]}", {"network with"}),
    ],
)
def test_what_has_a_health_check_is_not_told_to_get_one(
    keys: str, wanted: set[str]
) -> None:
    text = f"services: {{x: {{image: 'acme/x:1', volumes: ['d:/d']{keys}}}}}\nvolumes: {{d: }}\n"
    result = audit(Memory({"compose.yaml": text.encode()}))
    assert result is not None
    (advice,) = [note.advice for note in result.notes if note.code == "TC747"]
    told = {word for word in ("ports", "health check", "network with") if word in advice}
    assert told == wanted


@pytest.mark.parametrize("check", ["", ", healthcheck: {test: [CMD, 'true']}"])
def test_a_health_check_is_to_be_checked_where_there_is_one(check: str) -> None:
    found = apply_all(
        stack(f"services: {{x: {{image: 'me/x:1'{check}}}}}"), select("SVC-CLASS")
    )
    (told,) = (note for note in found.notes if note.code == "TC601")
    assert ("health check" in told.advice) is bool(check)


@pytest.mark.parametrize(
    ("keys", "advice"),
    [
        ("", "If it stores data, give it a volume."),
        (", volumes: ['d:/d']", "Check its volumes by hand."),
        (
            ", healthcheck: {test: [CMD, ok]}",
            "Check its health check by hand. If it stores data, give it a volume.",
        ),
    ],
)
def test_an_unknown_image_is_checked_for_what_it_has(keys: str, advice: str) -> None:
    found = apply_all(
        stack(f"services: {{x: {{image: 'me/x:1'{keys}}}}}"), select("SVC-CLASS")
    )
    (told,) = (note for note in found.notes if note.code == "TC601")
    assert told.advice == advice


def test_a_guessed_role_is_told_with_what_it_decides_and_how_to_answer() -> None:
    found = apply_all(stack("services: {x: {image: 'me/redis:1'}}"), select("SVC-CLASS"))
    (told,) = (note for note in found.notes if note.code == "TC600")
    assert "networks, ports and limits" in told.advice and "`role.x`" in told.advice
