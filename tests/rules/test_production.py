"""What the production file adds: limits, hardening, versions; and what development adds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.snippets import stack
from tocompose.model import Build, ComposeFileRole, File, Service, Stack
from tocompose.rules import Context, Outcome, apply_all, select
from tocompose.rules.memory_needs import size


def made(practices: str, body: str, context: Context | None = None) -> Service:
    return outcome(practices, body, context).stack.services[0]


def outcome(practices: str, body: str, context: Context | None = None) -> Outcome:
    given = stack(f"services: {{x: {{{body}}}}}")
    return apply_all(
        given, select(f"SVC-CLASS,{practices}"), context or Context(split=True)
    )


def prod(practices: str, body: str, context: Context | None = None) -> Service:
    return made(practices, body, context).overlays.get(ComposeFileRole.PROD) or Service(
        name="x"
    )


@pytest.mark.parametrize(
    ("body", "limits"),
    [
        ("image: 'me/web:1'", ("${X_CPUS:-1.0}", "${X_MEMORY:-4G}", "2048")),
        (
            "image: 'me/web:1', command: [npm, start]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-1G}", "2048"),
        ),
        (
            "image: 'me/web:1', command: [java, -jar, a]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-2G}", "2048"),
        ),
        (
            "image: 'me/web:1', command: gunicorn -w 6 app:app",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-1536M}", "2048"),
        ),
        (
            "image: 'me/web:1', command: puma, environment: {WEB_CONCURRENCY: '8'}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-2048M}", "2048"),
        ),
        (
            "image: 'corp/elasticsearch:8'",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-2G}", "2048"),
        ),
        (
            "image: 'corp/vllm-openai:1'",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-16G}", "2048"),
        ),
        (
            "image: 'apache/spark:3.5', environment: {SPARK_WORKER_MEMORY: 20g}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-30720M}", "2048"),
        ),
        (
            "image: 'me/model:1', environment: {HF_HOME: /models}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-16G}", "2048"),
        ),
        (
            "image: 'me/store:1', expose: ['5432']",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-4G}", "2048"),
        ),
        (
            "image: 'eclipse-temurin:21-jre', command: [java, -jar, a]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-2G}", "2048"),
        ),
        (
            "image: 'neo4j:5', environment: {NEO4J_server_memory_heap_max__size: 4G}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-6144M}", "2048"),
        ),
        (
            "image: 'scylladb/scylla:6', command: --smp 1 --memory 6G",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-9216M}", "2048"),
        ),
        ("image: 'redis:7'", ("${X_CPUS:-1.0}", "${X_MEMORY:-1G}", "2048")),
        ("image: 'nginx:1.27'", ("${X_CPUS:-0.5}", "${X_MEMORY:-256M}", "512")),
        (
            "image: 'gitlab/gitlab-ce:17.0.0-ce.0'",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-8G}", "2048"),
        ),
        (
            "image: 'me/app:1', environment: {JAVA_OPTS: -Xms1g -Xmx4g}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-6144M}", "2048"),
        ),
        (
            "image: 'me/app:1', command: [java, -Xmx128m, -jar, a]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-512M}", "1024"),
        ),
        (
            "image: 'me/app:1', environment: {NODE_OPTIONS: --max-old-space-size=2048}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-3072M}", "2048"),
        ),
        (
            "image: 'redis:7', command: [redis-server, --maxmemory, 2gb]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-3072M}", "2048"),
        ),
        (
            "image: 'postgres:16', command: [postgres, -c, shared_buffers=4GB]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-6144M}", "2048"),
        ),
        (
            "image: 'mongo:7', command: [mongod, --wiredTigerCacheSizeGB, '2']",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-3072M}", "2048"),
        ),
        (
            "image: 'itzg/minecraft-server', environment: {MEMORY: 4G}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-6144M}", "2048"),
        ),
        (
            "image: 'me/app:1', environment: {MEMORY: '4'}",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-4G}", "2048"),
        ),
        (
            "image: 'node:22', command: npm start, shm_size: 1gb",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-1536M}", "2048"),
        ),
        (
            "image: 'node:22', command: npm start, shm_size: 64m",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-512M}", "1024"),
        ),
        (
            "image: 'me/windows:11', devices: [/dev/kvm]",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-16G}", "2048"),
        ),
        (
            "image: 'node:22', devices: ['/dev/net/tun:/dev/net/tun']",
            ("${X_CPUS:-1.0}", "${X_MEMORY:-512M}", "1024"),
        ),
        (
            "image: 'node:22', deploy: {resources: {limits: {memory: 2G}}}",
            ("${X_CPUS:-1.0}", None, "1024"),
        ),
        (
            "image: 'node:22', deploy: {resources: {reservations: {memory: 3G, cpus: '2'}}}",
            ("${X_CPUS:-2}", "${X_MEMORY:-6144M}", "2048"),
        ),
        (
            "image: 'node:22', mem_limit: 1g, cpu_shares: 512",
            ("${X_CPUS:-1.0}", None, "1024"),
        ),
        (
            "image: 'node:22', cpu_quota: 50000, pids_limit: 9",
            (None, "${X_MEMORY:-512M}", None),
        ),
    ],
)
def test_limits(body: str, limits: tuple[str | None, ...]) -> None:
    """T11: never beside a service-level limit, never below what is reserved."""
    found = prod("RES-LIM", body).resources.limits
    assert (found.cpus, found.memory, found.pids) == limits


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("image: 'node:22'", ""),
        ("image: 'postgres:16'", ""),
        (
            "image: 'grafana/grafana:11.3.0'",
            "figures published by the makers of grafana/grafana",
        ),
        ("image: 'prom/prometheus:v3.0.0'", "an estimate for prom/prometheus"),
        (
            "image: 'corp/x:1', command: [java, -jar, /x.jar]",
            "an estimate for the language",
        ),
        (
            "image: 'node:22', environment: {WEB_CONCURRENCY: '8'}",
            "an estimate for its 8 workers",
        ),
        (
            "image: 'redis:7', command: [redis-server, --maxmemory, 2gb]",
            "half more than its settings",
        ),
        (
            "image: 'node:22', deploy: {resources: {reservations: {memory: 3G}}}",
            "twice what is reserved",
        ),
        ("image: 'corp/x:1'", "nothing is known"),
        ("image: 'grafana/grafana:11.3.0', mem_limit: 1g", ""),
    ],
)
def test_the_note_says_where_the_memory_limit_is_from(body: str, reason: str) -> None:
    notes = outcome("RES-LIM", body).notes
    [told] = [note for note in notes if note.code == "TC628"]
    assert reason in told.message
    assert (";" in told.message) is bool(reason)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("512M", 2**29),
        ("1g", 2**30),
        ("1gb", 2**30),
        ("64kb", 2**16),
        ("5", 5),
        ("${X}", 0),
    ],
)
def test_sizes(text: str, number: float) -> None:
    assert size(text) == number


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ("image: 'me/web:1'", ("no-new-privileges:true",)),
        ("image: 'me/web:1', privileged: true", ()),
        ("image: 'me/web:1', security_opt: ['no-new-privileges:false']", ()),
        ("image: 'dpage/pgadmin4:8'", ()),
        ("image: 'linuxserver/sonarr:4'", ()),
        # s6 starts its services with other users: as root it only gives rights up.
        ("image: 'plexinc/pms-docker'", ("no-new-privileges:true",)),
        (
            "image: 'louislam/uptime-kuma:1'",
            (),
        ),  # It starts with sudo what its user may not.
    ],
)
def test_no_new_privileges(body: str, options: tuple[str, ...]) -> None:
    assert prod("NNP", body).security.security_opt == options


@pytest.mark.parametrize(
    ("body", "dropped", "added"),
    [
        ("image: 'caddy:2'", ("ALL",), ("NET_BIND_SERVICE",)),
        (
            "image: 'postgres:16'",
            ("ALL",),
            ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"),
        ),
        ("image: 'caddy:2', cap_add: [NET_BIND_SERVICE]", ("ALL",), ()),
        (
            "image: 'caddy:2', volumes: ['./logs:/logs']",
            ("ALL",),
            ("NET_BIND_SERVICE", "DAC_OVERRIDE"),
        ),
        (
            "image: 'caddy:2', volumes: ['./site:/srv:ro', './Caddyfile:/etc/caddy/Caddyfile']",
            ("ALL",),
            ("NET_BIND_SERVICE",),
        ),
        (
            "image: 'caddy:2', user: '1000', volumes: ['./logs:/logs']",
            ("ALL",),
            ("NET_BIND_SERVICE",),
        ),
        ("image: 'caddy:2', cap_drop: [NET_RAW]", (), ()),
        ("image: 'caddy:2', privileged: true", (), ()),
        ("image: 'postgres:16', command: [sh, -c, x]", (), ()),
        ("image: 'me/web:1'", (), ()),
        ("image: 'linuxserver/sonarr:4'", (), ()),
    ],
)
def test_capabilities(body: str, dropped: tuple[str, ...], added: tuple[str, ...]) -> None:
    """T23: entry scripts that change owners need some of them back."""
    security = prod("CAPDROP", body).security
    assert (security.cap_drop, security.cap_add) == (dropped, added)


def test_read_only_is_asked_for() -> None:
    assert prod("RO-ROOT", "image: 'nginx:1.27'").security.read_only is None
    hard = Context(harden=True)
    assert prod("RO-ROOT", "image: 'nginx:1.27'", hard).security.read_only is True
    assert prod("RO-ROOT", "image: 'me/web:1'", hard).security.read_only is None


def test_read_only_keeps_off_inline_secrets() -> None:
    """T5: only files can be put into a read-only container."""
    text = (
        "services: {x: {image: 'nginx:1.27', secrets: [s]}}\nsecrets: {s: {environment: S}}"
    )
    found = apply_all(
        stack(text), select("SVC-CLASS,RO-ROOT"), Context(harden=True)
    ).stack.services[0]
    assert ComposeFileRole.PROD not in found.overlays


@pytest.mark.parametrize(
    ("body", "image"),
    [
        (
            "image: 'registry.example.com/shop/web:1.4'",
            "registry.example.com/shop/web:${WEB_VERSION:-1.4}",
        ),
        ("image: 'ghcr.io/me/web'", "ghcr.io/me/web:${WEB_VERSION:-latest}"),
        ("image: 'web:1', build: .", "web:${WEB_VERSION:-1}"),
        ("build: .", "app-x:${X_VERSION:-latest}"),
        ("image: 'me/web:1'", None),
        ("image: 'nginx:1.27'", None),
        ("image: 'quay.io/keycloak/keycloak:26'", None),
        ("image: 'registry.example.com/web:${TAG}'", None),
        (f"image: 'registry.example.com/web@sha256:{'0' * 64}'", None),
    ],
)
def test_versions(body: str, image: str | None) -> None:
    assert prod("VERSION", body).image == image


@pytest.mark.parametrize(
    ("image", "noted"),
    [
        ("nginx", True),
        ("nginx:latest", True),
        ("nginx:1.27", False),
        ("me/web:main", True),
        ("${IMAGE}", False),
        ("${REGISTRY}/web", True),
        ("${REGISTRY}/web:latest", True),
        ("${REGISTRY}/web:1", False),
        ("me/web:${T}", False),
    ],
)
def test_a_word_about_tags(image: str, noted: bool) -> None:
    codes = [note.code for note in outcome("TAG", f"image: '{image}'").notes]
    assert ("TC675" in codes) is noted


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("image: 'me/web:1', network_mode: host", ["TC649"]),
        ("image: 'me/web:1', network_mode: host, ports: ['8080:80']", ["TC649", "TC669"]),
        ("image: 'me/web:1', network_mode: none, ports: ['8080:80']", ["TC669"]),
        ("image: 'me/web:1', network_mode: none", []),
        ("image: 'prom/node-exporter:v1', network_mode: host", ["TC648"]),
        ("image: 'me/web:1', privileged: true, pid: host", ["TC668", "TC668"]),
        (
            "image: 'me/web:1', cap_add: [SYS_ADMIN], devices: [/dev/kvm]",
            ["TC668", "TC668"],
        ),
        ("image: 'me/web:1', cap_add: [CHOWN]", []),
    ],
)
def test_a_word_about_power(body: str, codes: list[str]) -> None:
    found = [note.code for note in outcome("HOSTNET,PRIV", body).notes]
    assert [code for code in found if code != "TC601"] == codes


def test_tools_start_only_where_env_says_so() -> None:
    text = "services: {web: {image: 'me/web:1'}, admin: {image: 'adminer:4'}, mail: {image: 'axllent/mailpit:v1'}}"
    given = stack(text)
    mail = replace(given.services[0], environment=stack(
        "services: {x: {environment: {SMTP_HOST: mail}}}").services[0].environment)  # fmt: skip
    given = replace(given, services=(mail, *given.services[1:]))
    found = apply_all(
        given, select("SVC-CLASS,DEP-INFER,PROFILE"), Context(split=True)
    ).stack
    assert {item.name: item.profiles for item in found.services} == {
        "web": (),
        "admin": ("dev",),
        "mail": (),
    }
    assert [(item.name, item.value) for item in found.settings] == [
        ("COMPOSE_PROFILES", "dev")
    ]


DOCKERFILES = {
    "node": (
        b"FROM node:22 AS development\nWORKDIR /app\nFROM node:22-slim\n",
        "/app",
        "/app/node_modules",
        "9229",
    ),
    "python": (
        b"FROM python:3.13 AS base\nWORKDIR /srv\nFROM base AS dev\nWORKDIR web\nFROM base\n",
        "/srv/web",
        None,
        None,
    ),
    "unknown": (b"FROM me/base AS development\nFROM scratch\n", None, None, None),
}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_development_stage(name: str) -> None:
    text, folder, packages, port = DOCKERFILES[name]
    given = replace(
        stack("services: {x: {build: ./api}}"),
        files=(File(path="api/Dockerfile", content=text),),
    )
    part = developed(given)
    assert part.build == Build(
        context="./api", target="dev" if b"AS dev\n" in text else "development"
    )
    assert [item.target for item in part.mounts] == [
        path for path in (folder, packages) if path
    ]
    assert [(item.published, item.host_ip) for item in part.ports] == (
        [(port, "127.0.0.1")] if port else []
    )


def developed(given: Stack) -> Service:
    return (
        apply_all(given, select("BUILD"), Context(split=True))
        .stack.services[0]
        .overlays[ComposeFileRole.DEV]
    )


@pytest.mark.parametrize("text", [b"FROM node:22\n", b""])
def test_no_development_stage(text: bytes) -> None:
    given = replace(
        stack("services: {x: {build: .}}"), files=(File(path="Dockerfile", content=text),)
    )
    assert apply_all(given, select("BUILD"), Context()).stack == given


@pytest.mark.parametrize(("mode", "changes"), [("production", True), ("staging", False)])
def test_only_the_mode_of_production_is_another_in_development(
    mode: str, changes: bool
) -> None:
    given = stack(f"services: {{x: {{build: ., environment: {{NODE_ENV: {mode}}}}}}}")
    given = replace(given, files=(File(path="Dockerfile", content=DOCKERFILES["node"][0]),))
    names = [variable.name for variable in developed(given).environment]
    assert names == (["NODE_ENV"] if changes else [])


@pytest.mark.parametrize(("mode", "changes"), [("production", True), ("staging", False)])
def test_a_mode_that_the_source_alone_states_is_another_in_development_too(
    mode: str, changes: bool
) -> None:
    """RAILS_ENV goes before RACK_ENV, which the image of Ruby sets."""
    given = stack(f"services: {{x: {{build: ., environment: {{RAILS_ENV: {mode}}}}}}}")
    content = b"FROM ruby:3.4 AS base\nFROM base AS development\nFROM base AS production\n"
    given = replace(given, files=(File(path="Dockerfile", content=content),))
    names = {variable.name for variable in developed(given).environment}
    assert ("RAILS_ENV" in names) == changes


@pytest.mark.parametrize(
    ("body", "policy"),
    [
        ("image: 'me/web:1'", "unless-stopped"),
        ("image: 'me/web:1', restart: always", "always"),
        ("image: 'me/web:1', restart: 'no'", "no"),
        ("image: 'me/web:1', command: [alembic, upgrade, head]", "no"),
        ("image: 'postgres:16', command: [psql, -h, db]", "no"),
        ("image: 'ubuntu:24.04'", "no"),
        ("image: 'ubuntu:24.04', command: [bash]", "no"),
        ("image: 'ubuntu:24.04', command: [serve]", "unless-stopped"),
        ("image: 'me/web:1', deploy: {restart_policy: {condition: any}}", None),
    ],
)
def test_restart(body: str, policy: str | None) -> None:
    """T10: what ends is not started again for ever."""
    assert made("RESTART", body).restart == policy


@pytest.mark.parametrize(
    ("body", "init"),
    [
        ("image: 'node:22', command: [node, x]", True),
        ("image: 'node:22', init: false", False),
        ("image: 'node:22', entrypoint: [/usr/bin/tini, --]", None),
        ("image: 'jenkins/jenkins:lts'", None),
        ("image: 'me/web:1'", None),
    ],
)
def test_init(body: str, init: bool | None) -> None:
    assert made("INIT", body).init is init


@pytest.mark.parametrize(
    ("body", "is_set"),
    [
        ("image: 'me/web:1'", True),
        ("image: 'me/web:1', cap_add: [MKNOD]", False),
        ("image: 'me/web:1', cap_add: [NET_BIND_SERVICE]", True),
        ("image: 'me/web:1', cap_add: [MKNOD], user: '0:0'", True),
        ("image: 'nginx:1.27', cap_add: [NET_ADMIN]", True),
        ("image: 'memcached:1.6', cap_add: [NET_ADMIN]", False),
        # An init of its own is no setuid program.
        ("image: 'ghcr.io/goauthentik/server:2026.5.6'", True),
        ("image: 'n8nio/n8n:1'", True),
        ("image: 'telegraf:1.30'", False),
        ("image: 'pihole/pihole:2025.1'", False),
    ],
)
def test_who_is_not_root_gets_an_added_capability_by_a_file(
    body: str, is_set: bool
) -> None:
    """no-new-privileges would take it again: https://docs.kernel.org/userspace-api/no_new_privs.html"""
    options = prod("NNP", body).security.security_opt
    assert options == (("no-new-privileges:true",) if is_set else ())
    codes = [note.code for note in outcome("NNP", body).notes]
    assert ("TC671" in codes) is not is_set


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("deploy", "{resources: {reservations: {memory: '%s', cpus: '3'}}}"),
        ("mem_reservation", "'%s'"),
        ("shm_size", "'%s'"),
        ("command", "[java, '-Xmx%s', -jar, a.jar]"),
        ("environment", "{JAVA_OPTS: '-Xmx%s'}"),
        ("environment", "{HEAP_SIZE: '%s'}"),
    ],
)
@pytest.mark.parametrize("image", ["postgres:16", "me/web:1"])
def test_memory_behind_a_variable_counts_as_its_value(
    image: str, key: str, value: str
) -> None:
    """The engine refuses a limit below what is reserved, and kills at one below the heap."""
    limits = [
        prod("RES-LIM", f"image: '{image}', {key}: {value % text}").resources.limits
        for text in ("3g", "${AMOUNT:-3g}", "${A:-${B:-3g}}")
    ]
    assert limits[0] == limits[1] == limits[2]
    memory = (limits[0].memory or "").partition(":-")[2].rstrip("}")
    assert size(memory) > size("3g")
