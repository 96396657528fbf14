"""Which request reaches what in the cluster by the HTTPRoutes of Gateway API, in the precedence of its specification.

https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule: the most specific host, the exact path, the longest
prefix, a method, the most headers, the most parameters; then the older route, the first by name, the first rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.prove.answers import NOBODY, Answer
from tocompose.prove.cluster_services import ClusterServices, name_of, namespace_of
from tocompose.prove.kube_values import as_list, as_map, scalar_text
from tocompose.prove.traefik_rules import Request, go_pattern
from tocompose.record import NamedTuple

_SCHEMES = {"HTTP": "http", "HTTPS": "https"}


class _GatewayListener(NamedTuple):
    scheme: str
    port: int
    host: str


class _MatchClaim(NamedTuple):
    """One match of one rule on one listener and host."""

    listener: _GatewayListener
    host: str
    match: Mapping[str, Any]
    rule: Mapping[str, Any]
    route: Mapping[str, Any]
    number: int


class GatewayModel:
    """The HTTPRoutes of some manifests with the Gateways that they hang on."""

    def __init__(
        self, objects: Iterable[Mapping[str, Any]], services: ClusterServices
    ) -> None:
        objects = list(objects)
        self._services = services
        self._gateways = {
            (namespace_of(kube_object), name_of(kube_object)): kube_object
            for kube_object in objects
            if kube_object.get("kind") == "Gateway"
            and "gateway" in str(kube_object.get("apiVersion"))
        }
        self.routes = [
            kube_object for kube_object in objects if kube_object.get("kind") == "HTTPRoute"
        ]
        self._claims = [
            claim for kube_object in self.routes for claim in self._claimed(kube_object)
        ]

    def ports(self) -> Iterator[tuple[str, int]]:
        """Scheme and port of kube_object listener."""
        yield from dict.fromkeys(
            (claim.listener.scheme, claim.listener.port) for claim in self._claims
        )

    def hosts(self) -> Iterator[str]:
        """The hosts of all routes; empty for any."""
        yield from dict.fromkeys(claim.host for claim in self._claims)

    def paths(self) -> Iterator[tuple[str, bool]]:
        """The paths of all routes, kube_object with whether it is a regular expression."""
        for claim in self._claims:
            kind, path = _path_match(claim.match)
            yield path, kind == "RegularExpression"

    def answer(self, request: Request, port: int) -> Answer | None:
        """What answers a request at a port."""
        fitting = [claim for claim in self._claims if _fits(claim, request, port)]
        if not fitting:
            return NOBODY
        kinds = {_path_match(claim.match)[0] for claim in fitting}
        if "RegularExpression" in kinds and len(fitting) > 1:
            return None
        return self._answered(min(fitting, key=_rank), request)

    def _answered(self, claim: _MatchClaim, request: Request) -> Answer | None:
        path = request.path
        for section in as_list(claim.rule.get("filters")):
            if section.get("type") == "RequestRedirect":
                redirect = as_map(section.get("requestRedirect"))
                return Answer(location=_location(redirect, claim, request))
            rewrite = as_map(as_map(section.get("urlRewrite")).get("path"))
            path = _modified(rewrite, claim, path)
        targets: set[tuple[str, int]] = set()
        for reference in as_list(claim.rule.get("backendRefs")):
            if reference.get("weight", 1) == 0:
                continue
            namespace = reference.get("namespace") or namespace_of(claim.route)
            reached = self._services.targets(
                str(namespace), str(reference.get("name")), reference.get("port")
            )
            if reached is None:
                return None
            targets |= reached
        return Answer(frozenset(targets), path) if targets else NOBODY

    def _claimed(self, route: Mapping[str, Any]) -> Iterator[_MatchClaim]:
        spec = as_map(route.get("spec"))
        names = [str(name) for name in as_list(spec.get("hostnames"))]
        for listener in self._listeners(route):
            for host in _shared_hosts(listener.host, names):
                for number, rule in enumerate(as_list(spec.get("rules"))):
                    for match in as_list(rule.get("matches")) or [{}]:
                        yield _MatchClaim(listener, host, match, rule, route, number)

    def _listeners(self, route: Mapping[str, Any]) -> Iterator[_GatewayListener]:
        for parent in as_list(as_map(route.get("spec")).get("parentRefs")):
            namespace = str(parent.get("namespace") or namespace_of(route))
            gateway = self._gateways.get((namespace, str(parent.get("name"))))
            if gateway is None:
                yield _GatewayListener("http", 80, "")
            for section in as_list(as_map(as_map(gateway).get("spec")).get("listeners")):
                parent_names = (parent.get("sectionName"), parent.get("port"))
                offered = (section.get("name"), section.get("port"))
                is_meant = all(
                    asked_name in (None, own_name)
                    for asked_name, own_name in zip(parent_names, offered, strict=True)
                )
                scheme = _SCHEMES.get(str(section.get("protocol")))
                if is_meant and scheme:
                    host = scalar_text(section.get("hostname"))
                    yield _GatewayListener(scheme, int(section["port"]), host)


def _shared_hosts(listener_host: str, names: list[str]) -> Iterator[str]:
    if not names:
        yield listener_host
    for name in names:
        for wide, narrow in ((listener_host, name), (name, listener_host)):
            if wide in ("", narrow) or _is_below(wide, narrow):
                yield narrow or wide
                break


def _is_below(wildcard: str, host: str) -> bool:
    return wildcard.startswith("*.") and host.endswith(wildcard[1:])


def _path_match(match: Mapping[str, Any]) -> tuple[str, str]:
    path = as_map(match.get("path"))
    return str(path.get("type") or "PathPrefix"), scalar_text(path.get("value")) or "/"


def _fits(claim: _MatchClaim, request: Request, port: int) -> bool:
    is_asked = (claim.listener.scheme, claim.listener.port) == (request.scheme, port)
    host = request.host.lower()
    is_host = claim.host in ("", host) or _is_below(claim.host, host)
    method = claim.match.get("method")
    return (
        is_asked
        and is_host
        and method in (None, request.method)
        and _fits_path(claim, request.path)
        and _fits_pairs(claim.match.get("headers"), request.headers)
        and _fits_pairs(claim.match.get("queryParams"), request.query)
    )


def _fits_path(claim: _MatchClaim, path: str) -> bool:
    kind, text = _path_match(claim.match)
    if kind == "Exact":
        return path == text
    if kind == "RegularExpression":
        return go_pattern(text).fullmatch(path) is not None
    stem = text.rstrip("/")
    return path == stem or path.startswith(f"{stem}/")


def _fits_pairs(pairs: Any, sent: Mapping[str, str]) -> bool:
    """Whether kube_object header or parameter is there; a pattern is none that a sample would send."""
    return all(
        section.get("type", "Exact") == "Exact"
        and sent.get(str(section.get("name"))) == scalar_text(section.get("value"))
        for section in as_list(pairs)
    )


def _rank(claim: _MatchClaim) -> tuple[Any, ...]:
    kind, path = _path_match(claim.match)
    metadata = as_map(claim.route.get("metadata"))
    return (
        claim.host == "",
        claim.host.startswith("*."),
        -len(claim.host),
        kind != "Exact",
        -len(path.rstrip("/")),
        claim.match.get("method") is None,
        -len(as_list(claim.match.get("headers"))),
        -len(as_list(claim.match.get("queryParams"))),
        scalar_text(metadata.get("creationTimestamp")),
        f"{namespace_of(claim.route)}/{name_of(claim.route)}",
        claim.number,
    )


def _location(redirect: Mapping[str, Any], claim: _MatchClaim, request: Request) -> str:
    """The address of a redirect: what it does not say stays, the port by the scheme or that of the listener."""
    scheme = scalar_text(redirect.get("scheme"))
    host = scalar_text(redirect.get("hostname")) or request.host
    usual = {"http": 80, "https": 443}
    port = redirect.get("port") or usual.get(scheme) or claim.listener.port
    scheme = scheme or request.scheme
    address = "" if usual.get(scheme) == port else f":{port}"
    path = _modified(as_map(redirect.get("path")), claim, request.path)
    return f"{scheme}://{host}{address}{path}"


def _modified(modifier: Mapping[str, Any], claim: _MatchClaim, path: str) -> str:
    if modifier.get("type") == "ReplaceFullPath":
        return scalar_text(modifier.get("replaceFullPath")) or "/"
    if modifier.get("type") != "ReplacePrefixMatch":
        return path
    prefix = _path_match(claim.match)[1].rstrip("/")
    kept_path = path.removeprefix(prefix).lstrip("/")
    start = scalar_text(modifier.get("replacePrefixMatch")).rstrip("/")
    if not kept_path and not path.endswith("/"):
        return start or "/"
    return f"{start}/{kept_path}"
