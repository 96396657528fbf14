"""What operators would run comes up on a real engine: stand-ins answer under the host names and ports of each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.images import BUSYBOX, busybox, load
from judges import write
from operator_samples import (
    CLOUD_NATIVE,
    ELASTIC,
    FAILOVER,
    KAFKA,
    KNATIVE,
    MINIO,
    MONGODB,
    OPSTREE,
    RABBITMQ,
    ZALANDO,
)
from oracles import NO_ENGINE, binary
from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, convert
from tocompose.project import Memory

ENGINE = os.environ.get("TOCOMPOSE_ENGINE", "")
pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not ENGINE or not BUSYBOX.exists(),
        reason=NO_ENGINE,
    ),
]
IMAGE = "tocompose-operators/standin:1"
# Serves its own name on each port that the service is known to listen on, whatever arguments it is given.
SERVE = "mkdir -p /tmp/w; echo $NAME > /tmp/w/index.html; for p in $PORTS; do httpd -p $p -h /tmp/w; done; sleep 600"
CASES = {
    "rabbitmq": (RABBITMQ, {("mq", 5672): "mq", ("mq.default.svc", 15672): "mq"}),
    "cloud-native": (CLOUD_NATIVE, {("pg-rw", 5432): "pg", ("pg-ro", 5432): "pg"}),
    "zalando": (ZALANDO, {("acid", 5432): "acid", ("acid-repl", 5432): "acid"}),
    "failover": (
        FAILOVER,
        {("rfrm-cache", 6379): "rfr-cache", ("rfrs-cache", 6379): "rfr-cache"},
    ),
    "replication": (OPSTREE, {("cache-master", 6379): "cache"}),
    "kafka": (KAFKA, {("events-kafka-bootstrap", 9092): "events-kafka"}),
    "elastic": (
        ELASTIC,
        {("logs-es-http", 9200): "logs-es", ("logs-kb-http", 5601): "logs-kb"},
    ),
    "mongodb": (MONGODB, {("mdb-svc.default.svc.cluster.local", 27017): "mdb"}),
    "minio": (MINIO, {("minio", 9000): "store", ("store-console", 9090): "store"}),
    "knative": (KNATIVE, {("hello.default.svc.cluster.local", 8080): "hello"}),
}


@pytest.fixture(scope="module")
def standin() -> Iterator[None]:
    load(
        ENGINE,
        busybox(),
        IMAGE,
        f"ENTRYPOINT {['sh', '-c', SERVE, 'serve']}".replace("'", '"'),
    )
    yield
    run(Path("/"), "docker", "rmi", "-f", IMAGE)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "DOCKER_HOST": ENGINE},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stack(text: str) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The compose file of the manifests, every server a stand-in, one-shots left out, and a client beside them."""
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    result = convert(Memory({"m.yaml": text.encode()}, name="shop"), options)
    base = next(file for file in result.files if file.path == "docker-compose.yml")
    document = yaml.safe_load(base.content)
    servers = {
        name: service
        for name, service in document["services"].items()
        if "expose" in service
    }
    for name, service in servers.items():
        service["image"] = IMAGE
        service.pop("entrypoint", None)
        ports = " ".join(map(str, service["expose"]))
        service["environment"] = {
            **(service.get("environment") or {}),
            "PORTS": ports,
            "NAME": name,
        }
    servers["client"] = {"image": IMAGE, "entrypoint": ["sleep", "600"]}
    document["services"] = servers
    values = {
        setting.name: "secret-of-the-test"
        for setting in result.stack.settings
        if setting.value is None
    }
    return document, (result.files, values)


@pytest.mark.parametrize("case", list(CASES))
def test_servers_answer_under_the_names_of_their_operator(
    case: str, standin: None, tmp_path: Path
) -> None:
    text, expected = CASES[case]
    document, (files, values) = stack(text)
    write(tmp_path, files)
    compose = (
        binary("docker-compose"),
        "-p",
        f"tocompose-operators-{case}",
        "-f",
        "standin.yml",
    )
    (tmp_path / "standin.yml").write_text(yaml.safe_dump(document))
    (tmp_path / ".env").write_text(
        "".join(f"{key}={text}\n" for key, text in values.items())
    )
    try:
        up = run(tmp_path, *compose, "up", "-d", "--wait", "--wait-timeout", "60")
        assert up.returncode == 0, up.stderr
        for (host, port), name in expected.items():
            answer = run(
                tmp_path,
                *compose,
                *("exec", "-T", "client", "wget", "-q", "-O", "-"),
                f"http://{host}:{port}/",
            )
            assert answer.stdout.strip() == name, (host, port, answer.stderr)
    finally:
        run(tmp_path, *compose, "down", "-v", "-t", "0")
