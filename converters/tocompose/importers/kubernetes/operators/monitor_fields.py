"""Objects of the Prometheus operator, each decoded once.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.spec_fields import (
    SERVICES,
    SpecFields,
    decode_flag,
    decode_map,
    decode_part,
    decode_spec,
    decode_text,
    decode_value,
)
from tocompose.importers.kubernetes.routing.policy_fields import (
    LabelSelector,
    decode_selector,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text
from tocompose.importers.kubernetes.services import KubeService, KubeServices
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

# Options of Prometheus, of which the fields are shapes by the same names.
_GLOBAL_OPTIONS = ("scrape_interval", "scrape_timeout", "evaluation_interval")
_SCRAPE_OPTIONS = ("metrics_path", "scheme", "scrape_interval", "scrape_timeout")
# Options whose values are no texts.
_SCRAPE_VALUES = ("honor_labels", "honor_timestamps", "params")
_RELABELINGS = ("relabel_configs", "metric_relabel_configs")
# Labels that only the discovery of a cluster gives.
_DISCOVERED = "__meta_kubernetes_"
_CAPITAL = regex(r"(?<=[a-z])([A-Z])")
# How one endpoint is asked, in the words of Prometheus.
ScrapeOptions: TypeAlias = Mapping[str, object]


class MonitorEndpoint(NamedTuple):
    """The port of an endpoint: by the name that its Service or container gives it, or that of the container itself."""

    fields: SpecFields
    port: str | None
    target_port: str | None


class MonitorSpec(NamedTuple):
    """What a ServiceMonitor or a PodMonitor watches; `namespaces` are all of them where it is None."""

    name: str
    is_of_pods: bool
    selector: LabelSelector
    namespaces: tuple[str | None, ...] | None
    endpoints: tuple[MonitorEndpoint, ...]

    def selects(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether it watches what has these labels in that namespace."""
        is_in_reach = self.namespaces is None or namespace in self.namespaces
        return is_in_reach and self.selector.matches(labels)


class AlertTarget(NamedTuple):
    """The Service of an Alertmanager, and the name or number of its port."""

    service: KubeService
    port: str


class PrometheusSpec(NamedTuple):
    """What a Prometheus asks for; a selector that is not stated is None."""

    namespace: str
    image: Node | None
    version: str | None
    arguments: tuple[str, ...]
    options: Mapping[str, str]
    external_labels: Mapping[str, str]
    resources: Node | None
    alert_targets: tuple[AlertTarget, ...]
    monitor_selectors: Mapping[str, LabelSelector]
    rule_selector: LabelSelector

    def selects(self, monitor: KubeObject) -> bool:
        """Whether it asks what a monitor watches: all monitors of a kind of which it says nothing."""
        selector = self.monitor_selectors[monitor.title]
        return not selector.is_stated or selector.matches(monitor.labels)

    def loads(self, rule: KubeObject) -> bool:
        """Whether it loads the rules of an object of its namespace: none without a selector."""
        if not self.rule_selector.is_stated or rule.namespace != self.namespace:
            return False
        return self.rule_selector.matches(rule.labels)


def decode_monitor(monitor: KubeObject) -> MonitorSpec:
    """The spec of a ServiceMonitor or a PodMonitor."""
    spec = decode_spec(monitor)
    is_of_pods = monitor.title == "PodMonitor"
    endpoints = spec.each("PodEndpoint" if is_of_pods else "MonitorEndpoint")
    return MonitorSpec(
        monitor.name,
        is_of_pods,
        selector=decode_selector(spec.at("selector")),
        namespaces=_decode_namespaces(spec, monitor.namespace),
        endpoints=tuple(
            MonitorEndpoint(
                endpoint,
                peek_text(endpoint.at("port")),
                peek_text(endpoint.at("target-port")),
            )
            for endpoint in endpoints
        ),
    )


def _decode_namespaces(
    spec: SpecFields, own_namespace: str
) -> tuple[str | None, ...] | None:
    """Its own namespace, those that it names, or all."""
    if peek_text(spec.at("any-namespace")) == "true":
        return None
    names = tuple(peek_text(name) for name in list_entries(spec.at("namespaces")))
    return names or (own_namespace,)


