"""Every note of the practices on a stack that calls for it, at the place in the compose file that it is about."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.snippets import stack
from tocompose.model import EnvSetting, File
from tocompose.notes import Note, registry
from tocompose.rules import Context, apply_all, select

DOCKERFILE = File(path="Dockerfile", content=b"FROM node:22 AS development\nWORKDIR /app\n")
WEB = "web: {image: 'me/web:1'}"
PLACES: dict[str, tuple[str, str]] = {
    "TC500": (
        "web: {image: 'me/web:1', environment: {API_KEY: tops3cret}}",
        "services.web.environment.API_KEY",
    ),
    "TC501": (
        "web: {image: 'me/web:1', environment: {DB: 'pg://u:tops3cret@${H}/x'}}",
        "services.web.environment.DB",
    ),
    "TC502": (
        "web: {image: 'me/web:1', command: [x, --token, tops3cret]}",
        "services.web.command",
    ),
    "TC503": (
        "web: {image: 'me/web:1', environment: {API_KEY: '${GIVEN}'}}",
        "services.web.environment.API_KEY",
    ),
    "TC504": (
        "web: {image: 'me/web:1', labels: {a.token: tops3cret}}",
        "services.web.labels.a.token",
    ),
    "TC505": (
        "web: {build: {context: ., args: {API_KEY: tops3cret}}}",
        "services.web.build.args.API_KEY",
    ),
    "TC506": (
        "db: {image: 'mysql:8', environment: {MYSQL_PASSWORD: tops3cret}}",
        "services.db.secrets.mysql_password",
    ),
    "TC507": (
        "web: {image: 'me/web:1', environment: {API_KEY: tops3cret}, labels: {x: 'is tops3cret'}}",
        "services.web.labels.x",
    ),
    "TC509": (
        "web: {image: 'me/web:1', annotations: {a.token: tops3cret}}",
        "services.web",
    ),
    "TC550": (
        "web: {image: 'me/web:1', environment: {API_KEY: tops3cret}}",
        "services.web.environment",
    ),
    "TC551": (
        "web: {image: 'mysql:8', read_only: true, environment: {MYSQL_PASSWORD: tops3cret}}",
        "services.web.environment",
    ),
    "TC552": (
        "web: {image: 'mysql:8', command: ['$$MYSQL_PASSWORD'], environment: {MYSQL_PASSWORD: tops3cret}}",
        "services.web.environment",
    ),
    "TC553": (
        "web: {image: 'me/web:1', environment: {API_KEY: '${UNSET}'}}",
        "services.web.environment.API_KEY",
    ),
    "TC554": (
        "x: {image: 'mysql:8', container_name: tops3cret, environment: {MYSQL_PASSWORD: tops3cret}}",
        "settings.MYSQL_PASSWORD",
    ),
    "TC556": (
        "web: {image: 'me/web:1', environment: {DB_PASSWORD: letmein}}",
        "settings.DB_PASSWORD",
    ),
    "TC879": (WEB, ""),
    "TC875": (
        "db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}",
        "services.db.healthcheck.test",
    ),
    "TC688": (
        "a: {image: 'nginx:1.27'}, b: {image: 'httpd:2.4', network_mode: 'service:a'}",
        "services.a",
    ),
    "TC687": ("es: {image: 'elasticsearch:8.14.0'}", "services.es.image"),
    "TC876": (
        "db: {image: 'postgres:16', healthcheck: {test: [CMD, curl, localhost]}}",
        "services.db.healthcheck.test",
    ),
    "TC877": (
        "cache: {image: 'redis:7', networks: [a]}, "
        "web: {image: 'me/web:1', networks: [b], environment: {REDIS_HOST: cache}}",
        "services.web.networks",
    ),
    "TC874": (
        "web: {image: 'me/web:1', networks: [shut], ports: ['9:9']}",
        "services.web.ports",
    ),
    "TC870": (
        "jobs: {image: 'ruby:3', command: [bundle, exec, sidekiq]}",
        "services.jobs",
    ),
    "TC871": ("shell: {image: 'ruby:3', command: [sleep, infinity]}", "services.shell"),
    "TC600": ("web: {image: 'corp/postgres:1'}", "services.web"),
    "TC601": (WEB, "services.web"),
    "TC602": (
        "web: {image: 'me/web:1', environment: {DB_HOST: db}}, db: {image: 'mysql:8'}",
        "services.web.depends_on.db",
    ),
    "TC603": (
        "a: {image: 'me/a:1', depends_on: [b]}, b: {image: 'me/b:1', depends_on: [a]}",
        "services.b",
    ),
    "TC604": (
        "web: {image: 'me/web:1', depends_on: [db]}, db: {image: 'mysql:8'}",
        "services.web.depends_on.db.condition",
    ),
    "TC605": (
        "web: {image: 'me/web:1', depends_on: [api]}, api: {image: 'me/api:1'}",
        "services.web.depends_on.api",
    ),
    "TC606": (
        "web: {image: 'me/web:1', depends_on: [up]}, up: {image: 'me/web:1', command: [rails, db:migrate]}",
        "services.web.depends_on.up.condition",
    ),
    "TC607": (
        "a: {image: 'me/zk:1', command: [x, 'b:2181']}, b: {image: 'me/zk:1', command: [x, 'a:2181']}",
        "services.a.depends_on",
    ),
    "TC610": ("db: {image: 'mysql:8'}", "services.db.healthcheck"),
    "TC611": ("x: {image: 'jellyfin/jellyfin:10'}", "services.x"),
    "TC612": ("x: {image: 'nats:2'}", "services.x"),
    "TC613": (WEB, "services.web"),
    "TC685": (f"{WEB}, db: {{image: 'postgres:16'}}", "services.db"),
    "TC614": ("x: {image: 'arangodb:3'}", "services.x"),
    "TC615": ("x: {image: 'mysql:8', command: [sh, -c, serve]}", "services.x"),
    "TC619": ("x: {image: 'mysql:8', command: [--bind-address=10.0.0.1]}", "services.x"),
    "TC616": ("x: {image: 'node:22', command: [node, work.js]}", "services.x"),
    "TC617": (
        "x: {image: 'me/x:1', healthcheck: {test: [CMD, x], interval: 1s, retries: 2}}",
        "services.x.healthcheck.timeout",
    ),
    "TC618": ("x: {image: 'me/x:1', command: [rails, db:migrate]}", "services.x"),
    "TC620": (WEB, "services.web.restart"),
    "TC621": ("x: {image: 'me/x:1', command: [rails, db:migrate]}", "services.x.restart"),
    "TC622": ("x: {image: 'me/x:1', restart: 'no'}", "services.x"),
    "TC623": ("db: {image: 'mysql:8'}", "services.db.stop_grace_period"),
    "TC624": ("x: {image: 'node:22', command: [node, x.js]}", "services.x.init"),
    "TC625": (WEB, "services.web.logging"),
    "TC626": ("x: {image: 'me/x:1', logging: {driver: none}}", "services.x"),
    "TC627": (
        "x: {image: 'me/x:1', logging: {driver: json-file}}",
        "services.x.logging.options.max-size",
    ),
    "TC628": (WEB, "services.web.deploy.resources.limits"),
    "TC630": (
        "web: {image: 'me/web:1', ports: ['9:9']}, db: {image: 'mysql:8'}",
        "services.db.networks",
    ),
    "TC631": (
        "web: {image: 'me/web:1', ports: ['9:9']}, db: {image: 'mysql:8'}",
        "networks.frontend",
    ),
    "TC632": (
        "web: {image: 'me/web:1', ports: ['9:9']}, db: {image: 'mysql:8', ports: ['8:3306']}",
        "services.db.networks",
    ),
    "TC633": (
        "web: {image: 'me/web:1', ports: ['9:9']}, db: {image: 'mysql:8'}",
        "networks.backend.internal",
    ),
    "TC635": (
        "web: {image: 'me/web:1', labels: {traefik.enable: 'true'}}, db: {image: 'mysql:8'}",
        "services.web.labels.traefik.docker.network",
    ),
    "TC636": (
        "web: {image: 'me/web:1', labels: {traefik.docker.network: x_default}}, db: {image: 'mysql:8'}",
        "services.web.labels.traefik.docker.network",
    ),
    "TC637": (
        "web: {image: 'me/web:1', labels: {traefik.enable: 'true'}, networks: [a, b]}",
        "services.web.networks",
    ),
    "TC638": (
        "a: {image: 'me/a:1', ports: ['9:9']}, q: {image: 'me/a:1', ports: ['9:9'], command: [sidekiq]}",
        "services.q.ports",
    ),
    "TC640": (
        "a: {image: 'me/a:1', ports: ['9:9']}, b: {image: 'me/b:1', ports: ['9:9']}",
        "services.b.ports",
    ),
    "TC641": (
        "web: {image: 'me/web:1'}, x: {image: 'eclipse-mosquitto:2', ports: ['1883:1883']}",
        "services.x",
    ),
    "TC642": (
        "web: {image: 'me/web:1'}, db: {image: 'mysql:8', ports: ['10.0.0.1:9:3306']}",
        "services.db",
    ),
    "TC643": (
        "web: {image: 'me/web:1', environment: {DB: '172.17.0.1:9'}}, db: {image: 'mysql:8', ports: ['9:3306']}",
        "services.db",
    ),
    "TC644": ("db: {image: 'mysql:8', ports: ['9:3306']}", "services.db.ports"),
    "TC645": (
        "web: {image: 'me/web:1'}, db: {image: 'mysql:8', ports: ['9:3306']}",
        "services.db.ports",
    ),
    "TC646": ("web: {image: 'me/web:1', ports: ['9:9']}", "services.web"),
    "TC647": ("web: {image: 'me/web:1', ports: ['80:80']}", "services.web.ports"),
    "TC648": ("x: {image: 'prom/node-exporter:v1', network_mode: host}", "services.x"),
    "TC649": ("x: {image: 'me/x:1', network_mode: host}", "services.x"),
    "TC669": (
        "x: {image: 'me/x:1', network_mode: host, ports: ['80:80']}",
        "services.x.ports",
    ),
    "TC650": ("x: {image: 'me/x:1', volumes: [/data]}", "services.x.volumes"),
    "TC659": ("x: {image: 'apache/kafka:3.9.0'}", "services.x.environment.KAFKA_LOG_DIRS"),
    "TC651": ("db: {image: 'mysql:8'}", "services.db.volumes"),
    "TC652": (
        "db: {image: 'postgres:18', volumes: ['d1:/var/lib/postgresql/data']}",
        "services.db",
    ),
    "TC653": (
        "x: {image: 'me/x:1', volumes: [/data], deploy: {replicas: 2}}",
        "services.x",
    ),
    "TC655": ("x: {build: ., volumes: ['./src:/app']}", "services.x.volumes"),
    "TC656": ("x: {image: 'me/x:1', volumes: ['./a.conf:/a.conf']}", "services.x.volumes"),
    "TC657": ("db: {image: 'mysql:8', volumes: ['/srv/x:/var/lib/mysql']}", "services.db"),
    "TC658": ("x: {image: 'me/x:1', volumes: ['./x:/x']}", "services.x"),
    "TC682": ("x: {image: 'me/x:1', volumes: ['/etc/localtime:/x:ro']}", "services.x"),
    "TC683": ("x: {image: 'me/x:1', volumes: ['/srv/x:/x']}", "services.x"),
    "TC660": (
        "x: {image: 'traefik:v3', volumes: ['/var/run/docker.sock:/x']}",
        "services.x",
    ),
    "TC661": ("x: {image: 'me/x:1', volumes: ['/var/run/docker.sock:/x']}", "services.x"),
    "TC662": ("x: {image: 'me/x:1', volumes: ['/etc:/x:ro']}", "services.x"),
    "TC663": ("x: {image: 'me/x:1', volumes: ['/etc:/x']}", "services.x"),
    "TC664": ("x: {image: 'rabbitmq:4'}", "services.x.hostname"),
    "TC667": ("web: {image: 'me/web:1'}, x: {image: 'adminer:4'}", "services.x.profiles"),
    "TC668": ("x: {image: 'me/x:1', privileged: true}", "services.x"),
    "TC670": (WEB, "services.web.security_opt"),
    "TC671": ("x: {image: 'linuxserver/sonarr:4'}", "services.x"),
    "TC672": ("x: {image: 'caddy:2'}", "services.x.cap_drop"),
    "TC673": ("x: {image: 'nginx:1.27'}", "services.x.read_only"),
    "TC674": (WEB, "services.web"),
    "TC675": ("x: {image: 'me/x'}", "services.x"),
    "TC676": ("x: {image: 'registry.example.com/x:1'}", "services.x.image"),
    "TC677": ("x: {build: .}", "services.x.build.target"),
    "TC678": ("x: {build: .}", "services.x.volumes"),
}


def notes(services: str) -> list[Note]:
    networks = "networks: {shut: {internal: true}}" if "shut" in services else ""
    given = stack(f"services: {{{services}}}\n{networks}")
    given = replace(
        given,
        files=(DOCKERFILE,),
        settings=(
            EnvSetting(name="GIVEN", value="tops3cret-9"),
            EnvSetting(name="UNSET", secret=True, required=True),
        ),
    )
    return list(apply_all(given, select("all"), Context(split=True, harden=True)).notes)


@pytest.mark.parametrize("code", PLACES)
def test_note(code: str) -> None:
    services, place = PLACES[code]
    found = [note for note in notes(services) if note.code == code]
    assert place in [str(note.subject) for note in found]
    assert all("{" not in note.message.replace("${", "") for note in found)


def test_a_flat_network_is_noted() -> None:
    text = """
    services:
      web: {image: 'me/web:1', ports: ['9:9'], networks: [lan]}
      db: {image: 'mysql:8', networks: [lan]}
    networks: {lan: }
    """
    found = apply_all(stack(text), select("all"), Context()).notes
    assert [str(note.subject) for note in found if note.code == "TC634"] == ["networks.lan"]


def test_every_note_is_here() -> None:
    # TC508, TC608, TC634, TC679, TC680, TC684 and TC878 need another stack; TC555, TC609, TC639, TC665, TC666, TC681,
    # TC872 and TC873 files of a source (tests/examples); TC852, TC854 and TC856 a source's own words or an earlier run.
    # TC547 shows braces of a source (test_template_marks.py), TC558 a file that was there before.
    codes = {*registry("environment"), *registry("practices")}
    assert codes - set(PLACES) == {
        "TC508",
        "TC547",
        "TC555",
        "TC558",
        "TC608",
        "TC609",
        "TC634",
        "TC639",
        "TC665",
        "TC666",
        "TC679",
        "TC680",
        "TC681",
        "TC684",
        "TC852",
        "TC854",
        "TC856",
        "TC872",
        "TC873",
        "TC878",
    }
