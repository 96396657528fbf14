"""Routes as the manifests state them: Ingress, the routes of Gateway API and Traefik's own, decoded into one record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject, KubeObjects
from tocompose.importers.kubernetes.routing.annotation_fields import (
    StatedAnnotations,
    decode_annotations,
)
from tocompose.importers.kubernetes.routing.filter_fields import (
    RouteFilter,
    decode_filters,
)
from tocompose.importers.kubernetes.routing.middleware_fields import (
    MiddlewareReference,
    decode_references,
)
from tocompose.importers.kubernetes.scalars import (
    Stated,
    list_entries,
    stated,
    stated_entries,
    stated_map,
)
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple
from tocompose.source import Span

CLASS_ANNOTATION = "kubernetes.io/ingress.class"


class RouteBackend(NamedTuple):
    """What a rule leads to; `second_port` is the name of the port where an Ingress gives its number as well, `resource`
    what it names instead of a Service, `service` the Service in the form of networking.k8s.io/v1.

    What follows `weight` is Traefik's own: how its servers are spoken to, and what keeps a client at one of them.
    """

    cursor: Cursor
    group: Stated
    kind: Stated
    namespace: Stated
    name: Stated
    port: Stated
    weight: Stated
    scheme: Stated
    transport: Stated
    passes_host: Stated
    cookie: Cursor
    cookie_options: Mapping[str, Stated]
    resource: Cursor
    service: Cursor
    second_port: Stated | None = None

    @property
    def identity(self) -> tuple[Stated, ...]:
        """The fields that say which Service is meant."""
        return (self.group, self.kind, self.name, self.namespace, self.port)


class RouteCondition(NamedTuple):
    """What a match asks of one header or parameter."""

    cursor: Cursor
    kind: Stated
    name: Stated
    value: Stated


class RouteMatch(NamedTuple):
    """What a rule asks of a request; `service` and `method_kind` are of calls of gRPC, `rule_text` is in Traefik's own
    language."""

    cursor: Cursor
    path_cursor: Cursor
    path: Stated
    path_kind: Stated
    method_cursor: Cursor
    method: Stated
    method_kind: Stated
    service: Stated
    headers: tuple[RouteCondition, ...]
    parameters: tuple[RouteCondition, ...]
    rule_text: Stated


class RouteRule(NamedTuple):
    """One rule of a route: any of the matches may hold. A path of an Ingress is one, beside others of its `entry`.

    `source_order` is the higher the earlier the rule is asked, where the source asks one after the other.
    """

    cursor: Cursor
    entry: Cursor
    host: Stated
    matches: tuple[RouteMatch, ...]
    backends: tuple[RouteBackend, ...]
    filters: tuple[RouteFilter, ...]
    session_kind: Stated
    session_name: Stated
    session: Cursor
    kind: Stated
    priority: Stated
    source_order: Stated
    middlewares_at: Cursor
    middlewares: tuple[MiddlewareReference, ...] = ()


class RouteParent(NamedTuple):
    """The Gateway that a route hangs on."""

    group: Stated
    kind: Stated
    namespace: Stated
    name: Stated
    section: Stated
    port: Stated


class RouteDomain(NamedTuple):
    """A certificate's host, and the other hosts that it names."""

    main: Stated
    alternatives: tuple[Stated, ...]


class RouteTls(NamedTuple):
    """Hosts that are served over TLS, with what their certificate comes from."""

    cursor: Cursor
    hosts: tuple[Stated, ...]
    secret: Stated
    resolver: Stated
    passthrough: Stated
    domains: tuple[RouteDomain, ...]


class Route(NamedTuple):
    """A route as its object states it; `default_backend` takes what no rule of an Ingress matches."""

    kube_object: KubeObject
    annotations: StatedAnnotations
    class_name: Stated
    hostnames: tuple[Stated, ...]
    entrypoints: tuple[Stated, ...]
    parents: tuple[RouteParent, ...]
    rules: tuple[RouteRule, ...]
    tls: tuple[RouteTls, ...]
    default_backend: RouteBackend

    @property
    def host_names(self) -> tuple[str, ...]:
        """The hosts that it names."""
        return tuple(hostname.text for hostname in self.hostnames if hostname.text)

    @property
    def span(self) -> Span:
        """Where its object begins."""
        return self.kube_object.span


