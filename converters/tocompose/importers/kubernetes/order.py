"""What runs before what: init containers, sidecars, the pods of a StatefulSet, the one-shots for volumes."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.place import ContainerContext
from tocompose.importers.kubernetes.pods import joins_owner
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.waits import ApiWait
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.model import Dependency, Service
from tocompose.record import replace

_DONE = "service_completed_successfully"


def arrange_order(world: ClusterModel, prepared: dict[str, str]) -> None:
    """Sets network namespaces and start order of every pod; `prepared` names the one-shot before a pod, by its base."""
    for workload in world.workloads:
        previous: Pod | None = None
        waits = _api_dependencies(workload, world)
        for instance in workload.pods:
            _arrange_pod(
                workload, instance, previous, world, prepared.get(instance.base), waits
            )
            previous = instance


def _arrange_pod(
    workload: Workload,
    instance: Pod,
    previous: Pod | None,
    world: ClusterModel,
    first: str | None,
    waits: list[Dependency],
) -> None:
    before: list[Dependency] = [Dependency(service=first, condition=_DONE)] if first else []
    before.extend(waits)
    before.extend(_previous_pod(workload, previous, world))
    for unit in instance.containers:
        place = ContainerContext(world, workload, instance, unit)
        service = world.builder.services[unit.service]
        if workload.host_network:
            service = replace(service, network_mode="host")
        elif joins_owner(instance, place):
            service = replace(service, network_mode=f"service:{instance.network_owner}")
        needed = [item for item in before if item.service != unit.service]
        world.builder.services[unit.service] = replace(
            service, depends_on=_merge_dependencies(service, needed)
        )
        if unit.role is ContainerRole.INIT:
            before = [
                *before,
                Dependency(service=unit.service, condition=_DONE, origin=unit.cursor.span),
            ]
        elif unit.role is ContainerRole.SIDECAR:
            before = [
                *before,
                _when_started(service, unit.cursor.at("startupProbe").kind == "map"),
            ]
            unit.cursor.at("restartPolicy").take(to=f"services.{unit.service}.restart")
    _drop_implied(instance, world)


def _when_started(service: Service, has_startup: bool) -> Dependency:
    healthy = has_startup and service.healthcheck is not None
    return Dependency(
        service=service.name, condition="service_healthy" if healthy else "service_started"
    )


def _previous_pod(
    workload: Workload, previous: Pod | None, world: ClusterModel
) -> list[Dependency]:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees"""
    policy = workload.kube_object.at("spec", "podManagementPolicy")
    if previous is None or peek_text(policy) == "Parallel":
        return []
    service = world.builder.services[previous.main_container.service]
    return [_when_started(service, service.healthcheck is not None)]


def _merge_dependencies(
    service: Service, needed: list[Dependency]
) -> tuple[Dependency, ...]:
    known = {item.service for item in service.depends_on}
    return (*service.depends_on, *(item for item in needed if item.service not in known))


def _drop_implied(instance: Pod, world: ClusterModel) -> None:
    """Leaves out the init containers that an earlier one of the chain already waits for."""
    inits = [
        unit.service for unit in instance.containers if unit.role is ContainerRole.INIT
    ]
    for unit in instance.containers:
        service = world.builder.services[unit.service]
        waited = [item.service for item in service.depends_on if item.service in inits]
        kept = tuple(item for item in service.depends_on if item.service not in waited[:-1])
        world.builder.services[unit.service] = replace(service, depends_on=kept)


def _api_dependencies(workload: Workload, world: ClusterModel) -> list[Dependency]:
    """What the pod waits for by such init containers, each said in a note in place of the container."""
    found: dict[str, Dependency] = {}
    for container, wait in workload.api_waits:
        targets = list(_wait_targets(wait, workload, world))
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
            object=str(workload.kube_object),
            name=peek_text(container.at("name")) or "init container",
            what=what,
        )
    return list(found.values())


def _wait_targets(
    wait: ApiWait, workload: Workload, world: ClusterModel
) -> Iterator[Dependency]:
    namespace = wait.namespace or workload.namespace
    for other in world.workloads:
        if other is workload or other.namespace != namespace or not other.pods:
            continue
        if _is_meant(wait, other, world, namespace):
            done = _DONE if other.kind == "Job" else "service_started"
            for instance in other.pods:
                yield Dependency(
                    service=instance.main_container.service,
                    condition=done,
                    origin=workload.kube_object.span,
                )


def _is_meant(wait: ApiWait, other: Workload, world: ClusterModel, namespace: str) -> bool:
    if wait.kind == "Service":
        backends = (world.kube_services.get(namespace, name) for name in wait.names)
        return any(
            backend is not None and other in backend.workloads for backend in backends
        )
    if wait.labels:
        own = (
            other.labels
            if wait.kind == "Pod"
            else {**other.labels, **other.kube_object.labels}
        )
        return wait.kind in ("Pod", other.kind) and all(
            own.get(key) == text for key, text in wait.labels
        )
    if wait.kind == "Pod":
        return any(
            name == other.kube_object.name or name.startswith(f"{other.kube_object.name}-")
            for name in wait.names
        )
    return wait.kind == other.kind and other.kube_object.name in wait.names
