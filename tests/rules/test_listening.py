"""A health command asks where and how the settings make the server answer, or there is none and a note says why."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.rules import Context, Outcome, apply_all, select

PRACTICES = select("SVC-CLASS,HC-EVERY")


def outcome(body: str) -> Outcome:
    return apply_all(stack(f"services: {{x: {{{body}}}}}"), PRACTICES, Context())


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (
            "image: 'grafana/grafana:11', environment: {GF_SERVER_HTTP_PORT: 4000}",
            ":4000/api/health",
        ),
        ("image: 'n8nio/n8n:1', environment: {N8N_PORT: 7000}", ":7000/healthz"),
        (
            "image: 'gitea/gitea:1', environment: {GITEA__server__HTTP_PORT: 81}",
            ":81/api/healthz",
        ),
        (
            "image: 'jenkins/jenkins:2', environment: {JENKINS_OPTS: '--httpPort=9191'}",
            ":9191/login",
        ),
        (
            "image: 'prom/node-exporter:v1', command: ['--web.listen-address=:9200']",
            ":9200/",
        ),
        ("image: 'redis:7', command: [--port, '6380']", "redis-cli -p 6380 ping"),
        ("image: 'redis:7', command: [redis-server, -p, '7000']", "redis-cli -p 7000 ping"),
        (
            "image: 'keycloak/keycloak:26.0', command: [start-dev, --http-port=9999]",
            "/dev/tcp/127.0.0.1/9999",
        ),
        ("image: 'postgres:16', environment: {PGPORT: 5544}", "-h 127.0.0.1 -p 5544"),
        ("image: 'mysql:8', command: [--port, '3307']", "-h 127.0.0.1 -P 3307"),
        (
            "image: 'apache/kafka:3.9.0', environment: {KAFKA_LISTENERS: 'A://:19092,B://:9093'}",
            "/dev/tcp/127.0.0.1/19092",
        ),
        (
            "image: 'registry:2', environment: {REGISTRY_HTTP_ADDR: ':443'}",
            "nc -z 127.0.0.1 443",
        ),
        ("image: 'mongo:7', command: [--tlsMode, requireTLS]", "/dev/tcp/127.0.0.1/27017"),
        (
            "image: 'prom/prometheus:v2', command: ['--web.external-url=http://h/p']",
            "nc -z 127.0.0.1 9090",
        ),
        (
            "image: 'prom/prometheus:v2', command: ['--web.external-url=http://h/']",
            ":9090/-/healthy",
        ),
        (
            "image: 'elasticsearch:8.14.3', environment: {ELASTIC_PASSWORD: x,"
            " xpack.security.http.ssl.enabled: 'false'}",
            "http://127.0.0.1:9200",
        ),
        # What speaks of other servers, or of further ports, moves nothing.
        (
            "image: 'gitea/gitea:1', environment: {GITEA__server__SSH_PORT: 2222}",
            ":3000/api/healthz",
        ),
        (
            "image: 'grafana/grafana:11', environment: {GF_SMTP_PORT: 587, DB_PORT: 5432}",
            ":3000/",
        ),
        ("image: 'grafana/grafana:11', environment: {DB_SSL: 'true'}", ":3000/api/health"),
        (
            "image: 'minio/minio', command: [server, /data, --console-address, ':9001']",
            "mc ready local",
        ),
        ("image: 'mongo:7', command: [--tlsMode, disabled]", "mongosh"),
    ],
)
def test_the_check_follows_the_settings(body: str, asked: str) -> None:
    [service] = outcome(body).stack.services
    assert service.healthcheck is not None
    assert asked in " ".join(service.healthcheck.test or ())


@pytest.mark.parametrize(
    ("body", "setting"),
    [
        (
            "image: 'apache/kafka:3.9.0', environment: {KAFKA_LISTENERS: 'A://bus:19092'}",
            "KAFKA_LISTENERS",
        ),
        ("image: 'mysql:8', command: [--bind-address, 10.0.0.2]", "--bind-address"),
        (
            "image: 'redis:7', command: [redis-server, /r.conf], volumes: ['/srv/r.conf:/r.conf']",
            "/r.conf",
        ),
    ],
)
def test_no_check_where_the_right_place_is_unknown(body: str, setting: str) -> None:
    found = outcome(body)
    [service] = found.stack.services
    [told] = [note for note in found.notes if note.code == "TC619"]
    assert service.healthcheck is None and setting in told.message
