"""Service of Knative: its container as a Deployment, and a Service on port 80; a DomainMapping is a route to one.

https://knative.dev/docs/serving/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.parts import (
    MadeManifest,
    Manifest,
    OperatorPart,
    OperatorRemark,
    workload_sections,
)
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_fields,
    decode_parts,
    decode_spec,
    decode_text,
)
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

_LABEL = "serving.knative.dev/service"
# Where a container listens that names no port, which it is told by the variable PORT.
# https://github.com/knative/specs/blob/main/specs/serving/runtime-contract.md#inbound-network-connectivity
_PORT = 8080
_KNATIVE_FIELDS = (
    "containerConcurrency",
    "timeoutSeconds",
    "responseStartTimeoutSeconds",
)
# https://knative.dev/docs/serving/autoscaling/scale-bounds/
_LEAST = ("autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/minScale")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_INGRESS = "networking.k8s.io/v1"


class KnativeSpec(NamedTuple):
    """What a Service asks for: the fields of its pod and of its first container as they are, and the rest of the
    containers. `replicas` is the least number of pods that it keeps, `shares` what older revisions get of the requests,
    in words."""

    port: int
    replicas: int | None
    pod_fields: Mapping[str, Node]
    container_fields: Mapping[str, Manifest]
    env: tuple[Node, ...]
    sidecars: tuple[Node, ...]
    shares: tuple[str, ...]


class DomainSpec(NamedTuple):
    """A host name and the Service that it leads to."""

    host: str
    service: str


def decode_service(service: KubeObject) -> KnativeSpec | None:
    """The spec of a Service; None for one without a pod."""
    spec = decode_spec(service)
    pod = spec.at("RevisionSpec")
    if pod.node is None:
        return None
    first_container = pod.at("containers", 0)
    port_text = decode_text(first_container, "ports", 0, "containerPort") or ""
    port = integer(port_text) or _PORT
    annotations = spec.at("ObjectMeta", "annotations")
    bounds = (integer(decode_text(annotations, key) or "") or 0 for key in _LEAST)
    return KnativeSpec(
        port=port,
        replicas=next((bound for bound in bounds if bound > 1), None),
        pod_fields=decode_fields(pod, _KNATIVE_FIELDS),
        container_fields=_decode_container(first_container, port),
        env=decode_parts(first_container, "env"),
        sidecars=decode_parts(pod, "containers")[1:],
        shares=tuple(_decode_shares(spec)),
    )


def _decode_shares(spec: SpecFields) -> Iterator[str]:
    """The shares of older revisions, which only the cluster has; that of the latest is carried over.

    https://knative.dev/docs/serving/traffic-management/
    """
    for share in spec.each("TrafficShare"):
        revision = peek_text(share.at("revision"))
        percent = decode_text(share, "percent") or "0"
        decode_text(share, "latest-revision" if revision is None else "revision")
        if revision is not None and percent != "0":
            yield f"{percent} % to {revision}"


def _decode_container(container: Cursor, port: int) -> dict[str, Manifest]:
    """The fields of the container; a probe that names no port asks that of the container."""
    fields: dict[str, Manifest] = dict(decode_fields(container, ()))
    for key in _PROBES:
        for action in ("httpGet", "tcpSocket", "grpc"):
            probe = container.at(key)
            if probe.at(action) and peek_text(probe.at(action, "port")) in (None, "0"):
                decode_text(probe, action, "port")
                own_action: dict[str, Manifest] = {
                    **decode_fields(probe.at(action), ("port",)),
                    "port": port,
                }
                fields[key] = {**decode_fields(probe, (action,)), action: own_action}
    return fields


def decode_domain(mapping: KubeObject) -> DomainSpec | None:
    """The spec of a DomainMapping; None where it leads to anything but a Service."""
    spec = decode_spec(mapping)
    if peek_text(spec.at("target-kind")) != "Service":
        return None
    for shape in ("target-kind", "target-version"):
        decode_text(spec, shape)
    return DomainSpec(mapping.name, decode_text(spec, "target") or "")


def answer(service: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The workload and its Service, or the route of a DomainMapping."""
    if service.title == "DomainMapping":
        domain = decode_domain(service)
        if domain is not None:
            yield _domain_route(domain)
        return
    spec = decode_service(service)
    if spec is not None:
        yield from _service_parts(spec, service.name)
        if spec.shares:
            yield OperatorRemark(
                f"The cluster sends {', '.join(spec.shares)}; here all requests reach this revision. "
                "The others are shown by `kubectl get revision -o yaml`"
            )


def _domain_route(domain: DomainSpec) -> MadeManifest:
    backend: Manifest = {"service": {"name": domain.service, "port": {"number": 80}}}
    path: Manifest = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule: Manifest = {"host": domain.host, "http": {"paths": [path]}}
    return MadeManifest("Ingress", domain.host, {"spec": {"rules": [rule]}}, _INGRESS)


def _service_parts(spec: KnativeSpec, name: str) -> Iterator[OperatorPart]:
    labels: Manifest = {_LABEL: name}
    container: dict[str, Manifest] = {
        "name": name,
        **spec.container_fields,
        "env": [*spec.env, {"name": "PORT", "value": str(spec.port)}],
        "ports": [{"name": "http1", "containerPort": spec.port}],
    }
    pod: dict[str, Manifest] = {
        **spec.pod_fields,
        "containers": [container, *spec.sidecars],
    }
    yield MadeManifest(
        "Deployment",
        name,
        workload_sections(labels, pod, spec.replicas),
    )
    yield MadeManifest(
        "Service",
        name,
        {
            "spec": {
                "selector": labels,
                "ports": [{"name": "http", "port": 80, "targetPort": spec.port}],
            }
        },
    )
