"""Routes from outside: Ingress, Gateway API and Traefik's own objects become labels and one Traefik service."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.routing import traefik
from tocompose.importers.kubernetes.routing.crd import ingress_routes
from tocompose.importers.kubernetes.routing.gateway import gateways
from tocompose.importers.kubernetes.routing.ingress import ingresses
from tocompose.importers.kubernetes.routing.isolation import isolate
from tocompose.importers.kubernetes.routing.labels import labels
from tocompose.importers.kubernetes.routing.middlewares import GROUPS
from tocompose.importers.kubernetes.routing.policy import policies
from tocompose.importers.kubernetes.routing.proxy import Proxy
from tocompose.importers.kubernetes.world import World
from tocompose.notes import note
from tocompose.record import replace
from tocompose.values import unique

__all__ = ["route"]


def route(world: World, options: Mapping[str, tuple[str, ...]]) -> None:
    """Adds the routes to the draft, whose services are converted by now: labels on them, and the proxy. Says what stays
    open of network policies."""
    proxy = Proxy(unique("traefik", set(world.draft.services)))
    ingresses(world, proxy)
    gateways(world, proxy)
    ingress_routes(world, proxy)
    for item in world.objects.of(*(f"Middleware.{group}" for group in GROUPS)):
        if item.at("spec").unread():
            item.cursor.note(
                "TC282", route=str(item), why="no route of the manifests could use it"
            )
    if proxy.routers:
        _write(world, proxy)
    policies(
        world, isolate(world) if "networks" in options.get("network-policy", ()) else ()
    )


def _write(world: World, proxy: Proxy) -> None:
    draft = world.draft
    found = labels(proxy)
    for name, part in found.items():
        if name in draft.services:
            service = draft.services[name]
            draft.services[name] = replace(service, labels={**service.labels, **part})
    taken = {
        (port.published or "", port.protocol)
        for each in draft.services.values()
        for port in each.ports
    }
    ports, moved = traefik.free_ports(proxy, taken)
    for point, number in moved:
        world.ledger.say(
            note(
                "TC295",
                point.origin or proxy.origin,
                subject=f"services.{proxy.name}",
                port=point.port,
                moved=number,
            )
        )
    behind = [
        draft.services[home.service]
        for home in proxy.homes()
        if home.service in draft.services
    ]
    draft.add(traefik.service(proxy, ports, found.get(proxy.name, {}), behind))
    if traefik.dynamic(proxy):
        draft.file(traefik.file(proxy))
    published = ", ".join(sorted(ports.values(), key=int))
    classes = f" in the place of {', '.join(proxy.classes)}" if proxy.classes else ""
    subject = f"services.{proxy.name}"
    world.ledger.say(
        note(
            "TC280",
            proxy.origin,
            subject=subject,
            name=proxy.name,
            classes=classes,
            ports=published,
        )
    )
