"""How many containers run, and which only on demand: replicas, schedules, suspended jobs, test hooks."""

from __future__ import annotations

from tocompose.importers.kubernetes.fields import values
from tocompose.importers.kubernetes.moot import moot
from tocompose.importers.kubernetes.objects import Object
from tocompose.importers.kubernetes.scalars import truth, value, whole
from tocompose.importers.kubernetes.workloads import Workload
from tocompose.importers.kubernetes.world import World
from tocompose.ledger import Cursor
from tocompose.record import replace

_HOOK = "helm.sh/hook"


def scale(world: World) -> None:
    """Sets replicas and profiles of every service."""
    minimums = {_scaled(item): item for item in world.objects.of("HorizontalPodAutoscaler")}
    for workload in world.workloads:
        item = minimums.get((workload.namespace, workload.kind, workload.object.name))
        count, cursor = _wanted(workload, item)
        if count is not None:
            _replicate(workload, count, cursor, world)
        profile = _profile(workload, world)
        if profile:
            for _, unit in workload.units():
                service = world.draft.services[unit.service]
                world.draft.services[unit.service] = replace(service, profiles=(profile,))


def _scaled(item: Object) -> tuple[str, str, str]:
    target = item.at("spec", "scaleTargetRef")
    return item.namespace, value(target.at("kind")) or "", value(target.at("name")) or ""


def _wanted(workload: Workload, autoscaler: Object | None) -> tuple[int | None, Cursor]:
    """The replicas that the workload asks for, else the least that its autoscaler keeps."""
    to = f"services.{workload.name}"
    if workload.kind in ("Job", "CronJob"):
        cursor = workload.job.at("parallelism")
        return whole(cursor, to), cursor
    if autoscaler is not None:
        _tell(autoscaler, workload, to)
    cursor = workload.object.at("spec", "replicas")
    if workload.kind == "StatefulSet":
        return (0 if workload.replicas == 0 else None), cursor
    if workload.replicas is None and autoscaler is not None:
        cursor = autoscaler.at("spec", "minReplicas")
        return whole(cursor, to), cursor
    if workload.replicas is not None and workload.instances:
        cursor.take(to=f"services.{workload.instances[0].main.service}")
    return workload.replicas, cursor


def _tell(autoscaler: Object, workload: Workload, to: str) -> None:
    spec = autoscaler.at("spec")
    facts = {key: value(spec.at(key)) or "1" for key in ("minReplicas", "maxReplicas")}
    autoscaler.cursor.remark(
        "TC254",
        object=f"{autoscaler} ({values(autoscaler.cursor.node)})",
        fields=f"{facts['minReplicas']} to {facts['maxReplicas']} replicas",
        subject=to,
    )
    autoscaler.cursor.noted("TC254")


def _replicate(workload: Workload, count: int, cursor: Cursor, world: World) -> None:
    for instance in workload.instances:
        running = list(instance.running())
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
            service = world.draft.services[unit.service]
            if count != 1:
                world.draft.services[unit.service] = replace(service, replicas=count)
                cursor.take(to=f"services.{unit.service}.deploy.replicas")


def _profile(workload: Workload, world: World) -> str | None:
    """The profile of what must not start with the rest."""
    annotation = workload.object.at("metadata", "annotations", _HOOK)
    if "test" in (value(annotation) or ""):
        for instance in workload.instances:
            annotation.take(to=f"services.{instance.main.service}.profiles")
        return "test"
    to = f"services.{workload.name}.profiles"
    if workload.kind == "CronJob":
        _schedule(workload, to, world)
        return "cron"
    if workload.kind == "Job" and truth(workload.object.at("spec", "suspend")):
        workload.object.at("spec", "suspend").take(to=to)
        return "suspended"
    workload.object.at("spec", "suspend").noted("TC257")
    return None


def _schedule(workload: Workload, to: str, world: World) -> None:
    """Says the line that a crontab of the host needs."""
    cursor = workload.object.at("spec", "schedule")
    schedule = value(cursor) or "?"
    zone = value(workload.object.at("spec", "timeZone"))
    suspended = truth(workload.object.at("spec", "suspend")) is True
    line = f"{schedule} docker compose run --rm {workload.name}"
    what = f"{'# ' if suspended else ''}{line}{f' (below a line CRON_TZ={zone})' if zone else ''}"
    (cursor or workload.object.cursor).remark(
        "TC240", service=workload.name, line=what, subject=to
    )
    cursor.noted("TC240")
    workload.object.at("spec", "suspend").noted("TC240")
    moot(workload.job.at("suspend"), workload.object, world, "TC241")
