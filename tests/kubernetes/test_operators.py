"""What operators would make of their custom objects: servers under host names, and Secrets that clients refer to."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

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
from tocompose.exporters.bundle import Layout
from tocompose.importers.kubernetes.operators import operator_rows
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory


def converted(text: str, *clients: dict[str, Any]) -> Result:
    documents = "\n---\n".join([text, *(yaml.safe_dump(client) for client in clients)])
    options = Options(source="kubernetes", practices="none", layout=Layout(split=True))
    return convert(Memory({"m.yaml": documents.encode()}, name="shop"), options)


def services(result: Result) -> dict[str, Any]:
    files = {file.path: file.content for file in result.files}
    parsed: dict[str, Any] = yaml.safe_load(files["docker-compose.yml"])["services"]
    return parsed


def client(**variables: Any) -> dict[str, Any]:
    """A pod whose variables are texts, or keys of Secrets (`secret/key`)."""
    env = [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": text[0], "key": text[1]}}}
        if isinstance(text, tuple)
        else {"name": name, "value": text}
        for name, text in variables.items()
    ]
    container = {"name": "app", "image": "example/app:1", "env": env}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app"},
        "spec": {"containers": [container]},
    }


def answers(result: Result) -> dict[str, set[str]]:
    """The host names that each service answers to, without those with a namespace."""
    return {
        name: {name}
        | {
            alias
            for network in (service.get("networks") or {}).values()
            for alias in network["aliases"]
            if "." not in alias
        }
        for name, service in services(result).items()
        if isinstance(service.get("networks", {}), dict)
    }


def codes(result: Result) -> set[str]:
    return {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("text", "name", "image", "hosts"),
    [
        (KAFKA, "events-kafka", "apache/kafka:3.9.0", {"events-kafka-bootstrap"}),
        (ELASTIC, "logs-es", "docker.elastic.co/", {"logs-es-http", "logs-es-transport"}),
        (ELASTIC, "logs-kb", "docker.elastic.co/", {"logs-kb-http"}),
        (MONGODB, "mdb", "mongo:6.0.5", {"mdb-svc"}),
        (MINIO, "store", "quay.io/minio/minio:", {"minio", "store-hl", "store-console"}),
        (KNATIVE, "hello", "example/hello:1", {"hello"}),
        (RABBITMQ, "mq", "rabbitmq:", {"mq", "mq-nodes"}),
        (CLOUD_NATIVE, "pg", "postgres:16", {"pg-rw", "pg-ro", "pg-r"}),
        (ZALANDO, "acid", "postgres:15", {"acid", "acid-repl"}),
        (FAILOVER, "rfr-cache", "redis:6.2.6-alpine", {"rfrm-cache", "rfrs-cache"}),
        (FAILOVER, "rfs-cache", "redis:6.2.6-alpine", {"rfs-cache"}),
        (OPSTREE, "cache", "redis:7.0.12", {"cache", "cache-master", "cache-replica"}),
    ],
)
def test_a_server_answers_to_the_names_of_its_operator(
    text: str, name: str, image: str, hosts: set[str]
) -> None:
    result = converted(text)
    assert services(result)[name]["image"].startswith(image)
    assert hosts <= answers(result)[name]
    assert not codes(result) & {"TC001", "TC203", "TC901"}
    messages = [note.message for note in result.notes if note.code == "TC391"]
    assert any(image in message for message in messages) or text == KNATIVE


@pytest.mark.parametrize(
    ("text", "secret", "key", "expected"),
    [
        (
            RABBITMQ,
            "mq-default-user",
            "connection_string",
            "amqp://mq:${MQ_DEFAULT_USER_PASSWORD:?set MQ_DEFAULT_USER_PASSWORD in .env "
            "(password of Secret mq-default-user)}@mq.default.svc:5672/",
        ),
        (RABBITMQ, "mq-default-user", "username", "mq"),
        (
            CLOUD_NATIVE,
            "pg-app",
            "uri",
            "postgresql://shopper:${PG_APP_PASSWORD:?set PG_APP_PASSWORD in .env "
            "(password of Secret pg-app)}@pg-rw:5432/shop",
        ),
        (
            ZALANDO,
            "foo-user.acid.credentials.postgresql.acid.zalan.do",
            "password",
            "${FOO_USER_PASSWORD:?set FOO_USER_PASSWORD in .env (password of Secret "
            "foo-user.acid.credentials.postgresql.acid.zalan.do)}",
        ),
    ],
)
def test_clients_find_the_keys_of_the_operators_secret(
    text: str, secret: str, key: str, expected: str
) -> None:
    result = converted(text, client(VALUE=(secret, key)))
    assert services(result)["app"]["environment"]["VALUE"] == expected
    assert not codes(result) & {"TC213", "TC001", "TC901"}


def test_topics_are_made_once_the_broker_is_there() -> None:
    [command] = [
        service["entrypoint"][-1]
        for name, service in services(converted(KAFKA)).items()
        if name == "events-topics"
    ]
    assert "--if-not-exists" in command and "--topic 'orders' --partitions 3" in command
    assert "retention.ms='7200000'" in command


def test_clients_of_servers_without_https_use_http() -> None:
    environment = services(
        converted(
            ELASTIC + "---\n" + MINIO,
            client(
                ES="https://logs-es-http:9200",
                S3="https://minio.default.svc",
                X="https://a",
            ),
        )
    )["app"]["environment"]
    assert environment == {
        "ES": "http://logs-es-http:9200",
        "S3": "http://minio.default.svc:9000",
        "X": "https://a",
    }


def test_a_secret_with_a_connection_string_takes_the_password_of_another() -> None:
    result = converted(MONGODB, client(URL=("mdb-shop-ann", "connectionString.standard")))
    url = services(result)["app"]["environment"]["URL"]
    password = services(result)["mdb"]["environment"]["USER_PASSWORD_1"]
    assert password.startswith("${ANN_PW_PASSWORD:?")
    assert "mongodb://ann:${ANN_PW_PASSWORD:?" in url and "@mdb-svc." in url


def test_knative_listens_where_its_contract_says() -> None:
    result = converted(KNATIVE, client(URL="http://hello.default.svc.cluster.local"))
    assert services(result)["hello"]["environment"] == {"TARGET": "World", "PORT": "8080"}
    url = services(result)["app"]["environment"]["URL"]
    assert url == "http://hello.default.svc.cluster.local:8080"


def test_the_server_and_its_clients_share_one_setting() -> None:
    result = converted(RABBITMQ, client(PW=("mq-default-user", "password")))
    server, app = (services(result)[name]["environment"] for name in ("mq", "app"))
    assert server["RABBITMQ_DEFAULT_PASS"] == app["PW"]
    assert [setting.name for setting in result.stack.settings] == [
        "MQ_DEFAULT_USER_PASSWORD"
    ]


def test_a_secret_of_the_manifests_wins_over_the_operators() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mq-default-user"},
        "stringData": {"username": "u", "password": "hunter2-long"},
    }
    result = converted(RABBITMQ, secret)
    [password] = [
        setting for setting in result.stack.settings if setting.value == "hunter2-long"
    ]
    environment = services(result)["mq"]["environment"]
    assert environment["RABBITMQ_DEFAULT_PASS"] == f"${{{password.name}}}"


def test_roles_and_databases_are_made_in_an_empty_server() -> None:
    result = converted(ZALANDO)
    [script] = [file.content for file in result.files if file.path.endswith("roles.sh")]
    assert 'CREATE DATABASE "foo" OWNER "foo_user";' in script.decode()
    assert 'CREATE ROLE "admin" LOGIN SUPERUSER PASSWORD' in script.decode()


def test_the_order_of_documents_does_not_matter() -> None:
    first, second = (
        converted(RABBITMQ + "---\n" + CLOUD_NATIVE),
        converted(CLOUD_NATIVE + "---\n" + RABBITMQ),
    )
    assert services(first) == services(second)


POOLED = """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec: {instances: 1, storage: {size: 1Gi}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: {name: pool}
spec: {cluster: {name: pg}, type: rw, pgbouncer: {poolMode: session}}
"""


def test_a_pooler_leads_straight_to_its_server() -> None:
    result = converted(POOLED)
    assert "pool" in answers(result)["pg"]
    [note] = [note.message for note in result.notes if note.code == "TC391"]
    assert "Pooler pool leads straight to it" in note and "TC203" not in codes(result)


def test_a_server_is_published_where_its_service_is() -> None:
    text = "apiVersion: rabbitmq.com/v1beta1\nkind: RabbitmqCluster\nmetadata: {name: mq}\n"
    made = services(converted(f"{text}spec: {{service: {{type: LoadBalancer}}}}"))
    assert "5672:5672" in made["mq"]["ports"]
    assert "ports" not in services(converted(f"{text}spec: {{replicas: 1}}"))["mq"]


def _labelled(text: str) -> tuple[dict[str, str], str]:
    """The labels that the operator of the first object gives its pods, and the object's name."""
    custom = next(yaml.safe_load_all(text))
    group = custom["apiVersion"].partition("/")[0]
    labels = operator_rows()[f"{custom['kind']}.{group}"]["labels"]
    name = custom["metadata"]["name"]
    return {key: label.replace("NAME", name) for key, label in labels.items()}, name


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (RABBITMQ, "mq"),
        (CLOUD_NATIVE, "pg"),
        (ZALANDO, "acid"),
        (FAILOVER, "rfr-cache"),
        (OPSTREE, "cache"),
        (KAFKA, "events-kafka"),
        (ELASTIC, "logs-es"),
        (MONGODB, "mdb"),
        (MINIO, "store"),
    ],
)
def test_a_service_of_the_manifests_selects_the_pods_of_an_operator(
    text: str, server: str
) -> None:
    labels, _ = _labelled(text)
    chosen = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front"},
        "spec": {"selector": labels, "ports": [{"port": 4000}], "type": "LoadBalancer"},
    }
    result = converted(text, chosen)
    assert "front" in answers(result)[server]
    assert "4000:4000" in services(result)[server]["ports"]
    assert [name for name, names in answers(result).items() if "front" in names] == [server]
    assert "TC222" not in codes(result)


