"""When a container starts again, how it is stopped, and what runs beside its start and stop."""

from __future__ import annotations

from typing import Any

from tocompose.importers.kubernetes.place import Place
from tocompose.importers.kubernetes.scalars import items, text, value, whole
from tocompose.importers.kubernetes.workloads import Part
from tocompose.ledger import Cursor
from tocompose.model import Stop
from tocompose.syntax.interpolation import literal

_POLICIES = {"Always": "unless-stopped", "OnFailure": "on-failure", "Never": "no"}
# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_BACKOFF = 6
_GRACE = 30


def restart(place: Place) -> str:
    """Compose's restart policy of a container, from its pod's policy and its workload's kind."""
    workload, to = place.workload, place.path("restart")
    policy = value(workload.spec.at("restartPolicy")) or "Always"
    workload.spec.at("restartPolicy").take(to=to)
    if place.unit.part is Part.SIDECAR:
        return "unless-stopped"
    if place.unit.part is Part.INIT:
        return "no" if policy == "Never" else "on-failure"
    if workload.kind == "CronJob":
        _backoff(workload.job.at("backoffLimit"))
        return "no"
    if workload.kind == "Job":
        limit = whole(workload.job.at("backoffLimit"), to)
        limit = _BACKOFF if limit is None else limit
        return f"on-failure:{limit}" if limit > 0 else "no"
    return _POLICIES.get(policy, "unless-stopped")


def _backoff(cursor: Cursor) -> None:
    if cursor:
        cursor.note("TC239", what=f"backoffLimit: {value(cursor)}")


def stop(place: Place) -> Stop:
    """How the container is stopped; Kubernetes waits 30 s where Docker waits 10 s."""
    signal = text(
        place.unit.cursor.at("lifecycle", "stopSignal"), place.path("stop_signal")
    )
    if place.unit.part is Part.INIT:
        return Stop(signal=literal(signal) if signal else None)
    seconds = whole(
        place.workload.spec.at("terminationGracePeriodSeconds"),
        place.path("stop_grace_period"),
    )
    period = f"{_GRACE if seconds is None else seconds}s"
    return Stop(signal=literal(signal) if signal else None, grace_period=period)


def hooks(place: Place) -> dict[str, Any]:
    """`post_start` and `pre_stop`, which Compose itself runs."""
    found: dict[str, Any] = {}
    if not place.unit.cursor.at("lifecycle"):
        return found
    for name, key in (("postStart", "post_start"), ("preStop", "pre_stop")):
        handler = place.unit.cursor.at("lifecycle", name)
        command = _command(handler, place.path(key))
        if command:
            found[key] = [{"command": command}]
            handler.remark("TC235", hook=name, subject=place.path(key))
    return found


def _command(handler: Cursor, to: str) -> list[str]:
    command = [
        literal(word)
        for entry in items(handler.at("exec", "command"))
        if (word := text(entry, to)) is not None
    ]
    seconds = whole(handler.at("sleep", "seconds"), to)
    return command or ([] if seconds is None else ["sleep", str(seconds)])
