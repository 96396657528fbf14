"""Who depends on whom: what counts as evidence, what does not, and how circles are cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from growth import grows_with_input
from rules.snippets import stack
from tocompose.model import (
    Dependency,
    EnvSetting,
    File,
    Mount,
    Role,
    Runtime,
    Service,
    Stack,
)
from tocompose.rules import Context, apply_all, select

PRACTICES = select("SVC-CLASS,HC-EVERY,DEP-INFER,DEP-COND,RESTART")


def made(given: Stack | str) -> Stack:
    return apply_all(
        stack(given) if isinstance(given, str) else given, PRACTICES, Context()
    ).stack


def edges(given: Stack | str) -> dict[str, dict[str, str]]:
    found = made(given)
    return {
        service.name: {item.service: item.condition for item in service.depends_on}
        for service in found.services
        if service.depends_on
    }


def client(settings: str) -> str:
    return f"""
    services:
      web: {{image: 'me/web:1', {settings}}}
      db: {{image: 'postgres:16'}}
      cache: {{image: 'redis:7', container_name: my-cache, hostname: redis.local}}
    """


def environment(name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    return client(f"environment: {{{name}: '{quoted}'}}")


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("DATABASE_URL", "postgres://app:pw@db:5432/app", "db"),
        ("DATABASE_URL", "postgres://app:pw@db/app", "db"),
        ("ANYTHING", "jdbc:postgresql://db:5432/app", "db"),
        ("DSN", "app:pw@tcp(db:3306)/app", "db"),
        ("DB_HOST", "db", "db"),
        ("PGHOST", "db", "db"),
        ("DB_ADDR", "db:5432", "db"),
        ("REDIS_URL", "redis://my-cache:6379/0", "cache"),
        ("REDIS_URL", "redis://redis.local", "cache"),
        ("DB_HOST", "db.shop.svc.cluster.local", "db"),
        ("NODES", "a,DB,c", "db"),
        ("BROKERS", "other:9092,cache:6379", "cache"),
        ("CONFIG", '{"host": "x", "url": "http://db:80"}', "db"),
        ("CONFIG", '{"host": "db", "port": 5432}', "db"),
        ("EXTRA", "define('WP_DB_HOST', 'db');", "db"),
        ("OMNIBUS", "external_url 'http://x'; rails['db_host'] = 'db'", "db"),
        ("SETTINGS", "'dbhost' => 'db', 'dbname' => 'cache'", "db"),
    ],
)
def test_variables_that_name_a_service(name: str, value: str, target: str) -> None:
    assert edges(environment(name, value)) == {"web": {target: "service_healthy"}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_HOST", "db.example.com"),
        ("DATABASE_URL", "postgres://db.example.com/db"),
        ("DATABASE_URL", "db://example.com:80/x"),
        ("POSTGRES_DB", "db"),
        ("MESSAGE", "the db is at home"),
        ("CORS_ORIGIN", "http://db:80"),
        ("CALLBACK_URL", "http://cache:80/back"),
        ("WEB_HOST", "web"),
        ("PATH_TO", "/var/lib/db:5432"),
        ("VERSION", "xdb:5432"),
        ("EXTRA", "define('WP_DB_NAME', 'db');"),
    ],
)
def test_variables_that_do_not(name: str, value: str) -> None:
    assert edges(environment(name, value)) == {}


@pytest.mark.parametrize(("name", "found"), [("nginx.conf", False), ("NGINX", True)])
def test_a_file_that_became_a_variable_is_no_setting(name: str, found: bool) -> None:
    text = r"{proxy_pass http://db:80;\n}"
    assert bool(edges(client(f'environment: {{{name}: "{text}"}}'))) == found


@pytest.mark.parametrize(
    "settings",
    [
        "command: [serve, --database, 'db:5432']",
        "command: [sh, -c, 'until nc -z db 5432; do sleep 1; done; serve']",
        "command: [sh, -c, './wait-for-it.sh db:5432 -- serve']",
        "command: [migrate, -h, db, up]",
        "command: [mysqldump, -hdb, x]",
        "command: [serve, 'postgres://db/app']",
    ],
)
def test_commands_that_name_a_service(settings: str) -> None:
    assert edges(client(settings))["web"] == {"db": "service_healthy"}


def test_values_in_settings_count() -> None:
    given = replace(
        stack(environment("DB_URL", "${DB_URL}")),
        settings=(EnvSetting(name="DB_URL", value="pg://db/x"),),
    )
    assert edges(given) == {"web": {"db": "service_healthy"}}


@pytest.mark.parametrize("content", [b"upstream { server db:5432; }", b"url: http://db/\n"])
def test_config_files_count(content: bytes) -> None:
    given = stack(client("volumes: ['./config/app.conf:/etc/app.conf:ro']"))
    given = replace(given, files=(File(path="config/app.conf", content=content),))
    assert edges(given) == {"web": {"db": "service_healthy"}}


@pytest.mark.parametrize(
    "content",
    [
        b"upstream u { server db:5432; server my-cache:80 backup; }",
        b"backend b\n  server one db:5432 check\n  server two my-cache:80 check backup\n",
    ],
)
def test_a_proxy_does_not_wait_for_what_it_falls_back_to(content: bytes) -> None:
    given = stack(client("volumes: ['./config/app.conf:/etc/app.conf:ro']"))
    given = replace(given, files=(File(path="config/app.conf", content=content),))
    assert edges(given) == {"web": {"db": "service_healthy"}}


def test_env_files_count() -> None:
    given = replace(
        stack(client("env_file: [./app.env]")),
        files=(File(path="app.env", content=b"# x=http://cache/\nDB_HOST=db\n"),),
    )
    assert edges(given) == {"web": {"db": "service_healthy"}}


def test_the_weakest_of_a_circle_is_left_out() -> None:
    text = """
    services:
      a: {image: 'me/a:1', environment: {B_HOST: b}}
      b: {image: 'me/b:1', environment: {C_URL: 'http://c:80'}}
      c: {image: 'me/c:1', environment: {A_URL: 'http://a:80'}}
    """
    outcome = apply_all(stack(text), PRACTICES, Context())
    assert edges(text) == {"b": {"c": "service_started"}, "c": {"a": "service_started"}}
    assert [str(note.subject) for note in outcome.notes if note.code == "TC603"] == [
        "services.a"
    ]


def test_members_of_a_cluster_do_not_wait_for_each_other() -> None:
    text = """
    services:
      zoo-0: {image: 'me/zoo:1', environment: {SERVERS: 'zoo-1:2888,zoo-2:2888'}}
      zoo-1: {image: 'me/zoo:1', environment: {SERVERS: 'zoo-0:2888,zoo-2:2888'}}
      zoo-2: {image: 'me/zoo:1', environment: {SERVERS: 'zoo-0:2888,zoo-1:2888'}}
      web: {image: 'me/web:1', environment: {ZOO_URL: 'zk://zoo-2:2181'}}
    """
    assert edges(text) == {"web": {"zoo-2": "service_started"}}


def test_what_prepares_a_member_does_not_wait_for_the_others_either() -> None:
    def member(own: str, other: str) -> str:
        waits = f"depends_on: {{{own}-init: {{condition: service_completed_successfully}}}}"
        names = f"command: [run, '{other}:2888']"
        return f"{own}: {{image: 'me/zoo:1', {waits}}}, {own}-init: {{image: 'me/init:1', {names}, restart: 'no'}}"

    given = stack(f"services: {{{member('a', 'b')}, {member('b', 'a')}}}")
    services = [
        replace(item, role=Role.JOB if "init" in item.name else item.role)
        for item in given.services
    ]
    assert set(edges(replace(given, services=tuple(services)))) == {"a", "b"}


def test_one_of_two_with_one_image_may_wait_for_the_other() -> None:
    text = """
    services:
      web: {image: 'me/app:1'}
      worker: {image: 'me/app:1', environment: {WEB_URL: 'http://web:80'}}
    """
    assert edges(text) == {"worker": {"web": "service_started"}}


@pytest.mark.parametrize(
    "host", ["db.default.svc", "db.default.svc.cluster.local", "db.shop.svc.cluster.local"]
)
def test_the_name_inside_a_cluster_counts_wherever_it_stands(host: str) -> None:
    assert edges(client(f"command: [run, '-target={host}']")) == {
        "web": {"db": "service_healthy"}
    }


def test_the_source_wins_over_evidence() -> None:
    text = """
    services:
      a: {image: 'me/a:1', depends_on: [b]}
      b: {image: 'me/b:1', environment: {A_URL: 'http://a:80'}}
    """
    assert edges(text) == {"a": {"b": "service_started"}}


def test_a_circle_of_the_source_is_cut_too() -> None:
    text = "services: {a: {image: 'me/a:1', depends_on: [b]}, b: {image: 'me/b:1', depends_on: [a]}}"
    assert edges(text) == {"a": {"b": "service_started"}}


def test_databases_do_not_wait_for_applications() -> None:
    text = """
    services:
      db: {image: 'couchdb:3', environment: {PEER_URL: 'http://web:80', OTHER_HOST: db2}}
      db2: {image: 'couchdb:3'}
      web: {image: 'me/web:1'}
    """
    assert edges(text) == {"db": {"db2": "service_healthy"}}


def test_a_target_in_a_profile_is_optional() -> None:
    text = """
    services:
      web: {image: 'me/web:1', environment: {MAIL_HOST: mail}}
      mail: {image: 'axllent/mailpit', profiles: [dev]}
    """
    service = made(text).service("web")
    assert service is not None
    assert [
        (item.service, item.required, item.condition) for item in service.depends_on
    ] == [("mail", False, "service_healthy")]


CONDITIONS = [
    ("image: 'postgres:16'", "service_healthy"),
    ("image: 'jellyfin/jellyfin:10'", "service_healthy"),
    ("image: 'postgres:16', healthcheck: {disable: true}", "service_started"),
    ("image: 'postgres:16', healthcheck: {test: [NONE]}", "service_started"),
    ("image: 'me/api:1'", "service_started"),
    ("image: 'gcr.io/distroless/static'", "service_started"),
    ("image: 'nats:2'", "service_started"),
    ("image: 'me/api:1', command: [rails, db:migrate]", "service_completed_successfully"),
    ("image: 'me/api:1', command: [rails, db:migrate], restart: always", "service_started"),
]


@pytest.mark.parametrize(("body", "condition"), CONDITIONS)
def test_conditions(body: str, condition: str) -> None:
    """T8 and T10: health only where there is a check, completion only of what ends."""
    text = f"services: {{web: {{image: 'me/web:1', depends_on: [x]}}, x: {{{body}}}}}"
    assert edges(text) == {"web": {"x": condition}}


def test_a_name_that_several_services_share_means_all_of_them() -> None:
    text = """
    services:
      web: {image: 'me/web:1', environment: {API_URL: 'http://api:80'}, ports: ['80:80']}
      api-v1: {image: 'me/api:1', networks: {default: {aliases: [api]}}}
      api-v2: {image: 'me/api:2', networks: {default: {aliases: [api]}}}
    """
    assert edges(text) == {
        "web": {"api-v1": "service_started", "api-v2": "service_started"}
    }


def test_members_of_a_cluster_start_together() -> None:
    nodes = "".join(
        f"  es{n}: {{image: 'elasticsearch:8.15.0', environment: {{discovery.seed_hosts: 'es1,es2,es3'}}}}\n"
        for n in (1, 2, 3)
    )
    given = f"services:\n{nodes}  kibana: {{image: 'kibana:8.15.0', environment: {{ELASTICSEARCH_HOSTS: 'http://es1:9200'}}}}\n"
    assert {name: list(found) for name, found in edges(given).items()} == {
        "kibana": ["es1"]
    }
    said = apply_all(stack(given), PRACTICES, Context()).notes
    assert [str(item.subject) for item in said if item.code == "TC607"] == [
        f"services.es{n}.depends_on" for n in (1, 2, 3)
    ]


def test_a_replica_waits_for_the_one_it_copies() -> None:
    given = """
    services:
      replica: {image: 'bitnami/postgresql:15', environment: {POSTGRESQL_MASTER_HOST: primary}}
      primary: {image: 'bitnami/postgresql:15'}
    """
    assert list(edges(given)) == ["replica"]


def test_who_scrapes_does_not_wait_for_what_it_scrapes() -> None:
    given = stack(
        "services: {p: {image: 'prom/prometheus:v3', volumes: ['./p.yml:/etc/prometheus/prometheus.yml']},"
        " c: {image: 'gcr.io/cadvisor/cadvisor:v0.49.1'}}"
    )
    content = b"scrape_configs: [{static_configs: [{targets: ['c:8080']}]}]"
    given = replace(given, files=(File(path="p.yml", content=content),))
    assert edges(given) == {}


def _chain(length: int) -> Stack:
    """Applications that call the next one, each behind a job that waits for the next one too."""
    services: list[Service] = []
    for number in range(length):
        following = f"app{number + 1}"
        job = Service(
            name=f"wait{number}",
            image="busybox:1.36",
            role=Role.JOB,
            command=("nc", "-z", following, "80"),
        )
        app = Service(
            name=f"app{number}",
            image="acme/app:1",
            environment=(EnvSetting(name="NEXT_URL", value=f"http://{following}:80"),),
            depends_on=(Dependency(service=job.name),),
        )
        services += [job, app]
    last = Service(name=f"app{length}", image="acme/app:1")
    return Stack(name="chain", services=(*services, last))


def test_a_long_chain_of_calls_is_followed_in_a_time_that_grows_with_it() -> None:
    (rule,) = select("DEP-INFER")
    mended = rule.apply(_chain(3), Context()).stack
    assert [edge.service for edge in mended.services[1].depends_on] == ["wait0", "app1"]
    stacks = {length: _chain(length) for length in (400, 3200)}
    assert grows_with_input(lambda length: rule.apply(stacks[length], Context()), 3200)


def test_files_are_found_below_many_folders_in_a_time_that_grows_with_them() -> None:
    (rule,) = select("DEP-INFER")

    def mounting(number: int) -> Stack:
        services = tuple(
            Service(
                name=f"app{index}",
                image="acme/app:1",
                mounts=(Mount(kind="bind", source=f"./conf/{index}", target="/etc/app"),),
            )
            for index in range(number)
        )
        files = tuple(
            File(
                path=f"conf/{index}/app.conf",
                content=b"server app0:80\n",
            )
            for index in range(number)
        )
        return Stack(name="many", services=services, files=files)

    mended = rule.apply(mounting(2), Context()).stack
    assert [edge.service for edge in mended.services[1].depends_on] == ["app0"]
    stacks = {number: mounting(number) for number in (400, 3200)}
    assert grows_with_input(lambda number: rule.apply(stacks[number], Context()), 3200)


def test_what_ships_logs_does_not_wait() -> None:
    given = stack(
        "services: {ship: {image: 'grafana/promtail:2.9.0', environment: {URL: 'http://loki:3100'}},"
        " loki: {image: 'grafana/loki:2.9.0'}}"
    )
    assert edges(given) == {}


@pytest.mark.parametrize(
    ("body", "waiting"),
    [
        (
            "app: {image: 'shop/web:1', environment: {JAEGER_ENDPOINT: 'http://tempo:14268'}},"
            " tempo: {image: 'grafana/tempo:2.5.0'}",
            [],
        ),
        (
            "graf: {image: 'nginx:1.27', environment: {UPSTREAM: 'http://grafana:3000'}},"
            " grafana: {image: 'grafana/grafana:11.0.0'}",
            ["graf"],
        ),
        (
            "db: {image: 'postgres:16', environment: {REDIS_HOSTNAME: cache}}, cache: {image: 'redis:7'}",
            [],
        ),
        (
            "app: {image: 'shop/web:1', environment: {REDIS_HOSTNAME: cache}}, cache: {image: 'redis:7'}",
            ["app"],
        ),
    ],
)
def test_neither_traces_nor_strangers_are_waited_for(body: str, waiting: list[str]) -> None:
    assert list(edges(f"services: {{{body}}}")) == waiting


@pytest.mark.parametrize("name", ["host", "agent"])
def test_the_network_of_the_host_is_that_of_no_service(name: str) -> None:
    client_body = f"{{image: 'me/{name}:1', environment: {{DB_HOST: db}}}}"
    text = f"services: {{{name}: {client_body}, db: {{image: 'postgres:16', network_mode: host}}}}"
    assert edges(text) == {name: {"db": "service_healthy"}}


NEXTCLOUD = """
services:
  db: {image: 'mariadb:11.4'}
  app:
    image: nextcloud:29
    environment: {MYSQL_HOST: db}
    volumes: ['files:/var/www/html', '/etc/localtime:/etc/localtime:ro']
  cron: {image: 'nextcloud:CRON', entrypoint: [/cron.sh], SHARED}
