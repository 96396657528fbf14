"""The full web stack of the requirements, written as a docker run script: T-01 to T-05, and what it needs to run."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from oracles import oracles, unless_oracles
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

PLAIN = r"""
docker run -d --name traefik -p 80:80 -v /var/run/docker.sock:/var/run/docker.sock:ro traefik:v3.0 \
  --providers.docker=true --providers.docker.exposedbydefault=false --entrypoints.web.address=:80
docker run -d --name db -v pg:/var/lib/postgresql/data -p 5432:5432 \
  -e POSTGRES_DB=app -e POSTGRES_USER=app -e POSTGRES_PASSWORD=tops3cret-9 postgres:16-alpine
docker run -d --name cache redis:7-alpine
docker build -t myapp .
docker run -d --name app -e DATABASE_URL=postgresql://app:tops3cret-9@db:5432/app -e REDIS_URL=redis://cache:6379 \
  -l traefik.enable=true -l 'traefik.http.routers.app.rule=Host(`app.localhost`)' myapp
"""
WITH_NETWORKS = r"""
docker network create frontend
docker network create backend
docker run -d --name traefik --network frontend -p 80:80 -v /var/run/docker.sock:/var/run/docker.sock:ro traefik:v3.0 \
  --providers.docker=true --entrypoints.web.address=:80
docker run -d --name db --network backend -v pg:/var/lib/postgresql/data -e POSTGRES_DB=app -e POSTGRES_USER=app \
  -e POSTGRES_PASSWORD=tops3cret-9 postgres:16-alpine
docker run -d --name cache --network backend redis:7-alpine
docker build -t myapp .
docker run -d --name app --network frontend --network backend -e DATABASE_URL=postgresql://app:tops3cret-9@db:5432/app \
  -e REDIS_URL=redis://cache:6379 -l 'traefik.http.routers.app.rule=Host(`app.localhost`)' myapp
"""
SCRIPTS = {"without networks": PLAIN, "with networks": WITH_NETWORKS}


class _Loader(yaml.SafeLoader):
    """YAML with Compose's `!reset`."""


_Loader.add_constructor("!reset", lambda loader, node: None)


@cache
def result(script: str) -> Result:
    return convert(
        Memory({"run.sh": SCRIPTS[script].encode()}, "shop"),
        Options(layout=Layout(split=True)),
    )


def document(script: str, name: str = "docker-compose.yml") -> dict[str, Any]:
    content = next(file.content for file in result(script).files if file.path == name)
    found: dict[str, Any] = yaml.load(content, Loader=_Loader)
    return found


def services(script: str) -> dict[str, Any]:
    found: dict[str, Any] = document(script)["services"]
    return found


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_t01_traefik(script: str) -> None:
    traefik = services(script)["traefik"]
    assert traefik["image"] == "traefik:v3.0"
    assert {"--providers.docker=true", "--entrypoints.web.address=:80"} <= set(
        traefik["command"]
    )
    assert traefik["volumes"] == ["/var/run/docker.sock:/var/run/docker.sock:ro"]
    assert traefik["ports"] == ["${TRAEFIK_PORT:-80}:80"]
    assert list(traefik["networks"]) == ["frontend"]


def test_t02_app(script: str) -> None:
    app = services(script)["app"]
    assert app["build"]["context"] == "."
    assert app["labels"]["traefik.http.routers.app.rule"] == "Host(`app.localhost`)"
    assert {name: item["condition"] for name, item in app["depends_on"].items()} == {
        "cache": "service_healthy",
        "db": "service_healthy",
    }
    assert sorted(app["networks"]) == ["backend", "frontend"]


def test_t03_postgres(script: str) -> None:
    db = services(script)["db"]
    assert db["volumes"] == ["pg:/var/lib/postgresql/data"]
    check = " ".join(db["healthcheck"]["test"])
    assert "pg_isready" in check and "POSTGRES_USER" in check and "POSTGRES_DB" in check
    assert list(db["networks"]) == ["backend"]
    assert "ports" not in db


