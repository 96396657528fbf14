"""From the backend of a route to the containers behind it: Service, port, workloads, container port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.importers.kubernetes.routing.proxy import Home, Proxy, Target
from tocompose.importers.kubernetes.routing.site import Site
from tocompose.importers.kubernetes.routing.traefik import FILE
from tocompose.importers.kubernetes.scalars import items, value
from tocompose.importers.kubernetes.services import Backend, ServicePort, target_of
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.readers.yaml import integer

# Traefik's own words for how to speak to a server: https://doc.traefik.io/traefik/routing/providers/kubernetes-ingress/#on-service
_SCHEMES = {"kubernetes.io/h2c": "h2c", "h2c": "h2c", "https": "https", "grpc": "h2c"}


class Reached(NamedTuple):
    """A Service's port with the containers that answer there, or with addresses outside of the stack.

    `labels` is the model path of the labels that say so: those of the first container, or of the proxy itself.
    """

    backend: Backend
    port: ServicePort | None
    labels: str
    homes: tuple[Home, ...] = ()
    addresses: tuple[str, ...] = ()

    @property
    def protocol(self) -> Cursor:
        """Where the Service says how its servers are spoken to."""
        return (
            self.port.cursor.at("appProtocol")
            if self.port
            else self.backend.object.at("spec", "appProtocol")
        )

    @property
    def scheme(self) -> str | None:
        """How the Service says that its servers are spoken to; None for plain HTTP."""
        return _SCHEMES.get(value(self.protocol) or "")


def reach(
    site: Site, namespace: str, name: str, wanted: str | None, cursor: Cursor, route: str
) -> Reached | None:
    """What answers behind a Service's port; None, with a note at `cursor`, when nothing does."""
    backend = site.world.backends.get(namespace, name)
    port = _port(backend, wanted) if backend else None
    if backend is None:
        why = f"there is no Service {name} in the manifests"
    elif addresses := tuple(_addresses(backend, port, wanted, site.world)):
        return Reached(backend, port, site.proxy.labels, addresses=addresses)
    elif port is None:
        why = (
            f"Service {name} has no port {wanted}"
            if wanted
            else f"it does not say which port of Service {name}"
        )
    elif homes := tuple(_homes(backend, port)):
        if wanted is None:
            cursor.remark("TC279", route=route, service=name, port=port.number)
        return Reached(backend, port, f"services.{homes[0].service}.labels", homes)
    else:
        why = f"Service {name} leads to no container of the manifests"
    cursor.note("TC282", route=route, why=why)
    return None


def target(reached: Reached, proxy: Proxy, options: tuple[tuple[str, str], ...]) -> Target:
    """The Traefik service: of containers, or in the proxy's own file for addresses outside of the stack."""
    if reached.homes:
        return proxy.target(reached.backend.name, reached.homes, options)
    known = dict(options)
    secure = known.get("loadbalancer.server.scheme") == "https" or all(
        each.endswith(":443") for each in reached.addresses
    )
    urls = tuple(f"{'https' if secure else 'http'}://{each}" for each in reached.addresses)
    reached.backend.object.at("spec", "externalName").take(to=f"files.{FILE}")
    return proxy.outside(reached.backend.name, urls)


def _addresses(
    backend: Backend, port: ServicePort | None, wanted: str | None, world: World
) -> Iterator[str]:
    """Hosts with ports that a Service without pods stands for: an external name, or endpoints kept by hand."""
    number = port.number if port else integer(wanted or "80")
    if backend.external:
        yield f"{backend.external}:{number}"
    endpoints = world.objects.get("Endpoints", backend.namespace, backend.name)
    if endpoints is None or backend.selector:
        return
    for subset in items(endpoints.at("subsets")):
        ports = list(items(subset.at("ports")))
        same = next(
            (
                each
                for each in ports
                if port and value(each.at("name")) == (port.name or None)
            ),
            None,
        )
        given = value((same or ports[0]).at("port")) if ports else number
        for each in items(subset.at("addresses")):
            if address := value(each.at("ip")):
                yield f"[{address}]:{given}" if ":" in address else f"{address}:{given}"


def _port(backend: Backend, wanted: str | None) -> ServicePort | None:
    """The port asked for; where the route names none, the only one that there is."""
    if wanted is None:
        return backend.ports[0] if len(backend.ports) == 1 else None
    return backend.port(wanted)


def _homes(backend: Backend, port: ServicePort) -> list[Home]:
    found = []
    for workload, instance in backend.instances():
        number = target_of(port, workload)
        if number is not None:
            found.append(Home(instance.owner, number))
    return found
