"""Routes from outside: Ingress, Gateway API and Traefik's own objects become labels and one Traefik service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.routing.acme import (
    certificate_storage,
    obtain_certificates,
)
from tocompose.importers.kubernetes.routing.gateway import gateway_parts
from tocompose.importers.kubernetes.routing.ingress import ingress_parts
from tocompose.importers.kubernetes.routing.isolation import (
    attach_groups,
    name_proxy_networks,
    plan_networks,
)
from tocompose.importers.kubernetes.routing.middlewares import note_unused_middlewares
from tocompose.importers.kubernetes.routing.policy import note_policies, stand_in
from tocompose.importers.kubernetes.routing.policy_fields import decode_policy
from tocompose.importers.kubernetes.routing.proxy_notes import note_assumptions
from tocompose.importers.kubernetes.routing.site import RoutingModel, routing_model
from tocompose.importers.kubernetes.routing.traefik_routes import traefik_parts
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
from tocompose.traefik.proxy import EntryPoint, Proxy
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.proxy_parts import HostResolver, ManagedCertificate, ProxyPart
from tocompose.traefik.service import dynamic_file, free_ports, needs_file, traefik_service

__all__ = ["route"]

# Where an authority asks whether a host is ours: https://letsencrypt.org/docs/challenge-types/#http-01-challenge
_CHALLENGE_PORT = 80


def route(
    model: ClusterModel, builder: StackBuilder, options: Mapping[str, tuple[str, ...]]
) -> Iterator[StackPart]:
    """What the routes add to the services, which are converted by now: labels, and the proxy. Says what stays open of
    network policies."""
    yield from _route_requests(model, builder.services)
    model = model._replace(stand_in=stand_in(model, builder.services))
    is_asked = "networks" in options.get("network-policy", ())
    yield from _keep_policies(model, builder, is_asked)


def _route_requests(
    model: ClusterModel, services: Mapping[str, Service]
) -> Iterator[StackPart]:
    """The labels and the proxy, with the files that it reads."""
    routing = routing_model(model, free_name("traefik", services))
    asked_parts = proxy_parts(routing)
    proxy = _apply_parts(asked_parts, routing)
    for asked_part in asked_parts:
        if isinstance(asked_part, HostResolver):
            yield from certificate_storage(asked_part)
    yield from proxy.files
    yield from (SharedFile(resource, True) for resource in proxy.secrets)
    if proxy.routers:
        note_assumptions(asked_parts, proxy)
        yield from _write_routes(model, services, proxy)


def _keep_policies(
    model: ClusterModel, builder: StackBuilder, is_asked: bool
) -> Iterator[StackPart]:
    """The networks that keep to NetworkPolicies where these are asked for; says of the other policies what stays
    open."""
    services = builder.services
    policies = tuple(map(decode_policy, model.objects.of_kind("NetworkPolicy")))
    plan = plan_networks(policies, model, services)
    if is_asked:
        yield from attach_groups(plan, services, builder.networks)
        if plan.groups and model.stand_in:
            yield from name_proxy_networks(model.stand_in, services)
    kept_policies = plan.kept_policies if is_asked else ()
    open_policies = (policy for policy in policies if policy not in kept_policies)
    note_policies(open_policies, plan.obstacle, is_asked, model)


def proxy_parts(model: RoutingModel) -> tuple[ProxyPart, ...]:
    """What all routes ask of the proxy, and how it obtains the certificates that they want."""
    asked_parts = (*ingress_parts(model), *gateway_parts(model), *traefik_parts(model))
    note_unused_middlewares(model)
    managed = (
        asked_part
        for asked_part in asked_parts
        if isinstance(asked_part, ManagedCertificate)
    )
    return (*asked_parts, *obtain_certificates(managed, model))


def _apply_parts(asked_parts: tuple[ProxyPart, ...], model: RoutingModel) -> Proxy:
    proxy_builder = ProxyBuilder(model.proxy_name)
    proxy_builder.apply(asked_parts)
    return proxy_builder.build_proxy()


def _write_routes(
    model: ClusterModel, services: Mapping[str, Service], proxy: Proxy
) -> Iterator[StackPart]:
    ports = _entrypoint_ports(model, services, proxy)
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
    model.ledger.add_note(
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
    model: ClusterModel, services: Mapping[str, Service], proxy: Proxy
) -> dict[str, str]:
    """The host port of each entry point, none that a service publishes already; those that moved are noted."""
    taken_ports = {
        (port.published or "", port.protocol)
        for service in services.values()
        for port in service.ports
    }
    ports, moved = free_ports(proxy, taken_ports)
    for point, number in moved:
        publishers = ", ".join(_publishers(point, services))
        is_asked = point.port == _CHALLENGE_PORT and bool(proxy.acme and publishers)
        model.ledger.add_note(
            note(
                "TC885" if is_asked else "TC295",
                point.origin or proxy.origin,
                subject=ModelPath.service(proxy.name),
                port=point.port,
                moved=number,
                service=publishers,
            )
        )
    return ports


def _publishers(point: EntryPoint, services: Mapping[str, Service]) -> list[str]:
    """The services that publish the port of an entry point."""
    entry_port = (str(point.port), point.protocol)
    return [
        name
        for name, service in services.items()
        if any((port.published, port.protocol) == entry_port for port in service.ports)
    ]
