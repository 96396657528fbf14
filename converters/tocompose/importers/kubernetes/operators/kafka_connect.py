"""KafkaConnect of Strimzi: one worker with its configuration, and a one-shot that makes its connectors.

https://strimzi.io/docs/operators/latest/configuring#type-KafkaConnect-reference
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.kafka import (
    cluster_members,
    decode_heap,
    kafka_image,
)
from tocompose.importers.kubernetes.operators.kafka_users import (
    CLUSTER_LABEL,
    LOGIN_MODULE,
    MECHANISM,
    SCRAM,
)
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ReadAlong,
    ServerPort,
    ServerService,
    from_secret,
    shell_command,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SERVICES,
    SpecFields,
    decode_map,
    decode_options,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Node
from tocompose.syntax.names import variable_name

_REST = ServerPort("rest-api", 8083)
_FILE, _CONNECTORS = "/opt/kafka/custom-config/connect.properties", "/connectors"
_RUN = "/opt/kafka/bin/connect-distributed.sh"
# What Strimzi sets where nothing is said; -1 leaves the copies of a topic to the broker.
_DEFAULTS = {
    "group.id": "connect-cluster",
    "offset.storage.topic": "connect-cluster-offsets",
    "config.storage.topic": "connect-cluster-configs",
    "status.storage.topic": "connect-cluster-status",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}
_OWN_FIELDS = (
    "group.id",
    "offset.storage.topic",
    "config.storage.topic",
    "status.storage.topic",
)
_COPIES = (
    "offset.storage.replication.factor",
    "config.storage.replication.factor",
    "status.storage.replication.factor",
)
_LEFT_TO_BROKER = dict.fromkeys(_COPIES, "it is left to the broker")
# Who speaks to the broker: the worker itself, and what it makes for its connectors.
_CLIENTS = ("", "producer.", "consumer.", "admin.")
_PROVIDER = "org.apache.kafka.common.config.provider.EnvVarConfigProvider"
# Strimzi's own providers ask the API of the cluster for Secrets and ConfigMaps: `${secrets:NAMESPACE/NAME:KEY}`.
# https://github.com/strimzi/kafka-kubernetes-config-provider
_OF_CLUSTER = "io.strimzi.kafka.Kubernetes"
_REPLACED = "variables of the container take the place of what only a cluster has"
_SECRET_VALUE = regex(
    r"\$\{(?P<provider>\w+):(?:[^/:}]+/)?(?P<secret>[^/:}]+):(?P<key>[^}]+)\}"
)


class ConnectLogin(NamedTuple):
    """As whom the worker logs in, and the Secret and key of the password."""

    user: str
    secret: str
    key: str


class ConnectSpec(NamedTuple):
    """What a KafkaConnect asks for; `providers` are the names under which its texts ask the cluster for Secrets."""

    version: str | None
    image: Node | None
    bootstrap: str
    options: Mapping[str, str]
    providers: tuple[str, ...]
    login: ConnectLogin | None
    heap: str
    resources: Node | None
    env: tuple[Node, ...]


class KafkaConnector(NamedTuple):
    """A connector with its configuration as Kafka Connect takes it."""

    name: str
    options: Mapping[str, str]


def decode_connect(connect: KubeObject) -> ConnectSpec:
    """The spec of a KafkaConnect."""
    spec = decode_spec(connect)
    config = spec.at("worker-options")
    providers = tuple(_decode_providers(config))
    return ConnectSpec(
        version=decode_text(spec, "version"),
        image=decode_part(spec, "image"),
        bootstrap=decode_text(spec, "bootstrap-servers") or "",
        options=_decode_topics(spec)
        | decode_options(config, _LEFT_TO_BROKER | _replaced_options(providers)),
        providers=providers,
        login=_decode_login(spec),
        heap=decode_heap(spec),
        resources=decode_part(spec, "ResourceRequirements"),
        env=decode_parts(spec, "EnvVar"),
    )


def _decode_topics(spec: SpecFields) -> dict[str, str]:
    """The group of the worker and its topics, where the spec has fields for them."""
    stated = {option: decode_text(spec, option) for option in _OWN_FIELDS}
    return {option: text for option, text in stated.items() if text}


def _decode_providers(config: Cursor) -> Iterator[str]:
    stated = config.at("config.providers")
    names = [name.strip() for name in (peek_text(stated) or "").split(",")]
    classes = {
        name: peek_text(config.at(f"config.providers.{name}.class")) for name in names
    }
    of_cluster = [name for name in names if (classes[name] or "").startswith(_OF_CLUSTER)]
    if of_cluster == names:
        stated.skip(_REPLACED)
    yield from of_cluster


def _replaced_options(providers: tuple[str, ...]) -> dict[str, str]:
    """The options that variables of the container take the place of; those of other providers stay unread."""
    replaced = (f"config.providers.{name}.*" for name in providers)
    return {**dict.fromkeys(replaced, _REPLACED), "config.providers*": ""}


def _decode_login(spec: SpecFields) -> ConnectLogin | None:
    if peek_text(spec.at("mechanism")) != SCRAM:
        return None
    decode_text(spec, "mechanism")
    return ConnectLogin(
        decode_text(spec, "user") or "",
        decode_text(spec, "password-secret") or "",
        decode_text(spec, "password-key") or "password",
    )


def decode_connector(connector: KubeObject) -> KafkaConnector:
    """The spec of a KafkaConnector."""
    spec = decode_spec(connector)
    connector.at("metadata", "labels", CLUSTER_LABEL).take(to=SERVICES)
    return KafkaConnector(
        connector.name,
        {
            "connector.class": decode_text(spec, "connector-class") or "",
            "tasks.max": decode_text(spec, "tasks") or "1",
            **decode_map(spec, "connector-options"),
        },
    )


def answer(connect: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The worker with its Service, and the one-shot for its connectors."""
    members = cluster_members("KafkaConnector", connect, objects)
    yield from map(ReadAlong, members)
    spec, connectors = decode_connect(connect), tuple(map(decode_connector, members))
    yield from _worker_parts(spec, connectors, connect.name)
    if connectors:
        yield _connector_maker(spec, connectors, connect.name)


