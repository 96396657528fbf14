"""Stacks as importers and practices leave them, for the tests of what is written."""

from __future__ import annotations

from tocompose.model import (
    ComposeFileRole,
    ConfigMount,
    Dependency,
    EnvSetting,
    EnvVariable,
    File,
    FileResource,
    Healthcheck,
    Limits,
    Logging,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    ResourceLimits,
    Service,
    Stack,
    Volume,
)
from tocompose.source import Span

ROTATED = Logging(driver="json-file", options={"max-size": "10m", "max-file": "3"})
PASSWORD = "hunter2$x"
TOKEN = "tok-9f86d081"


def at(line: int) -> Span:
    """A place in a script."""
    return Span("run.sh", line, 1, line, 9)


def variables(**given: str) -> tuple[EnvVariable, ...]:
    """Environment variables by name."""
    return tuple(EnvVariable(name=name, value=value) for name, value in given.items())


def limited(name: str) -> Service:
    """A production part with default limits."""
    prefix = name.upper()
    limits = Limits(cpus=f"${{{prefix}_CPUS:-1}}", memory=f"${{{prefix}_MEMORY:-512M}}")
    return Service(name=name, resources=ResourceLimits(limits=limits))


SHARED = variables(
    DATABASE_URL="postgresql://app:${DB_PASSWORD:?set DB_PASSWORD in .env}@db/shop",
    TZ="Etc/UTC",
    LEVEL="info",
)

DB = Service(
    name="db",
    image="postgres:16.4",
    environment=variables(
        POSTGRES_DB="shop", POSTGRES_PASSWORD="${DB_PASSWORD:?set DB_PASSWORD in .env}"
    ),
    mounts=(Mount(kind="volume", source="db_data", target="/var/lib/postgresql/data"),),
    healthcheck=Healthcheck(
        test=("CMD-SHELL", "pg_isready -h 127.0.0.1 -d shop"),
        interval="10s",
        timeout="5s",
        retries="5",
    ),
    networks=(NetworkAttachment(network="backend"),),
    logging=ROTATED,
    restart="unless-stopped",
    overlays={
        ComposeFileRole.DEV: Service(
            name="db", ports=(Port(target="5432", published="5432", host_ip="127.0.0.1"),)
        ),
        ComposeFileRole.PROD: limited("db"),
    },
    origin=at(3),
)
WEB = Service(
    name="web",
    image="acme/shop:1.2",
    command=("serve", "--port", "8000"),
    environment=SHARED,
    ports=(
        Port(target="8443", published="8443", host_ip="0.0.0.0"),
        Port(target="80", published="80", host_ip="0.0.0.0"),
    ),
    networks=(NetworkAttachment(network="backend"), NetworkAttachment(network="frontend")),
    depends_on=(Dependency(service="db", condition="service_healthy"),),
    logging=ROTATED,
    restart="unless-stopped",
    overlays={
        ComposeFileRole.DEV: Service(
            name="web", mounts=(Mount(kind="bind", source=".", target="/app"),)
        ),
        ComposeFileRole.PROD: limited("web"),
    },
    origin=at(6),
)
WORKER = Service(
    name="worker",
    image="acme/shop:1.2",
    command=("work",),
    environment=SHARED,
    networks=(NetworkAttachment(network="backend"),),
    depends_on=(Dependency(service="db", condition="service_healthy"),),
    secrets=(ConfigMount(source="api_token"),),
    configs=(ConfigMount(source="worker_toml", target="/etc/worker.toml"),),
    logging=ROTATED,
    restart="unless-stopped",
    overlays={ComposeFileRole.PROD: limited("worker")},
    origin=at(9),
)

SHOP = Stack(
    name="shop",
    services=(WEB, WORKER, DB),
    networks=(Network(name="backend", internal=True), Network(name="frontend")),
    volumes=(Volume(name="db_data"),),
    configs=(FileResource(name="worker_toml", file="./config/worker.toml"),),
    secrets=(FileResource(name="api_token", file="./secrets/api_token"),),
    settings=(
        EnvSetting(
            name="DB_PASSWORD",
            value=PASSWORD,
            secret=True,
            required=True,
            description="Password of the database user.",
            origin=at(3),
        ),
        EnvSetting(
            name="WEB_MEMORY",
            value="256M",
            description="Memory limit of web in production.",
        ),
    ),
    files=(
        File(path="config/worker.toml", content=b'queue = "$default"\n'),
        File(
            path="secrets/api_token",
            content=TOKEN.encode(),
            mode=0o444,
            secret=True,
            origin=at(9),
        ),
    ),
)
