"""STOP: time for data services to write everything down before they are killed."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import facts, is_data, remark


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a stop grace period on services that keep data and have none."""
    return each(stack, _stop)


def _stop(service: Service) -> tuple[Service, Iterable[Note]]:
    if service.stop.grace_period is not None or not is_data(service):
        return service, ()
    known = facts(service)
    grace = (known.grace if known else None) or "60s"
    stop = replace(service.stop, grace_period=grace)
    return replace(service, stop=stop), [
        remark("TC623", service, "stop_grace_period", grace=grace)
    ]


PRACTICE = Practice(
    id="STOP",
    title="Give databases time to stop",
    severity="should",
    apply=apply,
    covers=("S-01",),
    url="https://docs.docker.com/reference/compose-file/services/#stop_grace_period",
    examples=(
        Example(
            "services: {db: {image: 'mariadb:11'}, web: {image: 'corp/web:1'}}",
            "services: {db: {image: 'mariadb:11', stop_grace_period: 60s}, web: {image: 'corp/web:1'}}",
        ),
    ),
)
