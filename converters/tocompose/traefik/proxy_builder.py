"""The reverse proxy while routes are read: they say what it routes, and one builder adds it and gives it names."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tocompose.model import File, FileResource
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, unique_name
from tocompose.traefik.proxy import (
    SECURE,
    WEB,
    AcmeResolver,
    Certificate,
    ContainerHome,
    EntryPoint,
    ManagedCertificate,
    Middleware,
    Proxy,
    Router,
    TraefikService,
    ordered_routers,
)

# Where Traefik itself answers whether it is well.
_PING = 8080


class ProxyBuilder:
    """The only thing that changes the proxy: adds what routes ask for, and closes it into a Proxy."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._origin: Span | None = None
        self._routers: list[Router] = []
        self._entrypoints: dict[str, EntryPoint] = {}
        self._certificates: dict[str, Certificate] = {}
        self._secrets: dict[str, FileResource] = {}
        self._files: dict[str, File] = {}
        self._weighted: dict[str, tuple[tuple[str, int], ...]] = {}
        self._parts: dict[str, TraefikService] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._classes: dict[str, None] = {}
        self._unknown_resolvers: set[str] = set()
        self._unverified: set[str] = set()
        self._managed: list[ManagedCertificate] = []
        self._acme: dict[str, AcmeResolver] = {}
        self._names: dict[str, set[str]] = {}
        self._middlewares: dict[tuple[str, tuple[tuple[str, str], ...]], Middleware] = {}
        self._targets: dict[str, TraefikService] = {}

    @property
    def labels(self) -> ModelPath:
        """The model path of the proxy's own labels."""
        return ModelPath.service(self.name, "labels")

    @property
    def managed(self) -> tuple[ManagedCertificate, ...]:
        """The certificates that routes want and a certificate manager keeps."""
        return tuple(self._managed)

    @property
    def entrypoints(self) -> Collection[str]:
        """The names of the entry points that are open so far."""
        return self._entrypoints.keys()

    def build_proxy(self) -> Proxy:
        """The proxy of everything added."""
        return Proxy(
            name=self.name,
            origin=self._origin,
            routers=ordered_routers(self._routers),
            entrypoints=tuple(self._entrypoints.values()),
            certificates=tuple(self._certificates.values()),
            secrets=tuple(self._secrets.values()),
            files=tuple(self._files.values()),
            weighted=self._weighted,
            parts=tuple(self._parts.values()),
            addresses=self._addresses,
            classes=tuple(self._classes),
            acme=tuple(self._acme.values()),
            skips_verification=bool(self._unverified),
        )

    def begin_at(self, span: Span) -> None:
        """Sets the place of the first route, unless it is known."""
        self._origin = self._origin or span

    def add_class(self, name: str) -> None:
        """Adds a controller whose place the proxy takes."""
        self._classes[name] = None

    def add_certificate(self, name: str, certificate: Certificate) -> None:
        """Adds a certificate, of two of one name the last."""
        self._certificates[name] = certificate

    def add_secret(self, secret: FileResource) -> None:
        """Adds a secret that the proxy reads, unless there is one of that name."""
        self._secrets.setdefault(secret.name, secret)

    def add_managed(self, certificate: ManagedCertificate) -> None:
        """Adds a certificate that a certificate manager keeps."""
        self._managed.append(certificate)

    def is_new_resolver(self, name: str) -> bool:
        """Whether a certificate resolver that the proxy does not know is named for the first time."""
        is_new = name not in self._unknown_resolvers
        self._unknown_resolvers.add(name)
        return is_new

    def is_newly_unverified(self, route: str) -> bool:
        """Whether a route is the first time one whose servers have certificates that nobody signed."""
        is_new = route not in self._unverified
        self._unverified.add(route)
        return is_new

    def add_resolver(self, resolver: AcmeResolver, routers: Mapping[str, Router]) -> None:
        """Adds a resolver, and the routers by name that use it in the place of what they were."""
        self._acme[resolver.name] = resolver
        self._routers = [routers.get(router.name, router) for router in self._routers]

    @property
    def routers(self) -> tuple[Router, ...]:
        """The routers so far."""
        return tuple(self._routers)

    def add_file(self, file: File) -> None:
        """Adds a file that the proxy reads, unless there is one of that path."""
        self._files.setdefault(file.path, file)

    def add_router(self, router: Router) -> None:
        """Adds a router, under a name of its own."""
        name = self._free_name("router", router.name)
        self._routers.append(router._replace(name=name))
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
        if name in self._entrypoints:
            return None
        stated_port = port or {WEB: 80, SECURE: 443}.get(name)
        taken_ports = {point.port for point in self._entrypoints.values()}
        port_number = stated_port or next(
            candidate
            for candidate in range(8000, 65536)
            if candidate not in taken_ports and candidate != _PING
        )
        self._entrypoints[name] = EntryPoint(name, port_number, protocol, origin)
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
            (name for name, known_urls in self._addresses.items() if known_urls == urls),
            None,
        )
        if name is None:
            name = self._free_name("weighted", base)
            self._addresses[name] = urls
        return TraefikService(f"{name}@file")

    def share_target(
        self, base: str, weighted_targets: list[tuple[TraefikService, int]]
    ) -> TraefikService:
        """A Traefik service that divides requests by weight, in the proxy's own file: labels have no word for it."""
        name = self._free_name("weighted", base)
        container_targets = [target for target, _ in weighted_targets if target.homes]
        self._weighted[name] = tuple(
            (
                f"{target.name}@docker"
                if target.homes
                else target.name.removesuffix("@file"),
                weight,
            )
            for target, weight in weighted_targets
        )
        self._parts |= {target.name: target for target in container_targets}
        return TraefikService(f"{name}@file")

    def _free_name(self, space: str, wanted_name: str) -> str:
        return unique_name(
            identifier(wanted_name, "route"), self._names.setdefault(space, set())
        )
