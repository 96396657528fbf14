"""The reverse proxy that takes the place of Ingress controllers and gateways: what it routes, collected on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tocompose.ledger import Cursor
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name
from tocompose.traefik.rules import PathMatch

WEB, SECURE = "web", "websecure"
# Where Traefik itself answers whether it is well.
_PING = 8080


class ContainerHome(NamedTuple):
    """A compose service behind a target, and the container port there."""

    service: str
    port: int


class TraefikService(NamedTuple):
    """One Traefik service: containers, and options such as `loadbalancer.sticky.cookie.name`.

    Without homes it is one of Traefik's own (`noop@internal`) or stands in the proxy's own file (`NAME@file`).
    """

    name: str
    homes: tuple[ContainerHome, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class Middleware(NamedTuple):
    """Something done to requests on their way: `kind` and options as Traefik's labels name them."""

    name: str
    kind: str
    options: tuple[tuple[str, str], ...]


class RouteClaim(NamedTuple):
    """What a router takes, and which object said so: the older one goes before, then the first by name.

    Gateway API and ingress-nginx decide so between equal routes; Traefik, which has no order of its own, is told.
    https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule
    """

    age: str
    owner: tuple[str, str]
    hosts: tuple[str, ...]
    path: PathMatch


class Router(NamedTuple):
    """What Traefik sends where; `protocol` is http, tcp or udp.

    With a claim the priority is only that of its kind of rule: between equal ones the claims decide.
    """

    name: str
    rule: str
    target: TraefikService
    priority: int | None = None
    entrypoints: tuple[str, ...] = (WEB,)
    middlewares: tuple[Middleware, ...] = ()
    tls: tuple[tuple[str, str], ...] | None = None
    protocol: str = "http"
    claim: RouteClaim | None = None


class EntryPoint(NamedTuple):
    """A port that the proxy listens on."""

    name: str
    port: int
    protocol: str = "tcp"
    origin: Span | None = None


class Certificate(NamedTuple):
    """A certificate and its key as secrets of the stack, by the names of both."""

    certificate: str
    key: str


class ManagedCertificate(NamedTuple):
    """A certificate that a route wants and a certificate manager keeps: its issuer, for which hosts, and the place that
    says so."""

    route: str
    issuer: str
    hosts: tuple[str, ...]
    cursor: Cursor
    namespace: str


class AcmeResolver(NamedTuple):
    """How the proxy obtains certificates itself: whom it writes to, and the server where it is not the usual one."""

    name: str
    email: str
    server: str


