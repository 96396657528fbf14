"""A health command only where it is known to work in that image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.snippets import stack
from tocompose.check.score import open_view
from tocompose.model import File, Role, Service
from tocompose.project import Memory
from tocompose.rules import Context, Outcome, apply_all, select
from tocompose.rules.healthchecks import RULE as HEALTHCHECKS
from tocompose.rules.healthchecks import shows_health

PRACTICES = select("SVC-CLASS,HC-EVERY,HC-PARAM")
PLAIN = Context()


def outcome(body: str, context: Context = PLAIN) -> Outcome:
    return apply_all(stack(f"services: {{x: {{{body}}}}}"), PRACTICES, context)


def made(body: str) -> Service:
    return outcome(body).stack.services[0]


def test_a_worker_is_not_asked_at_the_port_of_its_server() -> None:
    services = """
    services:
      desk: {image: 'ruby:3.3', command: [rails, server], ports: ['18080:3000']}
      chores: {image: 'ruby:3.3', command: [bundle, exec, sidekiq], ports: ['18081:3000']}
      probed: {image: 'ruby:3.3', command: [good_job, start], ports: ['18090:7001']}
    """
    made_stack = apply_all(stack(services), PRACTICES, PLAIN)
    checked = {made.name for made in made_stack.stack.services if made.healthcheck}
    assert checked == {"desk", "probed"}
    told = {note.subject[1] for note in made_stack.notes if note.code == "TC870"}
    assert told == {"chores"}


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("redis-server --requirepass x", "redis-cli ping"),
        ("redis-server --port 6380", "redis-cli -p 6380 ping"),
        ("echo vm.overcommit; exec docker-entrypoint.sh redis-server", "redis-cli ping"),
        ("while :; do sleep 6h; done & exec redis-server", "redis-cli ping"),
        ("redis-server & tail -f /dev/null", None),
        ("redis-server /a.conf && /watch.sh", None),
        ("/opt/redis-server-of-mine.sh", None),
    ],
)
def test_a_server_that_a_script_starts_at_its_end_is_asked(
    script: str, asked: str | None
) -> None:
    check = made(f"image: 'redis:7', command: [sh, -c, '{script}']").healthcheck
    text = check.test[1] if check and check.test else None
    assert text == (asked and f"{asked} | grep -qE 'PONG|NOAUTH'")


@pytest.mark.parametrize(
    "words",
    [
        "command: [sleep, infinity]",
        "entrypoint: [/bin/sleep, '3600']",
        "command: [sh, -c, 'tail -f /dev/null']",
    ],
)
def test_a_container_to_work_in_is_no_server(words: str) -> None:
    found = outcome(f"image: 'redis:7', {words}")
    [service] = found.stack.services
    assert (service.healthcheck, service.role) == (None, Role.APP)
    assert "TC871" in {note.code for note in found.notes}


@pytest.mark.parametrize(
    "program",
    [
        "command: [sleep, infinity]",
        "command: [tail, -F, /var/log/app.log]",
        "command: [bash]",
        "command: [bash, -lc, 'sleep infinity']",
        "command: [sh, -c, 'trap : TERM INT; sleep infinity & wait']",
        "command: [sh, -c, 'while true; do sleep 1000; done']",
        "command: [sh, -c, 'npm ci && sleep 100000']",
        "entrypoint: [tini, --], command: [sleep, infinity]",
        "command: [node, -e, 'setInterval(() => {}, 1e6)']",
        "command: [node]",
        "stdin_open: true, tty: true",
    ],
)
@pytest.mark.parametrize("image", ["node:22", "ubuntu:24.04"])
def test_what_serves_nothing_is_asked_nothing(image: str, program: str) -> None:
    body = f"image: '{image}', ports: ['3000:3000'], environment: {{PORT: '3000'}}"
    found = outcome(f"{body}, {program}")
    [service] = found.stack.services
    codes = {note.code for note in found.notes}
    assert service.healthcheck is None and codes & {"TC871", "TC618"}, codes


@pytest.mark.parametrize(
    "program",
    [
        "[node, server.js]",
        "[sh, -c, 'node server.js & wait']",
        "[sh, -c, 'service cron start && tail -f /dev/null']",
        "[sh, -c, 'sleep 5 && node server.js']",
        "[node, -e, 'require(\"http\").createServer().listen(3000)']",
    ],
)
def test_what_may_serve_is_asked_at_its_port(program: str) -> None:
    service = made(f"image: 'node:22', ports: ['3000:3000'], command: {program}")
    assert service.healthcheck is not None


@pytest.mark.parametrize(
    ("body", "command"),
    [
        ("image: 'postgres:16'", "pg_isready -h 127.0.0.1"),
        ("image: 'mysql:8'", "mysqladmin ping -h 127.0.0.1"),
        ("image: 'mysql:8', entrypoint: [/my-entrypoint.sh, mysqld]", "mysqladmin ping"),
        ("image: 'nginx:1.27', entrypoint: [tini, --, nginx]", "curl -s"),
        ("image: 'mariadb:11'", "healthcheck.sh --connect"),
        ("image: 'redis:7-alpine'", "redis-cli ping | grep -qE 'PONG|NOAUTH'"),
        ("image: 'mongo:4.4'", "mongo --quiet"),
        ("image: 'mongo:7'", "mongosh --quiet"),
        ("image: 'memcached:1-alpine'", "nc -z 127.0.0.1 11211"),
        ("image: 'memcached:1'", "bash -c exec 3<>/dev/tcp/127.0.0.1/11211"),
        (
            "image: 'nginx:1.27', ports: ['443:8443']",
            "curl -s -o /dev/null http://127.0.0.1:8443/",
        ),
        ("image: 'nginx:alpine'", "nc -z 127.0.0.1 80"),
        (
            "image: 'traefik:v3', command: [traefik, --ping=true]",
            "traefik healthcheck --ping",
        ),
        ("image: 'traefik:v3', command: [--api.insecure=true]", "nc -z 127.0.0.1 80"),
        (
            "image: 'elasticsearch:8.15.0', environment: {xpack.security.enabled: 'false'}",
            'curl -fsS "http://',
        ),
        (
            "image: 'elasticsearch:8.15.0', environment: {ELASTIC_PASSWORD: x}",
            "curl -sk -o /dev/null",
        ),
        (
            "image: 'python:3.13-slim', command: [serve], ports: ['8000:8000']",
            "bash -c exec 3<>/dev/tcp/127.0.0.1/8000",
        ),
        (
            "image: 'node:22-alpine', command: [node, x.js], environment: {PORT: '3000'}",
            "nc -z 127.0.0.1 3000",
        ),
        (
            "image: 'node:22-alpine', command: [node, x.js], ports: ['9000:9000/udp', '3000:3000']",
            "nc -z 127.0.0.1 3000",
        ),
        (
            "image: 'node:22-alpine', command: [node, x.js], expose: ['9000/udp', '3000/tcp']",
            "nc -z 127.0.0.1 3000",
        ),
        (
            "image: 'php:8.3-apache', expose: ['80']",
            "bash -c exec 3<>/dev/tcp/127.0.0.1/80",
        ),
    ],
)
def test_command(body: str, command: str) -> None:
    """T9, T21, T22: a tool that is there, over TCP, not fooled by an error that ends with 0."""
    check = made(body).healthcheck
    assert check is not None
    assert check.test is not None
    assert " ".join(check.test[1:]).startswith(command)


@pytest.mark.parametrize(
    ("command", "test"),
    [
        ("[gunicorn, 'app:app', -b, '0.0.0.0:8000']", "python3 -c import socket"),
        ("[sh, -c, 'python manage.py migrate && exec gunicorn app']", "python3 -c"),
        ("[bundle, exec, puma]", "ruby -rsocket -e"),
        ("[npm, start]", "node -e"),
        ("[php, artisan, serve]", "php -r"),
    ],
)
def test_a_command_shows_what_an_unknown_image_holds(command: str, test: str) -> None:
    check = made(f"image: 'me/web:1', command: {command}, ports: ['80:8000']").healthcheck
    assert check is not None and check.test is not None
    assert " ".join(check.test[1:]).startswith(test) and "8000" in check.test[-1]


def test_a_job_shows_what_the_image_of_its_server_holds() -> None:
    text = """
    services:
      web: {image: 'me/web:1', expose: ['3000']}
      up: {image: 'me/web:1', command: [bundle, exec, rails, 'db:migrate']}
      other: {image: 'me/other:1', expose: ['3000']}
    """
    web, _, other = apply_all(stack(text), PRACTICES, PLAIN).stack.services
    assert web.healthcheck is not None and web.healthcheck.test is not None
    assert web.healthcheck.test[:2] == ("CMD", "ruby")
    assert other.healthcheck is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("image: 'me/web:1', command: [gunicorn, app], environment: {PORT: '80'}", "TC613"),
        ("image: 'me/web:1', command: [bun, run, x], ports: ['80:80']", "TC613"),
        ("image: 'gcr.io/distroless/static', ports: ['80:80']", "TC612"),
        ("image: 'nats:2'", "TC612"),
        ("image: 'me/web:1', ports: ['80:80']", "TC613"),
        ("build: .", "TC613"),
        ("image: 'arangodb:3'", "TC614"),
        ("image: 'postgres:16', command: [sh, -c, ./run.sh]", "TC615"),
        ("image: 'mysql:8', command: [--bind-address=10.0.0.1]", "TC619"),
        ("image: 'nextcloud:30', entrypoint: [/cron.sh]", "TC615"),
        ("image: 'nextcloud:30', command: [/opt/backup.py]", "TC615"),
        ("image: opencloudeu/opencloud, command: [collaboration, server]", "TC615"),
        (
            "image: opencloudeu/opencloud, entrypoint: [bash, -c], command: [opencloud collaboration server]",
            "TC615",
        ),
        ("image: 'node:22', command: [node, main.js]", "TC616"),
        ("image: 'node:22', command: [node, worker.js]", "TC870"),
        ("image: 'jellyfin/jellyfin:10'", "TC611"),
        # The command is the image's own with an option more.
        (
            "image: 'hasura/graphql-engine:v2.40.0', command: [graphql-engine, serve, --enable-console]",
            "TC611",
        ),
        (
            "image: 'hasura/graphql-engine:v1.0.0-alpha11', command: [graphql-engine, serve]",
            "TC614",
        ),
    ],
)
def test_no_command_but_a_reason(body: str, code: str) -> None:
    found = outcome(body)
    assert found.stack.services[0].healthcheck is None
    assert code in [note.code for note in found.notes]


@pytest.mark.parametrize(
    ("body", "program"),
    [
        ("image: 'me/shop-redis:1', ports: ['6379:6379']", "redis-cli"),
        ("image: 'me/postgres:1'", "pg_isready"),
        ("image: 'me/web:1', ports: ['80:80']", "curl"),
        ("image: 'me/slave:1', ports: ['6379:6379']", "nc"),
        ("image: 'me/node:1', ports: ['80:80']", "curl"),
    ],
)
def test_the_example_fits_the_server_that_the_name_tells(body: str, program: str) -> None:
    (told,) = [note for note in outcome(body).notes if note.code == "TC613"]
    assert f"if the image has {program}" in told.advice


def test_a_program_beside_a_server_is_no_server() -> None:
    (told,) = [
        note for note in outcome("image: 'me/mysql-backup:1'").notes if note.code == "TC613"
    ]
    assert "mysqladmin" not in told.advice


def test_a_job_needs_none() -> None:
    found = outcome("image: 'postgres:16', command: [pg_dump, -h, db]")
    assert found.stack.services[0].healthcheck is None
    assert [note.code for note in found.notes] == ["TC600", "TC618"]


def test_no_start_interval() -> None:
    """T4: engines before 25 refuse it."""
    check = made("image: 'postgres:16'").healthcheck
    assert check is not None
    assert check.start_interval is None


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        ("image: 'postgres:16'", ("10s", "5s", "5", "30s")),
        ("image: 'rabbitmq:4'", ("15s", "10s", "5", "30s")),
        ("image: 'nginx:1.27'", ("30s", "5s", "3", None)),
        ("image: 'me/web:1', healthcheck: {test: [CMD, x]}", ("30s", "30s", "3", None)),
        (
            "image: 'me/web:1', healthcheck: {test: [CMD, x], interval: 3s, retries: 9}",
            ("3s", "30s", "9", None),
        ),
    ],
)
def test_numbers(body: str, numbers: tuple[str | None, ...]) -> None:
    check = made(body).healthcheck
    assert check is not None
    assert (check.interval, check.timeout, check.retries, check.start_period) == numbers


def test_only_the_timings_of_a_check_of_the_source_are_made_explicit() -> None:
    for body, told in (
        ("image: 'postgres:16'", False),
        ("image: 'postgres:16', healthcheck: {test: [CMD, x]}", True),
    ):
        codes = {note.code for note in outcome(body).notes}
        assert ("TC610" not in codes) is ("TC617" in codes) is told


@pytest.mark.parametrize("body", ["{disable: true}", "{test: [NONE]}"])
def test_a_check_that_is_switched_off_stays_off(body: str) -> None:
    text = f"image: 'postgres:16', healthcheck: {body}"
    assert (
        made(text).healthcheck
        == stack(f"services: {{x: {{{text}}}}}").services[0].healthcheck
    )


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("image: 'me/web:1'", False),
        ("image: 'me/web:1', healthcheck: {test: [CMD, x]}", True),
        ("image: 'me/web:1', healthcheck: {test: [NONE]}", False),
        ("image: 'me/web:1', healthcheck: {disable: true}", False),
        ("image: 'me/web:1', healthcheck: {test: [CMD, x], disable: true}", False),
        ("image: 'me/web:1', healthcheck: {interval: 5s}", False),
        ("image: 'jellyfin/jellyfin:10'", True),
        ("image: 'jellyfin/jellyfin:10', healthcheck: {test: [NONE]}", False),
    ],
)
def test_whoever_waits_for_health_must_see_some(body: str, shown: bool) -> None:
    given = stack(f"services: {{x: {{{body}}}}}")
    assert shows_health(given.services[0], given, PLAIN) is shown


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        ("", []),
        (", healthcheck: {test: [CMD, /server, check]}", [True]),
        (", healthcheck: {disable: true}", [False]),
    ],
)
def test_an_image_without_tools_is_judged_by_the_check_that_the_source_gives(
    body: str, verdicts: list[bool]
) -> None:
    text = f"services: {{x: {{image: 'gcr.io/distroless/static'{body}}}}}"
    view = open_view(Memory({"docker-compose.yml": text.encode()}, "app"))
    assert view is not None and HEALTHCHECKS.judge is not None
    assert [verdict.holds for verdict in HEALTHCHECKS.judge(view)] == verdicts


def test_the_base_of_a_dockerfile_counts() -> None:
    text = b"FROM node:22 AS build\nRUN x\nFROM --platform=linux/amd64 python:3.13-slim AS last\nCOPY . .\nFROM last\n"
    context = Context(read=lambda path: text if path == "api/Dockerfile" else None)
    found = (
        outcome("build: ./api, ports: ['8000:8000']", context).stack.services[0].healthcheck
    )
    assert found is not None
    assert found.test == ("CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000")


def test_a_generated_dockerfile_counts() -> None:
    given = stack("services: {x: {build: ., ports: ['3000:3000']}}")
    given = replace(
        given, files=(File(path="Dockerfile", content=b"FROM ruby:3.4-alpine\n"),)
    )
    check = apply_all(given, PRACTICES, Context()).stack.services[0].healthcheck
    assert check is not None
    assert check.test == ("CMD-SHELL", "nc -z 127.0.0.1 3000")


@pytest.mark.parametrize(
    "script", ["mariadb-dump db > /b", "cd /b && mongodump", "exec pg_dumpall"]
)
def test_a_script_of_any_client_is_no_server(script: str) -> None:
    service = made(f"image: 'postgres:17', command: [sh, -c, '{script}']")
    assert service.healthcheck is None


def test_the_port_of_a_file_of_variables_is_asked() -> None:
    context = Context(read={"app.env": b"PORT=4100\n"}.get)
    found = outcome("image: 'node:22', env_file: [app.env], command: [node, a.js]", context)
    check = found.stack.services[0].healthcheck
    assert check is not None and "4100" in " ".join(check.test or ())


def test_a_worker_of_a_built_image_is_not_asked_at_the_port_of_all_processes() -> None:
    dockerfile = b"FROM ruby:3.3\nCMD bundle exec sidekiq -C config/sidekiq.yml\n"
    context = Context(read={"Dockerfile": dockerfile}.get)
    found = outcome("build: ., environment: {PORT: '3000'}", context)
    codes = {note.code for note in found.notes}
    assert found.stack.services[0].healthcheck is None and "TC870" in codes


@pytest.mark.parametrize(
    ("body", "port"),
    [
        ("image: 'lscr.io/linuxserver/sonarr:4.0.2', ports: ['8990:8989']", "8989"),
        ("image: 'lscr.io/linuxserver/wireguard:1', ports: ['51820:51820/udp']", None),
        ("image: 'lscr.io/linuxserver/sonarr:4.0.2'", None),
        ("image: 'supabase/studio:1', ports: ['3000:3000']", None),
    ],
)
def test_an_image_of_a_family_is_asked_at_its_published_port(
    body: str, port: str | None
) -> None:
    check = made(body).healthcheck
    found = " ".join(check.test or ()) if check else None
    assert found == (port and f"CMD bash -c exec 3<>/dev/tcp/127.0.0.1/{port}")
