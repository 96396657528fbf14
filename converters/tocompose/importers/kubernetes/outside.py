"""Services that lead out of the input: external names, fixed addresses, and those that select nothing."""

from __future__ import annotations

from tocompose.importers.kubernetes.services import Backend
from tocompose.importers.kubernetes.world import World


def say_outside(world: World) -> None:
    """Says of each Service without workloads what its clients will miss."""
    for backend in world.backends:
        if backend.workloads or backend.external:
            continue
        _say(backend, world)


def _say(backend: Backend, world: World) -> None:
    ports = ", ".join(str(port.number) for port in backend.ports) or "none"
    backend.object.cursor.remark("TC222", service=backend.name, ports=ports)
    backend.object.cursor.noted("TC222")