def _aliases(result: Result, service: str) -> list[str]:
    networks = services(result)[service]["networks"]
    return [alias for network in networks.values() for alias in network["aliases"]]


def test_the_pods_of_an_operator_stand_in_its_headless_service() -> None:
    in_brokers = "events-kafka-0.events-kafka-brokers.default.svc.cluster.local"
    assert in_brokers in _aliases(converted(KAFKA), "events-kafka")
    in_headless = "cache-0.cache-headless.default.svc.cluster.local"
    assert in_headless in _aliases(converted(OPSTREE), "cache")


def test_brokers_are_named_after_their_pool() -> None:
    pools = [
        {
            "apiVersion": "kafka.strimzi.io/v1beta2",
            "kind": "KafkaNodePool",
            "metadata": {"name": name, "labels": {"strimzi.io/cluster": "events"}},
            "spec": {"replicas": 3, "roles": [role]},
        }
        for name, role in (("heads", "controller"), ("hands", "broker"))
    ]
    result = converted(KAFKA, *pools)
    assert "events-hands-0.events-kafka-brokers" in _aliases(result, "events-hands")
    assert "events-kafka-bootstrap" in answers(result)["events-hands"]
    assert "events-kafka" not in services(result)


WATCHED = """
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main}
spec: {scrapeInterval: 20s, externalLabels: {site: north}, ruleSelector: {matchLabels: {role: alerts}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: app}
spec: {selector: {matchLabels: {app: app}}, podMetricsEndpoints: [{port: metrics}]}
---
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {app: app}}
spec: {containers: [{name: app, image: "example/app:1", ports: [{name: metrics, containerPort: 9100}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: errors, labels: {role: ROLE}}
spec: {groups: [{name: shop, limit: 5, rules: [{alert: Down, expr: up == 0, for: 5m}]}]}
"""


