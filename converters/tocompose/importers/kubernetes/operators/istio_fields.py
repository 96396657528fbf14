"""Gateway, VirtualService and DestinationRule of Istio, each decoded once.

https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.spec_fields import (
    SpecFields,
    decode_map,
    decode_part,
    decode_spec,
    decode_text,
    decode_texts,
)
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, string_map
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.source import Node

_TLS_MODES = ("SIMPLE", "PASSTHROUGH")
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
    return tuple(map(_decode_server, decode_spec(gateway).each("IstioServer")))


def _decode_server(server: SpecFields) -> IstioServer:
    return IstioServer(
        port_name=peek_text(server.at("port-name")) or "port",
        port=decode_part(server, "port-number"),
        protocol=(peek_text(server.at("protocol")) or "HTTP").upper(),
        hosts=tuple(peek_text(host) or "*" for host in list_entries(server.at("hosts"))),
        tls_mode=(peek_text(server.at("tls-mode")) or "").upper(),
        credential=decode_part(server, "credential"),
        redirects=peek_text(server.at("https-redirect")) == "true",
    )


def decode_used_gateway(gateway: KubeObject) -> tuple[IstioServer, ...]:
    """The servers of a Gateway that is carried over, whose fields count as such."""
    for server in decode_spec(gateway).each("IstioServer"):
        decode_texts(server, "hosts")
        for shape in ("protocol", "https-redirect"):
            decode_text(server, shape)
        # Any other mode asks clients for certificates, which nobody checks here.
        if (peek_text(server.at("tls-mode")) or "").upper() in _TLS_MODES:
            decode_text(server, "tls-mode")
        server.at("port-name").skip("nothing refers to the name of the port")
    return decode_gateway(gateway)


def decode_virtual_service(service: KubeObject, objects: KubeObjects) -> VirtualServiceSpec:
    """The spec of a VirtualService, with the Services and subsets that its routes lead to."""
    spec = decode_spec(service)
    return VirtualServiceSpec(
        hosts=decode_texts(spec, "hosts"),
        gateways=decode_texts(spec, "gateways"),
        routes=tuple(
            _decode_route(route, service.namespace, objects)
            for route in spec.each("IstioRoute")
        ),
    )


def _decode_route(route: SpecFields, namespace: str, objects: KubeObjects) -> IstioRoute:
    return IstioRoute(
        matches=tuple(map(_decode_match, route.each("IstioMatch"))),
        destinations=tuple(
            _decode_destination(target, namespace, objects)
            for target in route.each("IstioTarget")
        ),
        new_path=decode_part(route, "new-path"),
        new_authority=decode_part(route, "new-authority"),
        redirect=_decode_redirect(route) if route.at("IstioRedirect") else None,
        headers={
            side: _decode_changes(route.at(side))
            for side in ("request", "response")
            if route.at(side)
        },
    )


def _decode_redirect(route: SpecFields) -> IstioRedirect:
    return IstioRedirect(
        scheme=decode_part(route, "new-scheme"),
        authority=decode_part(route, "new-host"),
        path=decode_part(route, "redirect-path"),
        code=decode_part(route, "redirect-code"),
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


def _decode_match(match: SpecFields) -> IstioMatch:
    paths = [*_decode_strings(match.at("path"))]
    return IstioMatch(
        path=paths[-1] if paths else None,
        method=decode_part(match, "method", "exact"),
        headers=tuple(_decode_named(match.at("headers"))),
        parameters=tuple(_decode_named(match.at("parameters"))),
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
    target: SpecFields, own_namespace: str, objects: KubeObjects
) -> IstioDestination:
    host = decode_text(target, "service-host") or ""
    name, _, domain = host.partition(".")
    namespace = domain.partition(".")[0] or own_namespace
    service = objects.get("Service", namespace, name)
    subset_name = peek_text(target.at("subset"))
    port: Node | int | None = decode_part(target, "destination-port")
    if port is None and service is not None:
        port = integer(peek_text(service.at("spec", "ports", 0, "port")) or "")
    subset = None
    if subset_name and service is not None:
        subset = _decode_subset(service, name, subset_name, objects)
    if subset is not None:
        decode_text(target, "subset")
    return IstioDestination(name, namespace, port, decode_part(target, "weight"), subset)


def _decode_subset(
    service: KubeObject, host: str, subset: str, objects: KubeObjects
) -> IstioSubset | None:
    for rule in objects.of_kind(f"DestinationRule.{_ISTIO}"):
        spec = decode_spec(rule)
        if (peek_text(spec.at("service-host")) or "").partition(".")[0] != host:
            continue
        for described in spec.each("IstioSubset"):
            if peek_text(described.at("subset")) == subset:
                return _decode_used_subset(service, rule, described)
    return None


def _decode_used_subset(
    service: KubeObject, rule: KubeObject, described: SpecFields
) -> IstioSubset:
    """The subset that a route leads to, whose fields thereby count as carried over."""
    decode_text(decode_spec(rule), "service-host")
    name = decode_text(described, "subset")
    labels = {
        **string_map(service.at("spec", "selector")),
        **decode_map(described, "pod-labels"),
    }
    ports = decode_part(service.at("spec"), "ports")
    return IstioSubset(f"{service.name}-{name}", rule, labels, ports)
