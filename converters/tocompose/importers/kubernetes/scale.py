"""How many containers run, and which only on demand: replicas, schedules, suspended jobs, test hooks."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.importers.field_tables import values_in_words
from tocompose.importers.kubernetes.cluster_model import ClusterModel
from tocompose.importers.kubernetes.objects import KubeObject
from tocompose.importers.kubernetes.release_hooks import release_hook
from tocompose.importers.kubernetes.scalars import peek_text, take_integer
from tocompose.importers.kubernetes.stack_builder import (
    Contribution,
    ObjectFinding,
    not_applicable,
)
from tocompose.importers.kubernetes.workloads import RUN_ONCE, Workload
from tocompose.ledger import Cursor
from tocompose.syntax.model_path import ModelPath

_ADVICE_ON_PODS = (
    "To run several, give each container a network of its own, if none needs the localhost of another, and set "
    "deploy.replicas."
)


def scale_services(model: ClusterModel) -> Iterator[Contribution | ObjectFinding]:
    """Replicas and profiles of every service."""
    autoscalers = {
        _scale_target(autoscaler): autoscaler
        for autoscaler in model.objects.of_kind("HorizontalPodAutoscaler")
    }
    for workload in model.workloads:
        scaled = workload.scaled_by
        autoscaler = autoscalers.get((workload.namespace, scaled.title, scaled.name))
        count, cursor = _desired_replicas(workload, autoscaler)
        if count is not None:
            yield from _replicate(workload, count, cursor)
        has_schedule = workload.kind == "CronJob" and not release_hook(workload).profile
        if has_schedule and workload.pods:
            job_suspended = workload.job.suspended.cursor
            yield from not_applicable(job_suspended, workload.kube_object, "TC241")
        if workload.kind in RUN_ONCE and not workload.is_indexed:
            yield from _uncounted_runs(workload)
        profile = _profile_of(workload)
        if profile:
            for container in workload.containers():
                yield Contribution(service=container.service, profiles=(profile,))


def _scale_target(kube_object: KubeObject) -> tuple[str, str, str]:
    target = kube_object.at("spec", "scaleTargetRef")
    return (
        kube_object.namespace,
        peek_text(target.at("kind")) or "",
        peek_text(target.at("name")) or "",
    )


def _desired_replicas(
    workload: Workload, autoscaler: KubeObject | None
) -> tuple[int | None, Cursor]:
    """The replicas that the workload asks for, else the least that its autoscaler keeps."""
    to = ModelPath.service(workload.name)
    if workload.kind in RUN_ONCE:
        parallelism = workload.job.parallelism
        if workload.is_indexed:
            _note_all_at_once(workload)
            return None, parallelism.cursor
        count = parallelism.take_integer(to) if workload.pods else None
        return count, parallelism.cursor
    if autoscaler is not None:
        _note_autoscaler(autoscaler, to)
    cursor = workload.stated_replicas
    if workload.kind == "StatefulSet":
        return (0 if workload.replicas == 0 else None), cursor
    if workload.replicas is None and autoscaler is not None and workload.pods:
        cursor = autoscaler.at("spec", "minReplicas")
        return take_integer(cursor, to), cursor
    if workload.replicas is not None and workload.pods:
        cursor.take(to=ModelPath.service(workload.pods[0].main_container.service))
    return workload.replicas, cursor


def _uncounted_runs(workload: Workload) -> Iterator[ObjectFinding]:
    """The fields that say how often a job must succeed whose pods have no numbers."""
    job = workload.job
    for stated_field, usual in (
        (job.completions, "1"),
        (job.completion_mode, "NonIndexed"),
    ):
        if stated_field.text != usual:
            cursor = stated_field.cursor
            yield from not_applicable(cursor, workload.kube_object, "TC241")


def _note_all_at_once(workload: Workload) -> None:
    """Says where the cluster would run fewer pods of a job at once than it has."""
    to = ModelPath.service(workload.pods[0].main_container.service)
    at_once, count = workload.job.parallelism.take_integer(to) or 1, len(workload.pods)
    if at_once < count:
        workload.kube_object.cursor.annotate(
            "TC693", job=workload.name, count=count, at_once=at_once, subject=to
        )


def _note_autoscaler(autoscaler: KubeObject, to: ModelPath) -> None:
    spec = autoscaler.at("spec")
    facts = {key: peek_text(spec.at(key)) or "1" for key in ("minReplicas", "maxReplicas")}
    counted = values_in_words(autoscaler.cursor.node)
    autoscaler.cursor.annotate(
        "TC254",
        object=str(autoscaler),
        fields=f"{facts['minReplicas']} to {facts['maxReplicas']} replicas; {counted}",
        subject=to,
    )
    autoscaler.cursor.mark_noted("TC254")


def _replicate(workload: Workload, count: int, cursor: Cursor) -> Iterator[Contribution]:
    for pod in workload.pods:
        running = list(pod.running_containers())
        if count > 1 and len(running) > 1:
            cursor.annotate(
                "TC229",
                service=pod.base,
                what=f"1 replica runs instead of {count}, because the {len(running)} containers of the pod"
                " share one network",
                advice=_ADVICE_ON_PODS,
                subject=ModelPath.service(pod.base),
            )
        elif count != 1:
            for container in running:
                cursor.take(to=ModelPath.service(container.service, "deploy", "replicas"))
                yield Contribution(service=container.service, replicas=count)


def _profile_of(workload: Workload) -> str | None:
    """The profile of what must not start with the rest."""
    hook = release_hook(workload)
    if hook.profile:
        for pod in workload.pods:
            hook.cursor.take(to=ModelPath.service(pod.main_container.service, "profiles"))
        return hook.profile
    to = ModelPath.service(workload.name, "profiles")
    if workload.kind == "CronJob":
        return "cron"
    suspended = workload.job.suspended
    if workload.kind == "Job" and suspended.flag:
        if workload.pods:
            suspended.cursor.take(to=to)
        return "suspended"
    suspended.cursor.mark_noted("TC257")
    return None
