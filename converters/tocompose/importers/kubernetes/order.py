"""What runs before what: init containers, sidecars, pods of a StatefulSet, one-shots for volumes, jobs of a release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import MadeObject
from tocompose.importers.kubernetes.probe_fields import STARTUP, find_probe
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.stack_builder import Contribution
from tocompose.importers.kubernetes.volume_jobs import VolumeJobs
from tocompose.importers.kubernetes.waits import ApiWait
from tocompose.importers.kubernetes.workloads import (
    ContainerRole,
    Pod,
    PodContainer,
    Workload,
)
from tocompose.model import Dependency, Service
from tocompose.syntax.model_path import ModelPath

_DONE = "service_completed_successfully"
_STARTED = "service_started"
_HEALTHY = "service_healthy"


def arrange_pods(
    model: ClusterModel, services: Mapping[str, Service], jobs: Mapping[str, VolumeJobs]
) -> Iterator[Contribution]:
    """Network namespaces and start order of every pod; `jobs` are those that prepare its volumes, by its base."""
    for workload in model.workloads:
        previous_pod: Pod | None = None
        awaited = _api_dependencies(workload, model)
        for pod in workload.pods:
            dependencies = [*awaited, *_previous_pod(workload, previous_pod, services)]
            first_job, later_job = jobs[pod.base]
            if first_job is not None:
                dependencies.insert(0, Dependency(service=first_job.name, condition=_DONE))
            yield from _arrange_pod(workload, pod, dependencies, later_job, services)
            previous_pod = pod


def _arrange_pod(
    workload: Workload,
    pod: Pod,
    dependencies: list[Dependency],
    later_job: Service | None,
    services: Mapping[str, Service],
) -> Iterator[Contribution]:
    """Each container after the init containers and sidecars that stand before it. Of the init containers the last one
    is enough: it waits for those before it. The later job for the volumes comes after all of them."""
    last_init: Dependency | None = None
    init_services = [
        container.service
        for container in pod.containers
        if container.role is ContainerRole.INIT
    ]
    for container in pod.containers:
        name = container.service
        yield Contribution(
            service=name,
            network_mode=_network_mode(workload, pod, container),
            depends_on=tuple(
                dependency for dependency in dependencies if dependency.service != name
            ),
        )
        if container.role is ContainerRole.INIT:
            if last_init is not None:
                dependencies.remove(last_init)
            last_init = Dependency(
                service=name, condition=_DONE, origin=container.fields.cursor.span
            )
            dependencies.append(last_init)
            if later_job is not None and name == init_services[-1]:
                yield Contribution(service=later_job.name, depends_on=tuple(dependencies))
                dependencies.append(Dependency(service=later_job.name, condition=_DONE))
        elif container.role is ContainerRole.SIDECAR:
            has_startup_probe = find_probe(container.fields.probes, STARTUP) is not None
            condition = readiness(services[name]) if has_startup_probe else _STARTED
            dependencies.append(Dependency(service=name, condition=condition))
            restart_policy = container.fields.restart_policy.cursor
            restart_policy.take(to=ModelPath.service(name, "restart"))


def _network_mode(workload: Workload, pod: Pod, container: PodContainer) -> str | None:
    if workload.host_network:
        return "host"
    return f"service:{pod.network_owner}" if pod.joins_owner(container) else None


def readiness(service: Service) -> str:
    """The condition of those that wait until a service is ready, as far as that can be asked."""
    return _STARTED if service.healthcheck is None else _HEALTHY


def _previous_pod(
    workload: Workload, previous_pod: Pod | None, services: Mapping[str, Service]
) -> list[Dependency]:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees"""
    policy = workload.kube_object.at("spec", "podManagementPolicy")
    is_parallel = workload.is_indexed or peek_text(policy) == "Parallel"
    if previous_pod is None or is_parallel:
        return []
    service = services[previous_pod.main_container.service]
    return [Dependency(service=service.name, condition=readiness(service))]


def _api_dependencies(workload: Workload, model: ClusterModel) -> list[Dependency]:
    """What the pod waits for by such init containers, each said in a note in place of the container."""
    by_service: dict[str, Dependency] = {}
    for container, wait in workload.api_waits:
        dependencies = list(_wait_targets(wait, workload, model))
        for dependency in dependencies:
            by_service.setdefault(dependency.service, dependency)
        names = ", ".join(dependency.service for dependency in dependencies)
        container.cursor.note(
            "TC269",
            subject=ModelPath.service(workload.name, "depends_on"),
            object=str(workload.kube_object),
            name=container.name.text or "init container",
            what=f"depends_on waits for {names}"
            if names
            else "what it waits for is not among the manifests",
        )
    return list(by_service.values())


def _wait_targets(
    wait: ApiWait, workload: Workload, model: ClusterModel
) -> Iterator[Dependency]:
    namespace = wait.namespace or workload.namespace
    origin = workload.kube_object.span
    for target in model.workloads:
        if target is workload or target.namespace != namespace:
            continue
        if _is_target(wait, target, model):
            condition = _DONE if target.kind == "Job" else _STARTED
            for pod in target.pods:
                yield Dependency(
                    service=pod.main_container.service, condition=condition, origin=origin
                )


def _is_target(wait: ApiWait, workload: Workload, model: ClusterModel) -> bool:
    if wait.kind == "Service":
        services = (
            model.kube_services.get(workload.namespace, name) for name in wait.names
        )
        return any(workload in service.workloads for service in services if service)
    if wait.kind == "Pod":
        return _is_pod_meant(wait, workload)
    if wait.labels:
        labels = {**workload.labels, **workload.kube_object.labels}
        return wait.kind == workload.kind and wait.labels.items() <= labels.items()
    return wait.kind == workload.kind and workload.kube_object.name in wait.names


def _is_pod_meant(wait: ApiWait, workload: Workload) -> bool:
    """Whether a pod of the workload is meant, whose name begins with the workload's."""
    if wait.labels:
        return wait.labels.items() <= workload.labels.items()
    name = workload.kube_object.name
    return any(pod == name or pod.startswith(f"{name}-") for pod in wait.names)


def start_on_request(model: ClusterModel) -> Iterator[Contribution]:
    """The profiles of the workloads that nobody asked to have running."""
    for workload in model.workloads:
        kube_object = workload.kube_object
        if isinstance(kube_object, MadeObject) and kube_object.profile:
            for container in workload.containers():
                yield Contribution(
                    service=container.service, profiles=(kube_object.profile,)
                )