def decode_ingress(ingress: KubeObject) -> Route:
    """The route of an Ingress: a rule for each path, in the form of networking.k8s.io/v1 or of the beta versions."""
    spec = ingress.at("spec")
    default_backend = _ingress_backend(spec.at("defaultBackend") or spec.at("backend"))
    annotations = decode_annotations(ingress)
    return Route(
        ingress,
        annotations,
        class_name=_class_name(spec, annotations),
        hostnames=(),
        entrypoints=(),
        parents=(),
        rules=tuple(_ingress_rules(spec.at("rules"), default_backend)),
        tls=tuple(map(_decode_tls, list_entries(spec.at("tls")))),
        default_backend=default_backend,
    )


def decode_controllers(objects: KubeObjects) -> Mapping[str, str | None]:
    """The controller that each IngressClass names, by the name of the class."""
    return {
        ingress_class.name: stated(ingress_class.at("spec"), "controller").text
        for ingress_class in reversed(objects.of_kind("IngressClass"))
    }


def _class_name(spec: Cursor, annotations: StatedAnnotations) -> Stated:
    """Its field, else the annotation that came before it."""
    class_name = stated(spec, "ingressClassName")
    annotation = annotations.stated(CLASS_ANNOTATION)
    return annotation if class_name.text is None and annotation.cursor else class_name


def _ingress_rules(cursor: Cursor, default_backend: RouteBackend) -> Iterator[RouteRule]:
    for entry in list_entries(cursor):
        paths = list(list_entries(entry.at("http", "paths")))
        for path in paths:
            backend = _ingress_backend(path.at("backend"))
            yield _build_rule(path, entry, (_ingress_match(path),), (backend,))
        if not paths:
            yield _build_rule(entry, entry, (), (default_backend,))


def _ingress_backend(cursor: Cursor) -> RouteBackend:
    """A backend with its Service and port; the kind is said of a resource alone."""
    service = cursor.at("service")
    number, port_name = (
        stated(service.at("port"), "number"),
        stated(service.at("port"), "name"),
    )
    backend = _decode_backend(service)
    port = number if number.cursor else port_name
    return backend._replace(
        cursor=cursor,
        resource=cursor.at("resource"),
        service=service,
        name=backend.name if backend.name.cursor else stated(cursor, "serviceName"),
        port=port if port.cursor else stated(cursor, "servicePort"),
        second_port=port_name if number.cursor and port_name.cursor else None,
    )


def decode_gateway_route(route_object: KubeObject) -> Route:
    """The route of an object of Gateway API."""
    spec = route_object.at("spec")
    return Route(
        route_object,
        decode_annotations(route_object),
        class_name=stated(spec, "ingressClassName"),
        hostnames=stated_entries(spec, "hostnames"),
        entrypoints=(),
        parents=tuple(map(_decode_parent, list_entries(spec.at("parentRefs")))),
        rules=tuple(map(_gateway_rule, list_entries(spec.at("rules")))),
        tls=(),
        default_backend=_decode_backend(spec.at("defaultBackend")),
    )


def _gateway_rule(cursor: Cursor) -> RouteRule:
    matches = tuple(map(_gateway_match, list_entries(cursor.at("matches"))))
    backends = tuple(map(_decode_backend, list_entries(cursor.at("backendRefs"))))
    return _build_rule(cursor, cursor, matches, backends)


def decode_traefik_route(route_object: KubeObject) -> Route:
    """The route of an IngressRoute, an IngressRouteTCP or an IngressRouteUDP."""
    spec = route_object.at("spec")
    return Route(
        route_object,
        decode_annotations(route_object),
        class_name=stated(spec, "ingressClassName"),
        hostnames=(),
        entrypoints=stated_entries(spec, "entryPoints"),
        parents=(),
        rules=tuple(map(_traefik_rule, list_entries(spec.at("routes")))),
        tls=(_decode_tls(spec.at("tls")),) if spec.at("tls") else (),
        default_backend=_decode_backend(spec.at("defaultBackend")),
    )


