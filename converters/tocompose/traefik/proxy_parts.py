"""What routes ask of the reverse proxy, in frozen parts: names are wishes until one builder has seen all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from tocompose.ledger import Cursor
from tocompose.model import File, FileResource
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.traefik.proxy import (
    SECURE,
    WEB,
    AcmeResolver,
    Certificate,
    ContainerHome,
    RouteClaim,
    TraefikService,
)
from tocompose.traefik.service import INSECURE

USUAL_PORTS = {WEB: 80, SECURE: 443}
# The options of servers whose certificates nobody checks.
UNCHECKED = (("loadbalancer.serverstransport", f"{INSECURE}@file"),)


class UncheckedServers(NamedTuple):
    """Servers that are spoken to over https whatever their certificate: the route to them, and the place that asks for
    https."""

    route: str
    cursor: Cursor


class ServerOptions(NamedTuple):
    """How servers are spoken to, in options such as `loadbalancer.server.scheme`."""

    pairs: tuple[tuple[str, str], ...] = ()
    unchecked: UncheckedServers | None = None


class ContainerServers(NamedTuple):
    """Containers of the stack, under the name of their Service."""

    name: str
    homes: tuple[ContainerHome, ...]
    options: ServerOptions = ServerOptions()


class OutsideServers(NamedTuple):
    """Servers outside of the stack, under the name of their Service."""

    name: str
    urls: tuple[str, ...]
    options: ServerOptions = ServerOptions()


class WeightedServers(NamedTuple):
    """Servers that share the requests of a route by weight."""

    name: str
    shares: tuple[tuple[ContainerServers | OutsideServers, int], ...]


Servers: TypeAlias = ContainerServers | OutsideServers
# One of Traefik's own services (`noop@internal`) has its name already.
RouterTarget: TypeAlias = Servers | WeightedServers | TraefikService


class WantedMiddleware(NamedTuple):
    """Something to be done to requests on their way, wanted by the object `owner`; `needs` are the files that it reads.

    Without a kind it is one that nobody defines: Traefik closes a route that names it, as it does in the cluster.
    """

    owner: str
    kind: str = ""
    options: tuple[tuple[str, str], ...] = ()
    needs: tuple[File | FileResource, ...] = ()


class WantedEntryPoint(NamedTuple):
    """A port to listen on, of which only the name may be known: `asked_at` is the place that names it then."""

    name: str
    port: int | None = None
    protocol: str = "tcp"
    origin: Span | None = None
    asked_at: Cursor | None = None

    @property
    def known_port(self) -> int | None:
        """The port, where it is stated or the usual one of that name."""
        return self.port or USUAL_PORTS.get(self.name)

    @property
    def vagueness(self) -> int:
        """What sorts openings of one name: a listener, a route to a port, a route that names it, a router on it."""
        if self.known_port is None:
            return 3 if self.asked_at is None else 2
        is_stated = self.name in USUAL_PORTS or self.asked_at is None
        return 0 if is_stated else 1


class WantedRouter(NamedTuple):
    """What is sent where; `protocol` is http, tcp or udp, and a claim ranks it as that of a `Router`."""

    name: str
    rule: str
    target: RouterTarget
    priority: int | None = None
    entrypoints: tuple[str, ...] = (WEB,)
    middlewares: tuple[WantedMiddleware, ...] = ()
    tls: tuple[tuple[str, str], ...] | None = None
    protocol: str = "http"
    claim: RouteClaim | None = None

    def openings(self) -> Iterator[WantedEntryPoint]:
        """The entry points that it needs."""
        return map(WantedEntryPoint, self.entrypoints)

    def servers(self) -> Iterator[Servers]:
        """The servers that it leads to."""
        if isinstance(self.target, WeightedServers):
            yield from (servers for servers, _ in self.target.shares)
        elif not isinstance(self.target, TraefikService):
            yield self.target


def clearest_openings(
    openings: Iterable[WantedEntryPoint],
) -> dict[str, WantedEntryPoint]:
    """The opening of each name that says most of it; of equal ones the first."""
    clearest: dict[str, WantedEntryPoint] = {}
    for opening in openings:
        present = clearest.setdefault(opening.name, opening)
        if opening.vagueness < present.vagueness:
            clearest[opening.name] = opening
    return clearest


class RouteOrigin(NamedTuple):
    """Where a route stands: the proxy stands where the first of them does."""

    span: Span


class ReplacedController(NamedTuple):
    """The class of a controller whose place the proxy takes."""

    name: str


class UnknownResolver(NamedTuple):
    """A certificate resolver that a route names and the manifests do not define."""

    name: str
    cursor: Cursor


class ManagedCertificate(NamedTuple):
    """A certificate that a route wants and a certificate manager keeps: its issuer, for which hosts, and the place that
    says so."""

    route: str
    issuer: str
    hosts: tuple[str, ...]
    cursor: Cursor
    namespace: str


class HostResolver(NamedTuple):
    """How the proxy obtains the certificates of hosts itself, whom the authority writes to, and what asks for them."""

    resolver: AcmeResolver
    hosts: frozenset[str]
    email: str | None
    origin: Span


ProxyPart: TypeAlias = (
    WantedRouter
    | WantedEntryPoint
    | RouteOrigin
    | ReplacedController
    | UnknownResolver
    | ManagedCertificate
    | HostResolver
    | Certificate
    | File
    | FileResource
)
