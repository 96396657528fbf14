"""What Traefik's docker provider reads: routers, services and middlewares as labels of the containers they lead to.

https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.routing.proxy import Middleware, Proxy, Router, Target
from tocompose.values import literal


def labels(proxy: Proxy) -> dict[str, dict[str, str]]:
    """The labels to add, by compose service; `$` doubled, since Compose interpolates labels."""
    found: dict[str, dict[str, str]] = {}
    extra = list(_shared_targets(proxy))
    for service, part in [*_by_service(proxy), *extra]:
        place = found.setdefault(service, {"traefik.enable": "true"})
        for key, value in part:
            place.setdefault(f"traefik.{key}", literal(value))
    return {
        service: dict(sorted(part.items(), key=_order)) for service, part in found.items()
    }


def _order(item: tuple[str, str]) -> tuple[int, str]:
    """`traefik.enable` first, then routers before what they use."""
    parts = item[0].split(".")
    kinds = ("routers", "services", "middlewares")
    return (
        kinds.index(parts[2]) + 1 if len(parts) > 2 and parts[2] in kinds else 0,
        item[0],
    )


def _by_service(proxy: Proxy) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    several = _several(proxy)
    for router in map(proxy.plain, proxy.routers):
        homes = router.target.homes
        if not homes:
            yield proxy.name, [*_router(router, named=True), *_middlewares(router)]
        for home in homes:
            named = home.service in several
            part = [
                *_router(router, named=named),
                *_middlewares(router),
                *_target(router.target, router, home.port),
            ]
            yield home.service, part


def _several(proxy: Proxy) -> set[str]:
    """The compose services that hold more than one Traefik service: there a router must name its own."""
    seen: dict[str, set[tuple[str, str]]] = {}
    for router in proxy.routers:
        for home in router.target.homes:
            seen.setdefault(home.service, set()).add((router.protocol, router.target.name))
    for target in proxy.parts.values():
        for home in target.homes:
            seen.setdefault(home.service, set()).add(("http", target.name))
    return {service for service, names in seen.items() if len(names) > 1}


def _shared_targets(proxy: Proxy) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The services that only a weighted one of the proxy's file refers to."""
    for target in proxy.parts.values():
        for home in target.homes:
            yield home.service, list(_target(target, None, home.port))


def _router(router: Router, *, named: bool) -> Iterator[tuple[str, str]]:
    base = f"{router.protocol}.routers.{router.name}"
    if router.rule:
        yield f"{base}.rule", router.rule
    if router.entrypoints:
        yield f"{base}.entrypoints", ",".join(router.entrypoints)
    if router.priority is not None:
        yield f"{base}.priority", str(router.priority)
    if router.middlewares:
        yield f"{base}.middlewares", ",".join(item.name for item in router.middlewares)
    if named:
        yield f"{base}.service", router.target.name
    if router.tls is not None:
        yield f"{base}.tls", "true"
        yield from ((f"{base}.tls.{key}", value) for key, value in router.tls)


def _middlewares(router: Router) -> Iterator[tuple[str, str]]:
    for item in router.middlewares:
        yield from _middleware(item, router.protocol)


def _middleware(item: Middleware, protocol: str) -> Iterator[tuple[str, str]]:
    if not item.kind:
        return
    base = f"{protocol}.middlewares.{item.name}.{item.kind}"
    if not item.options:
        yield base, "true"
    yield from ((f"{base}.{key}", value) for key, value in item.options)


def _target(target: Target, router: Router | None, port: int) -> Iterator[tuple[str, str]]:
    base = f"{router.protocol if router else 'http'}.services.{target.name}"
    yield f"{base}.loadbalancer.server.port", str(port)
    yield from ((f"{base}.{key}", value) for key, value in target.options)
