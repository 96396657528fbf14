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
    decode_flag,
    decode_map,
    decode_part,
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
from tocompose.record import NamedTuple
from tocompose.source import Node

_GLOBAL_OPTIONS = {
    "scrapeInterval": "scrape_interval",
    "scrapeTimeout": "scrape_timeout",
    "evaluationInterval": "evaluation_interval",
}
_SCRAPE_OPTIONS = {
    "path": "metrics_path",
    "scheme": "scheme",
    "interval": "scrape_interval",
    "scrapeTimeout": "scrape_timeout",
}
# Options whose values are no texts.
_SCRAPE_VALUES = {
    "honorLabels": "honor_labels",
    "honorTimestamps": "honor_timestamps",
    "params": "params",
}
_RELABELINGS = {
    "relabelings": "relabel_configs",
    "metricRelabelings": "metric_relabel_configs",
}
# Labels that only the discovery of a cluster gives.
_DISCOVERED = "__meta_kubernetes_"
_CAPITAL = regex(r"(?<=[a-z])([A-Z])")
# How one endpoint is asked, in the words of Prometheus.
ScrapeOptions: TypeAlias = Mapping[str, object]


class MonitorEndpoint(NamedTuple):
    """The port of an endpoint: by the name that its Service or container gives it, or that of the container itself."""

    cursor: Cursor
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
    spec = monitor.at("spec")
    is_of_pods = monitor.title == "PodMonitor"
    endpoints = spec.at("podMetricsEndpoints" if is_of_pods else "endpoints")
    return MonitorSpec(
        monitor.name,
        is_of_pods,
        selector=decode_selector(spec.at("selector")),
        namespaces=_decode_namespaces(spec.at("namespaceSelector"), monitor.namespace),
        endpoints=tuple(
            MonitorEndpoint(
                endpoint,
                peek_text(endpoint.at("port")),
                peek_text(endpoint.at("portNumber" if is_of_pods else "targetPort")),
            )
            for endpoint in list_entries(endpoints)
        ),
    )


def _decode_namespaces(
    selector: Cursor, own_namespace: str
) -> tuple[str | None, ...] | None:
    """Its own namespace, those that it names, or all."""
    if peek_text(selector.at("any")) == "true":
        return None
    names = tuple(peek_text(name) for name in list_entries(selector.at("matchNames")))
    return names or (own_namespace,)


def decode_scrape(endpoint: Cursor) -> ScrapeOptions:
    """How an endpoint of a monitor is asked, once something answers there."""
    for key in ("port", "targetPort", "portNumber"):
        decode_text(endpoint, key)
    options: dict[str, object] = {
        option: text
        for key, option in _SCRAPE_OPTIONS.items()
        if (text := decode_text(endpoint, key))
    }
    options |= {
        option: decode_value(endpoint.at(key))
        for key, option in _SCRAPE_VALUES.items()
        if endpoint.at(key)
    }
    for key, option in _RELABELINGS.items():
        if rules := [*_decode_relabelings(endpoint.at(key))]:
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
    spec = server.at("spec")
    image = decode_part(spec, "image")
    selector = spec.at("ruleSelector")
    selector.map(to=SERVICES)
    return PrometheusSpec(
        server.namespace,
        image=image,
        version=decode_text(spec, "version") if image is None else None,
        arguments=tuple(_decode_arguments(spec)),
        options={
            option: text
            for key, option in _GLOBAL_OPTIONS.items()
            if (text := decode_text(spec, key))
        },
        external_labels=decode_map(spec, "externalLabels"),
        resources=decode_part(spec, "resources"),
        alert_targets=tuple(
            alert_target
            for alerting in list_entries(spec.at("alerting", "alertmanagers"))
            if (alert_target := _decode_alert_target(alerting, server.namespace, services))
        ),
        monitor_selectors={
            "ServiceMonitor": decode_selector(spec.at("serviceMonitorSelector")),
            "PodMonitor": decode_selector(spec.at("podMonitorSelector")),
        },
        rule_selector=decode_selector(selector),
    )


def _decode_arguments(spec: Cursor) -> Iterator[str]:
    for key, option in (
        ("retention", "storage.tsdb.retention.time"),
        ("retentionSize", "storage.tsdb.retention.size"),
    ):
        if text := decode_text(spec, key):
            yield f"--{option}={text}"
    is_at_root = peek_text(spec.at("routePrefix")) in (None, "/")
    if is_at_root and (url := decode_text(spec, "externalUrl")):
        decode_text(spec, "routePrefix")
        yield f"--web.external-url={url}"
        yield "--web.route-prefix=/"
    for key, option in (
        ("enableAdminAPI", "web.enable-admin-api"),
        ("enableRemoteWriteReceiver", "web.enable-remote-write-receiver"),
    ):
        if decode_flag(spec, key):
            yield f"--{option}"


def _decode_alert_target(
    alerting: Cursor, own_namespace: str, services: KubeServices
) -> AlertTarget | None:
    """An Alertmanager whose Service is in the input; any other stays unread."""
    namespace = peek_text(alerting.at("namespace")) or own_namespace
    service = services.get(namespace, peek_text(alerting.at("name")) or "")
    if service is None:
        return None
    for key in ("namespace", "name"):
        decode_text(alerting, key)
    return AlertTarget(service, decode_text(alerting, "port") or "web")


def decode_rule_groups(rule: KubeObject) -> list[object]:
    """The groups of a PrometheusRule as plain values."""
    return [decode_value(group) for group in list_entries(rule.at("spec", "groups"))]
