"""ServiceMonitor and PodMonitor of the Prometheus operator, as the scrape configuration of one Prometheus.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.container_fields import find_port
from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.monitor_fields import (
    AlertTarget,
    MonitorSpec,
    PrometheusSpec,
    ScrapeOptions,
    decode_monitor,
    decode_prometheus,
    decode_rule_groups,
    decode_scrape,
)
from tocompose.importers.kubernetes.operators.parts import (
    MadeManifest,
    Manifest,
    OperatedServer,
    OperatorPart,
    ReadAlong,
    ServerPort,
    ServerService,
    image_of,
)
from tocompose.importers.kubernetes.operators.spec_fields import SERVICES, decode_spec
from tocompose.importers.kubernetes.services import KubeService, KubeServices, kube_services
from tocompose.importers.kubernetes.workloads import Workload, find_workloads
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple

_GROUP = "monitoring.coreos.com"
_PORT = ServerPort("web", 9090)
_FOLDER, _FILE, _RULES = "/etc/prometheus", "prometheus.yml", "rules.yml"
# The headless Service that the operator makes for all servers of a namespace.
_GOVERNING = "prometheus-operated"
# Started only on request where the manifests hold no Prometheus of their own.
_PROFILE = "monitoring"


class MonitoredPods(NamedTuple):
    """What there is to watch: the workloads, and the Services that lead to them."""

    workloads: tuple[Workload, ...]
    kube_services: KubeServices


class ScrapeTarget(NamedTuple):
    """A host name with a port that is asked for metrics: the endpoint of that number in the monitor says how. `labels`
    select the pods of a target without a Service."""

    job: str
    host: str
    port: int
    endpoint: int
    labels: Mapping[str, str] = {}


class Monitoring(NamedTuple):
    """All that one Prometheus is told: its own spec, None without one, what it scrapes and how, and its rules."""

    name: str
    spec: PrometheusSpec | None
    scraped: tuple[tuple[ScrapeTarget, ScrapeOptions], ...]
    rule_groups: tuple[object, ...]
    read_along: tuple[KubeObject, ...]


def answer(kube_object: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """One Prometheus for all monitors of the input, at the first of these objects."""
    servers = objects.of_kind(f"Prometheus.{_GROUP}")
    monitors = objects.of_kind(f"ServiceMonitor.{_GROUP}", f"PodMonitor.{_GROUP}")
    if kube_object is [*servers, *monitors][0]:
        monitoring = decode_monitoring(servers, monitors, objects)
        if monitoring.scraped:
            yield from _monitoring_parts(monitoring)


def decode_monitoring(
    servers: list[KubeObject], monitors: list[KubeObject], objects: KubeObjects
) -> Monitoring:
    """What the first of the servers is told, without one what all monitors ask for."""
    workloads = find_workloads(objects)
    pods = MonitoredPods(workloads, kube_services(objects, workloads))
    rules = objects.of_kind(f"PrometheusRule.{_GROUP}")
    name, spec = "prometheus", None
    if servers:
        # As the operator calls the pods: https://prometheus-operator.dev/docs/platform/operator/
        name = f"prometheus-{servers[0].name}"
        spec = decode_prometheus(servers[0], pods.kube_services)
        monitors = [monitor for monitor in monitors if spec.selects(monitor)]
        rules = [rule for rule in rules if spec.loads(rule)]
    scraped = tuple(
        scrape for monitor in monitors for scrape in _decode_scrapes(monitor, pods)
    )
    return Monitoring(
        name,
        spec,
        scraped,
        rule_groups=tuple(
            group for rule in rules if scraped for group in decode_rule_groups(rule)
        ),
        read_along=(*servers[1:], *monitors, *rules),
    )


def _decode_scrapes(
    monitor: KubeObject, pods: MonitoredPods
) -> Iterator[tuple[ScrapeTarget, ScrapeOptions]]:
    """What a monitor watches; an endpoint that nothing answers at stays unread."""
    spec = decode_monitor(monitor)
    targets = list(_targets(spec, pods))
    reached = {target.endpoint for target in targets}
    options = {
        number: decode_scrape(endpoint.fields)
        for number, endpoint in enumerate(spec.endpoints)
        if number in reached
    }
    for shape in ("selector", "MonitorNamespaces") if targets else ():
        decode_spec(monitor).at(shape).map(to=SERVICES)
    for target in targets:
        yield target, options[target.endpoint]


def _monitoring_parts(monitoring: Monitoring) -> Iterator[OperatorPart]:
    yield from _service_parts([target for target, _ in monitoring.scraped])
    yield from map(ReadAlong, monitoring.read_along)
    files: dict[str, Manifest] = {
        f"{_FOLDER}/{_FILE}": "\n".join([*_configuration(monitoring), ""])
    }
    if monitoring.rule_groups:
        groups = {"groups": list(monitoring.rule_groups)}
        text = json.dumps(groups, indent=2, ensure_ascii=False)
        files[f"{_FOLDER}/{_RULES}"] = f"{text}\n"
    yield _prometheus_server(monitoring.spec, monitoring.name, files)
    yield ServerService(_GOVERNING, monitoring.name, (_PORT,))


def _configuration(monitoring: Monitoring) -> Iterator[str]:
    if monitoring.spec is not None:
        yield from _server_lines(monitoring.spec)
    if monitoring.rule_groups:
        yield from ("rule_files:", f"  - {_FOLDER}/{_RULES}")
    yield "scrape_configs:"
    yield from _scrape_lines(monitoring.scraped)


def _prometheus_server(
    spec: PrometheusSpec | None, name: str, files: Mapping[str, Manifest]
) -> OperatedServer:
    arguments = (f"--config.file={_FOLDER}/{_FILE}", "--storage.tsdb.path=/prometheus")
    version = spec.version if spec is not None else None
    image = image_of("prom/prometheus", version, "prometheus")
    return OperatedServer(
        name=name,
        image=image if spec is None or spec.image is None else spec.image,
        ports=(_PORT,),
        args=(*arguments, *(spec.arguments if spec is not None else ())),
        data_folder="/prometheus",
        files=files,
        resources=spec.resources if spec is not None else None,
        governing=_GOVERNING,
        profile="" if spec is not None else _PROFILE,
    )


def _targets(monitor: MonitorSpec, pods: MonitoredPods) -> Iterator[ScrapeTarget]:
    if monitor.is_of_pods:
        yield from _pod_targets(monitor, pods)
        return
    for service in pods.kube_services:
        if not monitor.selects(service.namespace, service.kube_object.labels):
            continue
        for number, endpoint in enumerate(monitor.endpoints):
            port = _service_target(service, endpoint.port, endpoint.target_port)
            if port is not None:
                host = f"{service.name}.{service.namespace}"
                yield ScrapeTarget(f"{monitor.name}/{service.name}", host, port, number)


def _service_target(
    service: KubeService, name: str | None, target: str | None
) -> int | None:
    """The container port behind the port that an endpoint names."""
    targets = [port.target for port in service.ports if name and port.name == name]
    stated = targets[-1] if targets else target
    if stated is None:
        return None
    if service.workloads:
        return _container_port(service.workloads[0], stated)
    return integer(stated)


def _container_port(workload: Workload, stated: str) -> int | None:
    """The port of a workload by its name or number."""
    for container in workload.pod_spec.containers:
        named = find_port(container.ports, stated)
        if named is not None:
            return named.number
    return integer(stated)


def _pod_targets(monitor: MonitorSpec, pods: MonitoredPods) -> Iterator[ScrapeTarget]:
    """The pods of a PodMonitor, under the name of a Service that is made for them."""
    for workload in pods.workloads:
        if not monitor.selects(workload.namespace, workload.labels):
            continue
        for number, endpoint in enumerate(monitor.endpoints):
            stated = endpoint.target_port or endpoint.port
            port = _container_port(workload, stated or "")
            if port is not None:
                job, host = f"{monitor.name}/{workload.name}", f"{workload.name}-metrics"
                yield ScrapeTarget(job, host, port, number, workload.labels)


def _service_parts(targets: list[ScrapeTarget]) -> Iterator[MadeManifest]:
    """The Services of pods that have none."""
    for target in targets:
        if target.labels:
            spec: Manifest = {
                "clusterIP": "None",
                "selector": dict(target.labels),
                "ports": [{"name": "metrics", "port": target.port}],
            }
            yield MadeManifest("Service", target.host, {"spec": spec})


def _server_lines(spec: PrometheusSpec) -> Iterator[str]:
    """What holds for all targets, the labels that the server adds for others, and whom it alerts."""
    lines = [f"  {option}: {json.dumps(text)}" for option, text in spec.options.items()]
    if spec.external_labels:
        lines.append("  external_labels:")
        lines += [
            f"    {json.dumps(name)}: {json.dumps(text)}"
            for name, text in spec.external_labels.items()
        ]
    if lines:
        yield from ("global:", *lines)
    addresses = [
        address
        for alert_target in spec.alert_targets
        if (address := _alert_address(alert_target))
    ]
    if addresses:
        yield from ("alerting:", "  alertmanagers:", "    - static_configs:")
        yield f"        - targets: {json.dumps(addresses)}"


def _alert_address(alert_target: AlertTarget) -> str | None:
    service = alert_target.service
    port = _service_target(service, alert_target.port, alert_target.port)
    return f"{service.name}.{service.namespace}:{port}" if port is not None else None


def _scrape_lines(scraped: tuple[tuple[ScrapeTarget, ScrapeOptions], ...]) -> Iterator[str]:
    """The targets; DNS gives every container of a service.

    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#dns_sd_config
    """
    for number, (target, options) in enumerate(scraped):
        yield f"  - job_name: {json.dumps(f'{target.job}/{number}')}"
        for option, option_value in options.items():
            yield f"    {option}: {json.dumps(option_value, ensure_ascii=False)}"
        yield "    dns_sd_configs:"
        yield f"      - names: [{json.dumps(target.host)}]"
        yield "        type: A"
        yield f"        port: {target.port}"
