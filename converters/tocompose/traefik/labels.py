"""What Traefik's docker provider reads: routers, services and middlewares as labels of the containers they lead to.

https://doc.traefik.io/traefik/reference/routing-configuration/other-providers/docker/
"""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.syntax.interpolation import literal
from tocompose.traefik.proxy import (
    Middleware,
    Proxy,
    Router,
    TraefikService,
)


def proxy_labels(proxy: Proxy) -> dict[str, dict[str, str]]:
    """The labels to add, by compose service; `$` doubled, since Compose interpolates labels."""
    labels_by_service: dict[str, dict[str, str]] = {}
    weighted_labels = list(_shared_targets(proxy))
    for service, pairs in [*_labels_by_service(proxy), *weighted_labels]:
        service_labels = labels_by_service.setdefault(service, {"traefik.enable": "true"})
        for key, value in pairs:
            service_labels.setdefault(f"traefik.{key}", literal(value))
    return {
        service: dict(sorted(pairs.items(), key=_label_order))
        for service, pairs in labels_by_service.items()
    }


def _label_order(label: tuple[str, str]) -> tuple[int, str]:
    """`traefik.enable` first, then routers before what they use."""
    name_parts = label[0].split(".")
    kinds = ("routers", "services", "middlewares")
    return (
        kinds.index(name_parts[2]) + 1
        if len(name_parts) > 2 and name_parts[2] in kinds
        else 0,
        label[0],
    )


def _labels_by_service(proxy: Proxy) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    shared_services = _ambiguous_services(proxy)
    for router in proxy.plain_routers():
        homes = router.target.homes
        if not homes:
            yield (
                proxy.name,
                [*_router_labels(router, names_target=True), *_middlewares_labels(router)],
            )
        for home in homes:
            names_target = home.service in shared_services
            pairs = [
                *_router_labels(router, names_target=names_target),
                *_middlewares_labels(router),
                *_target_labels(router.target, router, home.port),
            ]
            yield home.service, pairs


def _ambiguous_services(proxy: Proxy) -> set[str]:
    """The compose services that hold more than one Traefik service: there a router must name its own."""
    targets_by_service: dict[str, set[tuple[str, str]]] = {}
    for router in proxy.routers:
        for home in router.target.homes:
            targets_by_service.setdefault(home.service, set()).add(
                (router.protocol, router.target.name)
            )
    for target in proxy.parts:
        for home in target.homes:
            targets_by_service.setdefault(home.service, set()).add(("http", target.name))
    return {service for service, names in targets_by_service.items() if len(names) > 1}


def _shared_targets(proxy: Proxy) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The services that only a weighted one of the proxy's file refers to."""
    for target in proxy.parts:
        for home in target.homes:
            yield home.service, list(_target_labels(target, None, home.port))


def _router_labels(router: Router, *, names_target: bool) -> Iterator[tuple[str, str]]:
    base = f"{router.protocol}.routers.{router.name}"
    if router.rule:
        yield f"{base}.rule", router.rule
    if router.entrypoints:
        yield f"{base}.entrypoints", ",".join(router.entrypoints)
    if router.priority is not None:
        yield f"{base}.priority", str(router.priority)
    if router.middlewares:
        yield (
            f"{base}.middlewares",
            ",".join(middleware.name for middleware in router.middlewares),
        )
    if names_target:
        yield f"{base}.service", router.target.name
    if router.tls is not None:
        yield f"{base}.tls", "true"
        yield from ((f"{base}.tls.{key}", value) for key, value in router.tls)


def _middlewares_labels(router: Router) -> Iterator[tuple[str, str]]:
    for middleware in router.middlewares:
        yield from _middleware_labels(middleware, router.protocol)


def _middleware_labels(middleware: Middleware, protocol: str) -> Iterator[tuple[str, str]]:
    if not middleware.kind:
        return
    base = f"{protocol}.middlewares.{middleware.name}.{middleware.kind}"
    if not middleware.options:
        yield base, "true"
    yield from ((f"{base}.{key}", value) for key, value in middleware.options)


def _target_labels(
    target: TraefikService, router: Router | None, port: int
) -> Iterator[tuple[str, str]]:
    base = f"{router.protocol if router else 'http'}.services.{target.name}"
    yield f"{base}.loadbalancer.server.port", str(port)
    yield from ((f"{base}.{key}", value) for key, value in target.options)
