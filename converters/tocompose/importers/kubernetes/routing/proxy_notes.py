"""What is said once of the proxy, however many routes ask for the same: the first of them is the place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import Proxy
from tocompose.traefik.proxy_parts import (
    USUAL_PORTS,
    ProxyPart,
    UncheckedServers,
    UnknownResolver,
    WantedEntryPoint,
    WantedRouter,
    clearest_openings,
)


def note_assumptions(proxy_parts: tuple[ProxyPart, ...], proxy: Proxy) -> None:
    """Says of which entry points the port was assumed, which resolvers nobody defines, and to which routes servers
    belong whose certificates are not checked."""
    _note_ports(proxy_parts, proxy)
    _note_resolvers(proxy_parts, proxy)
    _note_unchecked(proxy_parts)


def _note_ports(proxy_parts: Iterable[ProxyPart], proxy: Proxy) -> None:
    ports = {point.name: point.port for point in proxy.entrypoints}
    for name, opening in clearest_openings(_openings(proxy_parts)).items():
        if opening.asked_at is not None and name not in USUAL_PORTS:
            subject = ModelPath.service(proxy.name)
            opening.asked_at.annotate("TC299", subject=subject, name=name, port=ports[name])


def _openings(proxy_parts: Iterable[ProxyPart]) -> Iterator[WantedEntryPoint]:
    for proxy_part in proxy_parts:
        if isinstance(proxy_part, WantedEntryPoint):
            yield proxy_part
        elif isinstance(proxy_part, WantedRouter):
            yield from proxy_part.openings()


def _note_resolvers(proxy_parts: Iterable[ProxyPart], proxy: Proxy) -> None:
    resolvers: dict[str, UnknownResolver] = {}
    for proxy_part in proxy_parts:
        if isinstance(proxy_part, UnknownResolver):
            resolvers.setdefault(proxy_part.name, proxy_part)
    for name, resolver in resolvers.items():
        subject = ModelPath.service(proxy.name)
        resolver.cursor.annotate("TC287", subject=subject, name=name)


def _note_unchecked(proxy_parts: Iterable[ProxyPart]) -> None:
    by_route: dict[str, UncheckedServers] = {}
    for proxy_part in proxy_parts:
        for servers in proxy_part.servers() if isinstance(proxy_part, WantedRouter) else ():
            if unchecked := servers.options.unchecked:
                by_route.setdefault(unchecked.route, unchecked)
    for route, unchecked in by_route.items():
        unchecked.cursor.annotate("TC298", route=route)