def test_a_prometheus_loads_the_rules_that_it_selects() -> None:
    result = converted(WATCHED.replace("ROLE", "alerts"))
    files = {file.path: file.content for file in result.files}
    written = yaml.safe_load(files["config/prometheus-main-config/prometheus.yml"])
    assert written["global"] == {
        "scrape_interval": "20s",
        "external_labels": {"site": "north"},
    }
    assert written["rule_files"] == ["/etc/prometheus/rules.yml"]
    [group] = yaml.safe_load(files["config/prometheus-main-config/rules.yml"])["groups"]
    assert group["limit"] == 5
    assert group["rules"] == [{"alert": "Down", "expr": "up == 0", "for": "5m"}]
    targets = {grant["target"] for grant in services(result)["prometheus-main"]["configs"]}
    assert "/etc/prometheus/rules.yml" in targets
    assert not codes(result) & {"TC001", "TC203", "TC901"}


def test_rules_that_no_prometheus_selects_are_said_to_be_lost() -> None:
    result = converted(WATCHED.replace("ROLE", "others"))
    files = {file.path: file.content for file in result.files}
    assert b"rule_files" not in files["config/prometheus-main-config/prometheus.yml"]
    [note] = [note for note in result.notes if note.code == "TC203"]
    assert "PrometheusRule" in note.message and "rule_files" in note.advice


