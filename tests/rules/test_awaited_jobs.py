"""Each job has somebody who waits for its end, who neither needs it nor is needed by it."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.knowledge.jobs import unawaited_jobs
from tocompose.rules import Context, apply_all, select

PRACTICES = select("SVC-CLASS,HC-EVERY,DEP-INFER,DEP-COND")
JOB = "job: {image: 'busybox:1.36', command: [sh, -c, 'echo x > /x']}"


def waiters(body: str) -> dict[str, str]:
    outcome = apply_all(stack(f"services: {{{body}}}"), PRACTICES, Context())
    return {
        service.name: edge.service
        for service in outcome.stack.services
        for edge in service.depends_on
        if edge.condition == "service_completed_successfully" and not edge.required
    }


@pytest.mark.parametrize(
    ("body", "waiter"),
    [
        (f"{JOB}, web: {{image: 'a/web:1'}}", "web"),
        (f"db: {{image: 'postgres:16'}}, {JOB}, web: {{image: 'a/web:1'}}", "web"),
        (f"web: {{image: 'a/web:1'}}, {JOB}, api: {{image: 'a/api:1'}}", "api"),
        (f"{JOB}, db: {{image: 'postgres:16'}}", "db"),
        (
            "job: {image: 'a/b:1', command: [alembic, upgrade, head], depends_on: [web]},"
            " web: {image: 'a/web:1'}, api: {image: 'a/api:1'}",
            "api",
        ),
    ],
)
def test_somebody_waits(body: str, waiter: str) -> None:
    assert waiters(body) == {waiter: "job"}


@pytest.mark.parametrize(
    "body",
    [
        JOB,
        "web: {image: 'a/web:1'}, job: {image: 'busybox:1', command: [sh, -c, 'ls'], profiles: [x]}",
        # Who calls a database may do so in ways that nothing shows.
        "db: {image: 'postgres:16', networks: [n]},"
        " job: {image: 'busybox:1', command: [sh, -c, 'ls'], networks: [n]}",
    ],
)
def test_nobody_waits_where_that_could_hold_up_what_the_job_needs(body: str) -> None:
    assert waiters(body) == {}


def test_what_is_left_is_named() -> None:
    outcome = apply_all(stack(f"services: {{{JOB}}}"), PRACTICES, Context())
    assert [job.name for job in unawaited_jobs(outcome.stack)] == ["job"]
