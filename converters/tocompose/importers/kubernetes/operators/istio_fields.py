"""Gateway, VirtualService and DestinationRule of Istio, each decoded once.

https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.spec_fields import (
    SERVICES,
    decode_part,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, string_map
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

_ISTIO = "networking.istio.io"


class IstioServer(NamedTuple):
    """A port of a Gateway with its hosts; `redirects` says that it only sends to https."""

    port_name: str
    port: Node | None
    protocol: str
    hosts: tuple[str, ...]
    tls_mode: str
    credential: Node | None
    redirects: bool


class StringMatch(NamedTuple):
    """What a text is compared with: `exact`, `prefix` or `regex`."""

    kind: str
    text: str
    node: Node


class NamedMatch(NamedTuple):
    """What one header or parameter is compared with."""

    name: str
    match: StringMatch


class IstioMatch(NamedTuple):
    """What a route asks of a request: all of it holds."""

    path: StringMatch | None
    method: Node | None
    headers: tuple[NamedMatch, ...]
    parameters: tuple[NamedMatch, ...]


class IstioSubset(NamedTuple):
    """The pods of a Service that a DestinationRule describes by labels."""

    name: str
    rule: KubeObject
    labels: Mapping[str, str]
    ports: Node | None


class IstioDestination(NamedTuple):
    """The Service that a route leads to, with the number of its port."""

    name: str
    namespace: str
    port: Node | int | None
    weight: Node | None
    subset: IstioSubset | None


class HeaderChanges(NamedTuple):
    """What happens to the headers of requests or responses."""

    changed: Mapping[str, tuple[tuple[str, Node], ...]]
    removed: Node | None


class IstioRedirect(NamedTuple):
    """Where a route sends clients."""

    scheme: Node | None
    authority: Node | None
    path: Node | None
    code: Node | None


class IstioRoute(NamedTuple):
    """One route of a VirtualService: any of its matches may hold."""

    matches: tuple[IstioMatch, ...]
    destinations: tuple[IstioDestination, ...]
    new_path: Node | None
    new_authority: Node | None
    redirect: IstioRedirect | None
    headers: Mapping[str, HeaderChanges]


class VirtualServiceSpec(NamedTuple):
    """What a VirtualService says."""

    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    routes: tuple[IstioRoute, ...]


def decode_gateway(gateway: KubeObject) -> tuple[IstioServer, ...]:
    """The servers of a Gateway."""
    servers = gateway.at("spec", "servers")
    return tuple(map(_decode_server, list_entries(servers)))


def _decode_server(server: Cursor) -> IstioServer:
    return IstioServer(
        port_name=peek_text(server.at("port", "name")) or "port",
        port=decode_part(server, "port", "number"),
        protocol=(peek_text(server.at("port", "protocol")) or "HTTP").upper(),
        hosts=tuple(peek_text(host) or "*" for host in list_entries(server.at("hosts"))),
        tls_mode=(peek_text(server.at("tls", "mode")) or "").upper(),
        credential=decode_part(server, "tls", "credentialName"),
        redirects=peek_text(server.at("tls", "httpsRedirect")) == "true",
    )


def decode_used_gateway(gateway: KubeObject) -> tuple[IstioServer, ...]:
    """The servers of a Gateway that is carried over, whose fields count as such."""
    for server in list_entries(gateway.at("spec", "servers")):
        decode_texts(server, "hosts")
        for path in (("port", "protocol"), ("tls", "httpsRedirect"), ("tls", "mode")):
            decode_text(server, *path)
        server.at("port", "name").skip("nothing refers to the name of the port")
    gateway.at("spec", "selector").skip("the proxy takes the place of the gateway's pods")
    return decode_gateway(gateway)


def decode_virtual_service(service: KubeObject, objects: KubeObjects) -> VirtualServiceSpec:
    """The spec of a VirtualService, with the Services and subsets that its routes lead to."""
    spec = service.at("spec")
    return VirtualServiceSpec(
        hosts=decode_texts(spec, "hosts"),
        gateways=decode_texts(spec, "gateways"),
        routes=tuple(
            _decode_route(route, service.namespace, objects)
            for route in list_entries(spec.at("http"))
        ),
    )


def _decode_route(route: Cursor, namespace: str, objects: KubeObjects) -> IstioRoute:
    redirect = route.at("redirect")
    return IstioRoute(
        matches=tuple(map(_decode_match, list_entries(route.at("match")))),
        destinations=tuple(
            _decode_destination(destination, namespace, objects)
            for destination in list_entries(route.at("route"))
        ),
        new_path=decode_part(route, "rewrite", "uri"),
        new_authority=decode_part(route, "rewrite", "authority"),
        redirect=_decode_redirect(redirect) if redirect else None,
        headers={
            side: _decode_changes(route.at("headers", side))
            for side in ("request", "response")
            if route.at("headers", side)
        },
    )


def _decode_redirect(redirect: Cursor) -> IstioRedirect:
    return IstioRedirect(
        scheme=decode_part(redirect, "scheme"),
        authority=decode_part(redirect, "authority"),
        path=decode_part(redirect, "uri"),
        code=decode_part(redirect, "redirectCode"),
    )


def _decode_changes(headers: Cursor) -> HeaderChanges:
    return HeaderChanges(
        changed={
            action: tuple(
                (header.key, header.node)
                for header in headers.at(action)
                if header.node is not None
            )
            for action in ("set", "add")
            if headers.at(action)
        },
        removed=decode_part(headers, "remove"),
    )


def _decode_match(match: Cursor) -> IstioMatch:
    paths = [*_decode_strings(match.at("uri"))]
    return IstioMatch(
        path=paths[-1] if paths else None,
        method=decode_part(match, "method", "exact"),
        headers=tuple(_decode_named(match.at("headers"))),
        parameters=tuple(_decode_named(match.at("queryParams"))),
    )


def _decode_strings(cursor: Cursor) -> Iterator[StringMatch]:
    for condition in cursor:
        if condition.node is not None:
            yield StringMatch(condition.key, peek_text(condition) or "", condition.node)


def _decode_named(cursor: Cursor) -> Iterator[NamedMatch]:
    for named in cursor:
        for condition in _decode_strings(named):
            if condition.kind != "exact":
                decode_text(named, condition.kind)
            yield NamedMatch(named.key, condition)


def _decode_destination(
    destination: Cursor, own_namespace: str, objects: KubeObjects
) -> IstioDestination:
    host = decode_text(destination, "destination", "host") or ""
    name, _, domain = host.partition(".")
    namespace = domain.partition(".")[0] or own_namespace
    service = objects.get("Service", namespace, name)
    subset_name = decode_text(destination, "destination", "subset")
    port: Node | int | None = decode_part(destination, "destination", "port", "number")
    if port is None and service is not None:
        port = integer(peek_text(service.at("spec", "ports", 0, "port")) or "")
    subset = None
    if subset_name and service is not None:
        subset = _decode_subset(service, name, subset_name, objects)
    return IstioDestination(
        name, namespace, port, decode_part(destination, "weight"), subset
    )


def _decode_subset(
    service: KubeObject, host: str, subset: str, objects: KubeObjects
) -> IstioSubset | None:
    for rule in objects.of_kind(f"DestinationRule.{_ISTIO}"):
        rule_host = peek_text(rule.at("spec", "host")) or ""
        if rule_host.partition(".")[0] != host:
            continue
        for described in list_entries(rule.at("spec", "subsets")):
            if peek_text(described.at("name")) == subset:
                described.map(to=SERVICES)
                rule.at("spec", "host").take(to=SERVICES)
                labels = {
                    **string_map(service.at("spec", "selector")),
                    **string_map(described.at("labels")),
                }
                ports = decode_part(service.at("spec"), "ports")
                return IstioSubset(f"{service.name}-{subset}", rule, labels, ports)
    return None