def _worker_parts(
    spec: ConnectSpec, connectors: tuple[KafkaConnector, ...], name: str
) -> Iterator[OperatorPart]:
    server, service = f"{name}-connect", f"{name}-connect-api"
    texts = [*spec.options.values()]
    texts += [text for connector in connectors for text in connector.options.values()]
    secrets = dict(_secret_variables(texts, spec.providers))
    env: dict[str, Manifest] = {
        variable: from_secret(*secret_key) for variable, secret_key in secrets.items()
    }
    if spec.login is not None:
        env["CONNECT_PASSWORD"] = from_secret(spec.login.secret, spec.login.key)
    if spec.heap:
        env["KAFKA_HEAP_OPTS"] = spec.heap
    lines = [f"{key}={text}" for key, text in _properties(spec, service).items()]
    yield OperatedServer(
        name=server,
        image=spec.image or kafka_image(spec.version),
        kind="Deployment",
        ports=(_REST,),
        env=env,
        command=(_RUN, _FILE),
        files={_FILE: "".join(f"{line}\n" for line in lines)},
        resources=spec.resources,
        more_env=spec.env,
    )
    yield ServerService(service, server, (_REST,))
    if spec.image is None:
        yield OperatorRemark(
            "Its image holds the connectors of Apache Kafka alone. Mount others at /opt/kafka/plugins"
        )


def _properties(spec: ConnectSpec, host: str) -> dict[str, str]:
    """The configuration of the worker."""
    properties = {
        "bootstrap.servers": spec.bootstrap,
        **_DEFAULTS,
        **dict.fromkeys(_COPIES, "-1"),
        "plugin.path": "/opt/kafka/plugins",
        "listeners": f"http://:{_REST.number}",
        "rest.advertised.host.name": host,
    }
    properties |= {
        key: _local_text(text, spec.providers) for key, text in spec.options.items()
    }
    if spec.login is not None:
        password = "${env:CONNECT_PASSWORD}"
        module = f'{LOGIN_MODULE} username="{spec.login.user}" password="{password}";'
        for client in _CLIENTS:
            properties[f"{client}security.protocol"] = "SASL_PLAINTEXT"
            properties[f"{client}sasl.mechanism"] = MECHANISM
            properties[f"{client}sasl.jaas.config"] = module
    if spec.login is not None or spec.providers:
        properties["config.providers"] = "env"
        properties["config.providers.env.class"] = _PROVIDER
    return properties


def _secret_variables(
    texts: list[str], providers: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The variables that stand for what texts ask the cluster for, with the Secret and key of each."""
    for text in texts:
        for match in _SECRET_VALUE.finditer(text):
            if match["provider"] in providers:
                yield _variable_of(match), (match["secret"], match["key"])


def _local_text(text: str, providers: tuple[str, ...]) -> str:
    """The text with variables of the container in the place of what it asks the cluster for."""

    def replaced(match: re.Match[str]) -> str:
        is_of_cluster = match["provider"] in providers
        return f"${{env:{_variable_of(match)}}}" if is_of_cluster else match[0]

    return _SECRET_VALUE.sub(replaced, text)


def _variable_of(match: re.Match[str]) -> str:
    return variable_name(f"{match['secret']}_{match['key']}")


def _connector_maker(
    spec: ConnectSpec, connectors: tuple[KafkaConnector, ...], name: str
) -> OperatedServer:
    """The one-shot, which leaves a connector alone that is there."""
    files: dict[str, Manifest] = {}
    commands = []
    for connector in connectors:
        path = f"{_CONNECTORS}/{connector.name}.json"
        options = {
            key: _local_text(text, spec.providers)
            for key, text in connector.options.items()
        }
        content = {"name": connector.name, "config": options}
        files[path] = f"{json.dumps(content, indent=2, ensure_ascii=False)}\n"
        commands.append(
            f'wget -q -O /dev/null "$CONNECT_URL/{connector.name}" || '
            'wget -q -O /dev/null --header "Content-Type: application/json" '
            f'--post-file {path} "$CONNECT_URL"'
        )
    return OperatedServer(
        name=f"{name}-connectors",
        image=kafka_image(spec.version),
        kind="Job",
        env={"CONNECT_URL": f"http://{name}-connect-api:{_REST.number}/connectors"},
        command=shell_command(commands),
        files=files,
    )
