"""Which request reaches what in the cluster by its Ingresses, with the algorithm of ingress-nginx.

Written from its source: servers and locations from internal/ingress/controller/controller.go (`createServers`,
`getBackendServers`), location.go (`updateServerLocations`) and template/template.go (`buildLocation`,
`buildProxyPass`, `enforceRegexModifier`, `buildServerName`) of github.com/kubernetes/ingress-nginx.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.patterns import regex
from tocompose.prove.answers import NOBODY, Answer
from tocompose.prove.cluster_services import ClusterServices, name_of, namespace_of
from tocompose.prove.kube_values import as_list, as_map, scalar_text
from tocompose.prove.traefik_rules import Request
from tocompose.record import NamedTuple

_NGINX = "nginx.ingress.kubernetes.io/"
_CLASS = "kubernetes.io/ingress.class"
_CAPTURED = regex(r"\$(\d)")


class _Backend(NamedTuple):
    service: str
    port: Any


class _Location(NamedTuple):
    """A path of a server; `is_filler` for the root that a server has until a rule says another."""

    path: str
    is_exact: bool
    ingress: Mapping[str, Any]
    backend: _Backend | None
    is_filler: bool = False
    has_star: bool = False

    def annotation(self, name: str) -> str:
        """An annotation of its Ingress; empty when it is not there."""
        return _annotation(self.ingress, name)

    @property
    def is_rewritten(self) -> bool:
        """Whether requests go on with another path."""
        return self.annotation("rewrite-target") not in ("", self.path)


class IngressModel:
    """The Ingresses of one controller; `is_nginx` unless they are meant for another."""

    def __init__(
        self, objects: Iterable[Mapping[str, Any]], services: ClusterServices
    ) -> None:
        objects = list(objects)
        self._services = services
        self._controllers = {
            name_of(kube_object): scalar_text(
                as_map(kube_object.get("spec")).get("controller")
            )
            for kube_object in objects
            if kube_object.get("kind") == "IngressClass"
        }
        ingresses = [
            kube_object for kube_object in objects if kube_object.get("kind") == "Ingress"
        ]
        self.ingresses = sorted(ingresses, key=_seniority)
        self._has_default = any(
            as_map(kube_object.get("spec")).get("defaultBackend")
            for kube_object in ingresses
        )
        self._servers: dict[str, list[_Location]] = {}
        self._secured = {
            host for kube_object in self.ingresses for host in _tls_hosts(kube_object)
        }
        for kube_object in self.ingresses:
            self._open_servers(kube_object)
        for kube_object in self.ingresses:
            self._add_locations(kube_object)

    @property
    def can_tell(self) -> bool:
        """Whether all are meant for ingress-nginx or for whatever is there, and none is a canary of another."""
        return all(
            self._controller(kube_object) in ("", "nginx")
            and _annotation(kube_object, "canary") != "true"
            for kube_object in self.ingresses
        )

    def hosts(self) -> Iterator[str]:
        """The hosts of all rules; empty for one without."""
        yield from self._servers

    def paths(self, host: str) -> Iterator[tuple[str, bool]]:
        """The paths of a host, kube_object with whether it is a regular expression."""
        locations = self._servers[host]
        for location in locations:
            yield location.path, _has_patterns(locations)

    def answer(self, request: Request) -> Answer | None:
        """What answers a request."""
        locations = self._locations(request.host.lower())
        location = _location(locations, request.path)
        if location is None or location.backend is None:
            # What a default backend beside rules takes beyond their hosts, controllers see differently.
            return None if self._has_default else NOBODY
        moved = self._moved(location, request)
        if moved:
            return Answer(location=moved)
        targets = self._services.targets(namespace_of(location.ingress), *location.backend)
        if targets is None:
            return None
        return Answer(targets, _rewritten(location, request.path))

    def _controller(self, ingress: Mapping[str, Any]) -> str:
        name = scalar_text(
            as_map(ingress.get("spec")).get("ingressClassName")
        ) or _raw_annotation(ingress, _CLASS)
        controller = self._controllers.get(name, name)
        return "nginx" if "nginx" in controller else controller

    def _open_servers(self, ingress: Mapping[str, Any]) -> None:
        spec = as_map(ingress.get("spec"))
        backend = _backend(spec.get("defaultBackend") or spec.get("backend"))
        root = _Location("/", False, ingress, backend, is_filler=True)
        rules = as_list(spec.get("rules"))
        if backend and not rules:
            self._servers.setdefault("", [root])
        for rule in rules:
            self._servers.setdefault(scalar_text(rule.get("host")), [root])

    def _add_locations(self, ingress: Mapping[str, Any]) -> None:
        for rule in as_list(as_map(ingress.get("spec")).get("rules")):
            locations = self._servers[scalar_text(rule.get("host"))]
            for path_entry in as_list(as_map(rule.get("http")).get("paths")):
                path = scalar_text(path_entry.get("path")) or "/"
                kind = scalar_text(path_entry.get("pathType"))
                # https://cloud.google.com/kubernetes-engine/docs/concepts/ingress#default_backend
                is_open = kind in ("", "ImplementationSpecific") and path.endswith("/*")
                location = _Location(
                    path,
                    kind == "Exact",
                    ingress,
                    _backend(path_entry.get("backend")),
                    has_star=is_open and self._controller(ingress) != "nginx",
                )
                _add_location(locations, location)

    def _locations(self, host: str) -> list[_Location]:
        """The server of a host: by its name, by a pattern for one label, or the one for all others."""
        if host in self._servers and host:
            return self._servers[host]
        for alias_host, locations in self._servers.items():
            aliases = (location.annotation("server-alias") for location in locations)
            if any(host in alias.replace(" ", "").split(",") for alias in aliases):
                return self._servers[alias_host]
        label, _, parent = host.partition(".")
        if re.fullmatch(r"[\w-]+", label) and f"*.{parent}" in self._servers:
            return self._servers[f"*.{parent}"]
        return self._servers.get("", [])

    def _moved(self, location: _Location, request: Request) -> str:
        """Where nginx sends the client; empty when it passes the request on."""
        for name in ("permanent-redirect", "temporal-redirect"):
            if location.annotation(name):
                return location.annotation(name)
        app_root = location.annotation("app-root")
        if app_root and request.path == "/":
            return f"{request.scheme}://{request.host}{app_root}"
        has_certificate = any(_covers(name, request.host.lower()) for name in self._secured)
        is_wanted = has_certificate and location.annotation("ssl-redirect") != "false"
        is_forced = location.annotation("force-ssl-redirect") == "true"
        if request.scheme == "http" and (is_wanted or is_forced):
            return f"https://{request.host}{request.path}"
        return ""


def _seniority(ingress: Mapping[str, Any]) -> tuple[str, str]:
    metadata = as_map(ingress.get("metadata"))
    owner = f"{namespace_of(ingress)}/{name_of(ingress)}"
    return scalar_text(metadata.get("creationTimestamp")), owner


def _raw_annotation(ingress: Mapping[str, Any], name: str) -> str:
    annotations = as_map(as_map(ingress.get("metadata")).get("annotations"))
    return scalar_text(annotations.get(name))


def _annotation(ingress: Mapping[str, Any], name: str) -> str:
    return _raw_annotation(ingress, f"{_NGINX}{name}")


def _tls_hosts(ingress: Mapping[str, Any]) -> Iterator[str]:
    spec = as_map(ingress.get("spec"))
    rules = as_list(spec.get("rules"))
    for path_entry in as_list(spec.get("tls")):
        hosts = as_list(path_entry.get("hosts"))
        yield from (str(host) for host in hosts)
        if not hosts:
            yield from (scalar_text(rule.get("host")) for rule in rules)


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _backend(value: Any) -> _Backend | None:
    backend = as_map(value)
    service = as_map(backend.get("service"))
    port = as_map(service.get("port"))
    if service:
        return _Backend(str(service.get("name")), port.get("number") or port.get("name"))
    if backend.get("serviceName"):
        return _Backend(str(backend["serviceName"]), backend.get("servicePort"))
    return None


def _add_location(locations: list[_Location], location: _Location) -> None:
    """Adds a location; the first of one path and type stays, unless it only fills the place."""
    for index, present in enumerate(locations):
        if (present.path, present.is_exact) == (location.path, location.is_exact):
            if present.is_filler:
                locations[index] = location
            return
    locations.append(location)


def _has_patterns(locations: list[_Location]) -> bool:
    """Whether nginx takes all paths of a server for regular expressions."""
    return any(
        location.is_rewritten or location.annotation("use-regex") == "true"
        for location in locations
    )


def _location(locations: list[_Location], path: str) -> _Location | None:
    if _has_patterns(locations):
        by_text = sorted(locations, key=lambda location: location.path, reverse=True)
        for location in sorted(by_text, key=lambda location: -len(location.path)):
            if re.search(f"^{location.path}", path, re.IGNORECASE):
                return location
        return None
    exact = (
        location for location in locations if location.is_exact and location.path == path
    )
    fitting = [location for location in locations if _is_below(location, path)]
    longest = max(fitting, key=lambda location: len(location.path), default=None)
    return next(exact, longest)


def _is_below(location: _Location, path: str) -> bool:
    if location.has_star:
        return path.startswith(location.path.removesuffix("*"))
    stem = location.path.rstrip("/")
    is_prefix = path == location.path or path == stem or path.startswith(f"{stem}/")
    return not location.is_exact and is_prefix


def _rewritten(location: _Location, path: str) -> str:
    """The path that the container sees: `rewrite "(?i)PATH" TARGET break`."""
    target = location.annotation("rewrite-target")
    match = re.search(location.path, path, re.IGNORECASE) if target else None
    if match is None or not location.is_rewritten:
        return path
    groups = dict(enumerate(match.groups(default=""), 1))
    return _CAPTURED.sub(lambda number: groups.get(int(number[1]), ""), target)
