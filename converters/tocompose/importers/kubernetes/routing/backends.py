"""From the backend of a route to the containers behind it: Service, port, workloads, container port."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.importers.kubernetes.endpoint_fields import (
    EndpointSubset,
    decode_endpoints,
)
from tocompose.importers.kubernetes.routing.route_fields import RouteBackend
from tocompose.importers.kubernetes.routing.site import RouteSite, RoutingModel
from tocompose.importers.kubernetes.scalars import Stated
from tocompose.importers.kubernetes.services import KubeService, ServicePort, container_port
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer
from tocompose.record import NamedTuple
from tocompose.syntax.model_path import ModelPath
from tocompose.traefik.proxy import ContainerHome
from tocompose.traefik.proxy_parts import (
    ContainerServers,
    OutsideServers,
    ServerOptions,
    Servers,
    WeightedServers,
)
from tocompose.traefik.service import FILE

SCHEME = "loadbalancer.server.scheme"

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

    def count_address_as_mapped(self) -> None:
        """Counts the external name that it has as mapped to the proxy's own file."""
        if not self.homes:
            external_name = self.kube_service.spec.external_name
            external_name.cursor.take(to=ModelPath.of("files", FILE))


def reach_backend(
    site: RouteSite,
    namespace: str,
    name: str,
    asked_port: str | None,
    cursor: Cursor,
    route: str,
) -> ReachedService | None:
    """What answers behind a Service's port; None, with a note at `cursor`, when nothing does."""
    backend = site.model.cluster.kube_services.get(namespace, name)
    port = _asked_port(backend, asked_port) if backend else None
    if backend is None:
        why = f"there is no Service {name} in the manifests"
    elif addresses := tuple(_outside_addresses(backend, port, asked_port, site.model)):
        labels = site.model.proxy_path("labels")
        return ReachedService(backend, port, labels, addresses=addresses)
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


def reached_servers(reached: ReachedService, options: ServerOptions) -> Servers:
    """The servers behind a Service: containers, or addresses outside of the stack."""
    name = reached.kube_service.name
    if reached.homes:
        return ContainerServers(name, reached.homes, options)
    is_secure = dict(options.pairs).get(SCHEME) == "https" or all(
        address.endswith(":443") for address in reached.addresses
    )
    scheme = "https" if is_secure else "http"
    urls = tuple(f"{scheme}://{address}" for address in reached.addresses)
    return OutsideServers(name, urls, options)


class ReachedBackend(NamedTuple):
    """What one reference of a rule leads to, and its weight."""

    servers: Servers
    reached: ReachedService
    weight: int


def reached_backends(
    references: Iterable[RouteBackend],
    site: RouteSite,
    route: str,
    server_options: Callable[[RouteBackend, ReachedService], ServerOptions],
) -> Iterator[ReachedBackend]:
    """What each reference of a rule leads to; what cannot be reached is noted at it."""
    all_references = tuple(references)
    for reference in all_references:
        kind, cursor = reference.kind.text, reference.cursor
        title = _share_title(route, reference) if all_references[1:] else route
        if kind not in (None, "Service"):
            why = f"it leads to a {kind}, and not to a Service"
            cursor.note("TC282", route=title, why=why)
            continue
        namespace = reference.namespace.text or site.namespace
        name, port = reference.name.text or "", reference.port.text
        reached = reach_backend(site, namespace, name, port, cursor, title)
        if reached is None:
            continue
        for identifying_field in reference.identity:
            identifying_field.cursor.take(to=reached.labels)
        servers = reached_servers(reached, server_options(reference, reached))
        weight = integer(reference.weight.take(reached.labels) or "1")
        yield ReachedBackend(servers, reached, 1 if weight is None else weight)


def _share_title(route: str, reference: RouteBackend) -> str:
    """What a note calls the share of a route that one of several backends has."""
    return f"{route}, share of {reference.name.text or 'a backend without a name'}"


def shared_servers(backends: list[ReachedBackend], name: str) -> Servers | WeightedServers:
    """The only servers of a rule, or several that share its requests by weight."""
    for backend in backends:
        backend.reached.count_address_as_mapped()
    if len(backends) == 1:
        return backends[0].servers
    shares = tuple((backend.servers, backend.weight) for backend in backends)
    return WeightedServers(name, shares)


def _outside_addresses(
    backend: KubeService,
    port: ServicePort | None,
    asked_port: str | None,
    model: RoutingModel,
) -> Iterator[str]:
    """Hosts with ports that a Service without pods stands for: an external name, or endpoints kept by hand."""
    number = port.number if port else integer(asked_port or "80")
    if backend.external:
        yield f"{backend.external}:{number}"
    endpoints = model.cluster.objects.get("Endpoints", backend.namespace, backend.name)
    if endpoints is None or backend.selector:
        return
    for subset in decode_endpoints(endpoints):
        port_number = _endpoint_port(subset, port) or number
        yield from (f"{host}:{port_number}" for host in _endpoint_hosts(subset))


def _endpoint_hosts(subset: EndpointSubset) -> Iterator[str]:
    """The addresses of endpoints as they stand in an URL."""
    for stated_address in subset.addresses:
        if address := stated_address.text:
            yield f"[{address}]" if ":" in address else address


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
