"""What runs before what: init containers, sidecars, pods of a StatefulSet, one-shots for volumes, jobs of a release."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.kubernetes.cluster_model import ClusterModel, ContainerContext
from tocompose.importers.kubernetes.pods import joins_owner
from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.waits import ApiWait
from tocompose.importers.kubernetes.workloads import ContainerRole, Pod, Workload
from tocompose.ledger import Cursor
from tocompose.model import Dependency, Service
from tocompose.record import replace

_DONE = "service_completed_successfully"


def arrange_order(model: ClusterModel, prepared: dict[str, str]) -> None:
    """Sets network namespaces and start order of every pod; `prepared` names the one-shot before a pod, by its base."""
    for workload in model.workloads:
        previous: Pod | None = None
        waits = _api_dependencies(workload, model)
        for pod in workload.pods:
            _arrange_pod(workload, pod, previous, model, prepared.get(pod.base), waits)
            previous = pod


def _arrange_pod(
    workload: Workload,
    pod: Pod,
    previous: Pod | None,
    model: ClusterModel,
    first: str | None,
    waits: list[Dependency],
) -> None:
    before: list[Dependency] = [Dependency(service=first, condition=_DONE)] if first else []
    before.extend(waits)
    before.extend(_previous_pod(workload, previous, model))
    for pod_container in pod.containers:
        container = ContainerContext(model, workload, pod, pod_container)
        service = model.builder.services[pod_container.service]
        if workload.host_network:
            service = replace(service, network_mode="host")
        elif joins_owner(pod, container):
            service = replace(service, network_mode=f"service:{pod.network_owner}")
        needed = [item for item in before if item.service != pod_container.service]
        model.builder.services[pod_container.service] = replace(
            service, depends_on=_merge_dependencies(service, needed)
        )
        if pod_container.role is ContainerRole.INIT:
            before = [
                *before,
                Dependency(
                    service=pod_container.service,
                    condition=_DONE,
                    origin=pod_container.cursor.span,
                ),
            ]
        elif pod_container.role is ContainerRole.SIDECAR:
            before = [
                *before,
                _when_started(
                    service, pod_container.cursor.at("startupProbe").kind == "map"
                ),
            ]
            pod_container.cursor.at("restartPolicy").take(
                to=f"services.{pod_container.service}.restart"
            )
    _drop_implied(pod, model)


def _when_started(service: Service, has_startup: bool) -> Dependency:
    healthy = has_startup and service.healthcheck is not None
    return Dependency(
        service=service.name, condition="service_healthy" if healthy else "service_started"
    )


def _previous_pod(
    workload: Workload, previous: Pod | None, model: ClusterModel
) -> list[Dependency]:
    """https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#deployment-and-scaling-guarantees"""
    policy = workload.kube_object.at("spec", "podManagementPolicy")
    if previous is None or peek_text(policy) == "Parallel":
        return []
    service = model.builder.services[previous.main_container.service]
    return [_when_started(service, service.healthcheck is not None)]


def _merge_dependencies(
    service: Service, needed: list[Dependency]
) -> tuple[Dependency, ...]:
    known = {item.service for item in service.depends_on}
    return (*service.depends_on, *(item for item in needed if item.service not in known))


def _drop_implied(pod: Pod, model: ClusterModel) -> None:
    """Leaves out the init containers that an earlier one of the chain already waits for."""
    inits = [
        pod_container.service
        for pod_container in pod.containers
        if pod_container.role is ContainerRole.INIT
    ]
    for pod_container in pod.containers:
        service = model.builder.services[pod_container.service]
        waited = [item.service for item in service.depends_on if item.service in inits]
        kept = tuple(item for item in service.depends_on if item.service not in waited[:-1])
        model.builder.services[pod_container.service] = replace(service, depends_on=kept)


def _api_dependencies(workload: Workload, model: ClusterModel) -> list[Dependency]:
    """What the pod waits for by such init containers, each said in a note in place of the container."""
    found: dict[str, Dependency] = {}
    for container, wait in workload.api_waits:
        targets = list(_wait_targets(wait, workload, model))
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
    wait: ApiWait, workload: Workload, model: ClusterModel
) -> Iterator[Dependency]:
    namespace = wait.namespace or workload.namespace
    for other in model.workloads:
        if other is workload or other.namespace != namespace or not other.pods:
            continue
        if _is_meant(wait, other, model, namespace):
            done = _DONE if other.kind == "Job" else "service_started"
            for pod in other.pods:
                yield Dependency(
                    service=pod.main_container.service,
                    condition=done,
                    origin=workload.kube_object.span,
                )


def _is_meant(wait: ApiWait, other: Workload, model: ClusterModel, namespace: str) -> bool:
    if wait.kind == "Service":
        kube_services = (model.kube_services.get(namespace, name) for name in wait.names)
        return any(
            kube_service is not None and other in kube_service.workloads
            for kube_service in kube_services
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


# https://helm.sh/docs/topics/charts_hooks/, https://argo-cd.readthedocs.io/en/stable/user-guide/resource_hooks/
_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_BEFORE = frozenset({"pre-install", "pre-upgrade", "PreSync"})
_AFTER = frozenset({"post-install", "post-upgrade", "PostSync"})
_RUN_ONCE = ("Job", "CronJob")
_DONE = "service_completed_successfully"


def order_releases(model: ClusterModel) -> None:
    """Lets the rest wait for the jobs that come first, and the jobs that come last wait for the rest."""
    plain = [workload for workload in model.workloads if not _release_hook(workload)[1]]
    for workload in model.workloads:
        cursor, words = _release_hook(workload)
        if not words & (_BEFORE | _AFTER) or workload.kind != "Job":
            continue
        job = workload.pods[0].main_container.service if workload.pods else ""
        others = [
            each
            for each in plain
            if each.namespace == workload.namespace and each.kind not in ("Job", "CronJob")
        ]
        mains = [pod.main_container.service for each in others for pod in each.pods]
        for name in mains:
            if words & _BEFORE:
                _add_dependency(
                    name,
                    Dependency(service=job, condition=_DONE, origin=cursor.span),
                    model,
                )
                cursor.take(to=f"services.{name}.depends_on")
            else:
                _add_dependency(
                    job,
                    Dependency(
                        service=name, condition=_readiness(model.builder.services[name])
                    ),
                    model,
                )
                cursor.take(to=f"services.{job}.depends_on")


def _release_hook(workload: Workload) -> tuple[Cursor, frozenset[str]]:
    for key in _HOOKS:
        cursor = workload.kube_object.at("metadata", "annotations", key)
        given = peek_text(cursor)
        if given:
            return cursor, frozenset(word.strip() for word in given.split(","))
    return workload.kube_object.at("metadata", "annotations", _HOOKS[0]), frozenset()


def _readiness(service: Service) -> str:
    return "service_healthy" if service.healthcheck is not None else "service_started"


def _add_dependency(name: str, item: Dependency, model: ClusterModel) -> None:
    service = model.builder.services[name]
    if all(known.service != item.service for known in service.depends_on):
        model.builder.services[name] = replace(
            service, depends_on=(*service.depends_on, item)
        )
