"""When a container starts again, how it is stopped, and what runs beside its start and stop."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.place import ContainerContext
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

_POLICIES = {"Always": "unless-stopped", "OnFailure": "on-failure", "Never": "no"}
# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_BACKOFF = 6
_GRACE = 30


def restart_policy(place: ContainerContext) -> str:
    """Compose's restart policy of a container, from its pod's policy and its workload's kind."""
    workload, to = place.workload, place.path("restart")
    policy = peek_text(workload.pod_spec.at("restartPolicy")) or "Always"
    workload.pod_spec.at("restartPolicy").take(to=to)
    if place.unit.role is ContainerRole.SIDECAR:
        return "unless-stopped"
    if place.unit.role is ContainerRole.INIT:
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


def stop_settings(place: ContainerContext) -> Stop:
    """How the container is stopped; Kubernetes waits 30 s where Docker waits 10 s."""
    signal = take_text(
        place.unit.cursor.at("lifecycle", "stopSignal"), place.path("stop_signal")
    )
    if place.unit.role is ContainerRole.INIT:
        return Stop(signal=literal(signal) if signal else None)
    seconds = take_integer(
        place.workload.pod_spec.at("terminationGracePeriodSeconds"),
        place.path("stop_grace_period"),
    )
    period = f"{_GRACE if seconds is None else seconds}s"
    return Stop(signal=literal(signal) if signal else None, grace_period=period)


def lifecycle_hooks(place: ContainerContext) -> dict[str, Any]:
    """`post_start` and `pre_stop`, which Compose itself runs."""
    found: dict[str, Any] = {}
    if not place.unit.cursor.at("lifecycle"):
        return found
    for name, key in (("postStart", "post_start"), ("preStop", "pre_stop")):
        handler = place.unit.cursor.at("lifecycle", name)
        command = _hook_command(handler, place.path(key))
        if command:
            found[key] = [{"command": command}]
            handler.remark("TC235", hook=name, subject=place.path(key))
    return found


def _hook_command(handler: Cursor, to: str) -> list[str]:
    command = [
        literal(word)
        for entry in list_entries(handler.at("exec", "command"))
        if (word := take_text(entry, to)) is not None
    ]
    seconds = take_integer(handler.at("sleep", "seconds"), to)
    return command or ([] if seconds is None else ["sleep", str(seconds)])
