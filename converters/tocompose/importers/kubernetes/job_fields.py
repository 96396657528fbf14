"""What a Job and a CronJob state of their runs, each decoded once."""

from __future__ import annotations

from tocompose.importers.kubernetes.scalars import Stated, stated
from tocompose.ledger import Cursor
from tocompose.record import NamedTuple

# https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
_USUAL_RETRIES = 6


class JobSpec(NamedTuple):
    """How a job runs."""

    backoff_limit: Stated
    parallelism: Stated
    suspended: Stated
    completions: Stated
    completion_mode: Stated

    @property
    def is_indexed(self) -> bool:
        """Whether each of its pods has a number of its own.

        https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode
        """
        return self.completion_mode.text == "Indexed"


def decode_job(spec: Cursor) -> JobSpec:
    """The spec of a job that stands at the cursor."""
    return JobSpec(
        backoff_limit=stated(spec, "backoffLimit"),
        parallelism=stated(spec, "parallelism"),
        suspended=stated(spec, "suspend"),
        completions=stated(spec, "completions"),
        completion_mode=stated(spec, "completionMode"),
    )


def retries_of(stated_limit: int | None) -> int:
    """How often a run that failed is tried again."""
    return _USUAL_RETRIES if stated_limit is None else max(stated_limit, 0)


class CronSpec(NamedTuple):
    """When the jobs of a CronJob run; what a workload of another kind says of the same fields means nothing."""

    schedule: Stated
    time_zone: Stated
    overlap_policy: Stated
    suspended: Stated


def decode_cron(spec: Cursor) -> CronSpec:
    """The spec of a CronJob that stands at the cursor."""
    return CronSpec(
        schedule=stated(spec, "schedule"),
        time_zone=stated(spec, "timeZone"),
        overlap_policy=stated(spec, "concurrencyPolicy"),
        suspended=stated(spec, "suspend"),
    )
