"""RabbitmqCluster: one RabbitMQ server, with the Secret of its default user.

https://www.rabbitmq.com/kubernetes/operator/using-operator
"""

from __future__ import annotations

from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatedServer,
    OperatorRequest,
    ServerPort,
    from_secret,
    image_of,
)
from tocompose.importers.kubernetes.scalars import list_entries, take_scalar

_AMQP, _MANAGEMENT = ServerPort("amqp", 5672), ServerPort("management", 15672)
_METRICS = ServerPort("prometheus", 15692)
# What the operator enables in any case.
_PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus")
_FOLDER = "/etc/rabbitmq"
# Keys of `spec.rabbitmq`, and the files that they become.
_FILES = {
    "additionalConfig": f"{_FOLDER}/conf.d/90-additional.conf",
    "advancedConfig": f"{_FOLDER}/advanced.config",
    "envConfig": f"{_FOLDER}/rabbitmq-env.conf",
}


def answer(request: OperatorRequest) -> None:
    """Makes the server, its Services and its Secret."""
    name = request.name
    secret = f"{name}-default-user"
    host = f"{name}.{request.namespace}.svc"
    request.add_secret(
        secret,
        {
            "username": name,
            "password": None,
            "host": host,
            "port": str(_AMQP.number),
            "type": "rabbitmq",
            "provider": "rabbitmq",
            "connection_string": "amqp://{username}:{password}@{host}:{port}/",
        },
    )
    image: Manifest = request.at("spec", "image")
    request.add_server(
        OperatedServer(
            name=name,
            image=image or f"{image_of('rabbitmq')}-management",
            ports=(_AMQP, _MANAGEMENT, _METRICS),
            env={
                "RABBITMQ_DEFAULT_USER": from_secret(secret, "username"),
                "RABBITMQ_DEFAULT_PASS": from_secret(secret, "password"),
            },
            data_folder="/var/lib/rabbitmq",
            files=_files(request),
            resources=request.at("spec", "resources"),
            storage=request.at("spec", "persistence", "storage"),
        )
    )
    request.add_service(
        name,
        name,
        (_AMQP, _MANAGEMENT, _METRICS),
        service_type=request.at("spec", "service", "type"),
    )
    request.add_service(f"{name}-nodes", name, (_AMQP,))


def _files(request: OperatorRequest) -> dict[str, Manifest]:
    settings = request.at("spec", "rabbitmq")
    files: dict[str, Manifest] = {
        path: settings.at(key) for key, path in _FILES.items() if settings.at(key)
    }
    plugins = [
        take_scalar(plugin, SERVICES) or ""
        for plugin in list_entries(settings.at("additionalPlugins"))
    ]
    if plugins:
        enabled = ",".join(dict.fromkeys([*_PLUGINS, *plugins]))
        files[f"{_FOLDER}/enabled_plugins"] = f"[{enabled}].\n"
    return files
