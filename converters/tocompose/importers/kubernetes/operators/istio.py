"""Gateway and VirtualService of Istio, as the objects of Gateway API that say the same.

https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.operators.manifests import (
    SERVICES,
    Manifest,
    OperatorRequest,
)
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    string_map,
    take_scalar,
)
from tocompose.ledger import Cursor

_API = "gateway.networking.k8s.io/v1"
_ISTIO = "networking.istio.io"
_MESH = "mesh"
_PATHS = {"exact": "Exact", "prefix": "PathPrefix", "regex": "RegularExpression"}
_PROTOCOLS = {"HTTP2": "HTTP", "GRPC": "HTTP", "GRPC-WEB": "HTTP"}


class _GatewayPort(NamedTuple):
    """One listener of a Gateway: a port for one host; `redirects` says that it only sends to https."""

    name: str
    server: Cursor
    host: str
    redirects: bool


def answer(request: OperatorRequest) -> None:
    """Makes the objects of Gateway API."""
    if request.kube_object.title == "Gateway":
        _answer_gateway(request)
    else:
        _answer_virtual_service(request)


def _sections(gateway: KubeObject) -> Iterator[_GatewayPort]:
    for number, server in enumerate(list_entries(gateway.at("spec", "servers"))):
        redirects = peek_text(server.at("tls", "httpsRedirect")) == "true"
        for position, host in enumerate(list_entries(server.at("hosts"))):
            name = f"{peek_text(server.at('port', 'name')) or 'port'}-{number}-{position}"
            text = (peek_text(host) or "*").rpartition("/")[2]
            yield _GatewayPort(name, server, "" if text == "*" else text, redirects)


def _answer_gateway(request: OperatorRequest) -> None:
    sections = list(_sections(request.kube_object))
    if not sections:
        return
    for server in list_entries(request.at("spec", "servers")):
        for host in list_entries(server.at("hosts")):
            take_scalar(host, SERVICES)
        for path in (("port", "protocol"), ("tls", "httpsRedirect")):
            take_scalar(server.at(*path), SERVICES)
        server.at("port", "name").skip("nothing refers to the name of the port")
    request.at("spec", "selector").skip("the proxy takes the place of the gateway's pods")
    listeners = [_listener(section) for section in sections]
    spec: Manifest = {"gatewayClassName": "istio", "listeners": listeners}
    request.add("Gateway", request.name, api_version=_API, spec=spec)
    redirecting = [section for section in sections if section.redirects]
    if redirecting:
        parents: list[Manifest] = [
            {"name": request.name, "sectionName": section.name} for section in redirecting
        ]
        redirect: Manifest = {"scheme": "https", "statusCode": 301}
        rule: Manifest = {
            "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]
        }
        request.add(
            "HTTPRoute",
            f"{request.name}-https",
            api_version=_API,
            spec={"parentRefs": parents, "rules": [rule]},
        )


def _listener(section: _GatewayPort) -> Manifest:
    server = section.server
    protocol = (peek_text(server.at("port", "protocol")) or "HTTP").upper()
    mode = (take_scalar(server.at("tls", "mode"), SERVICES) or "").upper()
    credential = server.at("tls", "credentialName")
    tls: dict[str, Manifest] | None = None
    if mode:
        tls = {
            "mode": "Passthrough" if mode == "PASSTHROUGH" else "Terminate",
            "certificateRefs": [{"name": credential}] if credential else None,
        }
    return {
        "name": section.name,
        "port": server.at("port", "number"),
        "protocol": _PROTOCOLS.get(protocol, protocol),
        "hostname": section.host or None,
        "tls": tls,
    }


def _answer_virtual_service(request: OperatorRequest) -> None:
    parents = list(_parents(request))
    rules = [_rule(route, request) for route in list_entries(request.at("spec", "http"))]
    if not parents or not rules:
        return
    hosts = [
        take_scalar(host, SERVICES) for host in list_entries(request.at("spec", "hosts"))
    ]
    names: list[Manifest] = [host for host in hosts if host and host != "*"]
    request.add(
        "HTTPRoute",
        request.name,
        api_version=_API,
        spec={"parentRefs": parents, "hostnames": names or None, "rules": rules},
    )


def _parents(request: OperatorRequest) -> Iterator[Manifest]:
    """The listeners on which the routes hang; none where they are for the mesh alone."""
    for reference in list_entries(request.at("spec", "gateways")):
        text = take_scalar(reference, SERVICES) or _MESH
        if text == _MESH:
            request.remarks.append("calls within the mesh go straight to the services")
            continue
        namespace, _, name = text.rpartition("/")
        namespace = namespace or request.namespace
        parent: dict[str, Manifest] = {"name": name, "namespace": namespace}
        gateway = request.objects.get(f"Gateway.{_ISTIO}", namespace, name)
        sections = list(_sections(gateway)) if gateway else []
        if not any(section.redirects for section in sections):
            yield parent
            continue
        for section in sections:
            if not section.redirects:
                yield {**parent, "sectionName": section.name}


def _rule(route: Cursor, request: OperatorRequest) -> Manifest:
    matches = [_match(match) for match in list_entries(route.at("match"))]
    targets = [
        target
        for destination in list_entries(route.at("route"))
        if (target := _target(destination, request))
    ]
    return {
        "matches": matches or None,
        "filters": list(_filters(route)) or None,
        "backendRefs": targets or None,
    }


def _match(match: Cursor) -> Manifest:
    path: Manifest = None
    for condition in match.at("uri"):
        path = {"type": _PATHS.get(condition.key), "value": condition}
    headers: list[Manifest] = [
        {"name": header.key, **_text_condition(condition)}
        for header in match.at("headers")
        for condition in header
    ]
    queries: list[Manifest] = [
        {"name": query.key, **_text_condition(condition)}
        for query in match.at("queryParams")
        for condition in query
    ]
    return {
        "path": path,
        "method": match.at("method", "exact"),
        "headers": headers or None,
        "queryParams": queries or None,
    }


def _text_condition(condition: Cursor) -> dict[str, Manifest]:
    if condition.key == "exact":
        return {"type": "Exact", "value": condition}
    text = take_scalar(condition, SERVICES) or ""
    pattern = f"{text}.*" if condition.key == "prefix" else text
    return {"type": "RegularExpression", "value": pattern}


def _target(destination: Cursor, request: OperatorRequest) -> Manifest:
    """The Service of a destination: that of the host, or one for its subset."""
    host = take_scalar(destination.at("destination", "host"), SERVICES) or ""
    name, _, rest = host.partition(".")
    namespace = rest.partition(".")[0] or request.namespace
    service = request.objects.get("Service", namespace, name)
    subset = take_scalar(destination.at("destination", "subset"), SERVICES)
    if subset and service is not None:
        name = _subset_service(service, host, subset, request) or name
    port: Manifest = destination.at("destination", "port", "number")
    if not port and service is not None:
        port = peek_text(service.at("spec", "ports", 0, "port"))
    return {
        "name": name,
        "namespace": namespace,
        "port": int(port) if isinstance(port, str) else port,
        "weight": destination.at("weight"),
    }


def _subset_service(
    service: KubeObject, host: str, subset: str, request: OperatorRequest
) -> str | None:
    """The name of a Service for the pods of a subset, which a DestinationRule describes by labels."""
    for rule in request.objects.of_kind(f"DestinationRule.{_ISTIO}"):
        rule_host = peek_text(rule.at("spec", "host")) or ""
        if rule_host.partition(".")[0] != host.partition(".")[0]:
            continue
        for entry in list_entries(rule.at("spec", "subsets")):
            if peek_text(entry.at("name")) != subset:
                continue
            entry.map(to=SERVICES)
            rule.at("spec", "host").take(to=SERVICES)
            if rule not in request.also:
                request.also.append(rule)
            labels = {
                **string_map(service.at("spec", "selector")),
                **string_map(entry.at("labels")),
            }
            name = f"{service.name}-{subset}"
            ports = service.at("spec", "ports")
            request.add("Service", name, spec={"selector": labels, "ports": ports})
            return name
    return None


def _filters(route: Cursor) -> Iterator[Manifest]:
    rewrite = route.at("rewrite", "uri")
    host = route.at("rewrite", "authority")
    if rewrite or host:
        path: Manifest = {"type": "ReplacePrefixMatch", "replacePrefixMatch": rewrite}
        yield {
            "type": "URLRewrite",
            "urlRewrite": {"hostname": host, "path": path if rewrite else None},
        }
    redirect = route.at("redirect")
    if redirect:
        whole: Manifest = {"type": "ReplaceFullPath", "replaceFullPath": redirect.at("uri")}
        yield {
            "type": "RequestRedirect",
            "requestRedirect": {
                "scheme": redirect.at("scheme"),
                "hostname": redirect.at("authority"),
                "path": whole if redirect.at("uri") else None,
                "statusCode": redirect.at("redirectCode") or 301,
            },
        }
    for section, name in (("request", "Request"), ("response", "Response")):
        headers = route.at("headers", section)
        if headers:
            yield _header_filter(headers, name)


def _header_filter(headers: Cursor, name: str) -> Manifest:
    changes: dict[str, Manifest] = {
        action: [{"name": header.key, "value": header} for header in headers.at(action)]
        for action in ("set", "add")
        if headers.at(action)
    }
    changes["remove"] = headers.at("remove")
    section = f"{name[0].lower()}{name[1:]}HeaderModifier"
    return {"type": f"{name}HeaderModifier", section: changes}
