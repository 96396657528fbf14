"""What only `up` shows: separated networks that still work, development ports, and secrets as files in production."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import quickened_files
from engine.composing import ENGINE, compose
from engine.images import BUSYBOX, busybox, load
from oracles import NO_ENGINE
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]
SCRIPT = r"""
docker run -d --name site -p 18080:80 nginx:1.27
docker run -d --name db -p 15432:5432 -e POSTGRES_USER=app -e POSTGRES_PASSWORD=tops3cret-9 postgres:16
docker run -d --name app -p 13000:3000 -e DATABASE_URL=postgres://app:tops3cret-9@db:5432/app corp/app:1
docker run -d --name admin -p 18081:8080 adminer:4
"""
SERVE = "mkdir -p /www; env > /www/env; cat /run/secrets/* > /www/secret 2>/dev/null; exec httpd -f -h /www -p"
TOOL = "printf '#!/bin/sh\\nexit 0\\n' > /bin/{0}; chmod +x /bin/{0}; "
IMAGES = {
    "nginx:1.27": TOOL.format("curl") + SERVE + " 80",
    "postgres:16": TOOL.format("pg_isready") + SERVE + " 5432",
    "corp/app:1": SERVE + " 3000",
    "adminer:4": TOOL.format("php") + SERVE + " 8080",
}
PROD = ("-f", "docker-compose.yml", "-f", "docker-compose.prod.yml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The converted script, with images that answer on the ports of the real ones."""
    rootfs = busybox()
    for name, program in IMAGES.items():
        load(
            ENGINE,
            rootfs,
            name,
            f'ENTRYPOINT ["/bin/sh","-c",{quoted(program)}]',
            "CMD []",
            "ENV PATH=/bin",
        )
    place = tmp_path_factory.mktemp("practices")
    # The engine of the tests may have no control groups, without which it refuses limits.
    options = Options(practices="all,-RES-LIM", layout=Layout(split=True))
    converted = convert(Memory({"run.sh": SCRIPT.encode()}, "practices"), options)
    for file in quickened_files(converted.files):
        (place / file.path).write_bytes(file.content)
    return place


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture
def development(folder: Path) -> Iterator[Path]:
    done = compose(folder, "up", "-d", "--wait", "--wait-timeout", "120")
    try:
        assert done.returncode == 0, done.stderr
        yield folder
    finally:
        compose(folder, "down", "-v", "--timeout", "1")


@pytest.fixture
def production(folder: Path) -> Iterator[Path]:
    done = compose(folder, *PROD, "up", "-d", "--wait", "--wait-timeout", "120")
    try:
        assert done.returncode == 0, done.stderr
        yield folder
    finally:
        compose(folder, *PROD, "down", "-v", "--timeout", "1")


def reaches(folder: Path, source: str, target: str, port: int) -> bool:
    command = f"echo | nc -w 3 {target} {port}"
    return compose(folder, "exec", "-T", source, "sh", "-c", command).returncode == 0


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_development(development: Path) -> None:
    """T1 to T3: what is published answers, also from an internal network; who should not meet does not."""
    assert "POSTGRES_PASSWORD=tops3cret-9" in get("http://127.0.0.1:15432/env")
    assert get("http://127.0.0.1:13000/env")
    assert get("http://127.0.0.1:18081/env"), (
        "the tool of the profile runs, because .env says so"
    )
    assert reaches(development, "app", "db", 5432)
    assert reaches(development, "admin", "db", 5432)
    assert (
        "backend"
        not in compose(development, "ps", "--format", "{{.Networks}}", "site").stdout
    )


def test_base_alone(folder: Path) -> None:
    """Without the development file nothing but the applications reaches the database."""
    base = ("-f", "docker-compose.yml")
    try:
        done = compose(folder, *base, "up", "-d", "--wait", "--wait-timeout", "120")
        assert done.returncode == 0, done.stderr
        assert reaches(folder, "app", "db", 5432)
        assert not reaches(folder, "site", "db", 5432)
        assert "15432" not in compose(folder, *base, "ps").stdout
    finally:
        compose(folder, *base, "down", "-v", "--timeout", "1")


def test_production(production: Path) -> None:
    """The password is a file there and no variable; the database has no port of the host."""
    environment = compose(production, "exec", "-T", "db", "cat", "/www/env").stdout
    assert "POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password" in environment
    assert "POSTGRES_PASSWORD=" not in environment
    assert (
        compose(production, "exec", "-T", "db", "cat", "/www/secret").stdout
        == "tops3cret-9"
    )
    assert "15432" not in compose(production, *PROD, "ps").stdout
    assert reaches(production, "app", "db", 5432)
