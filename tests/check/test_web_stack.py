"""The full web stack of the checklist, written as a docker run script: the output satisfies T-01 to T-05."""

from __future__ import annotations

from pathlib import Path

import pytest

from judges import compose_config, needs_compose, write
from tocompose.check import audit
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

NETWORKS = "docker network create web\ndocker network create back\n"
SCRIPT = """\
docker volume create pgdata
docker run -d --name traefik {web} -p 80:80 -v /var/run/docker.sock:/var/run/docker.sock:ro traefik:v3.1 \\
  --providers.docker=true --providers.docker.exposedbydefault=false --entrypoints.web.address=:80
docker run -d --name db {back} -e POSTGRES_USER=app -e POSTGRES_PASSWORD=geheim-9Kq2 -e POSTGRES_DB=shop \\
  -v pgdata:/var/lib/postgresql/data postgres:16.4
docker run -d --name redis {back} redis:7.4
docker build -t shop:1.0 .
docker run -d --name app {web} -l traefik.enable=true -l 'traefik.http.routers.app.rule=Host(`app.localhost`)' \\
  -e DATABASE_URL=postgres://app:geheim-9Kq2@db/shop -e REDIS_URL=redis://redis:6379 shop:1.0
"""
# With networks of the source's own, and with none.
SOURCES = {
    "placed": NETWORKS
    + SCRIPT.format(web="--network web", back="--network back")
    + "docker network connect back app\n",
    "flat": SCRIPT.format(web="", back=""),
}
LINES = (
    "T-01",
    "T-02",
    "T-03",
    "T-04",
    "T-05",
    "Q-02",
    "Q-03",
    "Q-04",
    "Q-05",
    "Q-06",
    "Q-08",
    "Q-11",
    "Q-13",
    "A-03",
)


def converted(name: str) -> Result:
    """The conversion of one of the sources."""
    files = {
        "run.sh": SOURCES[name].encode(),
        "Dockerfile": b"FROM node:22-alpine\nCMD node server.js\n",
    }
    return convert(Memory(files, "shop"), Options(layout=Layout(split=True)))


@pytest.mark.parametrize("name", SOURCES)
def test_the_lines_are_met(name: str) -> None:
    files = {item.path: item.content for item in converted(name).files}
    found = audit(Memory(files, "shop"))
    assert found is not None
    assert {
        line.id: line.state for line in found.lines if line.id in LINES
    } == dict.fromkeys(LINES, "passed")


class TestDockerCompose:
    """docker compose accepts it in development and in production."""

    pytestmark = needs_compose

    @pytest.mark.parametrize("name", SOURCES)
    def test_accepted(self, tmp_path: Path, name: str) -> None:
        write(tmp_path, converted(name).files)
        assert sorted(compose_config(tmp_path)["services"]) == [
            "app",
            "db",
            "redis",
            "traefik",
        ]
        production = compose_config(
            tmp_path, "docker-compose.yml", "docker-compose.prod.yml"
        )
        assert "POSTGRES_PASSWORD_FILE" in production["services"]["db"]["environment"]
