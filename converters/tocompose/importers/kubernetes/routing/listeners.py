"""Gateways: the ports on which they listen, and which of them a route hangs on.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.routing.credentials import (
    await_certificate,
    give_certificate,
)
from tocompose.importers.kubernetes.routing.gateway_fields import (
    CertificateReference,
    ListenerFields,
    decode_gateway,
)
from tocompose.importers.kubernetes.routing.route_fields import Route, RouteParent
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import SECURE, WEB
from tocompose.traefik.proxy_builder import ProxyBuilder

# Which routes may hang on a listener of a protocol.
_CARRIES = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}


class Listener(NamedTuple):
    """One listener of a Gateway; `entrypoint` is its name in the proxy. `fields` is None for one that is assumed."""

    gateway: str
    namespace: str
    name: str
    protocol: str
    port: int
    hostname: str
    passthrough: bool
    entrypoint: str
    fields: ListenerFields | None
    site: RouteSite

    @property
    def secure(self) -> bool:
        """Whether the proxy ends TLS here."""
        return self.protocol in ("HTTPS", "TLS") and not self.passthrough

    def open_entrypoints(self) -> None:
        """Opens the entry point, gives the proxy its certificates, and counts the listener as mapped."""
        proxy, fields = self.site.proxy, self.fields
        origin = fields.cursor.span if fields else None
        protocol = "udp" if self.protocol == "UDP" else "tcp"
        proxy.listen_on(self.entrypoint, self.port, protocol, origin)
        if fields is not None:
            command = ModelPath.service(proxy.name, "command")
            for stated_field in (fields.name, fields.port, fields.protocol):
                stated_field.take(command)
            fields.hostname.take(command)
            fields.tls_mode.take(command)
            for reference in fields.certificates:
                _give_certificate(reference, self.site)


def _give_certificate(reference: CertificateReference, site: RouteSite) -> None:
    name = reference.name.text or ""
    namespace, cursor = reference.namespace.text or site.namespace, reference.cursor
    if give_certificate(site.model, site.proxy, namespace, name, cursor):
        cursor.map(to=ModelPath.service(site.proxy.name, "secrets"))
        return
    cursor.map(to=ModelPath.service(site.proxy.name, "command"))
    if await_certificate(reference.name.cursor, site, name, None, ()):
        return
    why = f"the manifests do not hold Secret {name}"
    cursor.annotate(
        "TC286",
        subject=ModelPath.service(site.proxy.name),
        route=f"Gateway {site.name}",
        why=why,
    )


class Listeners:
    """The listeners of all Gateways of the input."""

    def __init__(self, world: ClusterModel, proxy: ProxyBuilder) -> None:
        self._world, self._proxy = world, proxy
        self.gateways = {
            (gateway.namespace, gateway.name): decode_gateway(gateway)
            for gateway in world.objects.of_kind("Gateway")
        }
        self._all: dict[tuple[str, str], list[Listener]] = {}
        self.used: dict[KubeObject, None] = {}
        ports: dict[str, tuple[int, str]] = {}
        for gateway_key, gateway in self.gateways.items():
            site = RouteSite(world, proxy, *gateway_key)
            self._all[gateway_key] = [
                _place_listener(fields, site, ports) for fields in gateway.listeners
            ]

    def takes(self, route: Route) -> bool:
        """Whether any listener takes a host of the route; counts no Gateway as used."""
        names = route.host_names
        listeners = self._hangs_on(route)
        return any(shared_hosts(listener, names) is not None for listener in listeners)

    def of_route(self, route: Route) -> list[Listener]:
        """The listeners that a route hangs on; the usual one where its Gateway is not in the manifests."""
        for parent in _gateway_parents(route):
            gateway = self.gateways.get(_gateway_key(parent, route))
            if gateway is not None:
                self.used[gateway.kube_object] = None
        return self._hangs_on(route)

    def _hangs_on(self, route: Route) -> list[Listener]:
        listeners = [
            listener
            for parent in _gateway_parents(route)
            for listener in self._parent(parent, route)
        ]
        if listeners or self.gateways:
            return list(_without_repeats(listeners))
        return [self._assumed(route)]

    def _parent(self, parent: RouteParent, route: Route) -> list[Listener]:
        gateway_key = _gateway_key(parent, route)
        if gateway_key not in self.gateways:
            return [self._assumed(route)]
        section, port = parent.section.text, parent.port.text
        return [
            listener
            for listener in self._all[gateway_key]
            if section in (None, listener.name)
            and port in (None, str(listener.port))
            and route.kube_object.kind in _CARRIES.get(listener.protocol, ())
        ]

    def _assumed(self, route: Route) -> Listener:
        """The listener of a Gateway that somebody else wrote: the usual port, or that of the backend."""
        kind, name = route.kube_object.kind, route.kube_object.name
        site = RouteSite(self._world, self._proxy, route.kube_object.namespace, name)
        if kind in _CARRIES["HTTP"]:
            return Listener("", "", "", "HTTP", 80, "", False, WEB, None, site)
        if kind == "TLSRoute":
            return Listener("", "", "", "TLS", 443, "", True, SECURE, None, site)
        backends = route.rules[0].backends if route.rules else ()
        port = integer((backends[0].port.text if backends else None) or "") or 9000
        protocol = "UDP" if kind == "UDPRoute" else "TCP"
        return Listener("", "", "", protocol, port, "", False, identifier(name), None, site)

    def settle(self) -> None:
        """Counts what makes up the Gateways as mapped; says which ones no route uses."""
        command = ModelPath.service(self._proxy.name, "command")
        for gateway in self.gateways.values():
            gateway_object = gateway.kube_object
            if gateway_object not in self.used or not self._proxy.entrypoints:
                _note_unused(gateway_object.cursor, str(gateway_object))
                continue
            gateway_object.count_identity_as_mapped(command)
            for fields in gateway.listeners:
                if fields.is_unread:
                    name = fields.name.text
                    _note_unused(fields.cursor, f"{gateway_object}, listener {name}")
            if name := gateway.class_name.take(command):
                self._proxy.add_class(name)


def _without_repeats(listeners: Iterable[Listener]) -> Iterable[Listener]:
    """The listeners, each once; that of a Gateway which is not in the input is the same for all of them."""
    return {
        (listener.namespace, listener.gateway, listener.name, listener.hostname): listener
        for listener in listeners
    }.values()


def _gateway_parents(route: Route) -> Iterator[RouteParent]:
    for parent in route.parents:
        if parent.kind.text in (None, "Gateway"):
            yield parent


def _gateway_key(parent: RouteParent, route: Route) -> tuple[str, str]:
    """The namespace and name of the Gateway that a route hangs on."""
    return parent.namespace.text or route.kube_object.namespace, parent.name.text or ""


def _note_unused(cursor: Cursor, route: str) -> None:
    cursor.note("TC282", route=route, why="no route of the manifests hangs on it")


def _check_listener(fields: ListenerFields) -> None:
    for key, stated_field in (("port", fields.port), ("protocol", fields.protocol)):
        if stated_field.text is None:
            shape = f"a list of listeners with a {key} each"
            fields.cursor.annotate("TC209", field="listeners", expected=shape)
    check_expected(fields.protocol.cursor, *_CARRIES)
    check_expected(fields.tls_mode.cursor, "Terminate", "Passthrough")


def _place_listener(
    fields: ListenerFields, site: RouteSite, ports: dict[str, tuple[int, str]]
) -> Listener:
    """The listener with its entry point in the proxy: two of one name are told apart by their ports."""
    _check_listener(fields)
    port, name = fields.port_number, fields.name.text or ""
    transport = "udp" if fields.protocol_text == "UDP" else "tcp"
    usual_entrypoints = {("tcp", 80): WEB, ("tcp", 443): SECURE}
    entrypoint = usual_entrypoints.get((transport, port)) or identifier(name, "port")
    if ports.setdefault(entrypoint, (port, transport)) != (port, transport):
        entrypoint = f"{entrypoint}-{port}"
        ports[entrypoint] = (port, transport)
    return Listener(
        site.name,
        site.namespace,
        name,
        fields.protocol_text,
        port,
        fields.hostname.text or "",
        fields.tls_mode.text == "Passthrough",
        entrypoint,
        fields,
        site,
    )


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
