"""What ingress-nginx knows of a host from all Ingresses together: it makes one server of each host.

`createServers` and `enforceRegexModifier` in https://github.com/kubernetes/ingress-nginx/tree/main/internal/ingress/controller
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.nginx import PREFIX, needs_rewrite
from tocompose.importers.kubernetes.routing.route_fields import Route
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.record import NamedTuple


class NginxServers(NamedTuple):
    """The hosts of which all paths are regular expressions, and those that have a certificate."""

    pattern_hosts: frozenset[str]
    secured_hosts: frozenset[str]


def nginx_servers(routes: tuple[Route, ...], model: ClusterModel) -> NginxServers:
    """The servers of those Ingresses that nginx would serve."""
    ingresses = [
        ingress
        for ingress in routes
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


def _controller_name(ingress: Route, model: ClusterModel) -> str | None:
    class_name = ingress.class_name.text
    return class_name and (declared_controller(class_name, model) or class_name)


def _pattern_hosts(ingress: Route) -> Iterator[str]:
    annotations = ingress.kube_object.at("metadata", "annotations")
    rewrite = peek_text(annotations.at(f"{PREFIX}/rewrite-target"))
    uses_patterns = peek_text(annotations.at(f"{PREFIX}/use-regex")) == "true"
    for rule in ingress.rules:
        paths = [match.path.text or "/" for match in rule.matches]
        if uses_patterns or any(needs_rewrite(path, rewrite) for path in paths):
            yield rule.host.text or ""


def _secured_hosts(ingress: Route) -> Iterator[str]:
    for tls_entry in ingress.tls:
        yield from (host.text for host in tls_entry.hosts if host.text)
        if not tls_entry.hosts:
            yield from (rule.host.text or "" for rule in ingress.rules)
