"""Stacks as sources may describe them, for property tests."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from tocompose.model import (
    Build,
    Dependency,
    EnvSetting,
    EnvVariable,
    Healthcheck,
    Limits,
    Logging,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    ResourceLimits,
    Role,
    Security,
    Service,
    Stack,
    Stop,
    Volume,
)
from tocompose.syntax.interpolation import literal

NAMES = ("web", "api", "db", "cache", "queue", "proxy", "worker", "admin")
IMAGES = (
    *(
        "postgres:16",
        "postgres:18-alpine",
        "redis:7",
        "rabbitmq:4",
        "mysql:8",
        "mongo",
        "nats:2",
        "traefik:v3",
    ),
    *(
        "nginx:1.27",
        "nginx:alpine",
        "node:22",
        "python:3.13-slim",
        "alpine",
        "adminer",
        "grafana/grafana:11",
    ),
    *(
        "registry.example.com/shop/web:1.4",
        "registry.example.com/shop/web",
        "me/app",
        "corp/postgres:1",
        "${IMAGE}",
    ),
    *(
        "elasticsearch:8.15.0",
        "eclipse-mosquitto:2",
        "gcr.io/distroless/static",
        "linuxserver/sonarr",
        "minio/minio",
    ),
)
SECRETS = (
    "tops3cret-value",
    "hunter2",
    "pa$$word-9",
    "c0rrect horse",
    "x" * 30,
    "password",
    "",
    "true",
)
VARIABLES = (
    *(
        "POSTGRES_PASSWORD",
        "DB_PASSWORD",
        "SECRET_KEY",
        "API_TOKEN",
        "POSTGRES_USER",
        "PORT",
        "TOKEN_TTL",
        "DEBUG",
    ),
    *("PGDATA", "password", "POSTGRES_PASSWORD_FILE", "WEB_PORT", "KC_HEALTH_ENABLED"),
)
ADDRESSES = ("DATABASE_URL", "REDIS_URL", "DB_HOST", "BROKERS", "UPSTREAM", "CORS_ORIGIN")


@st.composite
def variables(draw: st.DrawFn) -> tuple[EnvVariable, ...]:
    found: dict[str, str | None] = {}
    for name in draw(st.lists(st.sampled_from(VARIABLES), max_size=4)):
        value = draw(
            st.sampled_from(
                (
                    *map(literal, SECRETS),
                    "${HOME_GROWN}",
                    "${HOME_GROWN:-x}",
                    None,
                    "/run/secrets/x",
                )
            )
        )
        found[name] = value
    for name in draw(st.lists(st.sampled_from(ADDRESSES), max_size=2)):
        host, password = (
            draw(st.sampled_from(NAMES)),
            draw(st.sampled_from(("hunter2", "tops3cret-value", "${PW}", "a%40b"))),
        )
        found[name] = draw(
            st.sampled_from(
                (
                    host,
                    f"{host}:5432",
                    f"http://{host}/",
                    f"amqp://u:{password}@{host}:5672/x",
                    f"{host},{host}",
                )
            )
        )
    return tuple(EnvVariable(name=name, value=value) for name, value in found.items())


PORTS = st.builds(
    Port,
    target=st.sampled_from(("80", "5432", "6379", "3000", "8000-8010")),
    published=st.sampled_from(
        (None, "80", "8080", "5432", "6379", "15432", "${WEB_PORT:-80}", "8000-8010")
    ),
    host_ip=st.sampled_from((None, None, "127.0.0.1", "0.0.0.0", "192.168.1.7", "::1")),
    protocol=st.sampled_from(("tcp", "tcp", "udp")),
)
MOUNTS = st.one_of(
    st.builds(
        Mount,
        kind=st.just("bind"),
        source=st.sampled_from(
            (".", "./src", "./nginx.conf", "/srv/data", "/var/run/docker.sock", "/")
        ),
        target=st.sampled_from(
            ("/app", "/etc/nginx/nginx.conf", "/var/lib/postgresql/data", "/data", "/x")
        ),
        read_only=st.booleans(),
        mode=st.sampled_from(("", "", "z")),
    ),
    st.builds(
        Mount,
        kind=st.just("volume"),
        source=st.sampled_from((None, "stuff")),
        target=st.sampled_from(("/app/node_modules", "/data", "/y")),
    ),
    st.builds(Mount, kind=st.just("tmpfs"), target=st.sampled_from(("/tmp", "/run"))),
)
CHECKS = st.one_of(
    st.none(),
    st.builds(
        Healthcheck,
        test=st.sampled_from(
            (("CMD", "true"), ("CMD-SHELL", "redis-cli -a tops3cret-value ping"), None)
        ),
        interval=st.sampled_from((None, "7s")),
        timeout=st.sampled_from((None, "2s")),
    ),
    st.just(Healthcheck(disable=True)),
)
COMMANDS = st.sampled_from(
    (
        *(
            None,
            None,
            ("serve",),
            ("redis-server", "--requirepass", "tops3cret-value"),
            ("bash",),
            (),
        ),
        *(
            ("sh", "-c", "pg_dump -h db"),
            ("python", "manage.py", "migrate"),
            ("--port", "9999"),
        ),
    )
)
LIMITS = st.builds(
    Limits, memory=st.sampled_from((None, "1G")), cpus=st.sampled_from((None, "2"))
)
MAYBE = st.sampled_from((None, None, True))
SECURITY = st.builds(
    Security,
    privileged=MAYBE,
    cap_add=st.sampled_from(((), ("NET_ADMIN",))),
    read_only=MAYBE,
)
LABELS = st.sampled_from(
    ({}, {"traefik.http.routers.x.rule": "Host(`a`)"}, {"a.password": "tops3cret-value"})
)
LOGS = st.sampled_from(
    (None, None, *(Logging(driver=name) for name in ("syslog", "json-file", "none")))
)


@st.composite
def services(draw: st.DrawFn, name: str, networks: tuple[str, ...]) -> Service:
    mounts = {mount.target: mount for mount in draw(st.lists(MOUNTS, max_size=3))}
    image = draw(st.sampled_from((*IMAGES, None)))
    mode = draw(st.sampled_from((None, None, None, None, "host", "none")))
    others = list(NAMES[: NAMES.index(name)])
    depends = (
        draw(st.lists(st.sampled_from(others), max_size=2, unique=True)) if others else []
    )
    return Service(
        name=name,
        image=image,
        build=Build(context=draw(st.sampled_from((".", "./api"))))
        if image is None
        else None,
        container_name=draw(st.sampled_from((None, None, name, "x"))),
        command=draw(COMMANDS),
        environment=draw(variables()),
        ports=tuple(dict.fromkeys(draw(st.lists(PORTS, max_size=2))))
        if mode is None
        else (),
        mounts=tuple(mounts.values()),
        network_mode=mode,
        networks=tuple(NetworkAttachment(network=item) for item in networks)
        if mode is None
        else (),
        depends_on=tuple(Dependency(service=other) for other in depends),
        healthcheck=draw(CHECKS),
        restart=draw(st.sampled_from((None, None, "always", "no", "on-failure:5"))),
        resources=ResourceLimits(limits=draw(LIMITS)),
        security=draw(SECURITY),
        labels=draw(LABELS),
        logging=draw(LOGS),
        profiles=draw(st.sampled_from(((), (), ("tools",)))),
        stop=draw(st.builds(Stop, grace_period=st.sampled_from((None, "5s")))),
        init=draw(st.sampled_from((None, None, False))),
        replicas=draw(st.sampled_from((None, None, 2))),
        role=draw(st.sampled_from((Role.APP, Role.APP, Role.APP, Role.JOB))),
    )


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """A stack of one to six services, sometimes with networks of its own, a volume and settings."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    names.sort(key=NAMES.index)
    networks = draw(st.sampled_from(((), (), ("lan",), ("front", "back"))))
    built = tuple(draw(services(name, networks)) for name in names)
    known = set(names)
    built = tuple(_known_only(service, known) for service in built)
    used = {
        mount.source
        for service in built
        for mount in service.mounts
        if mount.kind == "volume" and mount.source
    }
    return Stack(
        name="app",
        services=built,
        networks=tuple(Network(name=name) for name in networks),
        volumes=tuple(Volume(name=name) for name in sorted(used)),
        settings=draw(
            st.sampled_from(((), (EnvSetting(name="HOME_GROWN", value="tops3cret-value"),)))
        ),
    )


def _known_only(service: Service, known: set[str]) -> Service:
    return replace(
        service,
        depends_on=tuple(item for item in service.depends_on if item.service in known),
    )
