"""Routes from outside: Ingress, Gateway API and Traefik's own objects become labels and one Traefik service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.certificate_fields import decode_certificates
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.acme import obtain_certificates
from tocompose.importers.kubernetes.routing.gateway import add_gateway_routes
from tocompose.importers.kubernetes.routing.ingress import add_ingress_routes
from tocompose.importers.kubernetes.routing.isolation import (
    attach_groups,
    name_proxy_networks,
    plan_networks,
)
from tocompose.importers.kubernetes.routing.middlewares import GROUPS
from tocompose.importers.kubernetes.routing.policy import note_policies, stand_in
from tocompose.importers.kubernetes.routing.policy_fields import decode_policy
from tocompose.importers.kubernetes.routing.traefik_routes import ingress_routes
from tocompose.importers.kubernetes.stack_builder import (
    Contribution,
    SharedFile,
    StackBuilder,
    StackPart,
)
from tocompose.model import Service
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import free_name
from tocompose.traefik.labels import proxy_labels
from tocompose.traefik.proxy import Proxy
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.service import dynamic_file, free_ports, needs_file, traefik_service

__all__ = ["route"]


def route(
    world: ClusterModel, builder: StackBuilder, options: Mapping[str, tuple[str, ...]]
) -> Iterator[StackPart]:
    """What the routes add to the services, which are converted by now: labels, and the proxy. Says what stays open of
    network policies."""
    services = builder.services
    world = world._replace(certificates=decode_certificates(world.objects))
    proxy_builder = ProxyBuilder(free_name("traefik", services))
    add_ingress_routes(world, proxy_builder)
    add_gateway_routes(world, proxy_builder)
    ingress_routes(world, proxy_builder)
    for middleware_object in world.objects.of_kind(
        *(f"Middleware.{group}" for group in GROUPS)
    ):
        if middleware_object.at("spec").unread():
            middleware_object.cursor.note(
                "TC282",
                route=str(middleware_object),
                why="no route of the manifests could use it",
            )
    yield from obtain_certificates(world, proxy_builder)
    proxy = proxy_builder.build_proxy()
    yield from proxy.files
    yield from (SharedFile(resource, True) for resource in proxy.secrets)
    if proxy.routers:
        yield from _write_routes(world, services, proxy)
    world = world._replace(stand_in=stand_in(world, services))
    policies = tuple(map(decode_policy, world.objects.of_kind("NetworkPolicy")))
    plan = plan_networks(policies, world, services)
    is_asked = "networks" in options.get("network-policy", ())
    if is_asked:
        yield from attach_groups(plan, services, builder.networks)
        if plan.groups and world.stand_in:
            yield from name_proxy_networks(world.stand_in, services)
    kept_policies = plan.kept_policies if is_asked else ()
    open_policies = (policy for policy in policies if policy not in kept_policies)
    note_policies(open_policies, plan.obstacle, is_asked, world)


def _write_routes(
    world: ClusterModel, services: Mapping[str, Service], proxy: Proxy
) -> Iterator[StackPart]:
    ports = _entrypoint_ports(world, services, proxy)
    proxy = proxy.with_moved_ports(ports)
    labels_by_service = proxy_labels(proxy)
    for name, service_labels in labels_by_service.items():
        if name in services:
            yield Contribution(service=name, labels=tuple(service_labels.items()))
    behind = [services[home.service] for home in proxy.homes() if home.service in services]
    yield traefik_service(proxy, ports, labels_by_service.get(proxy.name, {}), behind)
    if needs_file(proxy):
        yield dynamic_file(proxy)
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


def _entrypoint_ports(
    world: ClusterModel, services: Mapping[str, Service], proxy: Proxy
) -> dict[str, str]:
    """The host port of each entry point, none that a service publishes already; those that moved are noted."""
    taken_ports = {
        (port.published or "", port.protocol)
        for service in services.values()
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
