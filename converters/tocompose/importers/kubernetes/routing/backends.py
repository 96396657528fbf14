"""From the backend of a route to the containers behind it: Service, port, workloads, container port."""

from __future__ import annotations

from typing import NamedTuple

from tocompose.importers.kubernetes.routing.proxy import Home
from tocompose.importers.kubernetes.scalars import value
from tocompose.importers.kubernetes.services import Backend, ServicePort, target_of
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor

# Traefik's own words for how to speak to a server: https://doc.traefik.io/traefik/routing/providers/kubernetes-ingress/#on-service
_SCHEMES = {"kubernetes.io/h2c": "h2c", "h2c": "h2c", "https": "https", "grpc": "h2c"}


class Reached(NamedTuple):
    """A Service's port with the containers that answer there."""

    backend: Backend
    port: ServicePort
    homes: tuple[Home, ...]

    @property
    def labels(self) -> str:
        """The model path of the labels of the first container."""
        return f"services.{self.homes[0].service}.labels"

    @property
    def scheme(self) -> str | None:
        """How the Service says that its servers are spoken to; None for plain HTTP."""
        said = value(self.port.cursor.at("appProtocol"))
        return _SCHEMES.get(said or "")


def reach(world: World, namespace: str, name: str, wanted: str | None, cursor: Cursor, route: str) -> Reached | None:
    """The containers behind a Service's port; None, with a note at `cursor`, when there are none."""
    backend = world.backends.get(namespace, name)
    port = _port(backend, wanted) if backend else None
    homes = tuple(_homes(backend, port)) if backend and port else ()
    if backend is None:
        why = f"there is no Service {name} in the manifests"
    elif backend.external:
        why = f"Service {name} stands for {backend.external}, outside of the stack"
    elif port is None:
        why = f"Service {name} has no port {wanted}" if wanted else f"it does not say which port of Service {name}"
    elif homes:
        if wanted is None:
            cursor.remark("TC279", route=route, service=name, port=port.number)
        return Reached(backend, port, homes)
    else:
        why = f"Service {name} leads to no container of the manifests"
    cursor.note("TC282", route=route, why=why)
    return None


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
