"""Routes from outside: Ingress, Gateway API and Traefik's own objects become labels and one Traefik service."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.routing.acme import obtain_certificates
from tocompose.importers.kubernetes.routing.gateway import add_gateway_routes
from tocompose.importers.kubernetes.routing.ingress import add_ingress_routes
from tocompose.importers.kubernetes.routing.isolation import isolate_workloads
from tocompose.importers.kubernetes.routing.middlewares import GROUPS
from tocompose.importers.kubernetes.routing.policy import note_policies
from tocompose.importers.kubernetes.routing.traefik_routes import ingress_routes
from tocompose.notes import note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import unique_name
from tocompose.traefik.labels import proxy_labels
from tocompose.traefik.proxy import Proxy
from tocompose.traefik.service import dynamic_file, free_ports, needs_file, traefik_service

__all__ = ["route"]


def route(world: ClusterModel, options: Mapping[str, tuple[str, ...]]) -> None:
    """Adds the routes to the draft, whose services are converted by now: labels on them, and the proxy. Says what stays
    open of network policies."""
    proxy = Proxy(unique_name("traefik", set(world.builder.services)))
    add_ingress_routes(world, proxy)
    add_gateway_routes(world, proxy)
    ingress_routes(world, proxy)
    for middleware_object in world.objects.of_kind(
        *(f"Middleware.{group}" for group in GROUPS)
    ):
        if middleware_object.at("spec").unread():
            middleware_object.cursor.note(
                "TC282",
                route=str(middleware_object),
                why="no route of the manifests could use it",
            )
    obtain_certificates(world, proxy)
    kept_policies: tuple[KubeObject, ...]
    proxy.order_equal_routers()
    if proxy.routers:
        _write_routes(world, proxy)
    kept_policies, obstacle = (), ""
    if "networks" in options.get("network-policy", ()):
        kept_policies, obstacle = isolate_workloads(world)
    note_policies(world, kept_policies, obstacle)


def _write_routes(world: ClusterModel, proxy: Proxy) -> None:
    draft = world.builder
    ports = _entrypoint_ports(world, proxy)
    proxy.name_moved_ports(ports)
    labels_by_service = proxy_labels(proxy)
    for name, service_labels in labels_by_service.items():
        if name in draft.services:
            service = draft.services[name]
            labels = {**service.labels, **service_labels}
            draft.services[name] = replace(service, labels=labels)
    behind = [
        draft.services[home.service]
        for home in proxy.homes()
        if home.service in draft.services
    ]
    draft.add_service(
        traefik_service(proxy, ports, labels_by_service.get(proxy.name, {}), behind)
    )
    if needs_file(proxy):
        draft.add_file(dynamic_file(proxy))
    published_ports = ", ".join(sorted(ports.values(), key=int))
    classes = f" in the place of {', '.join(proxy.classes)}" if proxy.classes else ""
    subject = ModelPath.service(proxy.name)
    world.ledger.add_note(
        note(
            "TC280",
            proxy.origin,
            subject=subject,
            name=proxy.name,
            classes=classes,
            ports=published_ports,
        )
    )


def _entrypoint_ports(world: ClusterModel, proxy: Proxy) -> dict[str, str]:
    """The host port of each entry point, none that a service publishes already; those that moved are noted."""
    taken_ports = {
        (port.published or "", port.protocol)
        for service in world.builder.services.values()
        for port in service.ports
    }
    ports, moved = free_ports(proxy, taken_ports)
    for point, number in moved:
        world.ledger.add_note(
            note(
                "TC295",
                point.origin or proxy.origin,
                subject=ModelPath.service(proxy.name),
                port=point.port,
                moved=number,
            )
        )
    return ports