"""


@pytest.mark.parametrize(
    ("tag", "shared", "waits"),
    [
        ("29", "volumes: ['files:/var/www/html']", True),
        ("29", "volumes_from: [app]", True),
        ("29", "volumes_from: ['app:ro']", True),
        ("29", "volumes: ['other:/var/www/html']", False),
        ("29", "volumes: ['/etc/localtime:/etc/localtime:ro']", False),
        ("28-fpm", "volumes: ['files:/var/www/html']", True),
    ],
)
def test_who_shares_image_and_storage_needs_the_same_data(
    tag: str, shared: str, waits: bool
) -> None:
    """Its settings lie in the volume: on a network without the database it would reach none."""
    found = edges(NEXTCLOUD.replace("CRON", tag).replace("SHARED", shared))
    assert found.get("cron", {}) == ({"db": "service_healthy"} if waits else {})


MIGRATION = """
services:
  web: {image: 'me/web:1', environment: {DB_HOST: db, DB_PASSWORD: '${APP_DB}'}}
  migrate: {image: 'me/tool:1', environment: {LOGIN: 'app:${APP_DB}'}}
  docs: {image: 'me/docs:1', environment: {TOKEN: '${OTHER}'}}
  db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: '${APP_DB}'}}
"""


@pytest.mark.parametrize("runtime", list(Runtime))
def test_in_a_cluster_who_has_the_password_of_a_database_needs_it(runtime: Runtime) -> None:
    """There the password is of one Secret; elsewhere two services may just have the same word."""
    clients = edges(replace(stack(MIGRATION), runs_in=runtime))
    is_known = runtime is Runtime.CLUSTER
    assert set(clients) == ({"web", "migrate"} if is_known else {"web"})


def test_a_password_of_two_databases_is_evidence_for_neither() -> None:
    second = "  more: {image: 'mysql:8', environment: {MYSQL_PASSWORD: '${APP_DB}'}}\n"
    clients = edges(replace(stack(MIGRATION + second), runs_in=Runtime.CLUSTER))
    assert "migrate" not in clients


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("web: {image: 'me/web:1'}, db: {image: 'postgres:16'}", True),
        ("web: {image: 'me/web:1', depends_on: [db]}, db: {image: 'postgres:16'}", False),
        ("web: {image: 'me/web:1', environment: {DB_HOST: db}}, db: {image: 'postgres:16'}", False),
        ("db: {image: 'postgres:16'}, cache: {image: 'redis:7'}", False),
        ("web: {image: 'me/web:1'}, api: {image: 'me/api:1'}", False),
    ],
)  # fmt: skip
def test_data_that_nothing_names_is_told(body: str, *, is_told: bool) -> None:
    outcome = apply_all(
        stack(f"services: {{{body}}}"), select("SVC-CLASS,DEP-INFER,DEP-COND"), Context()
    )
    told = [str(note.subject) for note in outcome.notes if note.code == "TC685"]
    assert told == (["services.db"] if is_told else [])