def _traefik_rule(cursor: Cursor) -> RouteRule:
    backends = tuple(map(_decode_backend, list_entries(cursor.at("services"))))
    match = _build_match(cursor, stated(cursor, "path"), stated(cursor, "pathType"))
    rule = _build_rule(cursor, cursor, (match,), backends)
    return rule._replace(middlewares=decode_references(rule.middlewares_at))


def _build_rule(
    cursor: Cursor,
    entry: Cursor,
    matches: tuple[RouteMatch, ...],
    backends: tuple[RouteBackend, ...],
) -> RouteRule:
    session = cursor.at("sessionPersistence")
    return RouteRule(
        cursor,
        entry,
        host=stated(entry, "host"),
        matches=matches,
        backends=backends,
        filters=decode_filters(cursor.at("filters")),
        session_kind=stated(session, "type"),
        session_name=stated(session, "sessionName"),
        session=session,
        kind=stated(cursor, "kind"),
        priority=stated(cursor, "priority"),
        source_order=stated(cursor, "sourceOrder"),
        middlewares_at=cursor.at("middlewares"),
    )


def _ingress_match(cursor: Cursor) -> RouteMatch:
    return _build_match(cursor, stated(cursor, "path"), stated(cursor, "pathType"))


def _gateway_match(cursor: Cursor) -> RouteMatch:
    path = cursor.at("path")
    return _build_match(cursor, stated(path, "value"), stated(path, "type"))


def _build_match(cursor: Cursor, path: Stated, path_kind: Stated) -> RouteMatch:
    """A match of which only the path is written in several ways, and the method of a call as a map."""
    method = cursor.at("method")
    return RouteMatch(
        cursor,
        path_cursor=cursor.at("path"),
        path=path,
        path_kind=path_kind,
        method_cursor=method,
        method=stated(method, "method")
        if method.kind == "map"
        else stated(cursor, "method"),
        method_kind=stated(method, "type"),
        service=stated(method, "service"),
        headers=_decode_conditions(cursor.at("headers")),
        parameters=_decode_conditions(cursor.at("queryParams")),
        rule_text=stated(cursor, "match"),
    )


def _decode_conditions(cursor: Cursor) -> tuple[RouteCondition, ...]:
    return tuple(
        RouteCondition(
            condition,
            kind=stated(condition, "type"),
            name=stated(condition, "name"),
            value=stated(condition, "value"),
        )
        for condition in list_entries(cursor)
    )


def _decode_backend(cursor: Cursor) -> RouteBackend:
    return RouteBackend(
        cursor,
        group=stated(cursor, "group"),
        kind=stated(cursor, "kind"),
        namespace=stated(cursor, "namespace"),
        name=stated(cursor, "name"),
        port=stated(cursor, "port"),
        weight=stated(cursor, "weight"),
        scheme=stated(cursor, "scheme"),
        transport=stated(cursor, "serversTransport"),
        passes_host=stated(cursor, "passHostHeader"),
        cookie=cursor.at("sticky", "cookie"),
        cookie_options=stated_map(cursor.at("sticky"), "cookie"),
        resource=cursor.at("resource"),
        service=cursor.at("service"),
    )


def _decode_parent(cursor: Cursor) -> RouteParent:
    return RouteParent(
        group=stated(cursor, "group"),
        kind=stated(cursor, "kind"),
        namespace=stated(cursor, "namespace"),
        name=stated(cursor, "name"),
        section=stated(cursor, "sectionName"),
        port=stated(cursor, "port"),
    )


def _decode_tls(cursor: Cursor) -> RouteTls:
    return RouteTls(
        cursor,
        hosts=stated_entries(cursor, "hosts"),
        secret=stated(cursor, "secretName"),
        resolver=stated(cursor, "certResolver"),
        passthrough=stated(cursor, "passthrough"),
        domains=tuple(
            RouteDomain(stated(domain, "main"), stated_entries(domain, "sans"))
            for domain in list_entries(cursor.at("domains"))
        ),
    )
