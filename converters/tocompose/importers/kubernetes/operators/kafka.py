"""Strimzi's Kafka: one broker without ZooKeeper, and a one-shot that makes the topics.

https://strimzi.io/docs/operators/latest/configuring
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatedServer,
    OperatorRequest,
    ServerPort,
    image_of,
)
from tocompose.importers.kubernetes.scalars import list_entries, take_scalar
from tocompose.ledger import Cursor

_CLUSTER = "strimzi.io/cluster"
_GROUP = "kafka.strimzi.io"
_CONTROLLER = 29093
_DATA = "/var/lib/kafka/data"
# With one broker nothing can be replicated.
_ONE_BROKER = (
    "default.replication.factor",
    "min.insync.replicas",
    "offsets.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
)
_TOPICS = "/opt/kafka/bin/kafka-topics.sh"


class _Listener(NamedTuple):
    """A listener of the brokers."""

    name: str
    port: int


def answer(request: OperatorRequest) -> None:
    """Makes the broker, its Services, and the one-shot for its topics."""
    name, spec = request.name, request.at("spec", "kafka")
    listeners = list(_listeners(spec.at("listeners"), request))
    listeners = listeners or [_Listener("plain", 9092)]
    bootstrap = f"{name}-kafka-bootstrap"
    ports = tuple(ServerPort(listener.name, listener.port) for listener in listeners)
    request.add_server(
        OperatedServer(
            name=f"{name}-kafka",
            image=_kafka_image(spec),
            ports=ports,
            env=_environment(listeners, bootstrap) | _options(spec.at("config")),
            data_folder=_DATA,
            resources=_resources(request),
            storage=spec.at("storage", "size"),
        )
    )
    for service in (bootstrap, f"{name}-kafka-brokers"):
        request.add_service(service, f"{name}-kafka", ports)
    for pool in _of_cluster("KafkaNodePool", request):
        request.also.append(pool)
    _add_topics(request, f"{bootstrap}:{listeners[0].port}", _kafka_image(spec))


def _kafka_image(spec: Cursor) -> str:
    return image_of("apache/kafka", take_scalar(spec.at("version"), SERVICES), "kafka")


def _listeners(cursor: Cursor, request: OperatorRequest) -> Iterator[_Listener]:
    """The listeners within the cluster: all of them in plain, since the operator's certificates are not here."""
    for listener in list_entries(cursor):
        name = take_scalar(listener.at("name"), SERVICES) or "plain"
        port = take_scalar(listener.at("port"), SERVICES) or "9092"
        if take_scalar(listener.at("tls"), SERVICES) == "true":
            request.remarks.append(
                f"the listener {name} speaks in plain: take TLS out of its clients"
            )
        if listener.at("authentication"):
            request.remarks.append(f"the listener {name} lets everybody in")
        yield _Listener(name, int(port))


def _environment(listeners: list[_Listener], host: str) -> dict[str, Manifest]:
    names = [listener.name.upper() for listener in listeners]
    bound = [f"{name}://:{each.port}" for name, each in zip(names, listeners, strict=True)]
    advertised = [
        f"{name}://{host}:{each.port}" for name, each in zip(names, listeners, strict=True)
    ]
    protocols = [f"{name}:PLAINTEXT" for name in (*names, "CONTROLLER")]
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{_CONTROLLER}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": ",".join([*bound, f"CONTROLLER://:{_CONTROLLER}"]),
        "KAFKA_ADVERTISED_LISTENERS": ",".join(advertised),
        "KAFKA_INTER_BROKER_LISTENER_NAME": names[0],
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": ",".join(protocols),
        "KAFKA_LOG_DIRS": _DATA,
        **{_variable(key): "1" for key in _ONE_BROKER},
    }


def _variable(key: str) -> str:
    """https://hub.docker.com/r/apache/kafka: how its entry point reads an option of the broker."""
    return f"KAFKA_{key.replace('_', '___').replace('-', '__').replace('.', '_').upper()}"


def _options(cursor: Cursor) -> dict[str, Manifest]:
    return {
        _variable(option.key): take_scalar(option, SERVICES) or ""
        for option in cursor
        if option.key not in _ONE_BROKER
    }


def _resources(request: OperatorRequest) -> Cursor:
    """The limits of a broker: the cluster's, else those of its first pool."""
    stated = request.at("spec", "kafka", "resources")
    pools = [] if stated else _of_cluster("KafkaNodePool", request)
    return pools[0].at("spec", "resources") if pools else stated


def _of_cluster(title: str, request: OperatorRequest) -> list[KubeObject]:
    return [
        kube_object
        for kube_object in request.objects.of_kind(f"{title}.{_GROUP}")
        if kube_object.namespace == request.namespace
        and kube_object.labels.get(_CLUSTER) == request.name
    ]


def _add_topics(request: OperatorRequest, address: str, image: str) -> None:
    topics = _of_cluster("KafkaTopic", request)
    if not topics:
        return
    request.also.extend(topics)
    commands = [_topic_command(topic) for topic in topics]
    request.add_server(
        OperatedServer(
            name=f"{request.name}-topics",
            image=image,
            env={"KAFKA_BOOTSTRAP": address},
            command=("sh", "-c", "\n".join(["set -e", *commands])),
        ),
        kind="Job",
    )


def _topic_command(topic: KubeObject) -> str:
    spec = topic.at("spec")
    topic.at("metadata", "labels", _CLUSTER).take(to=SERVICES)
    name = take_scalar(spec.at("topicName"), SERVICES) or topic.name
    partitions = take_scalar(spec.at("partitions"), SERVICES) or "1"
    options = [
        f" --config {option.key}='{take_scalar(option, SERVICES)}'"
        for option in spec.at("config")
        if option.key not in _ONE_BROKER
    ]
    return (
        f'{_TOPICS} --bootstrap-server "$KAFKA_BOOTSTRAP" --create --if-not-exists '
        f"--topic '{name}' --partitions {partitions} --replication-factor 1{''.join(options)}"
    )
