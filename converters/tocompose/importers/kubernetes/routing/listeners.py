"""Gateways: the ports on which they listen, and which of them a route hangs on.

https://gateway-api.sigs.k8s.io/reference/spec/#gateway
"""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.annotations import check_expected
from tocompose.importers.kubernetes.routing.credentials import (
    await_certificate,
    give_certificate,
)
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import list_entries, peek_text, take_scalar
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.traefik.proxy import SECURE, WEB, Proxy

# Which routes may hang on a listener of a protocol.
_CARRIES = {
    "HTTP": ("HTTPRoute", "GRPCRoute"),
    "HTTPS": ("HTTPRoute", "GRPCRoute"),
    "TLS": ("TLSRoute", "TCPRoute"),
    "TCP": ("TCPRoute",),
    "UDP": ("UDPRoute",),
}


class Listener(NamedTuple):
    """One listener of a Gateway; `entrypoint` is its name in the proxy. `cursor` is None for one that is assumed."""

    gateway: str
    namespace: str
    name: str
    protocol: str
    port: int
    hostname: str
    passthrough: bool
    entrypoint: str
    cursor: Cursor | None
    site: RouteSite

    @property
    def secure(self) -> bool:
        """Whether the proxy ends TLS here."""
        return self.protocol in ("HTTPS", "TLS") and not self.passthrough

    def open_entrypoints(self) -> None:
        """Opens the entry point, gives the proxy its certificates, and counts the listener as mapped."""
        proxy = self.site.proxy
        origin = self.cursor.span if self.cursor else None
        proxy.listen_on(
            self.entrypoint, self.port, "udp" if self.protocol == "UDP" else "tcp", origin
        )
        if self.cursor is not None:
            command = ModelPath.service(proxy.name, "command")
            for key in ("name", "port", "protocol", "hostname"):
                self.cursor.at(key).take(to=command)
            self.cursor.at("tls", "mode").take(to=command)
            for reference in list_entries(self.cursor.at("tls", "certificateRefs")):
                _give_certificate(reference, self.site)


def _give_certificate(reference: Cursor, site: RouteSite) -> None:
    name, namespace = (
        peek_text(reference.at("name")) or "",
        peek_text(reference.at("namespace")) or site.namespace,
    )
    if give_certificate(site.model, site.proxy, namespace, name, reference):
        reference.map(to=ModelPath.service(site.proxy.name, "secrets"))
        return
    reference.map(to=ModelPath.service(site.proxy.name, "command"))
    if await_certificate(reference.at("name"), site, name, None, ()):
        return
    why = f"the manifests do not hold Secret {name}"
    reference.annotate(
        "TC286",
        subject=ModelPath.service(site.proxy.name),
        route=f"Gateway {site.name}",
        why=why,
    )