def test_an_option_of_kibana_that_no_variable_can_say_is_left_out_whole():
    config = '{"telemetry.hosts": [a, b], "xpack.fleet.packages": [{name: system, version: latest}]}'
    result = converted(
        ELASTIC.replace("count: 1, elastic", f"count: 1, config: {config}, elastic"),
        client(),
    )
    environment = services(result)["logs-kb"]["environment"]
    assert environment["TELEMETRY_HOSTS"] == '["a", "b"]'
    assert not [name for name in environment if "FLEET" in name]
    [said] = [note for note in result.notes if "fleet.packages" in note.message]
    assert "not carried over" in said.message
    assert "nested ones in a configuration file" in said.advice


def test_the_passwords_of_elastic_and_kibana_are_the_stacks_own():
    """The operator keeps the first in files of the nodes, the second under another key: no data brings them along."""
    files = {file.path: file.content.decode() for file in converted(ELASTIC).files}
    example = " ".join(files[".env.example"].replace("#", " ").split())
    assert "get secret" not in example
    ends = {
        "elastic": "Any of 6 characters or more will do: this stack sets it",
        "kibana_system": "Any of 6 characters or more that begins with a letter will do: this stack sets it",
    }
    for user, end in ends.items():
        assert f"Password of the user {user} of Elasticsearch. {end}" in example
    assert "logs-kibana-user" not in "".join(files.values())


_CURL = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -d ] && printf %s "$2" > "$SAID"; shift; done
"""


@pytest.mark.parametrize(
    ("password", "code"),
    [("s3cret-9Kq", 0), ("a\"b\\c&d$e'f", 0), ('\\\\""', 1), ("short", 1)],
)
def test_the_job_of_kibana_carries_any_password_that_the_server_takes(
    password: str, code: int, tmp_path: Path
) -> None:
    shell, option, script = services(converted(ELASTIC))["logs-kb-login"]["entrypoint"]
    curl = tmp_path / "curl"
    curl.write_text(_CURL)
    curl.chmod(0o755)
    said = tmp_path / "said.json"
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "KIBANA_PASSWORD": password,
        "ELASTIC_PASSWORD": "p",
        "SAID": str(said),
    }
    words = [shell, option, script.replace("$$", "$")]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code
    if code == 0:
        assert json.loads(said.read_text()) == {"password": password}
    else:
        assert "6 characters or more" in done.stderr and not said.exists()


def test_kibana_has_an_encryption_key_unless_the_source_states_one():
    """Without one it blocks alerts, and makes another at each start."""
    result = converted(ELASTIC)
    name = "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY"
    value = services(result)["logs-kb"]["environment"][name]
    assert value.startswith("${LOGS_KB_ENCRYPTION_KEY:?")
    example = next(file for file in result.files if file.path == ".env.example")
    said = " ".join(example.content.decode().replace("#", " ").split())
    assert (
        "Any of 32 characters or more that begins with a letter. With moved data: the"
        in said
    )
    config = f"config: {{xpack.encryptedSavedObjects.encryptionKey: {'k' * 32}}}"
    stated = converted(ELASTIC.replace("count: 1, elastic", f"count: 1, {config}, elastic"))
    assert "LOGS_KB_ENCRYPTION_KEY" not in services(stated)["logs-kb"]["environment"][name]


def test_the_nodes_of_elasticsearch_answer_to_the_names_of_their_set():
    """https://github.com/elastic/cloud-on-k8s/blob/main/pkg/controller/elasticsearch/label/label.go"""
    result = converted(ELASTIC)
    server = services(result)["logs-es"]
    names = next(iter(server["networks"].values()))["aliases"]
    assert server["hostname"] == "logs-es-default-0"
    assert "logs-es-default-0.logs-es-default.default.svc" in names
    assert not [name for name in names if name.startswith(("logs-es.", "logs-es-0"))]


