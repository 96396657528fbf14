"""The data of a cluster come along by the commands of MIGRATION.md, run as they stand.

Containers stand in for pods, and a script for kubectl; PostgreSQL and Redis are real ones of Debian.
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
from procfile.base_images import POSTGRES, REDIS
from tocompose.exporters.bundle import Layout
from tocompose.importers import ImportOptions
from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports.markdown import render
from tocompose.reports.report import report

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
DATABASE, CACHE = "postgres:15.0-tcd", "redis:7.0.0-tcd"


def _has_servers() -> bool:
    asked = ["docker", "-H", ENGINE, "image", "inspect", POSTGRES, REDIS]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not ENGINE or not BUSYBOX.exists(), reason=NO_ENGINE),
    pytest.mark.skipif(
        bool(ENGINE) and not _has_servers(),
        reason="needs the images of tests/procfile/base_images.py",
    ),
]
MANIFESTS = f"""
apiVersion: v1
kind: Secret
metadata: {{name: tcd-login, namespace: shop}}
stringData: {{POSTGRES_USER: shop, POSTGRES_PASSWORD: not-told}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: tcd-db, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      containers:
      - name: postgres
        image: {DATABASE}
        args: [postgres]
        envFrom: [{{secretRef: {{name: tcd-login}}}}]
        volumeMounts: [{{name: data, mountPath: /var/lib/postgresql/data}}]
      - name: notes
        image: {DATABASE}
        command: [sleep, infinity]
        volumeMounts: [{{name: notes, mountPath: /srv/notes}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
  - metadata: {{name: notes}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: tcd-cache, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: cache}}}}
  template:
    metadata: {{labels: {{app: cache}}}}
    spec:
      containers:
      - {{name: redis, image: '{CACHE}'}}
"""
# A container for each pod: which of them kubectl enters for which container of the pod.
KUBECTL = """#!/bin/sh
shift
while [ "$1" != -- ]; do
  case $1 in -n) shift ;; -c) shift; name=$1 ;; *) pod=$1 ;; esac
  shift
done
shift
exec docker exec -i "pod-${pod##*/}-$name" "$@"
"""
PODS = f"""
docker run -d --name pod-tcd-db-0-postgres -e POSTGRES_USER=shop -e POSTGRES_PASSWORD=not-told {DATABASE} postgres
docker run -d --name pod-tcd-db-0-notes --entrypoint sleep {DATABASE} infinity
docker run -d --name pod-tcd-cache-redis {CACHE}
for i in $(seq 60); do docker exec pod-tcd-db-0-postgres pg_isready -q -U shop && break; sleep 1; done
docker exec pod-tcd-db-0-postgres psql -q -U shop -d shop -c "create table seen (id int); insert into seen values (7)"
docker exec pod-tcd-db-0-postgres psql -q -U shop -d shop -c "create role reader login" -c "create database more"
docker exec pod-tcd-db-0-notes sh -c 'mkdir -p /srv/notes/a && echo kept > /srv/notes/a/b'
docker exec pod-tcd-db-0-notes chown -R 1234:99 /srv/notes/a
docker exec pod-tcd-cache-redis redis-cli set colour green
"""
SHELL = f"""
docker() {{
  if [ "$1" = compose ]; then shift; command '{binary("docker-compose")}' "$@"; else command docker "$@"; fi
}}
set -ex
"""
OPTIONS = Options(layout=Layout(split=True), settings=ImportOptions(name="tcd-stack"))
BINARIES = "/usr/lib/postgresql/15/bin:/usr/local/bin:/usr/bin:/bin"


def shell(script: str, folder: Path) -> str:
    """What the commands print; fails where one of them does."""
    path = f"{folder}:{os.environ['PATH']}"
    environment = {"DOCKER_HOST": ENGINE, "HOME": str(folder), "PATH": path}
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


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for image, name in ((POSTGRES, DATABASE), (REDIS, CACHE)):
        shell(
            f"id=$(docker create {image})\n"
            "docker cp /bin/tar $id:/bin/tar\n"
            f"docker commit -c 'ENV PATH={BINARIES} PGHOST=/run/postgresql' $id {name}\ndocker rm $id",
            tmp_path,
        )
    load(ENGINE, root_of_servers(), "busybox:1.37", "ENV PATH=/bin", "CMD []")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    yield tmp_path
    shell(
        "docker ps -aq --filter name=tcd | xargs -r docker rm -fv >/dev/null\n"
        "docker volume ls -q --filter name=tcd | xargs -r docker volume rm -f >/dev/null\n"
        "docker network ls -q --filter name=tcd | xargs -r docker network rm >/dev/null\n"
        f"docker rmi -f {DATABASE} {CACHE}\n",
        tmp_path,
    )


def commands_of(markdown: str) -> list[str]:
    """The commands in the advice of each duty, in their order."""
    _, _, section = markdown.partition("## What to do")
    boxes = section.partition("\n1. ")[0]
    return [
        command
        for line in boxes.splitlines()
        if line.startswith("  ")
        for command in re.findall(r"`([^`]+)`", line)
        # A line of several says where it is from, as code too.
        if not re.fullmatch(r"\S+:\d+:\d+", command)
    ]


def test_rows_keys_and_files_are_there_afterwards(folder: Path) -> None:
    shell(PODS, folder)
    project = Memory({"shop.yaml": MANIFESTS.encode()}, "tcd-stack")
    result = convert(project, OPTIONS)
    for file in quickened_files(result.files):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    commands = commands_of(render(report(result, project)))
    assert sum("kubectl" in command for command in commands) == 3
    shell("set -o pipefail\n" + "\n".join(commands), folder)
    shell("docker compose up -d --wait", folder)
    in_database = "docker compose exec -T tcd-db psql -At -U shop -d"
    assert shell(f"{in_database} shop -c 'select id from seen'", folder) == "7\n"
    assert shell(f"{in_database} more -c 'select 1'", folder) == "1\n"
    roles = shell(f"{in_database} more -c 'select rolname from pg_roles'", folder)
    assert "reader" in roles
    assert "green" in shell("docker compose exec -T tcd-cache redis-cli get colour", folder)
    told = shell("docker compose exec -T tcd-db-notes stat -c %u:%g /srv/notes/a/b", folder)
    assert told == "1234:99\n"
