"""Jobs that run before or after the rest of a release: hooks of Helm and Argo CD."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import peek_text
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor
from tocompose.model import Dependency, Service
from tocompose.record import replace

# https://helm.sh/docs/topics/charts_hooks/, https://argo-cd.readthedocs.io/en/stable/user-guide/resource_hooks/
_HOOKS = ("helm.sh/hook", "argocd.argoproj.io/hook")
_BEFORE = frozenset({"pre-install", "pre-upgrade", "PreSync"})
_AFTER = frozenset({"post-install", "post-upgrade", "PostSync"})
_RUN_ONCE = ("Job", "CronJob")
_DONE = "service_completed_successfully"


def order_releases(world: ClusterModel) -> None:
    """Lets the rest wait for the jobs that come first, and the jobs that come last wait for the rest."""
    plain = [workload for workload in world.workloads if not _release_hook(workload)[1]]
    for workload in world.workloads:
        cursor, words = _release_hook(workload)
        if not words & (_BEFORE | _AFTER) or workload.kind != "Job":
            continue
        job = workload.pods[0].main_container.service if workload.pods else ""
        others = [
            each
            for each in plain
            if each.namespace == workload.namespace and each.kind not in ("Job", "CronJob")
        ]
        mains = [
            instance.main_container.service for each in others for instance in each.pods
        ]
        for name in mains:
            if words & _BEFORE:
                _add_dependency(
                    name,
                    Dependency(service=job, condition=_DONE, origin=cursor.span),
                    world,
                )
                cursor.take(to=f"services.{name}.depends_on")
            else:
                _add_dependency(
                    job,
                    Dependency(
                        service=name, condition=_readiness(world.builder.services[name])
                    ),
                    world,
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


def _add_dependency(name: str, item: Dependency, world: ClusterModel) -> None:
    service = world.builder.services[name]
    if all(known.service != item.service for known in service.depends_on):
        world.builder.services[name] = replace(
            service, depends_on=(*service.depends_on, item)
        )
