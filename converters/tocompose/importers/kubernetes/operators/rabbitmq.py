"""RabbitmqCluster: one RabbitMQ server, with the Secret of its default user.

https://www.rabbitmq.com/kubernetes/operator/using-operator
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    Manifest,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ServerPort,
    ServerSecret,
    ServerService,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_named,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.patterns import regex
from tocompose.record import NamedTuple
from tocompose.source import Leaf, Node

_AMQP, _MANAGEMENT = ServerPort("amqp", 5672), ServerPort("management", 15672)
_METRICS = ServerPort("prometheus", 15692)
# What the operator enables in any case, and the ports that it opens for others.
# https://www.rabbitmq.com/kubernetes/operator/using-operator#additional-plugins
_PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus")
_PLUGIN_PORTS = {
    "rabbitmq_mqtt": ServerPort("mqtt", 1883),
    "rabbitmq_stomp": ServerPort("stomp", 61613),
    "rabbitmq_stream": ServerPort("stream", 5552),
    "rabbitmq_web_mqtt": ServerPort("web-mqtt", 15675),
    "rabbitmq_web_stomp": ServerPort("web-stomp", 15674),
}
_FOLDER = "/etc/rabbitmq"
# The files that fields of the spec become.
_MORE = "more-config"
_FILES = {
    _MORE: f"{_FOLDER}/conf.d/90-additional.conf",
    "advanced-config": f"{_FOLDER}/advanced.config",
    "env-config": f"{_FOLDER}/rabbitmq-env.conf",
}
# The operator takes the default user from the configuration where that names one.
_LOGIN = regex(r"\s*default_(user|pass)\s*=\s*(.*?)\s*")


class RabbitSpec(NamedTuple):
    """What a RabbitmqCluster asks for; `login` is the default user that its configuration names."""

    image: Node | None
    service_type: Node | None
    secret: str | None
    login: Mapping[str, str]
    plugins: tuple[str, ...]
    files: Mapping[str, Manifest]
    resources: Node | None
    env: tuple[Node, ...]
    mounts: tuple[Node, ...]
    volumes: tuple[Node, ...]
    speaks_tls: bool


def decode_cluster(cluster: KubeObject) -> RabbitSpec:
    """The spec of a RabbitmqCluster."""
    spec = decode_spec(cluster)
    files: dict[str, Manifest] = {
        path: part
        for shape, path in _FILES.items()
        if (part := decode_part(spec, shape)) is not None
    }
    login = _decode_login(spec)
    if login:
        lines = (decode_text(spec, _MORE) or "").splitlines(keepends=True)
        files[_FILES[_MORE]] = "".join(line for line in lines if not _LOGIN.fullmatch(line))
    pod = spec.at("StatefulSetSpec", "template", "spec")
    container = decode_named(pod.at("containers"), "rabbitmq")
    return RabbitSpec(
        image=decode_part(spec, "image"),
        service_type=decode_part(spec, "publication"),
        secret=decode_text(spec, "secret"),
        login=login,
        plugins=decode_texts(spec, "plugins"),
        files=files,
        resources=decode_part(spec, "ResourceRequirements"),
        env=decode_parts(container, "env"),
        mounts=decode_parts(container, "volumeMounts"),
        volumes=decode_parts(pod, "volumes"),
        speaks_tls=bool(peek_text(spec.at("tls-secret"))),
    )


def _decode_login(spec: SpecFields) -> Mapping[str, str]:
    """The name (`user`) and the password (`pass`) that the configuration gives the default user."""
    text = peek_text(spec.at(_MORE)) or ""
    matches = map(_LOGIN.fullmatch, text.splitlines())
    return {match[1]: match[2] for match in matches if match is not None}


def answer(cluster: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server, its Services and its Secret."""
    return _server_parts(decode_cluster(cluster), cluster.name, cluster.namespace)


def _server_parts(spec: RabbitSpec, name: str, namespace: str) -> Iterator[OperatorPart]:
    secret = spec.secret or f"{name}-default-user"
    yield ServerSecret(secret, _secret_entries(spec, name, namespace))
    ports = (_AMQP, _MANAGEMENT, _METRICS, *_plugin_ports(spec.plugins))
    yield OperatedServer(
        name=name,
        image=spec.image or f"{image_of('rabbitmq')}-management",
        ports=ports,
        env={
            "RABBITMQ_DEFAULT_USER": from_secret(secret, "username"),
            "RABBITMQ_DEFAULT_PASS": from_secret(secret, "password"),
        },
        data_folder="/var/lib/rabbitmq",
        files={**spec.files, **_enabled_plugins(spec)},
        resources=spec.resources,
        more_env=spec.env,
        more_mounts=spec.mounts,
        more_volumes=spec.volumes,
    )
    yield ServerService(name, name, ports, service_type=spec.service_type)
    yield ServerService(f"{name}-nodes", name, (_AMQP,))
    if spec.speaks_tls:
        yield OperatorRemark(
            "It speaks without TLS, on port 5672. Take amqps and port 5671 out of its clients"
        )


def _secret_entries(
    spec: RabbitSpec, name: str, namespace: str
) -> Mapping[str, str | None]:
    return {
        "username": spec.login.get("user", name),
        "password": spec.login.get("pass"),
        "host": f"{name}.{namespace}.svc",
        "port": str(_AMQP.number),
        "type": "rabbitmq",
        "provider": "rabbitmq",
        "connection_string": "amqp://{username}:{password}@{host}:{port}/",
    }


def _plugin_ports(plugins: tuple[str, ...]) -> Iterator[ServerPort]:
    for plugin, port in _PLUGIN_PORTS.items():
        if plugin in plugins:
            yield port


def _enabled_plugins(spec: RabbitSpec) -> Mapping[str, Manifest]:
    """The file of the plugins, where they are not those that the image enables itself."""
    image = spec.image.text if isinstance(spec.image, Leaf) else "management"
    if not spec.plugins and "management" in image:
        return {}
    enabled = ",".join(dict.fromkeys([*_PLUGINS, *spec.plugins]))
    return {f"{_FOLDER}/enabled_plugins": f"[{enabled}].\n"}
