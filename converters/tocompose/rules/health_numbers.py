"""HC-PARAM: interval, timeout and retries written out for every healthcheck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tocompose.model import Healthcheck, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Rule, map_services, remark
from tocompose.rules.healthchecks import known_healthcheck
from tocompose.rules.service_images import base_facts

# What the engine uses where a number is left out: https://docs.docker.com/reference/dockerfile/#healthcheck
_ENGINE = {"interval": "30s", "timeout": "30s", "retries": "3"}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the numbers of each healthcheck set: the engine's own for a check that the source brought."""
    return map_services(stack, lambda service: _fill_numbers(service, stack, context))


def _fill_numbers(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, Iterable[Note]]:
    check = service.healthcheck
    if check is None or check.is_off or not check.test:
        return service, ()
    numbers = _numbers_for(service, check, stack, context)
    missing: dict[str, Any] = {
        key: value for key, value in numbers.items() if getattr(check, key) is None
    }
    listed = ", ".join(f"{key} {value}" for key, value in missing.items())
    if missing and numbers is not _ENGINE:
        notes = [remark("TC617", service, "healthcheck", numbers=listed)]
    else:
        notes = [
            remark("TC617", service, ("healthcheck", key), numbers=f"{key} {value}")
            for key, value in missing.items()
        ]
    return replace(service, healthcheck=replace(check, **missing)), notes


def _numbers_for(
    service: Service, check: Healthcheck, stack: Stack, context: Context
) -> Mapping[str, str]:
    own_check = known_healthcheck(service, stack, context)
    if not isinstance(own_check, Healthcheck) or own_check.test != check.test:
        return _ENGINE
    image = base_facts(service, stack, context)
    return image.check_numbers(service.role) if image else _ENGINE


RULE = Rule(
    id="HC-PARAM",
    title="Make health check timings explicit",
    summary=(
        "Writes out interval, timeout and retries of every health check, with the engine's "
        "defaults where the source states none, so that they can be seen and tuned."
    ),
    severity="should",
    mend=apply,
    covers=("E-02",),
    url="https://docs.docker.com/reference/compose-file/services/#healthcheck",
    examples=(
        Example(
            "services: {web: {image: 'corp/web:1', healthcheck: {test: [CMD, /check], interval: 1m}}}",
            """
            services:
              web:
                image: corp/web:1
                healthcheck: {test: [CMD, /check], interval: 1m, timeout: 30s, retries: 3}
            """,
        ),
    ),
    edit=("healthcheck",),
)
