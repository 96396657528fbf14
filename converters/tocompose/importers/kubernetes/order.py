"""What runs before what: init containers, sidecars, the pods of a StatefulSet, the one-shots for volumes."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.pods import joins_owner
from tocompose.importers.kubernetes.scalars import value
from tocompose.importers.kubernetes.waits import Wait
from tocompose.importers.kubernetes.workloads import Instance, Part, Workload
from tocompose.importers.kubernetes.world import World
from tocompose.model import Dependency, Service
from tocompose.record import replace

_DONE = "service_completed_successfully"


def arrange(world: World, prepared: dict[str, str]) -> None:
    """Sets network namespaces and start order of every pod; `prepared` names the one-shot before a pod, by its base."""
    for workload in world.workloads:
        previous: Instance | None = None
        waits = _waits(workload, world)
        for instance in workload.instances:
            _arrange(
                workload, instance, previous, world, prepared.get(instance.base), waits
            )
            previous = instance


def _arrange(
    workload: Workload,
    instance: Instance,
    previous: Instance | None,
    world: World,
    first: str | None,
    waits: list[Dependency],
) -> None:
    before: list[Dependency] = [Dependency(service=first, condition=_DONE)] if first else []
    before.extend(waits)
    before.extend(_previous(workload, previous, world))
    for unit in instance.units:
        place = Place(world, workload, instance, unit)
        service = world.draft.services[unit.service]
        if workload.host_network:
            service = replace(service, network_mode="host")
        elif joins_owner(instance, place):
            service = replace(service, network_mode=f"service:{instance.owner}")
        needed = [item for item in before if item.service != unit.service]
        world.draft.services[unit.service] = replace(
            service, depends_on=_merged(service, needed)
        )
        if unit.part is Part.INIT:
            before = [
                *before,
                Dependency(service=unit.service, condition=_DONE, origin=unit.cursor.span),
            ]
        elif unit.part is Part.SIDECAR:
            before = [
                *before,
                _started(service, unit.cursor.at("startupProbe").kind == "map"),
            ]
            unit.cursor.at("restartPolicy").take(to=f"services.{unit.service}.restart")
    _reduce(instance, world)


def _started(service: Service, has_startup: bool) -> Dependency:
    healthy = has_startup and service.healthcheck is not None
    return Dependency(
        service=service.name, condition="service_healthy" if healthy else "service_started"
    )


def _previous(
    workload: Workload, previous: Instance | None, world: World
) -> list[Dependency]:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees"""
    policy = workload.object.at("spec", "podManagementPolicy")
    if previous is None or value(policy) == "Parallel":
        return []
    service = world.draft.services[previous.main.service]
    return [_started(service, service.healthcheck is not None)]


def _merged(service: Service, needed: list[Dependency]) -> tuple[Dependency, ...]:
    known = {item.service for item in service.depends_on}
    return (*service.depends_on, *(item for item in needed if item.service not in known))


def _reduce(instance: Instance, world: World) -> None:
    """Leaves out the init containers that an earlier one of the chain already waits for."""
    inits = [unit.service for unit in instance.units if unit.part is Part.INIT]
    for unit in instance.units:
        service = world.draft.services[unit.service]
        waited = [item.service for item in service.depends_on if item.service in inits]
        kept = tuple(item for item in service.depends_on if item.service not in waited[:-1])
        world.draft.services[unit.service] = replace(service, depends_on=kept)


def _waits(workload: Workload, world: World) -> list[Dependency]:
    """What the pod waits for by such init containers, each said in a note in place of the container."""
    found: dict[str, Dependency] = {}
    for container, wait in workload.waits:
        targets = list(_targets(wait, workload, world))
        found |= {item.service: item for item in targets if item.service not in found}
        names = ", ".join(item.service for item in targets)
        what = (
            f"depends_on waits for {names}"
            if targets
            else "what it waits for is not among the manifests"
        )
        container.note(
            "TC269",
            subject=f"services.{workload.name}.depends_on",
            object=str(workload.object),
            name=value(container.at("name")) or "init container",
            what=what,
        )
    return list(found.values())


def _targets(wait: Wait, workload: Workload, world: World) -> Iterator[Dependency]:
    namespace = wait.namespace or workload.namespace
    for other in world.workloads:
        if other is workload or other.namespace != namespace or not other.instances:
            continue
        if _meant(wait, other, world, namespace):
            done = _DONE if other.kind == "Job" else "service_started"
            for instance in other.instances:
                yield Dependency(
                    service=instance.main.service,
                    condition=done,
                    origin=workload.object.span,
                )


def _meant(wait: Wait, other: Workload, world: World, namespace: str) -> bool:
    if wait.kind == "Service":
        backends = (world.backends.get(namespace, name) for name in wait.names)
        return any(
            backend is not None and other in backend.workloads for backend in backends
        )
    if wait.labels:
        own = (
            other.labels if wait.kind == "Pod" else {**other.labels, **other.object.labels}
        )
        return wait.kind in ("Pod", other.kind) and all(
            own.get(key) == text for key, text in wait.labels
        )
    if wait.kind == "Pod":
        return any(
            name == other.object.name or name.startswith(f"{other.object.name}-")
            for name in wait.names
        )
    return wait.kind == other.kind and other.object.name in wait.names
