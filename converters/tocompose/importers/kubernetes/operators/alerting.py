"""Alertmanager of the Prometheus operator: one server with the configuration of its Secret.

https://prometheus-operator.dev/docs/platform/alerting-routes/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    MountedKey,
    OperatedServer,
    OperatorPart,
    OperatorRemark,
    ServerPort,
    ServerService,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    decode_part,
    decode_spec,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.record import NamedTuple
from tocompose.source import Node

_PORT = ServerPort("web", 9093)
_KEY, _FILE = "alertmanager.yaml", "/etc/alertmanager/config/alertmanager.yaml"
# The headless Service that the operator makes for all servers of a namespace.
_GOVERNING = "alertmanager-operated"


class AlertingSpec(NamedTuple):
    """What an Alertmanager asks for; `settings` is its configuration, None where its Secret is not in the input."""

    image: Node | None
    version: str | None
    settings: MountedKey | None
    external_url: str | None
    resources: Node | None


def decode_alerting(server: KubeObject, objects: KubeObjects) -> AlertingSpec:
    """The spec of an Alertmanager."""
    spec = decode_spec(server)
    image = decode_part(spec, "image")
    stated_name = spec.at("config-secret")
    secret_name = peek_text(stated_name) or f"alertmanager-{server.name}"
    secret = objects.get("Secret", server.namespace, secret_name)
    has_settings = secret is not None and any(
        secret.at(section, _KEY) for section in ("data", "stringData")
    )
    if has_settings:
        decode_text(stated_name)
    return AlertingSpec(
        image=image,
        version=decode_text(spec, "version") if image is None else None,
        settings=MountedKey("Secret", secret_name, _KEY, _FILE) if has_settings else None,
        external_url=decode_text(spec, "external-url"),
        resources=decode_part(spec, "ResourceRequirements"),
    )


def answer(server: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The server and its Service."""
    return _server_parts(decode_alerting(server, objects), server.name)


def _server_parts(spec: AlertingSpec, name: str) -> Iterator[OperatorPart]:
    arguments = ["--storage.path=/alertmanager"]
    if spec.settings is None:
        arguments.append("--config.file=/etc/alertmanager/alertmanager.yml")
        yield OperatorRemark(
            "Its Secret is not here, so it has the configuration of its image"
        )
    else:
        arguments.append(f"--config.file={_FILE}")
    if spec.external_url:
        arguments += [f"--web.external-url={spec.external_url}", "--web.route-prefix=/"]
    version = f"v{spec.version.removeprefix('v')}" if spec.version else None
    server_name = f"alertmanager-{name}"
    yield OperatedServer(
        name=server_name,
        image=spec.image or image_of("prom/alertmanager", version, "alertmanager"),
        ports=(_PORT,),
        args=tuple(arguments),
        data_folder="/alertmanager",
        resources=spec.resources,
        mounted_key=spec.settings,
        governing=_GOVERNING,
    )
    yield ServerService(_GOVERNING, server_name, (_PORT,))
