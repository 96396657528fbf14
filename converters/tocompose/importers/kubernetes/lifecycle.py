"""When a container starts again, how it is stopped, and what runs beside its start and stop."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.cluster_model import ContainerContext
from tocompose.importers.kubernetes.scalars import (
    list_entries,
    peek_text,
    take_integer,
    take_text,
)
from tocompose.importers.kubernetes.workloads import ContainerRole
from tocompose.ledger import Cursor
from tocompose.model import Stop
from tocompose.syntax.interpolation import literal
from tocompose.syntax.model_path import ModelPath

_POLICIES = {"Always": "unless-stopped", "OnFailure": "on-failure", "Never": "no"}
# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_BACKOFF = 6
_GRACE = 30


def restart_policy(container: ContainerContext) -> str:
    """Compose's restart policy of a container, from its pod's policy and its workload's kind."""
    workload, to = container.workload, container.path("restart")
    policy = peek_text(workload.pod_spec.at("restartPolicy")) or "Always"
    workload.pod_spec.at("restartPolicy").take(to=to)
    if container.role is ContainerRole.SIDECAR:
        return "unless-stopped"
    if container.role is ContainerRole.INIT:
        return "no" if policy == "Never" else "on-failure"
    if workload.kind == "CronJob":
        _note_backoff(workload.job_spec.at("backoffLimit"))
        return "no"
    if workload.kind == "Job":
        limit = take_integer(workload.job_spec.at("backoffLimit"), to)
        limit = _BACKOFF if limit is None else limit
        return f"on-failure:{limit}" if limit > 0 else "no"
    return _POLICIES.get(policy, "unless-stopped")


def _note_backoff(cursor: Cursor) -> None:
    if cursor:
        cursor.note("TC239", what=f"backoffLimit: {peek_text(cursor)}")


def stop_settings(container: ContainerContext) -> Stop:
    """How the container is stopped; Kubernetes waits 30 s where Docker waits 10 s."""
    signal = take_text(
        container.cursor.at("lifecycle", "stopSignal"), container.path("stop_signal")
    )
    if container.role is ContainerRole.INIT:
        return Stop(signal=literal(signal) if signal else None)
    seconds = take_integer(
        container.pod_spec.at("terminationGracePeriodSeconds"),
        container.path("stop_grace_period"),
    )
    period = f"{_GRACE if seconds is None else seconds}s"
    return Stop(signal=literal(signal) if signal else None, grace_period=period)


def lifecycle_hooks(container: ContainerContext) -> dict[str, Any]:
    """`post_start` and `pre_stop`, which Compose itself runs."""
    hooks: dict[str, Any] = {}
    if not container.cursor.at("lifecycle"):
        return hooks
    for name, key in (("postStart", "post_start"), ("preStop", "pre_stop")):
        handler = container.cursor.at("lifecycle", name)
        command = _hook_command(handler, container.path(key))
        if command:
            hooks[key] = [{"command": command}]
            handler.annotate("TC235", hook=name, subject=container.path(key))
    return hooks


def _hook_command(handler: Cursor, to: ModelPath) -> list[str]:
    command = [
        literal(text)
        for argument in list_entries(handler.at("exec", "command"))
        if (text := take_text(argument, to)) is not None
    ]
    seconds = take_integer(handler.at("sleep", "seconds"), to)
    return command or ([] if seconds is None else ["sleep", str(seconds)])
