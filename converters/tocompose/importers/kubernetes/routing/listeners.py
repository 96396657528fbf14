"""Gateways: the ports on which they listen, and which of them a route hangs on.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.routing.credentials import (
    awaited_certificate,
    held_certificate,
)
from tocompose.importers.kubernetes.routing.gateway_fields import (
    CertificateReference,
    Gateway,
    ListenerFields,
)
from tocompose.importers.kubernetes.routing.route_fields import Route, RouteParent
from tocompose.importers.kubernetes.routing.site import (
    RouteSite,
    RoutingModel,
    route_site,
)
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import SECURE, WEB
from tocompose.traefik.proxy_parts import (
    ProxyPart,
    ReplacedController,
    WantedEntryPoint,
)

_USUAL_ENTRYPOINTS = {(80, "tcp"): WEB, (443, "tcp"): SECURE}
# Which routes may hang on a listener of a protocol.
_CARRIES = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}


class Listener(NamedTuple):
    """One listener of a Gateway; `entrypoint` is its name in the proxy. Both are None for one that is assumed."""

    gateway: Gateway | None
    fields: ListenerFields | None
    name: str
    protocol: str
    port: int
    hostname: str
    passthrough: bool
    entrypoint: str

    @property
    def secure(self) -> bool:
        """Whether the proxy ends TLS here."""
        return self.protocol in ("HTTPS", "TLS") and not self.passthrough

    @property
    def identity(self) -> Cursor | str:
        """What is the same for two of one Gateway, and for two that are assumed alike."""
        return self.fields.cursor if self.fields else self.entrypoint

    @property
    def transport(self) -> str:
        """What its port carries."""
        return "udp" if self.protocol == "UDP" else "tcp"


def listener_parts(listener: Listener, model: RoutingModel) -> Iterator[ProxyPart]:
    """The entry point and the certificates of a listener, which counts as mapped."""
    fields, gateway = listener.fields, listener.gateway
    origin = fields.cursor.span if fields else None
    yield WantedEntryPoint(listener.entrypoint, listener.port, listener.transport, origin)
    if fields is None or gateway is None:
        return
    command = model.proxy_path("command")
    for stated_field in (fields.name, fields.port, fields.protocol):
        stated_field.take(command)
    fields.hostname.take(command)
    fields.tls_mode.take(command)
    site = route_site(model, gateway.kube_object)
    for reference in fields.certificates:
        yield from _listener_certificate(reference, site)


def _listener_certificate(
    reference: CertificateReference, site: RouteSite
) -> Iterator[ProxyPart]:
    model, cursor, name = site.model, reference.cursor, reference.name.text or ""
    namespace = reference.namespace.text or site.namespace
    held = held_certificate(model, namespace, name, cursor.span)
    yield from held.files
    if held.certificate:
        cursor.map(to=model.proxy_path("secrets"))
        yield held.certificate
        return
    cursor.map(to=model.proxy_path("command"))
    if awaited := awaited_certificate(reference.name, site, name):
        yield awaited
        return
    cursor.annotate(
        "TC286",
        subject=model.proxy_path(),
        route=f"Gateway {site.name}",
        why=f"the manifests do not hold Secret {name}",
    )


class GatewayListeners(NamedTuple):
    """The listeners of each Gateway of the input, by its namespace and name."""

    by_gateway: Mapping[tuple[str, str], tuple[Listener, ...]]

    def of_route(self, route: Route) -> tuple[Listener, ...]:
        """The listeners that a route hangs on; the usual one where its Gateway is not in the manifests."""
        listeners = [
            listener
            for parent in _gateway_parents(route)
            for listener in self._of_parent(parent, route)
        ]
        if listeners or self.by_gateway:
            return tuple(_without_repeats(listeners))
        return (_assumed_listener(route),)

    def _of_parent(self, parent: RouteParent, route: Route) -> Iterable[Listener]:
        listeners = self.by_gateway.get(_gateway_key(parent, route))
        if listeners is None:
            return (_assumed_listener(route),)
        section, port = parent.section.text, parent.port.text
        return (
            listener
            for listener in listeners
            if section in (None, listener.name)
            and port in (None, str(listener.port))
            and route.kube_object.kind in _CARRIES.get(listener.protocol, ())
        )


def place_listeners(gateways: Mapping[tuple[str, str], Gateway]) -> GatewayListeners:
    """The listeners of Gateways, each with an entry point in the proxy: two of one name are told apart by their
    ports."""
    ports: dict[str, tuple[int, str]] = {}
    by_gateway: dict[tuple[str, str], tuple[Listener, ...]] = {}
    for gateway_key, gateway in gateways.items():
        placed_listeners: list[Listener] = []
        for fields in gateway.listeners:
            _check_listener(fields)
            listener = _place_listener(fields, gateway, ports)
            ports[listener.entrypoint] = (listener.port, listener.transport)
            placed_listeners.append(listener)
        by_gateway[gateway_key] = tuple(placed_listeners)
    return GatewayListeners(by_gateway)


def _place_listener(
    fields: ListenerFields, gateway: Gateway, ports: Mapping[str, tuple[int, str]]
) -> Listener:
    """The listener that fields describe; `ports` are those of the entry points before it."""
    listener = Listener(
        gateway,
        fields,
        name=fields.name.text or "",
        protocol=fields.protocol_text,
        port=fields.port_number,
        hostname=fields.hostname.text or "",
        passthrough=fields.tls_mode.text == "Passthrough",
        entrypoint="",
    )
    own_port = (listener.port, listener.transport)
    entrypoint = _USUAL_ENTRYPOINTS.get(own_port) or identifier(listener.name, "port")
    if ports.get(entrypoint, own_port) != own_port:
        entrypoint = f"{entrypoint}-{listener.port}"
    return listener._replace(entrypoint=entrypoint)


def _assumed_listener(route: Route) -> Listener:
    """The listener of a Gateway that somebody else wrote: the usual port, or that of the backend."""
    kind, name = route.kube_object.kind, identifier(route.kube_object.name)
    if kind in _CARRIES["HTTP"]:
        return Listener(None, None, "", "HTTP", 80, "", False, WEB)
    if kind == "TLSRoute":
        return Listener(None, None, "", "TLS", 443, "", True, SECURE)
    backends = route.rules[0].backends if route.rules else ()
    port = integer((backends[0].port.text if backends else None) or "") or 9000
    protocol = "UDP" if kind == "UDPRoute" else "TCP"
    return Listener(None, None, "", protocol, port, "", False, name)


def settle_gateway(
    gateway: Gateway, opened: Collection[Cursor | str], model: RoutingModel
) -> Iterator[ProxyPart]:
    """The class of a Gateway that routes use, which counts as mapped; says which of its listeners are not `opened`."""
    command = model.proxy_path("command")
    gateway.kube_object.count_identity_as_mapped(command)
    for fields in gateway.listeners:
        if fields.cursor not in opened:
            title = f"{gateway.kube_object}, listener {fields.name.text}"
            note_unused(fields.cursor, title)
    if class_name := gateway.class_name.take(command):
        yield ReplacedController(class_name)


def _without_repeats(listeners: Iterable[Listener]) -> Iterable[Listener]:
    """The listeners, each once; that of a Gateway which is not in the input is the same for all of them."""
    return {
        (_gateway_of(listener), listener.name, listener.hostname): listener
        for listener in listeners
    }.values()


def _gateway_of(listener: Listener) -> KubeObject | None:
    return listener.gateway.kube_object if listener.gateway else None


def parent_gateways(route: Route) -> Iterator[tuple[str, str]]:
    """The namespace and name of each Gateway that a route hangs on."""
    for parent in _gateway_parents(route):
        yield _gateway_key(parent, route)


def _gateway_parents(route: Route) -> Iterator[RouteParent]:
    for parent in route.parents:
        if parent.kind.text in (None, "Gateway"):
            yield parent


def _gateway_key(parent: RouteParent, route: Route) -> tuple[str, str]:
    """The namespace and name of the Gateway that a route hangs on."""
    return parent.namespace.text or route.kube_object.namespace, parent.name.text or ""


def note_unused(cursor: Cursor, route: str) -> None:
    """Says of a Gateway or of a listener that no route uses it."""
    cursor.note("TC282", route=route, why="no route of the manifests hangs on it")


def _check_listener(fields: ListenerFields) -> None:
    for key, stated_field in (("port", fields.port), ("protocol", fields.protocol)):
        if stated_field.text is None:
            shape = f"a list of listeners with a {key} each"
            fields.cursor.annotate("TC209", field="listeners", expected=shape)
    check_expected(fields.protocol, *_CARRIES)
    check_expected(fields.tls_mode, "Terminate", "Passthrough")


def shared_hosts(listener: Listener, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The hosts of a route that its listener takes; None when it takes none of them."""
    if not listener.hostname:
        return names
    if not names:
        return (listener.hostname,)
    hosts = tuple(host for name in names if (host := common_host(listener.hostname, name)))
    return hosts or None


def common_host(first_host: str, second_host: str) -> str:
    """The narrower of two host names, each possibly with `*.`; empty when they have nothing in common."""
    for wide, narrow in ((first_host, second_host), (second_host, first_host)):
        if wide == narrow or (wide.startswith("*.") and narrow.endswith(wide[1:])):
            return narrow
    return ""


def take_parents(route: Route, to: ModelPath) -> None:
    """Counts the references of a route to its Gateways as mapped."""
    for parent in route.parents:
        for parent_field in parent:
            parent_field.take(to)
