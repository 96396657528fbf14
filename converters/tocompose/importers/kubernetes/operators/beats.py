"""Beat of Elastic's operator: the pods that it describes, with their configuration and where it sends.

https://www.elastic.co/docs/deploy-manage/deploy/cloud-on-k8s/configuration-beats
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.elastic import (
    ELASTIC_USER,
    elastic_image,
    elastic_secret,
    elasticsearch_url,
    kibana_url,
)
from tocompose.importers.kubernetes.operators.parts import (
    MadeManifest,
    Manifest,
    OperatorPart,
    OperatorRemark,
    from_secret,
    workload_sections,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    decode_fields,
    decode_named,
    decode_part,
    decode_parts,
    decode_spec,
    decode_text,
    decode_value,
)
from tocompose.importers.kubernetes.scalars import list_entries
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Node

_LABEL = "beat.k8s.elastic.co/name"
_FILE_NAME = "beat.yml"
_FILE = f"/etc/{_FILE_NAME}"
_VOLUME = "beat-config"
_PASSWORD = "ELASTICSEARCH_PASSWORD"
# A file of the host may belong to anybody: https://www.elastic.co/docs/reference/beats/libbeat/config-file-permissions
_ANY_OWNER = "--strict.perms=false"
# What asks the API of a cluster, in the configuration as JSON.
_OF_CLUSTER = ('"type": "kubernetes"', '"add_kubernetes_metadata"')
# Elasticsearch is on the network of the stack, where a container on the network of the host finds no names.
_LEFT_OUT = ("containers", "volumes", "hostNetwork", "dnsPolicy")
_LISTS = ("args", "env", "volumeMounts")


class BeatSpec(NamedTuple):
    """What a Beat asks for: the fields of its pod and of its own container as they are, and the other containers."""

    type: str
    image: str
    config: Mapping[str, object]
    elasticsearch: str | None
    kibana: str | None
    kind: str
    replicas: Node | None
    pod_fields: Mapping[str, Node]
    container_fields: Mapping[str, Node]
    container_parts: Mapping[str, tuple[Node, ...]]
    sidecars: tuple[Node, ...]
    volumes: tuple[Node, ...]


def decode_beat(beat: KubeObject) -> BeatSpec:
    """The spec of a Beat."""
    spec = decode_spec(beat)
    pod = spec.at("PodTemplateSpec", "spec")
    beat_type = decode_text(spec, "beat-type") or "filebeat"
    container = decode_named(pod.at("containers"), beat_type)
    config = decode_value(spec.at("config")) if spec.at("config") else {}
    version, image = decode_text(spec, "version"), decode_text(spec, "image")
    image = decode_text(container, "image") or image
    return BeatSpec(
        type=beat_type,
        image=image or elastic_image("beats", beat_type, version),
        config=config if isinstance(config, dict) else {},
        elasticsearch=decode_text(spec, "elasticsearch"),
        kibana=decode_text(spec, "kibana"),
        kind="DaemonSet" if spec.at("BeatDaemonSet") else "Deployment",
        replicas=decode_part(spec, "replicas"),
        pod_fields=decode_fields(pod, _LEFT_OUT),
        container_fields=decode_fields(container, ("name", "image", *_LISTS)),
        container_parts={key: decode_parts(container, key) for key in _LISTS},
        sidecars=tuple(_decode_sidecars(pod, container)),
        volumes=decode_parts(pod, "volumes"),
    )


def _decode_sidecars(pod: Cursor, own_container: Cursor) -> Iterator[Node]:
    for container in list_entries(pod.at("containers")):
        if container.node is not None and container.node is not own_container.node:
            yield container.node
    decode_text(own_container, "name")


def answer(beat: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The workload, and the ConfigMap of its configuration."""
    spec = decode_beat(beat)
    name = f"{beat.name}-beat-{spec.type}"
    text = json.dumps(_configuration(spec), indent=2, ensure_ascii=False)
    if any(word in text for word in _OF_CLUSTER):
        yield OperatorRemark(
            "There is no cluster that its configuration could ask. Take the provider docker and "
            "add_docker_metadata in the place of kubernetes and add_kubernetes_metadata"
        )
    yield MadeManifest("ConfigMap", f"{name}-config", {"data": {_FILE_NAME: f"{text}\n"}})
    yield _workload(spec, name)


def _configuration(spec: BeatSpec) -> Mapping[str, object]:
    """The configuration, as JSON, which is YAML; the operator adds where it sends."""
    config = dict(spec.config)
    login = {"username": ELASTIC_USER, "password": f"${{{_PASSWORD}}}"}
    if spec.elasticsearch:
        hosts = [elasticsearch_url(spec.elasticsearch)]
        config["output.elasticsearch"] = {"hosts": hosts, **login}
    if spec.kibana:
        config["setup.kibana"] = {"host": kibana_url(spec.kibana), **login}
    return config


def _workload(spec: BeatSpec, name: str) -> MadeManifest:
    env: list[Manifest] = [*spec.container_parts["env"]]
    if spec.elasticsearch:
        secret = elastic_secret(spec.elasticsearch)
        env.append({"name": _PASSWORD, **from_secret(secret, ELASTIC_USER)})
    mount: Manifest = {"name": _VOLUME, "mountPath": _FILE, "subPath": _FILE_NAME}
    container: dict[str, Manifest] = {
        "name": spec.type,
        "image": spec.image,
        "args": [*(spec.container_parts["args"] or ("-e", "-c", _FILE)), _ANY_OWNER],
        **spec.container_fields,
        "env": env or None,
        "volumeMounts": [*spec.container_parts["volumeMounts"], mount],
    }
    labels: Manifest = {_LABEL: name}
    config: Manifest = {"name": _VOLUME, "configMap": {"name": f"{name}-config"}}
    pod: dict[str, Manifest] = {
        **spec.pod_fields,
        "containers": [container, *spec.sidecars],
        "volumes": [*spec.volumes, config],
    }
    return MadeManifest(
        spec.kind,
        name,
        workload_sections(labels, pod, spec.replicas),
        image=spec.image,
    )
