"""DEP-COND: dependents wait until what they need is healthy, or has completed."""

from __future__ import annotations

from collections.abc import Iterator

from tocompose.knowledge.jobs import COMPLETED, RESTARTING
from tocompose.model import Dependency, Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Startup,
    Verdict,
    View,
    remark,
    runs_container,
    with_services,
)
from tocompose.rules.awaited_jobs import with_awaited_jobs
from tocompose.rules.healthchecks import shows_health
from tocompose.rules.service_images import facts_of
from tocompose.rules.unawaited_data import note_unawaited
from tocompose.rules.views import at_later
from tocompose.source import Span

STARTED, HEALTHY = "service_started", "service_healthy"


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each bare dependency waiting for health or completion where the other service shows it.

    Services of the file that others are added to show what they show there.
    """
    present = context.joins.stack.services if context.joins is not None else ()
    services_by_name = (*present, *stack.services)
    by_name = {service.name: service for service in services_by_name}
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        edges: list[Dependency] = []
        for edge in service.depends_on:
            target = by_name.get(edge.service)
            if target is not None and edge.condition == STARTED:
                condition = _best_condition(target, stack, context)
                notes.append(_note_on(condition, service, edge))
                edge = replace(edge, condition=condition)
            edges.append(edge)
        services.append(replace(service, depends_on=tuple(edges)))
    awaiting, job_notes = with_awaited_jobs(with_services(stack, services))
    return Outcome(awaiting, (*notes, *job_notes, *note_unawaited(awaiting)))


def _best_condition(target: Service, stack: Stack, context: Context) -> str:
    """What can be waited for: completion of what ends, health of what shows it, and only the start of what does not."""
    if target.role is Role.JOB and target.restart not in RESTARTING:
        return COMPLETED
    return HEALTHY if shows_health(target, stack, context) else STARTED


_CODES = {COMPLETED: "TC606", HEALTHY: "TC604", STARTED: "TC605"}


def _note_on(condition: str, service: Service, edge: Dependency) -> Note:
    key: tuple[str, ...] = ("depends_on", edge.service)
    key = key if condition == STARTED else (*key, "condition")
    return remark(_CODES[condition], service, key, edge.origin, target=edge.service)


def _judge_conditions(view: View) -> Iterator[Verdict]:
    by_name = {service.name: service for service in view.main.stack.services}
    for service in view.main.stack.services:
        for edge in service.depends_on:
            target = by_name.get(edge.service)
            if target is not None and runs_container(target):
                yield from _judge_edge(view.main, service, edge, target)


def _judge_edge(
    startup: Startup, service: Service, edge: Dependency, target: Service
) -> Iterator[Verdict]:
    key = ("depends_on", target.name)
    is_job = target.role is Role.JOB
    healthy = shows_health(target, startup.stack, startup.context)
    waits = edge.condition != STARTED or not edge.required
    if healthy or is_job:
        instead = COMPLETED if is_job else HEALTHY
        facts = {"target": target.name, "instead": instead}
        yield startup.verdict(service, key, "A-01 M-06", waits, "TC720", **facts)
    else:
        facts = {"target": target.name}
        yield startup.verdict(service, key, "A-01 M-06", waits, "TC530", **facts)
    if edge.condition == HEALTHY:
        # What is not required may fail.
        holds = healthy or _may_show_health(target) or not edge.required
        judged = startup.verdict(service, key, "T8", holds, "TC721", target=target.name)
        yield at_later(judged, startup, _spans_of_health(startup, service, target))
    if edge.condition == COMPLETED:
        restart = target.restart or "no"
        facts = {"target": target.name, "restart": restart}
        ends = restart not in RESTARTING
        judged = startup.verdict(service, key, "T10", ends, "TC731", **facts)
        spans = (startup.span(service, *key), startup.span(target, "restart"))
        yield at_later(judged, startup, spans)


def _may_show_health(target: Service) -> bool:
    """Whether an image may bring a check: the engine counts it, whatever the container runs."""
    image = facts_of(target)
    has_check = image is None or not image.sure or image.has_healthcheck
    return target.healthcheck is None and has_check


def _spans_of_health(
    startup: Startup, service: Service, target: Service
) -> Iterator[Span | None]:
    """Where it says that health is waited for, and why there is none: by no check, or by an image without one."""
    yield startup.span(service, "depends_on", target.name)
    key = "healthcheck" if target.healthcheck is not None else "image"
    yield startup.span(target, key)


RULE = Rule(
    id="DEP-COND",
    title="Wait until a dependency is ready",
    summary=(
        "Makes services wait until a dependency is healthy, or until a job has completed, "
        "instead of only started."
    ),
    tells=("TC530", "TC720", "TC721", "TC731"),
    severity="must",
    mend=apply,
    covers=("A-01", "M-06", "T-02"),
    url="https://docs.docker.com/compose/how-tos/startup-order/",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', depends_on: [db, api, setup]}
              db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}
              api: {image: 'corp/api:1'}
              setup: {image: 'corp/api:1', command: [alembic, upgrade, head]}
            """,
            """
            services:
              web:
                image: corp/web:1
                depends_on:
                  db: {condition: service_healthy}
                  api: {condition: service_started}
                  setup: {condition: service_completed_successfully}
              db: {image: 'postgres:16', healthcheck: {test: [CMD, pg_isready]}}
              api: {image: 'corp/api:1'}
              setup: {image: 'corp/api:1', command: [alembic, upgrade, head]}
            """,
        ),
    ),
    judge=_judge_conditions,
    edit=("depends_on",),
    said_by={"TC720": ("TC605",), "TC530": ("TC605",)},
)
