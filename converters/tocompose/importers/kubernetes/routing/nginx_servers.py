"""What ingress-nginx knows of a host from all Ingresses together: it makes one server of each host.

`createServers` and `enforceRegexModifier` in https://github.com/kubernetes/ingress-nginx/tree/main/internal/ingress/controller
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.nginx import PREFIX, needs_rewrite
from tocompose.importers.kubernetes.scalars import list_entries, peek_text

CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class NginxServers(NamedTuple):
    """The hosts of which all paths are regular expressions, and those that have a certificate."""

    pattern_hosts: frozenset[str]
    secured_hosts: frozenset[str]


def nginx_servers(model: ClusterModel) -> NginxServers:
    """The servers of all Ingresses that nginx would serve."""
    ingresses = [
        ingress
        for ingress in model.objects.of_kind("Ingress")
        if "nginx" in (_controller_name(ingress, model) or "nginx")
    ]
    patterns = (host for ingress in ingresses for host in _pattern_hosts(ingress))
    secured = (host for ingress in ingresses for host in _secured_hosts(ingress))
    return NginxServers(frozenset(patterns), frozenset(secured))


def declared_controller(class_name: str, model: ClusterModel) -> str | None:
    """The controller that the IngressClass of that name names."""
    for ingress_class in model.objects.of_kind("IngressClass"):
        if ingress_class.name == class_name:
            return peek_text(ingress_class.at("spec", "controller"))
    return None


def _controller_name(ingress: KubeObject, model: ClusterModel) -> str | None:
    class_name = peek_text(ingress.at("spec", "ingressClassName")) or peek_text(
        ingress.at("metadata", "annotations", CLASS_ANNOTATION)
    )
    return class_name and (declared_controller(class_name, model) or class_name)


def _pattern_hosts(ingress: KubeObject) -> Iterator[str]:
    annotations = ingress.at("metadata", "annotations")
    rewrite = peek_text(annotations.at(f"{PREFIX}/rewrite-target"))
    uses_patterns = peek_text(annotations.at(f"{PREFIX}/use-regex")) == "true"
    for rule in list_entries(ingress.at("spec", "rules")):
        paths = [
            peek_text(path.at("path")) or "/"
            for path in list_entries(rule.at("http", "paths"))
        ]
        if uses_patterns or any(needs_rewrite(path, rewrite) for path in paths):
            yield peek_text(rule.at("host")) or ""


def _secured_hosts(ingress: KubeObject) -> Iterator[str]:
    rules = list(list_entries(ingress.at("spec", "rules")))
    for tls_entry in list_entries(ingress.at("spec", "tls")):
        hosts = [peek_text(host) for host in list_entries(tls_entry.at("hosts"))]
        yield from (host for host in hosts if host)
        if not hosts:
            yield from (peek_text(rule.at("host")) or "" for rule in rules)