def fields_not_carried_over(specs: str) -> dict[str, str]:
    """What is said of the fields of an Elasticsearch and a Kibana, by code."""
    result = converted(ELASTIC.replace("elasticsearchRef: {name: logs}", specs))
    return {note.code: note.message for note in result.notes}


@pytest.mark.parametrize(("namespace", "is_lost"), [("default", False), ("far", True)])
def test_a_reference_into_its_own_namespace_loses_nothing(
    namespace: str, *, is_lost: bool
) -> None:
    said = fields_not_carried_over(
        f"elasticsearchRef: {{name: logs, namespace: {namespace}}}"
    )
    assert ("TC697" in said) is is_lost


def test_fields_of_a_pod_template_are_told_by_their_names() -> None:
    template = (
        "podTemplate: {spec: {nodeSelector: {disk: fast},"
        " initContainers: [{name: wait, command: [sh, -c, 'sleep 1'], args: [x]}]}}"
    )
    said = fields_not_carried_over(f"elasticsearchRef: {{name: logs}}, {template}")
    assert "TC697" not in said
    assert "podTemplate.spec.nodeSelector (disk: fast)" in said["TC201"]


@pytest.mark.parametrize(
    ("container", "code", "told"),
    [
        (
            "{name: sysctl, command: [sysctl, -w, vm.max_map_count=262144]}",
            "TC687",
            "sudo sysctl -w vm.max_map_count=262144",
        ),
        (
            "{name: plugins, command: [bin/kibana-plugin, install, x]}",
            "TC686",
            "a Dockerfile that begins with the image of logs-kb",
        ),
        (
            "{name: wait, image: 'busybox:1', command: [sleep, '1']}",
            "TC686",
            "in busybox:1, with the volumes of logs-kb",
        ),
    ],
)
def test_what_an_init_container_does_is_told_with_how_it_is_done_here(
    container: str, code: str, told: str
) -> None:
    template = f"podTemplate: {{spec: {{initContainers: [{container}]}}}}"
    specs = f"elasticsearchRef: {{name: logs}}, {template}"
    notes = converted(ELASTIC.replace("elasticsearchRef: {name: logs}", specs)).notes
    [advice] = [note.advice for note in notes if note.code == code]
    assert told in advice and not [note for note in notes if note.code == "TC697"]


def test_a_placeholder_of_a_custom_object_is_told_at_its_line() -> None:
    """Options become variables of the server, and variables of a pod template stay what they are."""
    text = """\
apiVersion: kibana.k8s.elastic.co/v1
kind: Kibana
metadata: {name: logs}
spec:
  version: 8.14.0
  config:
    server.publicBaseUrl: <your-url>
  podTemplate:
    spec:
      containers:
      - name: kibana
        env:
        - {name: API_KEY, value: YOUR_API_KEY}
"""
    options = Options(source="kubernetes")
    notes = convert(Memory({"m.yaml": text.encode()}, name="shop"), options).notes
    lines = [note.span.line for note in notes if note.code == "TC852" and note.span]
    assert lines == [7, 13]
