"""A small conversion to report on, made by hand: a shop with a proxy, an application, a database and a cache."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.ledger import Ledger
from tocompose.model import (
    ComposeFileRole,
    Dependency,
    EnvSetting,
    EnvVariable,
    File,
    Healthcheck,
    Logging,
    Mount,
    Network,
    NetworkAttachment,
    Port,
    Role,
    Runtime,
    Service,
    Stack,
    Volume,
)
from tocompose.notes import Kind, Note
from tocompose.project import Memory
from tocompose.reports.report import Report, report
from tocompose.source import Branch, Child, Leaf, Span
from tocompose.syntax.model_path import ModelPath

SECRET = "hunter2-Kq9"
SCRIPT = f"""#!/bin/sh
docker run -d --name db -e POSTGRES_PASSWORD={SECRET} -v data:/var/lib/postgresql/data postgres:16
docker run -d --name cache redis:7
docker run -d --name web --gpus all -e DATABASE_URL=postgres://db:5432/shop -e CACHE_HOST=cache shop/web
docker run -d --name proxy -p 80:80 -p 443:443 nginx
"""


class Outcome(NamedTuple):
    """What a conversion gives to the reports."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str


def span(line: int, text: str, source: str = SCRIPT) -> Span:
    """Where a text stands on a line of the script."""
    column = source.split("\n")[line - 1].index(text) + 1
    return Span("run.sh", line, column, line, column + len(text))


def note(code: str, kind: Kind, message: str, **rest: object) -> Note:
    """A note with a registered code, its text made up."""
    return Note(code=code, kind=kind, message=message, **rest)  # type: ignore[arg-type]


def stack() -> Stack:
    """The shop."""
    names = {"networks": (NetworkAttachment(network="back"),)}
    db = Service(
        name="db",
        image="postgres:16",
        role=Role.DATA,
        environment=(
            EnvVariable(name="POSTGRES_PASSWORD", value="${POSTGRES_PASSWORD:?}"),
        ),
        mounts=(Mount(kind="volume", source="data", target="/var/lib/postgresql/data"),),
        expose=("5432",),
        healthcheck=Healthcheck(test=("CMD", "pg_isready")),
        logging=Logging(driver="json-file", options={"max-size": "10m", "max-file": "3"}),
        overlays={
            ComposeFileRole.DEV: Service(
                name="db",
                ports=(Port(target="5432", published="5432", host_ip="127.0.0.1"),),
            )
        },
        origin=span(2, "docker run"),
        **names,
    )
    cache = Service(
        name="cache",
        image="redis:7",
        role=Role.CACHE,
        origin=span(3, "docker run"),
        **names,
    )
    web = Service(
        name="web",
        image="shop/web",
        environment=(
            EnvVariable(name="DATABASE_URL", value="postgres://db:5432/shop"),
            EnvVariable(name="CACHE_HOST", value="cache"),
            EnvVariable(name="STRIPE_KEY", value="${STRIPE_KEY:?}"),
        ),
        depends_on=(
            Dependency(
                service="db", condition="service_healthy", evidence="DATABASE_URL names it"
            ),
        ),
        origin=span(4, "docker run"),
        **names,
    )
    proxy = Service(
        name="proxy",
        image="nginx",
        role=Role.PROXY,
        ports=(Port(target="80", published="80"), Port(target="443", published="443")),
        depends_on=(Dependency(service="web"),),
        mounts=(
            Mount(
                kind="bind",
                source="./nginx.conf",
                target="/etc/nginx/nginx.conf",
                read_only=True,
            ),
        ),
        origin=span(5, "docker run"),
        **names,
    )
    return Stack(
        runs_in=Runtime.DOCKER,
        name="shop",
        services=(db, cache, web, proxy),
        networks=(Network(name="back"),),
        volumes=(Volume(name="data"),),
        settings=(
            EnvSetting(
                name="POSTGRES_PASSWORD",
                value=SECRET,
                secret=True,
                origin=span(2, f"POSTGRES_PASSWORD={SECRET}"),
            ),
            EnvSetting(name="STRIPE_KEY", secret=True, required=True),
        ),
    )


def notes() -> tuple[Note, ...]:
    """One note of each kind, and a hostile one."""
    return (
        note(
            "TC001",
            Kind.LOST,
            "--gpus all has no equivalent here",
            subject=ModelPath.of("services", "web"),
            span=span(4, "--gpus all"),
            advice="Install the `nvidia` toolkit, then add a device reservation.",
            url="https://docs.docker.com/compose/how-tos/gpu-support/",
        ),
        note(
            "TC901",
            Kind.LOST,
            "-d was read for x",
            span=span(3, "-d"),
            related=(span(2, "-d"),),
        ),
        note(
            "TC001",
            Kind.CHANGED,
            "the volume keeps its name",
            subject=ModelPath.of("volumes", "data"),
            span=span(2, "data:"),
        ),
        note(
            "TC001",
            Kind.ASSUMED,
            "db is a database",
            subject=ModelPath.of("services", "db", "healthcheck"),
            span=span(2, SECRET),
        ),
        note(
            "TC001",
            Kind.ADDED,
            "restart: unless-stopped",
            subject=ModelPath.of("services", "db", "restart"),
        ),
        note(
            "TC001",
            Kind.INFO,
            "evil \x1b[31m </script>|`x`\n# head ${HOME} <b>&",
            subject=ModelPath.of("services", "we|b`<i>"),
        ),
    )


def ledger() -> Ledger:
    """Four values: two carried over, one noted, one left out."""
    words = {"image": "postgres:16", "gpus": "all", "name": "web", "detach": "-d"}
    lines = {"image": 2, "gpus": 4, "name": 4, "detach": 3}
    spans = {key: span(lines[key], text) for key, text in words.items()}
    root = Branch(
        "map",
        tuple(Child(key, spans[key], Leaf(words[key], spans[key])) for key in words),
        spans["image"],
    )
    book = Ledger()
    cursor = book.open(root)
    cursor.take("image", to=ModelPath.service("db", "image"))
    cursor.take("name", to=ModelPath.service("web"))
    book.settle(
        next(leaf for leaf in book.leaves() if leaf.text == "all"), _fate("noted"), "TC001"
    )
    cursor.at("detach").skip("Compose decides this with `up -d`")
    return book


def _fate(name: str):  # type: ignore[no-untyped-def]
    from tocompose.ledger import Fate

    return Fate(name)


COMPOSE = """name: shop

services:
  db:
    image: postgres:16
    environment:
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}
  web:
    image: shop/web
"""


def example() -> Report:
    """The report on the shop."""
    files = (
        File(path="docker-compose.yml", content=COMPOSE.encode()),
        File(path="docker-compose.override.yml", content=b"services: {}\n"),
        File(path="docker-compose.prod.yml", content=b"services: {}\n"),
        File(
            path=".env",
            content=f"POSTGRES_PASSWORD={SECRET}\n".encode(),
            mode=0o600,
            secret=True,
        ),
    )
    return report(
        Outcome(files, notes(), stack(), ledger(), "docker_run"),
        Memory({"run.sh": SCRIPT.encode()}, "shop"),
    )