class Proxy:
    """Everything that the proxy must know; `stack` parts are made of it when all routes are read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.routers: list[Router] = []
        self.entrypoints: dict[str, EntryPoint] = {}
        self.certificates: dict[str, Certificate] = {}
        self.secrets: dict[str, None] = {}
        self.weighted: dict[str, tuple[tuple[str, int], ...]] = {}
        self.parts: dict[str, TraefikService] = {}
        self.addresses: dict[str, tuple[str, ...]] = {}
        self.classes: dict[str, None] = {}
        self.resolvers: dict[str, Span | None] = {}
        self.insecure: dict[str, None] = {}
        self.managed: list[ManagedCertificate] = []
        self.acme: dict[str, AcmeResolver] = {}
        self.origin: Span | None = None
        self._names: dict[str, set[str]] = {}
        self._middlewares: dict[tuple[str, tuple[tuple[str, str], ...]], Middleware] = {}
        self._targets: dict[str, TraefikService] = {}

    @property
    def labels(self) -> ModelPath:
        """The model path of the proxy's own labels."""
        return ModelPath.service(self.name, "labels")

    def add_router(self, router: Router) -> None:
        """Adds a router, under a name of its own."""
        name = self._free_name("router", router.name)
        self.routers.append(router._replace(name=name))
        for entrypoint in router.entrypoints:
            self.listen_on(entrypoint)

    def listen_on(
        self,
        name: str,
        port: int | None = None,
        protocol: str = "tcp",
        origin: Span | None = None,
    ) -> int | None:
        """Opens an entry point unless it is open; the port, where one had to be guessed."""
        if name in self.entrypoints:
            return None
        stated_port = port or {WEB: 80, SECURE: 443}.get(name)
        taken_ports = {point.port for point in self.entrypoints.values()}
        port_number = stated_port or next(
            candidate
            for candidate in range(8000, 65536)
            if candidate not in taken_ports and candidate != _PING
        )
        self.entrypoints[name] = EntryPoint(name, port_number, protocol, origin)
        return None if stated_port else port_number

    def middleware(self, base: str, kind: str, options: Mapping[str, str]) -> Middleware:
        """The middleware of that content; one for all who want the same."""
        key = (kind, tuple(options.items()))
        if key not in self._middlewares:
            name = self._free_name("middleware", f"{base}-{kind.partition('.')[0]}")
            self._middlewares[key] = Middleware(name, *key)
        return self._middlewares[key]

    def target(
        self,
        base: str,
        homes: tuple[ContainerHome, ...],
        options: tuple[tuple[str, str], ...] = (),
    ) -> TraefikService:
        """The Traefik service for containers; another name where the wanted one means others or has other options."""
        wanted_name, number = identifier(base), 1
        names = [wanted_name, f"{wanted_name}-{homes[0].port}"]
        while True:
            target = TraefikService(
                names.pop(0) if names else f"{wanted_name}-{number}", homes, options
            )
            number += not names
            if self._targets.setdefault(target.name, target) == target:
                return target

    def absent_middleware(self, name: str) -> Middleware:
        """A middleware that nobody defines: Traefik closes a route that names it, as it does in the cluster."""
        return Middleware(identifier(name), "", ())

    def outside_target(self, base: str, urls: tuple[str, ...]) -> TraefikService:
        """A Traefik service of servers outside of the stack, in the proxy's own file."""
        name = next(
            (name for name, known_urls in self.addresses.items() if known_urls == urls),
            None,
        )
        if name is None:
            name = self._free_name("weighted", base)
            self.addresses[name] = urls
        return TraefikService(f"{name}@file")

    def share_target(
        self, base: str, weighted_targets: list[tuple[TraefikService, int]]
    ) -> TraefikService:
        """A Traefik service that divides requests by weight, in the proxy's own file: labels have no word for it."""
        name = self._free_name("weighted", base)
        container_targets = [target for target, _ in weighted_targets if target.homes]
        self.weighted[name] = tuple(
            (
                f"{target.name}@docker"
                if target.homes
                else target.name.removesuffix("@file"),
                weight,
            )
            for target, weight in weighted_targets
        )
        self.parts |= {target.name: target for target in container_targets}
        return TraefikService(f"{name}@file")

    def _free_name(self, space: str, wanted_name: str) -> str:
        return unique_name(
            identifier(wanted_name, "route"), self._names.setdefault(space, set())
        )

    def plain_router(self, router: Router) -> Router:
        """The router without what goes without saying: the only entry point, the priority of the only rule."""
        http_routers = [
            other_router for other_router in self.routers if other_router.protocol == "http"
        ]
        rules = {other_router.rule for other_router in http_routers}
        places = {
            (other_router.rule, other_router.entrypoints) for other_router in http_routers
        }
        is_ranked = len(rules) > 1 or len(places) < len(http_routers)
        single_entrypoint = len(self.entrypoints) == 1
        return router._replace(
            entrypoints=()
            if single_entrypoint and router.protocol == "http"
            else router.entrypoints,
            priority=router.priority if is_ranked else None,
        )

    def order_equal_routers(self) -> None:
        """Gives routers of equal priority that take the same requests the order of their claims."""
        strongest_first = sorted(
            (router for router in self.routers if router.claim and router.priority),
            key=lambda router: (-(router.priority or 0), *_seniority(router)),
        )
        highest: dict[tuple[str, str, PathMatch], int] = {}
        priorities: dict[str, int] = {}
        for router in reversed(strongest_first):
            places = list(_claimed_places(router))
            below = max(highest.get(place, 0) for place in places)
            priorities[router.name] = max(router.priority or 0, below + 1)
            highest |= dict.fromkeys(places, priorities[router.name])
        self.routers = [
            router._replace(priority=priorities.get(router.name, router.priority))
            for router in self.routers
        ]

    def name_moved_ports(self, ports: Mapping[str, str]) -> None:
        """Lets redirects to https name the port of the host; `ports` says where each entry point is published."""
        port = ports.get(SECURE, "443")
        if port == "443":
            return
        for number, router in enumerate(self.routers):
            middlewares = (_naming_port(each, port) for each in router.middlewares)
            self.routers[number] = router._replace(middlewares=tuple(middlewares))

    def homes(self) -> Iterator[ContainerHome]:
        """Every container that something is routed to, as often as it is."""
        for router in self.routers:
            yield from router.target.homes


def _naming_port(middleware: Middleware, port: str) -> Middleware:
    options = dict(middleware.options)
    if middleware.kind != "redirectscheme" or options.get("scheme") != "https":
        return middleware
    options.setdefault("port", port)
    return middleware._replace(options=tuple(options.items()))


def _seniority(router: Router) -> tuple[str, str, str]:
    claim = router.claim
    return (claim.age, *claim.owner) if claim else ("", "", "")


def _claimed_places(router: Router) -> Iterator[tuple[str, str, PathMatch]]:
    """Each entry point, host and path of which the router takes requests."""
    if router.claim is not None:
        for entrypoint in router.entrypoints:
            for host in router.claim.hosts or ("",):
                yield entrypoint, host, router.claim.path
