"""Strimzi's Kafka: one broker without ZooKeeper, and a one-shot that makes the topics.

https://strimzi.io/docs/operators/latest/configuring
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.kafka_users import (
    CLUSTER_LABEL,
    LOGIN_MODULE,
    MECHANISM,
    SCRAM,
    decode_login,
    decode_mechanism,
    login_parts,
)
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ReadAlong,
    ServerPort,
    ServerService,
    image_of,
    shell_command,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SERVICES,
    SpecFields,
    decode_flag,
    decode_options,
    decode_part,
    decode_spec,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.knowledge.image_conditions import tag_version
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

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
_COPIES = dict.fromkeys(_ONE_BROKER, "one broker has one copy of everything")
# https://kafka.apache.org/documentation/#upgrade
_FOR_UPGRADES = dict.fromkeys(
    ("inter.broker.protocol.version", "log.message.format.version"),
    "only the upgrade of a running cluster needs it",
)
_TOPICS = "/opt/kafka/bin/kafka-topics.sh"
# The first version of which there is an image: https://hub.docker.com/r/apache/kafka/tags
_FIRST_IMAGE = "3.7.0"
# How the broker speaks to itself, and to what sets it up, where all listeners ask for a password.
_REPLICATION = 9091
# Listeners for the outside, with the type of their Service.
_OUTSIDE = {
    "nodeport": "NodePort",
    "loadbalancer": "LoadBalancer",
    "route": None,
    "ingress": None,
    "cluster-ip": None,
}


class KafkaListener(NamedTuple):
    """A listener of the brokers; `outside` is its type where it is not for the cluster alone. It `asks_password` where
    the input has users with one."""

    name: str
    port: int
    has_tls: bool = False
    has_login: bool = False
    asks_password: bool = False
    outside: str | None = None
    node_port: int | None = None
    advertised_host: str | None = None
    advertised_port: int | None = None

    @property
    def server_port(self) -> ServerPort:
        """The port of the server on which it listens."""
        return ServerPort(self.name, self.port, node_port=self.node_port)

    @property
    def protocol(self) -> str:
        """What it speaks here, where there are no certificates."""
        return "SASL_PLAINTEXT" if self.asks_password else "PLAINTEXT"

    def address(self, host: str) -> str:
        """What clients are told to call: the host, or where the outside reaches a port that is published."""
        if _OUTSIDE.get(self.outside or "") is None:
            return f"{host}:{self.port}"
        port = self.advertised_port or self.node_port or self.port
        return f"{self.advertised_host or 'localhost'}:{port}"


class KafkaSpec(NamedTuple):
    """What a Kafka asks for, together with the pools of its nodes; `broker` is what its brokers are named after."""

    version: str | None
    broker: str
    listeners: tuple[KafkaListener, ...]
    options: Mapping[str, str]
    heap: str
    resources: Node | None


class KafkaTopic(NamedTuple):
    """A topic to make."""

    name: str
    partitions: str
    options: Mapping[str, str]


def decode_kafka(
    kafka: KubeObject, pools: tuple[KubeObject, ...], *, has_users: bool
) -> KafkaSpec:
    """The spec of a Kafka; what it does not say of its brokers, the first pool of them says."""
    spec = decode_spec(kafka)
    brokers = [pool for pool in pools if "broker" in _decode_pool_roles(pool)]
    pool_spec = decode_spec((brokers or [*pools, kafka])[0])
    resources = spec.at("ResourceRequirements") or pool_spec.at("ResourceRequirements")
    return KafkaSpec(
        version=decode_text(spec, "version"),
        broker=brokers[0].name if brokers else "kafka",
        listeners=tuple(
            _decode_listener(listener, has_users=has_users)
            for listener in spec.each("KafkaListener")
        ),
        options=decode_options(spec.at("broker-options"), _COPIES | _FOR_UPGRADES),
        heap=decode_heap(spec if spec.at("JvmOptions") else pool_spec),
        resources=decode_part(resources),
    )


def _decode_pool_roles(pool: KubeObject) -> tuple[str | None, ...]:
    roles = decode_spec(pool).at("pool-roles")
    roles.skip("one broker has every role")
    return tuple(map(peek_text, list_entries(roles)))


def _decode_listener(listener: SpecFields, *, has_users: bool) -> KafkaListener:
    kind = peek_text(listener.at("listener-type")) or ""
    authentication = listener.at("listener-mechanism")
    asks_password = has_users and peek_text(authentication) == SCRAM
    if asks_password:
        decode_text(authentication)
    decoded = KafkaListener(
        name=decode_text(listener, "listener-name") or "plain",
        port=integer(decode_text(listener, "listener-port") or "") or 9092,
        has_tls=decode_flag(listener, "listener-tls"),
        has_login=bool(listener.at("ListenerAuthentication")),
        asks_password=asks_password,
        outside=decode_text(listener, "listener-type") if kind in _OUTSIDE else None,
    )
    return _decode_published(listener, decoded) if _OUTSIDE.get(kind) else decoded


def _decode_published(listener: SpecFields, decoded: KafkaListener) -> KafkaListener:
    """The listener as the outside reaches it; no other has an address of its own here."""
    broker = next(listener.each("ListenerBroker"), listener)
    return decoded._replace(
        node_port=integer(decode_text(listener, "node-port") or ""),
        advertised_host=decode_text(broker, "advertised-host"),
        advertised_port=integer(decode_text(broker, "advertised-port") or ""),
    )


def decode_heap(spec: SpecFields) -> str:
    """The options of Java that say how large its heap is."""
    sizes = (("-Xms", "least-heap"), ("-Xmx", "most-heap"))
    stated = ((option, decode_text(spec, shape)) for option, shape in sizes)
    return " ".join(f"{option}{size}" for option, size in stated if size)


def decode_topic(topic: KubeObject) -> KafkaTopic:
    """The spec of a KafkaTopic."""
    spec = decode_spec(topic)
    topic.at("metadata", "labels", CLUSTER_LABEL).take(to=SERVICES)
    return KafkaTopic(
        name=decode_text(spec, "topic-name") or topic.name,
        partitions=decode_text(spec, "partitions") or "1",
        options=decode_options(spec.at("topic-options"), _COPIES),
    )


def answer(kafka: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The broker, its Services, and the one-shot for its topics."""
    pools = cluster_members("KafkaNodePool", kafka, objects)
    topics = cluster_members("KafkaTopic", kafka, objects)
    users = tuple(
        user
        for user in cluster_members("KafkaUser", kafka, objects)
        if decode_mechanism(user) == SCRAM
    )
    spec = decode_kafka(kafka, pools, has_users=bool(users))
    yield from _broker_parts(spec, kafka.name)
    yield from map(ReadAlong, (*pools, *topics))
    address = f"{kafka.name}-kafka-bootstrap:{_open_listener(_all_listeners(spec)).port}"
    if topics:
        yield _topic_maker(spec, tuple(map(decode_topic, topics)), kafka.name, address)
    if any(listener.asks_password for listener in spec.listeners):
        logins, image = tuple(map(decode_login, users)), kafka_image(spec.version)
        yield from login_parts(logins, image, kafka.name, address)


