"""Gateway and VirtualService of Istio, as the objects of Gateway API that say the same.

https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.operators.istio_fields import (
    HeaderChanges,
    IstioDestination,
    IstioMatch,
    IstioRoute,
    IstioServer,
    NamedMatch,
    VirtualServiceSpec,
    decode_gateway,
    decode_used_gateway,
    decode_virtual_service,
)
from tocompose.importers.kubernetes.operators.parts import (
    MadeManifest,
    Manifest,
    OperatorPart,
    OperatorRemark,
    ReadAlong,
)
from tocompose.record import NamedTuple
from tocompose.traefik.rules import TEXT_PREFIX

_API = "gateway.networking.k8s.io/v1"
_ISTIO = "networking.istio.io"
_MESH = "mesh"
# https://istio.io/latest/docs/reference/config/networking/virtual-service/#StringMatch: a prefix is one of letters.
_PATHS = {"exact": "Exact", "prefix": TEXT_PREFIX, "regex": "RegularExpression"}
_PROTOCOLS = {"HTTP2": "HTTP", "GRPC": "HTTP", "GRPC-WEB": "HTTP"}
# What a route without a match takes: the proxy rewrites that as text too.
_EVERYTHING: Manifest = {"path": {"type": TEXT_PREFIX, "value": "/"}}


class GatewaySection(NamedTuple):
    """One listener of a Gateway: a port for one host."""

    name: str
    server: IstioServer
    host: str


def answer(kube_object: KubeObject, objects: KubeObjects) -> Iterator[OperatorPart]:
    """The objects of Gateway API."""
    if kube_object.title == "Gateway":
        if any(server.hosts for server in decode_gateway(kube_object)):
            yield from _gateway_parts(decode_used_gateway(kube_object), kube_object.name)
        return
    spec = decode_virtual_service(kube_object, objects)
    keys = {_gateway_key(text, kube_object.namespace) for text in spec.gateways}
    gateways = {
        key: decode_gateway(gateway)
        for key in keys
        if (gateway := objects.get(f"Gateway.{_ISTIO}", *key)) is not None
    }
    yield from _route_parts(spec, kube_object, gateways)


def _gateway_key(text: str, own_namespace: str) -> tuple[str, str]:
    """The namespace and name of a Gateway that a VirtualService names."""
    namespace, _, name = text.rpartition("/")
    return namespace or own_namespace, name


def _sections(servers: tuple[IstioServer, ...]) -> Iterator[GatewaySection]:
    for number, server in enumerate(servers):
        for position, text in enumerate(server.hosts):
            name = f"{server.port_name}-{number}-{position}"
            host = text.rpartition("/")[2]
            yield GatewaySection(name, server, "" if host == "*" else host)


def _gateway_parts(servers: tuple[IstioServer, ...], name: str) -> Iterator[OperatorPart]:
    sections = list(_sections(servers))
    listeners: Manifest = [_listener(section) for section in sections]
    spec: Manifest = {"gatewayClassName": "istio", "listeners": listeners}
    yield MadeManifest("Gateway", name, {"spec": spec}, _API)
    parents: list[Manifest] = [
        {"name": name, "sectionName": section.name}
        for section in sections
        if section.server.redirects
    ]
    if parents:
        redirect: Manifest = {"scheme": "https", "statusCode": 301}
        rule: Manifest = {
            "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]
        }
        route: Manifest = {"parentRefs": parents, "rules": [rule]}
        yield MadeManifest("HTTPRoute", f"{name}-https", {"spec": route}, _API)


def _listener(section: GatewaySection) -> Manifest:
    server = section.server
    tls: dict[str, Manifest] | None = None
    if server.tls_mode:
        credential: Manifest = [{"name": server.credential}] if server.credential else None
        tls = {
            "mode": "Passthrough" if server.tls_mode == "PASSTHROUGH" else "Terminate",
            "certificateRefs": credential,
        }
    return {
        "name": section.name,
        "port": server.port,
        "protocol": _PROTOCOLS.get(server.protocol, server.protocol),
        "hostname": section.host or None,
        "tls": tls,
    }


def _route_parts(
    spec: VirtualServiceSpec,
    service: KubeObject,
    gateways: Mapping[tuple[str, str], tuple[IstioServer, ...]],
) -> Iterator[OperatorPart]:
    parents: list[Manifest] = []
    for text in spec.gateways:
        if (text or _MESH) == _MESH:
            yield OperatorRemark("Calls within the mesh go straight to the services")
        else:
            parents += _parents(text, service.namespace, gateways)
    yield from _subset_parts(spec)
    # The first route that matches is taken, however exact another one is.
    rules: list[Manifest] = [
        {**_rule(route), "sourceOrder": len(spec.routes) - index}
        for index, route in enumerate(spec.routes)
    ]
    names: list[Manifest] = [host for host in spec.hosts if host and host != "*"]
    if parents and rules:
        route: Manifest = {
            "parentRefs": parents,
            "hostnames": names or None,
            "rules": rules,
        }
        yield MadeManifest("HTTPRoute", service.name, {"spec": route}, _API)


def _subset_parts(spec: VirtualServiceSpec) -> Iterator[OperatorPart]:
    """A Service for each subset of pods that some route leads to."""
    subsets = {
        destination.subset.name: destination.subset
        for route in spec.routes
        for destination in route.destinations
        if destination.subset
    }
    for subset in subsets.values():
        yield ReadAlong(subset.rule)
        pods: Manifest = {"selector": dict(subset.labels), "ports": subset.ports}
        yield MadeManifest("Service", subset.name, {"spec": pods})


def _parents(
    gateway: str,
    own_namespace: str,
    gateways: Mapping[tuple[str, str], tuple[IstioServer, ...]],
) -> Iterator[Manifest]:
    """The listeners of a Gateway on which the routes hang."""
    namespace, name = _gateway_key(gateway, own_namespace)
    parent: dict[str, Manifest] = {"name": name, "namespace": namespace}
    sections = list(_sections(gateways.get((namespace, name), ())))
    if not any(section.server.redirects for section in sections):
        yield parent
        return
    for section in sections:
        if not section.server.redirects:
            yield {**parent, "sectionName": section.name}


def _rule(route: IstioRoute) -> dict[str, Manifest]:
    matches = [_match(match) for match in route.matches]
    if not matches and route.new_path:
        matches.append(_EVERYTHING)
    targets = [_target(destination) for destination in route.destinations]
    return {
        "matches": matches or None,
        "filters": list(_filters(route)) or None,
        "backendRefs": targets or None,
    }


def _match(match: IstioMatch) -> Manifest:
    path: Manifest = None
    if match.path is not None:
        path = {"type": _PATHS.get(match.path.kind), "value": match.path.node}
    return {
        "path": path,
        "method": match.method,
        "headers": list(map(_condition, match.headers)) or None,
        "queryParams": list(map(_condition, match.parameters)) or None,
    }


def _condition(named: NamedMatch) -> Manifest:
    match = named.match
    if match.kind == "exact":
        return {"name": named.name, "type": "Exact", "value": match.node}
    pattern = f"{match.text}.*" if match.kind == "prefix" else match.text
    return {"name": named.name, "type": "RegularExpression", "value": pattern}


def _target(destination: IstioDestination) -> Manifest:
    """The Service of a destination: that of the host, or one for its subset."""
    subset = destination.subset
    return {
        "name": destination.name if subset is None else subset.name,
        "namespace": destination.namespace,
        "port": destination.port,
        "weight": destination.weight,
    }


def _filters(route: IstioRoute) -> Iterator[Manifest]:
    if route.new_path or route.new_authority:
        path: Manifest = {
            "type": "ReplacePrefixMatch",
            "replacePrefixMatch": route.new_path,
        }
        yield {
            "type": "URLRewrite",
            "urlRewrite": {
                "hostname": route.new_authority,
                "path": path if route.new_path else None,
            },
        }
    redirect = route.redirect
    if redirect is not None:
        whole: Manifest = {"type": "ReplaceFullPath", "replaceFullPath": redirect.path}
        yield {
            "type": "RequestRedirect",
            "requestRedirect": {
                "scheme": redirect.scheme,
                "hostname": redirect.authority,
                "path": whole if redirect.path else None,
                "statusCode": redirect.code or 301,
            },
        }
    for side, changes in route.headers.items():
        yield _header_filter(side, changes)


def _header_filter(side: str, changes: HeaderChanges) -> Manifest:
    modifier: dict[str, Manifest] = {
        action: [{"name": name, "value": node} for name, node in headers]
        for action, headers in changes.changed.items()
    }
    modifier["remove"] = changes.removed
    return {
        "type": f"{side.title()}HeaderModifier",
        f"{side}HeaderModifier": modifier,
    }
