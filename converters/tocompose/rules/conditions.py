"""DEP-COND: dependents wait until what they need is healthy, or has completed."""

from __future__ import annotations

from tocompose.model import Dependency, Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.healthchecks import has_own_check
from tocompose.rules.services import facts, remark

STARTED, HEALTHY, COMPLETED = (
    "service_started",
    "service_healthy",
    "service_completed_successfully",
)


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each bare dependency waiting for health or completion where the other service shows it."""
    known = {service.name: service for service in stack.services}
    services: list[Service] = []
    notes: list[Note] = []
    for service in stack.services:
        pairs = [
            _conditioned(service, item, known.get(item.service))
            for item in service.depends_on
        ]
        services.append(replace(service, depends_on=tuple(item for item, _ in pairs)))
        notes += [said for _, said in pairs if said]
    return Outcome(stack=replace(stack, services=tuple(services)), notes=tuple(notes))


def _conditioned(
    service: Service, item: Dependency, target: Service | None
) -> tuple[Dependency, Note | None]:
    if target is None or item.condition != STARTED:
        return item, None
    if target.role is Role.JOB and target.restart not in ("always", "unless-stopped"):
        return replace(item, condition=COMPLETED), _remark(
            "TC606", service, item, ".condition"
        )
    if shows_health(target):
        return replace(item, condition=HEALTHY), _remark(
            "TC604", service, item, ".condition"
        )
    return item, _remark("TC605", service, item, "")


def shows_health(service: Service) -> bool:
    """Whether the engine will know the service's health: otherwise waiting for it makes `up` fail."""
    check = service.healthcheck
    if check is not None and (check.disable or (check.test and check.test[0] == "NONE")):
        return False
    if check is not None and check.test:
        return True
    known = facts(service)
    return known is not None and has_own_check(service, known)


def _remark(code: str, service: Service, item: Dependency, key: str) -> Note:
    return remark(
        code, service, f"depends_on.{item.service}{key}", item.origin, target=item.service
    )


PRACTICE = Practice(
    id="DEP-COND",
    title="Wait until a dependency is ready",
    severity="must",
    apply=apply,
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
)