def cluster_members(
    title: str, cluster: KubeObject, objects: KubeObjects
) -> tuple[KubeObject, ...]:
    """The objects of a kind that bear the label of a Kafka, or of a KafkaConnect."""
    return tuple(
        kube_object
        for kube_object in objects.in_namespace(f"{title}.{_GROUP}", cluster.namespace)
        if kube_object.labels.get(CLUSTER_LABEL) == cluster.name
    )


def _all_listeners(spec: KafkaSpec) -> tuple[KafkaListener, ...]:
    """The listeners, one of which asks for no password: the broker and its one-shots need it."""
    listeners = spec.listeners or (KafkaListener("plain", 9092),)
    if all(listener.asks_password for listener in listeners):
        return (*listeners, KafkaListener("replication", _REPLICATION))
    return listeners


def _open_listener(listeners: tuple[KafkaListener, ...]) -> KafkaListener:
    return next(listener for listener in listeners if not listener.asks_password)


def _broker_parts(spec: KafkaSpec, name: str) -> Iterator[OperatorPart]:
    listeners = _all_listeners(spec)
    for listener in listeners:
        yield from _listener_remarks(listener)
    if spec.version and spec.version not in kafka_image(spec.version):
        yield OperatorRemark(f"Of {spec.version} there is no image of Apache's own")
    bootstrap, brokers = f"{name}-kafka-bootstrap", f"{name}-kafka-brokers"
    ports = tuple(listener.server_port for listener in listeners)
    protocols = {listener.port: listener.protocol for listener in listeners}
    server = f"{name}-{spec.broker}"
    heap: Mapping[str, Manifest] = {"KAFKA_HEAP_OPTS": spec.heap} if spec.heap else {}
    options = {_variable(option): text for option, text in spec.options.items()}
    yield OperatedServer(
        name=server,
        image=kafka_image(spec.version),
        ports=ports,
        env={**_environment(listeners, bootstrap), **options, **heap},
        data_folder=_DATA,
        resources=spec.resources,
        governing=brokers,
    )
    for service in (bootstrap, brokers):
        yield ServerService(service, server, ports, protocols=protocols)
    for listener in listeners:
        if listener.outside:
            yield ServerService(
                f"{name}-kafka-{listener.name}-bootstrap",
                server,
                (listener.server_port,),
                service_type=_OUTSIDE[listener.outside],
                protocols=protocols,
            )


