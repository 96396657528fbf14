"""The reverse proxy that takes the place of Ingress controllers and gateways, and what it routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.model import File, FileResource
from tocompose.record import NamedTuple, record, replace
from tocompose.source import Span
from tocompose.traefik.rules import PathMatch

WEB, SECURE = "web", "websecure"


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


class AcmeResolver(NamedTuple):
    """How the proxy obtains certificates itself: whom it writes to, and the server where it is not the usual one."""

    name: str
    email: str
    server: str


@record
class Proxy:
    """Everything that the proxy must know once all routes are read; `parts` are the services that only its own file
    refers to, `classes` are the controllers whose place it takes."""

    name: str
    origin: Span | None = None
    routers: tuple[Router, ...] = ()
    entrypoints: tuple[EntryPoint, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    secrets: tuple[FileResource, ...] = ()
    files: tuple[File, ...] = ()
    weighted: Mapping[str, tuple[tuple[str, int], ...]] = {}
    parts: tuple[TraefikService, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] = {}
    classes: tuple[str, ...] = ()
    acme: tuple[AcmeResolver, ...] = ()
    skips_verification: bool = False

    def plain_routers(self) -> Iterator[Router]:
        """The routers without what goes without saying: the only entry point, the priority of the only rule."""
        http_routers = [router for router in self.routers if router.protocol == "http"]
        rules = {router.rule for router in http_routers}
        places = {(router.rule, router.entrypoints) for router in http_routers}
        is_ranked = len(rules) > 1 or len(places) < len(http_routers)
        for router in self.routers:
            if not is_ranked:
                router = router._replace(priority=None)
            if len(self.entrypoints) == 1 and router.protocol == "http":
                router = router._replace(entrypoints=())
            yield router

    def with_moved_ports(self, ports: Mapping[str, str]) -> Proxy:
        """The proxy with redirects to https that name the port of the host; `ports` says where each entry point is
        published."""
        port = ports.get(SECURE, "443")
        if port == "443":
            return self
        routers = (
            router._replace(
                middlewares=tuple(
                    _naming_port(middleware, port) for middleware in router.middlewares
                )
            )
            for router in self.routers
        )
        return replace(self, routers=tuple(routers))

    def homes(self) -> Iterator[ContainerHome]:
        """Every container that something is routed to, as often as it is."""
        for router in self.routers:
            yield from router.target.homes


def ordered_routers(routers: Iterable[Router]) -> tuple[Router, ...]:
    """The routers, those of equal priority that take the same requests in the order of their claims."""
    routers = tuple(routers)
    strongest_first = sorted(
        (router for router in routers if router.claim and router.priority),
        key=lambda router: (-(router.priority or 0), *_seniority(router)),
    )
    highest: dict[tuple[str, str, PathMatch], int] = {}
    priorities: dict[str, int] = {}
    for router in reversed(strongest_first):
        claimed_places = list(_claimed_places(router))
        below = max(highest.get(place, 0) for place in claimed_places)
        priorities[router.name] = max(router.priority or 0, below + 1)
        highest |= dict.fromkeys(claimed_places, priorities[router.name])
    return tuple(
        router._replace(priority=priorities.get(router.name, router.priority))
        for router in routers
    )


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
