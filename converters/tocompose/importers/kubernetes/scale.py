"""How many containers run, and which only on demand: replicas, schedules, suspended jobs, test hooks."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import values_in_words
from tocompose.importers.kubernetes.moot import not_applicable
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.scalars import peek_bool, peek_text, take_integer
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import ClusterModel
from tocompose.ledger import Cursor
from tocompose.record import replace

_HOOK = "helm.sh/hook"


def scale_services(world: ClusterModel) -> None:
    """Sets replicas and profiles of every service."""
    minimums = {
        _scale_target(item): item
        for item in world.objects.of_kind("HorizontalPodAutoscaler")
    }
    for workload in world.workloads:
        item = minimums.get((workload.namespace, workload.kind, workload.kube_object.name))
        count, cursor = _desired_replicas(workload, item)
        if count is not None:
            _set_replicas(workload, count, cursor, world)
        profile = _profile_of(workload, world)
        if profile:
            for _, unit in workload.containers():
                service = world.builder.services[unit.service]
                world.builder.services[unit.service] = replace(service, profiles=(profile,))


def _scale_target(item: KubeObject) -> tuple[str, str, str]:
    target = item.at("spec", "scaleTargetRef")
    return (
        item.namespace,
        peek_text(target.at("kind")) or "",
        peek_text(target.at("name")) or "",
    )


def _desired_replicas(
    workload: Workload, autoscaler: KubeObject | None
) -> tuple[int | None, Cursor]:
    """The replicas that the workload asks for, else the least that its autoscaler keeps."""
    to = f"services.{workload.name}"
    if workload.kind in ("Job", "CronJob"):
        cursor = workload.job_spec.at("parallelism")
        return take_integer(cursor, to), cursor
    if autoscaler is not None:
        _note_autoscaler(autoscaler, workload, to)
    cursor = workload.kube_object.at("spec", "replicas")
    if workload.kind == "StatefulSet":
        return (0 if workload.replicas == 0 else None), cursor
    if workload.replicas is None and autoscaler is not None:
        cursor = autoscaler.at("spec", "minReplicas")
        return take_integer(cursor, to), cursor
    if workload.replicas is not None and workload.pods:
        cursor.take(to=f"services.{workload.pods[0].main_container.service}")
    return workload.replicas, cursor


def _note_autoscaler(autoscaler: KubeObject, workload: Workload, to: str) -> None:
    spec = autoscaler.at("spec")
    facts = {key: peek_text(spec.at(key)) or "1" for key in ("minReplicas", "maxReplicas")}
    autoscaler.cursor.remark(
        "TC254",
        object=f"{autoscaler} ({values_in_words(autoscaler.cursor.node)})",
        fields=f"{facts['minReplicas']} to {facts['maxReplicas']} replicas",
        subject=to,
    )
    autoscaler.cursor.noted("TC254")


def _set_replicas(
    workload: Workload, count: int, cursor: Cursor, world: ClusterModel
) -> None:
    for instance in workload.pods:
        running = list(instance.running_containers())
        if count > 1 and len(running) > 1:
            what = f"{count} replicas of a pod with {len(running)} containers"
            cursor.remark(
                "TC229",
                service=instance.base,
                what=what,
                subject=f"services.{instance.base}",
            )
            continue
        for unit in running:
            service = world.builder.services[unit.service]
            if count != 1:
                world.builder.services[unit.service] = replace(service, replicas=count)
                cursor.take(to=f"services.{unit.service}.deploy.replicas")


def _profile_of(workload: Workload, world: ClusterModel) -> str | None:
    """The profile of what must not start with the rest."""
    annotation = workload.kube_object.at("metadata", "annotations", _HOOK)
    if "test" in (peek_text(annotation) or ""):
        for instance in workload.pods:
            annotation.take(to=f"services.{instance.main_container.service}.profiles")
        return "test"
    to = f"services.{workload.name}.profiles"
    if workload.kind == "CronJob":
        _note_schedule(workload, to, world)
        return "cron"
    if workload.kind == "Job" and peek_bool(workload.kube_object.at("spec", "suspend")):
        workload.kube_object.at("spec", "suspend").take(to=to)
        return "suspended"
    workload.kube_object.at("spec", "suspend").noted("TC257")
    return None


def _note_schedule(workload: Workload, to: str, world: ClusterModel) -> None:
    """Says the line that a crontab of the host needs."""
    cursor = workload.kube_object.at("spec", "schedule")
    schedule = peek_text(cursor) or "?"
    zone = peek_text(workload.kube_object.at("spec", "timeZone"))
    suspended = peek_bool(workload.kube_object.at("spec", "suspend")) is True
    line = f"{schedule} docker compose run --rm {workload.name}"
    what = f"{'# ' if suspended else ''}{line}{f' (below a line CRON_TZ={zone})' if zone else ''}"
    (cursor or workload.kube_object.cursor).remark(
        "TC240", service=workload.name, line=what, subject=to
    )
    cursor.noted("TC240")
    workload.kube_object.at("spec", "suspend").noted("TC240")
    not_applicable(workload.job_spec.at("suspend"), workload.kube_object, world, "TC241")
