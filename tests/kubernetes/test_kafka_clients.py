"""Clients of a broker that stands in for an operator's speak what its listeners speak here."""

from __future__ import annotations

import pytest

from tocompose.exporters.bundle import Layout
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory

KAFKA = """\
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: my}
spec:
  kafka:
    version: 3.9.0
    listeners:
      - {name: plain, port: 9092, type: internal, tls: false}
      - {name: tls, port: 9093, type: internal, tls: true, authentication: {type: scram-sha-512}}
"""
USER = """\
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaUser
metadata: {name: app, labels: {strimzi.io/cluster: my}}
spec: {authentication: {type: scram-sha-512}}
"""
CLIENT = """\
---
apiVersion: v1
kind: KIND
metadata: {name: cfg}
DATA: {client.properties: "TEXT"}
---
apiVersion: v1
kind: Pod
metadata: {name: app}
spec:
  containers:
    - name: app
      image: "corp/app:1"
      env:
        - {name: BROKERS, value: "my-kafka-bootstrap:9093"}
        - {name: KAFKA_SECURITY_PROTOCOL, value: SASL_SSL}
      volumeMounts: [{name: c, mountPath: /c}]
  volumes: [{name: c, VOLUME}]
"""
PROPERTIES = r"bootstrap.servers=my-kafka-bootstrap:9093\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n"


def converted(manifests: str) -> Result:
    options = Options(source="kubernetes", layout=Layout(split=True))
    return convert(Memory({"m.yaml": manifests.encode()}, name="shop"), options)


def client(text: str, kind: str = "ConfigMap") -> str:
    data, volume = {
        "ConfigMap": ("data", "configMap: {name: cfg}"),
        "Secret": ("stringData", "secret: {secretName: cfg}"),
    }[kind]
    manifest = CLIENT.replace("KIND", kind).replace("DATA", data)
    return manifest.replace("TEXT", text).replace("VOLUME", volume)


def written(result: Result, ending: str) -> str:
    [file] = [file for file in result.files if file.path.endswith(ending)]
    return file.content.decode()


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
@pytest.mark.parametrize(
    ("users", "protocol"), [("", "PLAINTEXT"), (USER, "SASL_PLAINTEXT")]
)
def test_a_client_speaks_what_the_listener_speaks(
    users: str, protocol: str, kind: str
) -> None:
    result = converted(KAFKA + users + client(PROPERTIES, kind))
    text = written(result, "client.properties")
    assert f"\nsecurity.protocol={protocol}\nsasl.mechanism" in text
    compose = written(result, "docker-compose.yml")
    assert f"KAFKA_SECURITY_PROTOCOL: {protocol}\n" in compose
    told = [note.message for note in result.notes if note.code == "TC557"]
    assert len(told) == 2 and all(
        f"became {protocol} (it was SASL_SSL)" in text for text in told
    )


@pytest.mark.parametrize(
    "text",
    [
        r"bootstrap.servers=elsewhere:9093\nsecurity.protocol=SASL_SSL\n",
        r"bootstrap.servers=my-kafka-bootstrap:9092\nsecurity.protocol=PLAINTEXT\n",
        r"bootstrap.servers=my-kafka-bootstrap:9093\nprotocol: SSL\n",
    ],
)
def test_other_files_stay_as_they_are(text: str) -> None:
    result = converted(KAFKA + client(text))
    assert written(result, "client.properties") == text.replace(r"\n", "\n")


def test_a_worker_of_connect_does_not_log_in_where_nobody_has_a_login() -> None:
    connect = """\
---
apiVersion: kafka.strimzi.io/v1beta2
kind: KafkaConnect
metadata: {name: copy}
spec:
  bootstrapServers: my-kafka-bootstrap:9093
  authentication: {type: scram-sha-512, username: app, passwordSecret: {secretName: app, password: password}}
"""
    result = converted(KAFKA + connect)
    texts = [
        file.content.decode()
        for file in result.files
        if b"security.protocol" in file.content
    ]
    settings = {
        line
        for text in texts
        for line in text.split("\n")
        if "security.protocol=" in line and "became" not in line
    }
    assert settings and all(line.endswith("=PLAINTEXT") for line in settings), settings
