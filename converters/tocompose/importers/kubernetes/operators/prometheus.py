"""ServiceMonitor and PodMonitor of the Prometheus operator, as the scrape configuration of one Prometheus.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.container_fields import decode_ports, find_port
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    OperatedServer,
    OperatorRequest,
    ServerPort,
    image_of,
)
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    string_map,
    take_scalar,
)
from tocompose.importers.kubernetes.workloads import Workload, find_workloads
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer

_GROUP = "monitoring.coreos.com"
_PORT = ServerPort("web", 9090)
_FOLDER, _FILE = "/etc/prometheus", "prometheus.yml"
# Started only on request where the manifests hold no Prometheus of their own.
_PROFILE = "monitoring"


class _ScrapeTarget(NamedTuple):
    """A host name with a port that is asked for metrics, and the endpoint that says how."""

    job: str
    host: str
    port: int
    endpoint: Cursor


def answer(request: OperatorRequest) -> None:
    """Makes one Prometheus for all monitors of the input, at the first of these objects."""
    servers = request.objects.of_kind(f"Prometheus.{_GROUP}")
    monitors = request.objects.of_kind(f"ServiceMonitor.{_GROUP}", f"PodMonitor.{_GROUP}")
    answered = [*servers, *monitors]
    if request.kube_object is not answered[0]:
        return
    workloads = find_workloads(request.objects)
    targets = [
        target for monitor in monitors for target in _targets(monitor, workloads, request)
    ]
    if not targets:
        return
    request.also.extend(answered[1:])
    name = servers[0].name if servers else "prometheus"
    version = request.take("spec", "version") if servers else None
    arguments = [f"--config.file={_FOLDER}/{_FILE}", "--storage.tsdb.path=/prometheus"]
    retention = request.take("spec", "retention") if servers else None
    if retention:
        arguments.append(f"--storage.tsdb.retention.time={retention}")
    made_object = request.add_server(
        OperatedServer(
            name=name,
            image=image_of("prom/prometheus", version, "prometheus"),
            ports=(_PORT,),
            args=tuple(arguments),
            data_folder="/prometheus",
            files={f"{_FOLDER}/{_FILE}": "\n".join(_lines(targets)) + "\n"},
            resources=request.at("spec", "resources") if servers else None,
        )
    )
    made_object.profile = "" if servers else _PROFILE
    request.add_service("prometheus-operated", name, (_PORT,))


def _targets(
    monitor: KubeObject, workloads: Iterable[Workload], request: OperatorRequest
) -> Iterator[_ScrapeTarget]:
    if monitor.title == "PodMonitor":
        yield from _pod_targets(monitor, workloads, request)
        return
    labels = string_map(monitor.at("spec", "selector", "matchLabels"))
    for service in request.objects.of_kind("Service"):
        if not labels.items() <= service.labels.items() or not _in_reach(monitor, service):
            continue
        monitor.at("spec", "selector").map(to=SERVICES)
        for endpoint in list_entries(monitor.at("spec", "endpoints")):
            port = _service_port(service, endpoint, workloads)
            if port is not None:
                host = f"{service.name}.{service.namespace}"
                yield _ScrapeTarget(f"{monitor.name}/{service.name}", host, port, endpoint)


def _in_reach(monitor: KubeObject, kube_object: KubeObject) -> bool:
    """Whether a monitor looks into the namespace of the object: its own, those that it names, or all."""
    selector = monitor.at("spec", "namespaceSelector")
    names = {peek_text(name) for name in list_entries(selector.at("matchNames"))}
    if peek_text(selector.at("any")) == "true":
        return True
    return kube_object.namespace in (names or {monitor.namespace})


def _service_port(
    service: KubeObject, endpoint: Cursor, workloads: Iterable[Workload]
) -> int | None:
    """The container port behind the port that an endpoint names."""
    name = take_scalar(endpoint.at("port"), SERVICES)
    stated = take_scalar(endpoint.at("targetPort"), SERVICES)
    for port in list_entries(service.at("spec", "ports")):
        if name is not None and name == peek_text(port.at("name")):
            stated = peek_text(port.at("targetPort")) or peek_text(port.at("port"))
    if stated is None:
        return None
    selector = string_map(service.at("spec", "selector")).items()
    for workload in workloads:
        if workload.namespace == service.namespace and selector <= workload.labels.items():
            return _container_port(workload, stated)
    return integer(stated)


def _container_port(workload: Workload, stated: str) -> int | None:
    """The port of a workload by its name or number."""
    for container in list_entries(workload.pod_spec.at("containers")):
        named = find_port(decode_ports(container), stated)
        if named is not None:
            return named.number
    return integer(stated)


def _pod_targets(
    monitor: KubeObject,
    workloads: Iterable[Workload],
    request: OperatorRequest,
) -> Iterator[_ScrapeTarget]:
    """The pods of a PodMonitor, under the name of a Service that is made for them."""
    wanted = string_map(monitor.at("spec", "selector", "matchLabels"))
    for workload in workloads:
        if not wanted.items() <= workload.labels.items():
            continue
        if not _in_reach(monitor, workload.kube_object):
            continue
        monitor.at("spec", "selector").map(to=SERVICES)
        for endpoint in list_entries(monitor.at("spec", "podMetricsEndpoints")):
            name = take_scalar(endpoint.at("port"), SERVICES)
            stated = take_scalar(endpoint.at("portNumber"), SERVICES) or name
            port = _container_port(workload, stated or "")
            if port is not None:
                host = f"{workload.name}-metrics"
                request.add(
                    "Service",
                    host,
                    spec={
                        "clusterIP": "None",
                        "selector": dict(workload.labels),
                        "ports": [{"name": "metrics", "port": port}],
                    },
                )
                yield _ScrapeTarget(f"{monitor.name}/{workload.name}", host, port, endpoint)


def _lines(targets: list[_ScrapeTarget]) -> Iterator[str]:
    """The configuration; DNS gives every container of a service.

    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config
    """
    yield "scrape_configs:"
    for number, target in enumerate(targets):
        yield f"  - job_name: {json.dumps(f'{target.job}/{number}')}"
        for key, option in (
            ("path", "metrics_path"),
            ("scheme", "scheme"),
            ("interval", "scrape_interval"),
            ("scrapeTimeout", "scrape_timeout"),
        ):
            text = take_scalar(target.endpoint.at(key), SERVICES)
            if text:
                yield f"    {option}: {json.dumps(text)}"
        yield "    dns_sd_configs:"
        yield f"      - names: [{json.dumps(target.host)}]"
        yield "        type: A"
        yield f"        port: {target.port}"
