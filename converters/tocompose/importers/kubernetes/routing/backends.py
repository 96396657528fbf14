"""From the backend of a route to the containers behind it: Service, port, workloads, container port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.endpoint_fields import (
    EndpointSubset,
    decode_endpoints,
)
from tocompose.importers.kubernetes.routing.route_fields import RouteBackend
from tocompose.importers.kubernetes.routing.site import RouteSite
from tocompose.importers.kubernetes.scalars import (
    Stated,
)
from tocompose.importers.kubernetes.services import KubeService, ServicePort, container_port
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import (
    ContainerHome,
    TraefikService,
)
from tocompose.traefik.proxy_builder import ProxyBuilder
from tocompose.traefik.service import FILE

# Traefik's own words for how to speak to a server: https://doc.traefik.io/traefik/routing/providers/kubernetes-ingress/#on-service
_SCHEMES = {"kubernetes.io/h2c": "h2c", "h2c": "h2c", "https": "https", "grpc": "h2c"}


class ReachedService(NamedTuple):
    """A Service's port with the containers that answer there, or with addresses outside of the stack.

    `labels` is the model path of the labels that say so: those of the first container, or of the proxy itself.
    """

    kube_service: KubeService
    port: ServicePort | None
    labels: ModelPath
    homes: tuple[ContainerHome, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def protocol(self) -> Stated:
        """What the Service says of how its servers are spoken to."""
        return self.port.app_protocol if self.port else self.kube_service.spec.app_protocol

    @property
    def scheme(self) -> str | None:
        """How the Service says that its servers are spoken to; None for plain HTTP."""
        return _SCHEMES.get(self.protocol.text or "")


def reach_backend(
    site: RouteSite,
    namespace: str,
    name: str,
    asked_port: str | None,
    cursor: Cursor,
    route: str,
) -> ReachedService | None:
    """What answers behind a Service's port; None, with a note at `cursor`, when nothing does."""
    backend = site.model.kube_services.get(namespace, name)
    port = _asked_port(backend, asked_port) if backend else None
    if backend is None:
        why = f"there is no Service {name} in the manifests"
    elif addresses := tuple(_outside_addresses(backend, port, asked_port, site.model)):
        return ReachedService(backend, port, site.proxy.labels, addresses=addresses)
    elif port is None:
        why = (
            f"Service {name} has no port {asked_port}"
            if asked_port
            else f"it does not say which port of Service {name}"
        )
    elif homes := tuple(_container_homes(backend, port)):
        if asked_port is None:
            cursor.annotate("TC279", route=route, service=name, port=port.number)
        return ReachedService(
            backend, port, ModelPath.service(homes[0].service, "labels"), homes
        )
    else:
        why = f"Service {name} leads to no container of the manifests"
    cursor.note("TC282", route=route, why=why)
    return None


def traefik_target(
    reached: ReachedService, proxy: ProxyBuilder, options: tuple[tuple[str, str], ...]
) -> TraefikService:
    """The Traefik service: of containers, or in the proxy's own file for addresses outside of the stack."""
    if reached.homes:
        return proxy.target(reached.kube_service.name, reached.homes, options)
    target_options = dict(options)
    secure = target_options.get("loadbalancer.server.scheme") == "https" or all(
        address.endswith(":443") for address in reached.addresses
    )
    urls = tuple(
        f"{'https' if secure else 'http'}://{address}" for address in reached.addresses
    )
    external_name = reached.kube_service.spec.external_name.cursor
    external_name.take(to=ModelPath.of("files", FILE))
    return proxy.outside_target(reached.kube_service.name, urls)


def weighted_targets(
    references: Iterable[RouteBackend],
    site: RouteSite,
    route: str,
    target_options: Callable[[RouteBackend, ReachedService], Iterable[tuple[str, str]]],
) -> Iterator[tuple[TraefikService, ReachedService, int]]:
    """What each reference of a rule leads to, with its weight; what cannot be reached is noted at it."""
    for reference in references:
        kind, cursor = reference.kind.text, reference.cursor
        if kind not in (None, "Service"):
            why = f"it leads to a {kind}, which labels cannot describe"
            cursor.note("TC282", route=route, why=why)
            continue
        namespace = reference.namespace.text or site.namespace
        name, port = reference.name.text or "", reference.port.text
        reached = reach_backend(site, namespace, name, port, cursor, route)
        if reached is None:
            continue
        for identifying_field in reference.identity:
            identifying_field.cursor.take(to=reached.labels)
        options = tuple(target_options(reference, reached))
        weight = integer(reference.weight.take(reached.labels) or "1")
        target = traefik_target(reached, site.proxy, options)
        yield target, reached, 1 if weight is None else weight


def shared_target(
    weighted: list[tuple[TraefikService, int]], proxy: ProxyBuilder, name: str
) -> TraefikService:
    """The only service of a rule, or one of the proxy that divides requests by weight."""
    return weighted[0][0] if len(weighted) == 1 else proxy.share_target(name, weighted)


def _outside_addresses(
    backend: KubeService,
    port: ServicePort | None,
    asked_port: str | None,
    world: ClusterModel,
) -> Iterator[str]:
    """Hosts with ports that a Service without pods stands for: an external name, or endpoints kept by hand."""
    number = port.number if port else integer(asked_port or "80")
    if backend.external:
        yield f"{backend.external}:{number}"
    endpoints = world.objects.get("Endpoints", backend.namespace, backend.name)
    if endpoints is None or backend.selector:
        return
    for subset in decode_endpoints(endpoints):
        port_number = _endpoint_port(subset, port) or number
        for stated_address in subset.addresses:
            if address := stated_address.text:
                host = f"[{address}]" if ":" in address else address
                yield f"{host}:{port_number}"


def _endpoint_port(subset: EndpointSubset, port: ServicePort | None) -> str | None:
    """The port of endpoints that has the name of the Service's port, else their first."""
    same_name = [
        endpoint_port
        for endpoint_port in subset.ports
        if port and endpoint_port.name == (port.name or None)
    ]
    chosen_port = next(iter(same_name or subset.ports), None)
    return chosen_port.number if chosen_port else None


def _asked_port(backend: KubeService, asked_port: str | None) -> ServicePort | None:
    """The port asked for; where the route names none, the only one that there is."""
    if asked_port is None:
        return backend.ports[0] if len(backend.ports) == 1 else None
    return backend.port(asked_port)


def _container_homes(backend: KubeService, port: ServicePort) -> list[ContainerHome]:
    homes = []
    for workload, instance in backend.pods():
        number = container_port(port, workload)
        if number is not None:
            homes.append(ContainerHome(instance.network_owner, number))
    return homes
