"""The reverse proxy while it grows: routes say in frozen parts what it is to do, and one builder gives it all names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from tocompose.model import File, FileResource
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.names import identifier, unique_name
from tocompose.traefik.proxy import (
    WEB,
    Certificate,
    EntryPoint,
    Middleware,
    Proxy,
    Router,
    TraefikService,
    ordered_routers,
)
from tocompose.traefik.proxy_parts import (
    ContainerServers,
    HostResolver,
    OutsideServers,
    ProxyPart,
    ReplacedController,
    RouteOrigin,
    RouterTarget,
    Servers,
    WantedEntryPoint,
    WantedMiddleware,
    WantedRouter,
    WeightedServers,
    clearest_openings,
)

_Content = TypeVar("_Content", bound=Hashable)
# Where Traefik itself answers whether it is well.
_PING = 8080
_HOST = regex(r"Host\(`([^`]+)`\)")


class ProxyBuilder:
    """The only thing that changes the proxy: adds parts, of two of one name the first, and closes them into a Proxy."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._origin: Span | None = None
        self._routers: list[Router] = []
        self._openings: list[WantedEntryPoint] = []
        self._certificates: dict[Certificate, None] = {}
        self._secrets: dict[str, FileResource] = {}
        self._files: dict[str, File] = {}
        self._weighted: dict[tuple[tuple[str, int], ...], str] = {}
        self._parts: dict[str, TraefikService] = {}
        self._addresses: dict[tuple[str, ...], str] = {}
        self._classes: dict[str, None] = {}
        self._resolvers: list[HostResolver] = []
        self._names: dict[str, set[str]] = {}
        self._middlewares: dict[tuple[str, tuple[tuple[str, str], ...]], Middleware] = {}
        self._targets: dict[str, TraefikService] = {}
        self._skips_verification = False

    def apply(self, proxy_parts: Iterable[ProxyPart]) -> None:
        """Adds parts one by one; what only says something about a route changes nothing here."""
        for proxy_part in proxy_parts:
            match proxy_part:
                case WantedRouter():
                    self._add_router(proxy_part)
                case WantedEntryPoint():
                    self._openings.append(proxy_part)
                case HostResolver():
                    self._resolvers.append(proxy_part)
                    self._openings.append(WantedEntryPoint(WEB))
                case RouteOrigin(span):
                    self._origin = self._origin or span
                case ReplacedController(name):
                    self._classes[name] = None
                case File() | FileResource() | Certificate():
                    self._add_file(proxy_part)

    def build_proxy(self) -> Proxy:
        """The proxy of everything added."""
        routers = tuple(map(self._with_resolver, self._routers))
        resolvers = {resolver.name: resolver for resolver, *_ in self._resolvers}
        return Proxy(
            name=self._name,
            origin=self._origin,
            routers=ordered_routers(routers),
            entrypoints=tuple(_entry_points(clearest_openings(self._openings))),
            certificates=tuple(self._certificates),
            secrets=tuple(self._secrets.values()),
            files=tuple(self._files.values()),
            weighted={name: shares for shares, name in self._weighted.items()},
            parts=tuple(self._parts.values()),
            addresses={name: urls for urls, name in self._addresses.items()},
            classes=tuple(self._classes),
            acme=tuple(resolvers.values()),
            skips_verification=self._skips_verification,
        )

    def _add_file(self, resource: File | FileResource | Certificate) -> None:
        match resource:
            case File(path=path):
                self._files.setdefault(path, resource)
            case FileResource(name=name):
                self._secrets.setdefault(name, resource)
            case Certificate():
                self._certificates[resource] = None

    def _add_router(self, router: WantedRouter) -> None:
        self._openings.extend(router.openings())
        self._routers.append(
            Router(
                self._free_name("router", router.name),
                router.rule,
                self._target(router.target),
                router.priority,
                router.entrypoints,
                tuple(map(self._middleware, router.middlewares)),
                router.tls,
                router.protocol,
                router.claim,
            )
        )

    def _middleware(self, middleware: WantedMiddleware) -> Middleware:
        """The middleware of that content; one for all who want the same."""
        if not middleware.kind:
            return Middleware(identifier(middleware.owner), "", ())
        for needed_file in middleware.needs:
            self._add_file(needed_file)
        content = (middleware.kind, middleware.options)
        if content not in self._middlewares:
            base = f"{middleware.owner}-{middleware.kind.partition('.')[0]}"
            name = self._free_name("middleware", base)
            self._middlewares[content] = Middleware(name, *content)
        return self._middlewares[content]

    def _target(self, target: RouterTarget) -> TraefikService:
        match target:
            case WeightedServers():
                return self._shared_target(target)
            case ContainerServers() | OutsideServers():
                return self._servers(target)
            case _:
                return target

    def _servers(self, servers: Servers) -> TraefikService:
        self._skips_verification |= servers.options.unchecked is not None
        if isinstance(servers, ContainerServers):
            return self._container_target(servers)
        name = self._file_name(servers.name, servers.urls, self._addresses)
        return TraefikService(f"{name}@file")

    def _container_target(self, servers: ContainerServers) -> TraefikService:
        """The Traefik service for containers; another name where the wanted one means others or has other options."""
        wanted_name, number = identifier(servers.name), 1
        names = [wanted_name, f"{wanted_name}-{servers.homes[0].port}"]
        while True:
            target = TraefikService(
                names.pop(0) if names else f"{wanted_name}-{number}",
                servers.homes,
                servers.options.pairs,
            )
            number += not names
            if self._targets.setdefault(target.name, target) == target:
                return target

    def _shared_target(self, weighted: WeightedServers) -> TraefikService:
        """A Traefik service that divides requests by weight, in the proxy's own file: labels have no word for it."""
        targets = [(self._servers(servers), weight) for servers, weight in weighted.shares]
        shares = tuple((_name_in_file(target), weight) for target, weight in targets)
        self._parts |= {target.name: target for target, _ in targets if target.homes}
        name = self._file_name(weighted.name, shares, self._weighted)
        return TraefikService(f"{name}@file")

    def _file_name(
        self, wanted_name: str, content: _Content, names: dict[_Content, str]
    ) -> str:
        """The name in the proxy's own file of the service of that content; one for all who want the same."""
        if content not in names:
            names[content] = self._free_name("weighted", wanted_name)
        return names[content]

    def _with_resolver(self, router: Router) -> Router:
        """The router with the resolver of one of its hosts, where it serves TLS without a certificate of its own."""
        if router.tls != ():
            return router
        hosts = set(_HOST.findall(router.rule))
        for host_resolver in self._resolvers:
            if not hosts.isdisjoint(host_resolver.hosts):
                return router._replace(tls=(("certresolver", host_resolver.resolver.name),))
        return router

    def _free_name(self, space: str, wanted_name: str) -> str:
        return unique_name(
            identifier(wanted_name, "route"), self._names.setdefault(space, set())
        )


def _entry_points(openings: Mapping[str, WantedEntryPoint]) -> Iterator[EntryPoint]:
    """The entry points, each of which no port is known on one that no other has."""
    known_ports = (opening.known_port for opening in openings.values())
    taken_ports = {_PING, *known_ports}
    for name, opening in openings.items():
        port = opening.known_port
        if port is None:
            port = next(free for free in range(8000, 65536) if free not in taken_ports)
            taken_ports.add(port)
        yield EntryPoint(name, port, opening.protocol, opening.origin)


def _name_in_file(target: TraefikService) -> str:
    """What the proxy's own file calls a service: those of labels are another provider's."""
    if target.homes:
        return f"{target.name}@docker"
    return target.name.removesuffix("@file")
