"""STOP: time for data services to write everything down before they are killed."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import facts_of


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with a stop grace period on services that keep data and have none."""
    return map_services(stack, _give_time)


def _give_time(service: Service) -> tuple[Service, Iterable[Note]]:
    if service.stop.grace_period is not None or not is_data(service):
        return service, ()
    image = facts_of(service)
    # What keeps nothing, as memcached does, has nothing to write down.
    if image is not None and not (image.data or image.grace):
        return service, ()
    grace = (image.grace if image else None) or "60s"
    stop = replace(service.stop, grace_period=grace)
    note = remark("TC623", service, "stop_grace_period", grace=grace)
    return replace(service, stop=stop), [note]


RULE = Rule(
    id="STOP",
    title="Give databases time to stop",
    summary=(
        "Raises the stop timeout of data services, which would otherwise be killed after 10 "
        "seconds while they save their data."
    ),
    severity="should",
    mend=apply,
    covers=("S-01",),
    url="https://docs.docker.com/reference/compose-file/services/#stop_grace_period",
    examples=(
        Example(
            "services: {db: {image: 'mariadb:11'}, web: {image: 'corp/web:1'}}",
            "services: {db: {image: 'mariadb:11', stop_grace_period: 60s}, web: {image: 'corp/web:1'}}",
        ),
    ),
)
