"""The traps that `docker compose config` does not see: stacks that would fall into them come up on a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.composing import ENGINE, compose
from engine.images import BUSYBOX, busybox, load
from judges import write
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
# A read-only program of another user, with files, secrets, a probe, a job before it and one beside it.
MANIFESTS = b"""
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: tops3cret-9}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: pages}
data: {index.txt: 'price=5$'}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers: [{name: migrate, image: 'tocompose-traps/busybox:1', command: ['true']}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reader}
spec:
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      securityContext: {runAsUser: 1000}
      initContainers: [{name: prepare, image: 'tocompose-traps/busybox:1', command: ['true']}]
      containers:
        - name: reader
          image: tocompose-traps/busybox:1
          command: [sleep, '600']
          securityContext: {readOnlyRootFilesystem: true}
          env: [{name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}]
          startupProbe: {exec: {command: [cat, /secret/token]}, periodSeconds: 1, failureThreshold: 30}
          readinessProbe: {exec: {command: [cat, /pages/index.txt]}, initialDelaySeconds: 1, periodSeconds: 1}
          volumeMounts: [{name: keys, mountPath: /secret}, {name: pages, mountPath: /pages}]
      volumes: [{name: keys, secret: {secretName: keys, defaultMode: 0400}}, {name: pages, configMap: {name: pages}}]
"""
# A dependency whose check is off, one of an unknown image without any program to check with, and a job among them.
SCRIPT = b"""
docker network create traps
docker run -d --name traps-quiet --network traps --no-healthcheck tocompose-traps/busybox:1 sleep 600
docker run -d --name traps-plain --network traps tocompose-traps/busybox:1 sleep 600
docker run --rm --name traps-job --network traps -e DB_HOST=traps-quiet tocompose-traps/busybox:1 true
docker run -d --name traps-web --network traps --link traps-quiet --link traps-plain --link traps-job \
  -e APP_URL=http://traps-plain:80 tocompose-traps/busybox:1 sleep 600
"""


def written(folder: Path, files: dict[str, bytes], source: str, name: str) -> Path:
    """The folder with the conversion of the files, and their modes; the image is made."""
    load(ENGINE, busybox(), "tocompose-traps/busybox:1", "ENV PATH=/bin")
    result = convert(Memory(files, name), Options(source=source, layout=Layout(split=True)))
    assert not [item for item in result.notes if item.code in ("TC001", "TC901")]
    write(folder, result.files)
    return folder


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The converted manifests, which run."""
    folder = written(
        tmp_path_factory.mktemp("reader"),
        {"app.yaml": MANIFESTS},
        "kubernetes",
        "traps-reader",
    )
    try:
        done = compose(folder, "up", "-d", "--wait", "--wait-timeout", "90", "reader")
        assert done.returncode == 0, done.stderr
        yield folder
    finally:
        compose(folder, "down", "-v", "--timeout", "1")


def test_it_comes_up(reader: Path) -> None:
    """T4 and T5: no start_interval for an engine before 25, and only files in a read-only container."""
    text = (reader / "docker-compose.yml").read_text(encoding="utf-8")
    assert (
        "read_only: true" in text
        and "start_interval" not in text
        and "content:" not in text
    )
    assert "(healthy)" in compose(reader, "ps", "reader").stdout


def test_secrets_can_be_read(reader: Path) -> None:
    """T6 and T7: the file is there, and for the user that the container runs as."""
    assert compose(reader, "exec", "-T", "reader", "id", "-u").stdout.strip() == "1000"
    assert (
        compose(reader, "exec", "-T", "reader", "cat", "/secret/token").stdout
        == "tops3cret-9"
    )
    assert (
        compose(reader, "exec", "-T", "reader", "cat", "/pages/index.txt").stdout
        == "price=5$"
    )
    assert (
        compose(reader, "exec", "-T", "reader", "sh", "-c", "echo $TOKEN").stdout.strip()
        == "tops3cret-9"
    )


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    """T8 to T10: no health where no check can be, and a job that ends is waited for once and not started again."""
    folder = written(tmp_path, {"run.sh": SCRIPT}, "docker_run", "traps-waiting")
    try:
        done = compose(folder, "up", "-d", "traps-web")
        assert done.returncode == 0, done.stderr
        assert "traps-web" in compose(folder, "ps", "--status", "running").stdout
        assert "Exited (0)" in compose(folder, "ps", "-a", "traps-job").stdout
    finally:
        compose(folder, "down", "-v", "--timeout", "1")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """T18: no folder is made where a file belongs."""
    script = b"docker run -d --name traps-conf -v ./app.conf:/etc/app.conf:ro tocompose-traps/busybox:1 sleep 600\n"
    folder = written(tmp_path, {"run.sh": script}, "docker_run", "traps-missing")
    try:
        done = compose(folder, "up", "-d")
        assert done.returncode != 0 and "app.conf" in done.stderr
        assert not (folder / "app.conf").exists()
        (folder / "app.conf").write_text("a=1\n", encoding="utf-8")
        assert compose(folder, "up", "-d").returncode == 0
        assert (
            compose(folder, "exec", "-T", "traps-conf", "cat", "/etc/app.conf").stdout
            == "a=1\n"
        )
    finally:
        compose(folder, "down", "-v", "--timeout", "1")
