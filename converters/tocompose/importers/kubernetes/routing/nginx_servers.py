"""What ingress-nginx knows of a host from all Ingresses together: it makes one server of each host.

`createServers` and `enforceRegexModifier` in https://github.com/kubernetes/ingress-nginx/tree/main/internal/ingress/controller
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.routing.nginx import PREFIX, needs_rewrite
from tocompose.importers.kubernetes.routing.route_fields import Route
from tocompose.record import NamedTuple


class NginxServers(NamedTuple):
    """The hosts of which all paths are regular expressions, and those that have a certificate."""

    pattern_hosts: frozenset[str]
    secured_hosts: frozenset[str]


def nginx_servers(
    routes: tuple[Route, ...], controllers: Mapping[str, str | None]
) -> NginxServers:
    """The servers of those Ingresses that nginx would serve; `controllers` are by the name of the class."""
    ingresses = [
        ingress
        for ingress in routes
        if "nginx" in (controller_name(ingress, controllers) or "nginx")
    ]
    patterns = (host for ingress in ingresses for host in _pattern_hosts(ingress))
    secured = (host for ingress in ingresses for host in _secured_hosts(ingress))
    return NginxServers(frozenset(patterns), frozenset(secured))


def controller_name(ingress: Route, controllers: Mapping[str, str | None]) -> str | None:
    """The controller that an Ingress is meant for: the one that its class names, else the class."""
    class_name = ingress.class_name.text
    return class_name and (controllers.get(class_name) or class_name)


def _pattern_hosts(ingress: Route) -> Iterator[str]:
    annotations = ingress.annotations
    rewrite = annotations.stated(f"{PREFIX}/rewrite-target").text
    uses_patterns = annotations.stated(f"{PREFIX}/use-regex").text == "true"
    for rule in ingress.rules:
        paths = [match.path.text or "/" for match in rule.matches]
        if uses_patterns or any(needs_rewrite(path, rewrite) for path in paths):
            yield rule.host.text or ""


def _secured_hosts(ingress: Route) -> Iterator[str]:
    for tls_entry in ingress.tls:
        yield from (host.text for host in tls_entry.hosts if host.text)
        if not tls_entry.hosts:
            yield from (rule.host.text or "" for rule in ingress.rules)