def _listener_remarks(listener: KafkaListener) -> Iterator[OperatorRemark]:
    """All listeners are plaintext, since the operator's certificates are not here."""
    if listener.has_tls:
        yield OperatorRemark(
            f"The listener {listener.name} is plaintext here. Remove TLS from its clients"
        )
    if listener.has_login and not listener.asks_password:
        yield OperatorRemark(
            f"The listener {listener.name} lets everybody in and takes no login. Set security.protocol=PLAINTEXT in "
            "its clients"
        )
    address = listener.address("")
    if not address.startswith(":"):
        yield OperatorRemark(f"The listener {listener.name} is advertised as {address}")


def kafka_image(version: str | None) -> str:
    """The image of Apache's own in that version, or the first that there is."""
    is_too_old = version and tag_version(version) < tag_version(_FIRST_IMAGE)
    return image_of("apache/kafka", _FIRST_IMAGE if is_too_old else version, "kafka")


def _environment(listeners: tuple[KafkaListener, ...], host: str) -> dict[str, Manifest]:
    names = [listener.name.upper() for listener in listeners]
    named = tuple(zip(names, listeners, strict=True))
    bound = [f"{name}://:{listener.port}" for name, listener in named]
    advertised = [f"{name}://{listener.address(host)}" for name, listener in named]
    logins = [name for name, listener in named if listener.asks_password]
    protocols = [f"{name}:{listener.protocol}" for name, listener in named]
    protocols.append("CONTROLLER:PLAINTEXT")
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@localhost:{_CONTROLLER}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS": ",".join([*bound, f"CONTROLLER://:{_CONTROLLER}"]),
        "KAFKA_ADVERTISED_LISTENERS": ",".join(advertised),
        "KAFKA_INTER_BROKER_LISTENER_NAME": _open_listener(listeners).name.upper(),
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": ",".join(protocols),
        "KAFKA_LOG_DIRS": _DATA,
        **{_variable(key): "1" for key in _ONE_BROKER},
        **{_variable(key): text for key, text in _login_options(logins)},
    }


def _login_options(listener_names: list[str]) -> Iterator[tuple[str, str]]:
    """https://kafka.apache.org/documentation/#security_sasl_scram"""
    if listener_names:
        yield "sasl.enabled.mechanisms", MECHANISM
    for name in listener_names:
        key = f"listener.name.{name.lower()}.{MECHANISM.lower()}.sasl.jaas.config"
        yield key, f"{LOGIN_MODULE};"


def _variable(key: str) -> str:
    """How the entry point of the image reads an option of the broker.

    https://github.com/apache/kafka/blob/trunk/docker/examples/README.md#using-environment-variables
    """
    return f"KAFKA_{key.replace('_', '__').replace('-', '___').replace('.', '_').upper()}"


def _topic_maker(
    spec: KafkaSpec, topics: tuple[KafkaTopic, ...], name: str, address: str
) -> OperatedServer:
    return OperatedServer(
        name=f"{name}-topics",
        image=kafka_image(spec.version),
        kind="Job",
        env={"KAFKA_BOOTSTRAP": address},
        command=shell_command(map(_topic_command, topics)),
    )


def _topic_command(topic: KafkaTopic) -> str:
    options = [f" --config {key}='{text}'" for key, text in topic.options.items()]
    return (
        f'{_TOPICS} --bootstrap-server "$KAFKA_BOOTSTRAP" --create --if-not-exists '
        f"--topic '{topic.name}' --partitions {topic.partitions} --replication-factor 1{''.join(options)}"
    )