class Listeners:
    """The listeners of all Gateways of the input."""

    def __init__(self, world: ClusterModel, proxy: Proxy) -> None:
        self._world, self._proxy = world, proxy
        self.gateways = {
            (gateway.namespace, gateway.name): gateway
            for gateway in world.objects.of_kind("Gateway")
        }
        self._all: dict[tuple[str, str], list[Listener]] = {}
        self.used: dict[KubeObject, None] = {}
        ports: dict[str, tuple[int, str]] = {}
        for gateway_key, gateway in self.gateways.items():
            site = RouteSite(world, proxy, gateway.namespace, gateway.name)
            self._all[gateway_key] = [
                _read_listener(listener, site, ports)
                for listener in list_entries(gateway.at("spec", "listeners"))
            ]

    def of_kind(self, route: KubeObject) -> list[Listener]:
        """The listeners that a route hangs on; the usual one where its Gateway is not in the manifests."""
        listeners: list[Listener] = []
        for parent in list_entries(route.at("spec", "parentRefs")):
            if peek_text(parent.at("kind")) in (None, "Gateway"):
                listeners += self._parent(parent, route)
        return (
            list(dict.fromkeys(listeners))
            if listeners or self.gateways
            else [self._assumed(route)]
        )

    def _parent(self, parent: Cursor, route: KubeObject) -> list[Listener]:
        gateway_key = (
            peek_text(parent.at("namespace")) or route.namespace,
            peek_text(parent.at("name")) or "",
        )
        if gateway_key not in self.gateways:
            return [self._assumed(route)]
        section, port = peek_text(parent.at("sectionName")), peek_text(parent.at("port"))
        self.used[self.gateways[gateway_key]] = None
        return [
            listener
            for listener in self._all[gateway_key]
            if section in (None, listener.name)
            and port in (None, str(listener.port))
            and route.kind in _CARRIES.get(listener.protocol, ())
        ]

    def _assumed(self, route: KubeObject) -> Listener:
        """The listener of a Gateway that somebody else wrote: the usual port, or that of the backend."""
        site = RouteSite(self._world, self._proxy, route.namespace, route.name)
        if route.kind in _CARRIES["HTTP"]:
            return Listener("", "", "", "HTTP", 80, "", False, WEB, None, site)
        if route.kind == "TLSRoute":
            return Listener("", "", "", "TLS", 443, "", True, SECURE, None, site)
        port = (
            integer(peek_text(route.at("spec", "rules", 0, "backendRefs", 0, "port")) or "")
            or 9000
        )
        protocol = "UDP" if route.kind == "UDPRoute" else "TCP"
        return Listener(
            "", "", "", protocol, port, "", False, identifier(route.name), None, site
        )

    def settle(self) -> None:
        """Counts what makes up the Gateways as mapped; says which ones no route uses."""
        command = ModelPath.service(self._proxy.name, "command")
        for gateway in self.gateways.values():
            if gateway not in self.used or not self._proxy.entrypoints:
                gateway.cursor.note(
                    "TC282", route=str(gateway), why="no route of the manifests hangs on it"
                )
                continue
            gateway.count_identity_as_mapped(command)
            for listener in list_entries(gateway.at("spec", "listeners")):
                if listener.at("name").unread() or listener.at("port").unread():
                    route = f"{gateway}, listener {peek_text(listener.at('name'))}"
                    listener.note(
                        "TC282", route=route, why="no route of the manifests hangs on it"
                    )
            if name := take_scalar(gateway.at("spec", "gatewayClassName"), command):
                self._proxy.classes[name] = None


def _check_listener(cursor: Cursor) -> None:
    for key in ("port", "protocol"):
        if peek_text(cursor.at(key)) is None:
            shape = f"a list of listeners with a {key} each"
            cursor.annotate("TC209", field="listeners", expected=shape)
    check_expected(cursor.at("protocol"), *_CARRIES)
    check_expected(cursor.at("tls", "mode"), "Terminate", "Passthrough")


def _read_listener(
    cursor: Cursor, site: RouteSite, ports: dict[str, tuple[int, str]]
) -> Listener:
    _check_listener(cursor)
    protocol = peek_text(cursor.at("protocol")) or "HTTP"
    usual_ports = {"HTTP": 80, "HTTPS": 443, "TLS": 443}
    port = integer(peek_text(cursor.at("port")) or "") or usual_ports.get(protocol, 80)
    name = peek_text(cursor.at("name")) or ""
    transport = "udp" if protocol == "UDP" else "tcp"
    entrypoint = {("tcp", 80): WEB, ("tcp", 443): SECURE}.get(
        (transport, port)
    ) or identifier(name, "port")
    if ports.setdefault(entrypoint, (port, transport)) != (port, transport):
        entrypoint = f"{entrypoint}-{port}"
        ports[entrypoint] = (port, transport)
    hostname = peek_text(cursor.at("hostname")) or ""
    passthrough = peek_text(cursor.at("tls", "mode")) == "Passthrough"
    return Listener(
        site.name,
        site.namespace,
        name,
        protocol,
        port,
        hostname,
        passthrough,
        entrypoint,
        cursor,
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


def take_parents(route: KubeObject, to: ModelPath) -> None:
    """Counts the references of a route to its Gateways as mapped."""
    for parent in list_entries(route.at("spec", "parentRefs")):
        for key in ("group", "kind", "namespace", "name", "sectionName", "port"):
            take_scalar(parent.at(key), to)