def decode_scrape(endpoint: SpecFields) -> ScrapeOptions:
    """How an endpoint of a monitor is asked, once something answers there."""
    for shape in ("port", "target-port"):
        decode_text(endpoint, shape)
    options: dict[str, object] = {
        option: text
        for option in _SCRAPE_OPTIONS
        if (text := decode_text(endpoint, option))
    }
    options |= {
        option: decode_value(endpoint.at(option))
        for option in _SCRAPE_VALUES
        if endpoint.at(option)
    }
    for option in _RELABELINGS:
        if rules := [*_decode_relabelings(endpoint.at(option))]:
            options[option] = rules
    return options


def _decode_relabelings(relabelings: Cursor) -> Iterator[Mapping[str, object]]:
    """The rules in the words of Prometheus, without those that ask for labels of a cluster."""
    for relabeling in list_entries(relabelings):
        sources = map(peek_text, list_entries(relabeling.at("sourceLabels")))
        if not any((source or "").startswith(_DISCOVERED) for source in sources):
            yield {
                _CAPITAL.sub(_lower_word, rule_field.key): _decode_rule_field(rule_field)
                for rule_field in relabeling
            }


def _decode_rule_field(rule_field: Cursor) -> object:
    if rule_field.key == "action":
        return (decode_text(rule_field) or "").lower()
    return decode_value(rule_field)


def _lower_word(capital: re.Match[str]) -> str:
    return f"_{capital[1].lower()}"


def decode_prometheus(server: KubeObject, services: KubeServices) -> PrometheusSpec:
    """The spec of a Prometheus."""
    spec = decode_spec(server)
    image = decode_part(spec, "image")
    service_monitors, pod_monitors, rules = (
        spec.at(shape) for shape in ("service-monitors", "pod-monitors", "rules")
    )
    for selector in (service_monitors, pod_monitors, rules):
        selector.map(to=SERVICES)
    return PrometheusSpec(
        server.namespace,
        image=image,
        version=decode_text(spec, "version") if image is None else None,
        arguments=tuple(_decode_arguments(spec)),
        options={
            option: text
            for option in _GLOBAL_OPTIONS
            if (text := decode_text(spec, option))
        },
        external_labels=decode_map(spec, "external-labels"),
        resources=decode_part(spec, "ResourceRequirements"),
        alert_targets=tuple(
            alert_target
            for alerting in spec.each("AlertingEndpoint")
            if (alert_target := _decode_alert_target(alerting, server.namespace, services))
        ),
        monitor_selectors={
            "ServiceMonitor": decode_selector(service_monitors),
            "PodMonitor": decode_selector(pod_monitors),
        },
        rule_selector=decode_selector(rules),
    )


def _decode_arguments(spec: SpecFields) -> Iterator[str]:
    for shape, option in (
        ("retention", "storage.tsdb.retention.time"),
        ("retention-size", "storage.tsdb.retention.size"),
    ):
        if text := decode_text(spec, shape):
            yield f"--{option}={text}"
    is_at_root = peek_text(spec.at("route-prefix")) in (None, "/")
    if is_at_root and (url := decode_text(spec, "external-url")):
        decode_text(spec, "route-prefix")
        yield f"--web.external-url={url}"
        yield "--web.route-prefix=/"
    for shape, option in (
        ("admin-api", "web.enable-admin-api"),
        ("remote-write-receiver", "web.enable-remote-write-receiver"),
    ):
        if decode_flag(spec, shape):
            yield f"--{option}"


def _decode_alert_target(
    alerting: SpecFields, own_namespace: str, services: KubeServices
) -> AlertTarget | None:
    """An Alertmanager whose Service and port are in the input; any other stays unread."""
    namespace = peek_text(alerting.at("alertmanager-namespace")) or own_namespace
    service = services.get(namespace, peek_text(alerting.at("alertmanager")) or "")
    port = peek_text(alerting.at("alertmanager-port")) or "web"
    names = [service_port.name for service_port in service.ports] if service else []
    if service is None or (integer(port) is None and port not in names):
        return None
    for shape in ("alertmanager-namespace", "alertmanager", "alertmanager-port"):
        decode_text(alerting, shape)
    return AlertTarget(service, port)


def decode_rule_groups(rule: KubeObject) -> list[object]:
    """The groups of a PrometheusRule as plain values."""
    return [
        decode_value(group) for group in list_entries(decode_spec(rule).at("rule-groups"))
    ]
