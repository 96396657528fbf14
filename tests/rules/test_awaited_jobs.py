"""Each job has somebody who waits for its end, who neither needs it nor is needed by it."""

from __future__ import annotations

import pytest

from rules.snippets import stack
from tocompose.check import audit
from tocompose.knowledge.jobs import unawaited_jobs
from tocompose.project import Memory
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
        # Who logs in with the password that the job sets needs it most; who does nothing needs it least.
        (
            "web: {image: 'a/web:1', environment: {LOGIN: '${PW}'}}, job: {image: 'busybox:1',"
            " command: [sh, -c, 'echo x > /x'], environment: {P: '${PW}'}}, api: {image: 'a/api:1'}",
            "web",
        ),
        (
            f"{JOB}, idle: {{image: 'busybox:1', command: [sleep, infinity]}}, web: {{image: 'a/web:1'}}",
            "web",
        ),
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
        # docker compose starts these before the job, by keys other than depends_on.
        "web: {image: 'a/web:1'}, job: {image: 'busybox:1', command: [sh, -c, 'ls'], links: [web]}",
        "web: {image: 'a/web:1'}, job: {image: 'busybox:1', command: [sh, -c, 'ls'], pid: 'service:web'}",
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


@pytest.mark.parametrize(
    ("script", "check", "is_told"),
    [
        (
            "until curl https://es:9200; do sleep 30; done; echo done",
            "{test: [CMD, test, -f, /done]}",
            False,
        ),
        (
            "until curl https://es:9200; do sleep 30; done; echo done",
            "{disable: true}",
            True,
        ),
        ("echo done", "{test: [CMD, test, -f, /done]}", True),
    ],
)
def test_a_job_that_shows_its_health_while_it_waits_may_be_waited_for(
    script: str, check: str, is_told: bool
) -> None:
    """As Elastic's own file does: https://www.elastic.co/guide/en/elasticsearch/reference/current/docker.html"""
    text = (
        "services:\n"
        f"  setup: {{image: 'alpine:3', command: [sh, -c, '{script}'], healthcheck: {check}}}\n"
        "  es: {image: 'me/es:1', depends_on: {setup: {condition: service_healthy}}}\n"
    )
    report = audit(Memory({"compose.yaml": text.encode()}))
    assert report is not None
    assert ("TC534" in {note.code for note in report.notes}) == is_told
