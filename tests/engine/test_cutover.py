"""The way over in MIGRATION.md, walked on the engine: the data of the old containers are there, and so is the way back.

The source is run first, as its owner did, with stand-in images; then its containers are given data, the script is
converted, and the commands of the report are run as they stand.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import quickened_files
from engine.images import BUSYBOX, load
from engine.tools import root_of_servers
from oracles import NO_ENGINE, binary
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.markdown import render
from tocompose.reports.report import report

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]
# Repository and tag as the table knows them, the port, and what the real Dockerfile declares as volumes.
IMAGES = {
    "postgres:16.4-tcf": ("5432", "/var/lib/postgresql/data"),
    "mysql:8.4.2-tcf": ("3306", "/var/lib/mysql"),
    "redis:7.4.0-tcf": ("6379", "/data"),
    "mongo:7.0.12-tcf": ("27017", "/data/db /data/configdb"),
    "nextcloud:29.0.4-tcf": ("80", "/var/www/html"),
    "grafana/grafana:11.1.0-tcf": ("3000", ""),
    "gitea/gitea:1.22.0-tcf": ("3000", "/data"),
    "minio/minio:tcf": ("9000", "/data"),
    "apache/kafka:3.8.0-tcf": ("9092", ""),
    "nginx:1.27.0-tcf": ("80", ""),
    "tcf/app:1": ("8000", ""),
    "busybox:1.37": ("80", ""),
}
PG, MARK = "/var/lib/postgresql/data", "kept"
# The script; where the old container keeps something, and where the service must have it.
STACKS = {
    "anonymous": (
        "docker run -d --name tcf-pg -e POSTGRES_PASSWORD=x postgres:16.4-tcf",
        ("tcf-pg", PG, PG),
    ),
    "named": (
        "docker run -d --name tcf-pg -v tcf-pgdata:/var/lib/postgresql/data postgres:16.4-tcf",
        ("tcf-pg", PG, PG),
    ),
    "moved-folder": (
        "docker run -d --name tcf-my -v /srv mysql:8.4.2-tcf --datadir=/srv",
        ("tcf-my", "/srv", "/srv"),
    ),
    "moved-port": (
        "docker network create tcf-back\n"
        "docker run -d --name tcf-cache --network tcf-back redis:7.4.0-tcf redis-server --port 6390\n"
        "docker run -d --name tcf-app --network tcf-back -e REDIS_URL=redis://tcf-cache:6390 tcf/app:1",
        ("tcf-cache", "/data", "/data"),
    ),
    "in-the-layer": (
        "docker run -d --name tcf-graf -e GF_SERVER_HTTP_PORT=3000 grafana/grafana:11.1.0-tcf",
        ("tcf-graf", "/var/lib/grafana", "/var/lib/grafana"),
    ),
    "inherited": (
        "docker run -d --name tcf-cloud nextcloud:29.0.4-tcf\n"
        "docker run -d --name tcf-cron --volumes-from tcf-cloud --entrypoint /cron.sh nextcloud:29.0.4-tcf",
        ("tcf-cloud", "/var/www/html", "/var/www/html"),
    ),
    "job": (
        "docker run -d --name tcf-mongo mongo:7.0.12-tcf\n"
        "docker run -d --name tcf-seed -v tcf-count:/c busybox:1.37 sh -c 'echo run >> /c/n'",
        ("tcf-mongo", "/data/db", "/data/db"),
    ),
    "argument": (
        "docker run -d --name tcf-s3 minio/minio:tcf server /export",
        ("tcf-s3", "/export", "/export"),
    ),
    "no-place-for-a-volume": (
        "docker run -d --name tcf-bus apache/kafka:3.8.0-tcf",
        ("tcf-bus", "/tmp/kraft-combined-logs", "/var/lib/kafka/data"),
    ),
    "network-by-name": (
        "docker network create tcf-edge\n"
        "docker run -d --name tcf-web --network tcf-edge -v /var/lib/x"
        " -l traefik.docker.network=tcf-edge nginx:1.27.0-tcf",
        ("tcf-web", "/var/lib/x", "/var/lib/x"),
    ),
    "folder": (
        'docker run -d --name tcf-git -v "$PWD/git:/data" gitea/gitea:1.22.0-tcf',
        ("tcf-git", "/data", "/data"),
    ),
    "always": (
        "docker run -d --name tcf-redis --restart always redis:7.4.0-tcf",
        ("tcf-redis", "/data", "/data"),
    ),
}
SHELL = f"""
docker() {{
  if [ "$1" = compose ]; then shift; command '{binary("docker-compose")}' "$@"; else command docker "$@"; fi
}}
set -ex
"""
STEP = re.compile(r"^\d+\. .*?: `(.*)`$", re.MULTILINE)


def shell(script: str, folder: Path) -> str:
    """What the commands print; fails where one of them does."""
    environment = {**os.environ, "DOCKER_HOST": ENGINE, "HOME": str(folder)}
    ran = subprocess.run(
        ["bash", "-c", SHELL + script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module", autouse=True)
def images() -> Iterator[None]:
    rootfs = root_of_servers()
    for name, (port, volumes) in IMAGES.items():
        declared = [f"VOLUME {path}" for path in volumes.split()]
        entry = [] if name.startswith("busybox") else ['ENTRYPOINT ["/bin/entry"]']
        variables = f"ENV PATH=/bin STANDIN_PORT={port}"
        load(ENGINE, rootfs, name, variables, *declared, *entry, "CMD []")
    yield
    names = [name for name in IMAGES if not name.startswith("busybox")]
    subprocess.run(
        ["docker", "rmi", "-f", *names],
        env={**os.environ, "DOCKER_HOST": ENGINE},
        capture_output=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shell(
        "docker ps -aq --filter name=tcf | xargs -r docker rm -fv >/dev/null\n"
        "docker volume ls -q --filter name=tcf | xargs -r docker volume rm -f >/dev/null\n"
        "docker network ls -q --filter name=tcf | xargs -r docker network rm >/dev/null\n",
        tmp_path,
    )


def written(script: str, folder: Path) -> str:
    """Writes the files of the converted script into the folder; gives the report. Only the clock is made faster."""
    project = Memory({"run.sh": script.encode()}, "tcf-stack")
    result = convert(project, Options(layout=Layout(split=True)))
    for file in quickened_files(result.files):
        (folder / file.path).write_bytes(file.content)
    return render(report(result, project))


def put(container: str, path: str) -> str:
    return f"docker exec {container} sh -c 'mkdir -p {path} && echo {MARK} > {path}/mark'\n"


def seen(container: str, path: str) -> str:
    return f"docker exec {container} cat {path}/mark\n"


# All twelve take some minutes; a few show every kind of step.
SHOWN = ("anonymous", "job", "no-place-for-a-volume", "network-by-name")


@pytest.mark.parametrize(
    "name", STACKS if os.environ.get("TOCOMPOSE_EVERY_CUTOVER") else SHOWN
)
def test_the_data_come_along_and_the_way_back_is_open(name: str, folder: Path) -> None:
    script, (container, old_path, new_path) = STACKS[name]
    shell(script + "\n" + put(container, old_path), folder)
    text = written(script, folder)
    _, _, section = text.partition("## Move over")
    steps_over, _, rest = section.partition("To go back")
    steps_back = rest.partition("When everything works")[0]
    shell("\n".join(STEP.findall(steps_over)), folder)
    assert MARK in shell(seen(container, new_path), folder)
    if name == "job":
        # Once by the old container, once by the new one.
        counted = shell("docker run --rm -v tcf-count:/c busybox:1.37 cat /c/n", folder)
        assert counted.splitlines() == ["run", "run"]
    shell("\n".join(STEP.findall(steps_back)), folder)
    assert MARK in shell(seen(container, old_path), folder)