def test_t04_redis(script: str) -> None:
    cache_service = services(script)["cache"]
    assert cache_service["volumes"] == ["cache_data:/data"]
    assert "redis-cli ping" in cache_service["healthcheck"]["test"][1]
    assert list(cache_service["networks"]) == ["backend"]


def test_t05_networks_and_volumes(script: str) -> None:
    base = document(script)
    assert base["networks"]["backend"]["internal"] is True
    assert not (base["networks"]["frontend"] or {}).get("internal")
    assert set(base["volumes"]) == {"pg", "cache_data"}


def test_quality_of_every_service(script: str) -> None:
    """Q-01 to Q-04; a service without a healthcheck has a note that says why."""
    notes = result(script).notes
    for name, service in services(script).items():
        limits = document(script, "docker-compose.prod.yml")["services"][name]["deploy"][
            "resources"
        ]["limits"]
        assert set(limits) == {"cpus", "memory", "pids"}
        assert service["restart"] == "unless-stopped"
        assert service["logging"] == {
            "driver": "json-file",
            "options": {"max-size": "10m", "max-file": "3"},
        }
        explained = any(
            str(item.subject) == f"services.{name}" and item.code == "TC613"
            for item in notes
        )
        assert "healthcheck" in service or explained


def test_secrets(script: str) -> None:
    """A-03, Q-11, Q-13: the value is in `.env` alone, and a file in production."""
    holders = [file.path for file in result(script).files if b"tops3cret-9" in file.content]
    assert holders == [".env"]
    prod = document(script, "docker-compose.prod.yml")
    assert prod["services"]["db"]["environment"] == {
        "POSTGRES_PASSWORD": None,
        "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres_password",
    }
    assert prod["secrets"] == {"postgres_password": {"environment": "POSTGRES_PASSWORD"}}


def test_database_port_is_for_development() -> None:
    """Q-05, A-06."""
    dev = document("without networks", "docker-compose.override.yml")
    assert dev["services"]["db"]["ports"] == ["127.0.0.1:${DB_PORT:-5432}:5432"]


@pytest.mark.oracle
@unless_oracles
@pytest.mark.parametrize(
    "files",
    [(), ("docker-compose.yml",), ("docker-compose.yml", "docker-compose.prod.yml")],
)
def test_compose_accepts_it(script: str, files: tuple[str, ...], tmp_path: Path) -> None:
    _, compose = oracles()
    for file in result(script).files:
        (tmp_path / file.path).write_bytes(file.content)
    named = [word for name in files for word in ("-f", name)]
    run = subprocess.run(
        [compose, *named, "config", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_networks_of_every_kind() -> None:
    """S-02: what the source chose stays, but for what only a swarm has; S-03: volumes by driver options."""
    text = """
docker network create -d overlay --attachable mesh
docker network create -d macvlan -o parent=eth0 lan
docker volume create -d local -o type=nfs -o o=addr=10.0.0.7,rw -o device=:/export shared
docker run -d --name a --network mesh -v shared:/shared --tmpfs /scratch me/a:1
docker run -d --name b --network lan me/b:1
docker run -d --name c --network host me/c:1
docker run -d --name d --network none me/d:1
"""
    found = convert(
        Memory({"run.sh": text.encode()}, "shop"), Options(layout=Layout(split=True))
    )
    base = yaml.load(found.files[0].content, Loader=_Loader)
    assert base["networks"]["mesh"] == {"attachable": True}
    assert base["networks"]["lan"]["driver"] == "macvlan"
    assert (
        base["services"]["c"]["network_mode"],
        base["services"]["d"]["network_mode"],
    ) == ("host", "none")
    assert base["services"]["a"]["tmpfs"] == ["/scratch"]
    assert base["volumes"]["shared"]["driver_opts"]["type"] == "nfs"
    assert {"TC495", "TC649"} <= {item.code for item in found.notes}
