"""HC-PARAM: interval, timeout and retries written out for every healthcheck."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocompose.model import Healthcheck, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.healthchecks import known_healthcheck
from tocompose.rules.services import base_facts, remark

# What the engine uses where a number is left out: https://docs.docker.com/reference/dockerfile/#healthcheck
_ENGINE = {"interval": "30s", "timeout": "30s", "retries": "3"}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the numbers of each healthcheck set: the engine's own for a check that the source brought."""
    return each(stack, lambda service: _fill(service, stack, context))


def _fill(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, Iterable[Note]]:
    check = service.healthcheck
    if check is None or check.disable or not check.test or check.test[0] == "NONE":
        return service, ()
    numbers = _numbers(service, check, stack, context)
    missing: dict[str, Any] = {
        key: value for key, value in numbers.items() if getattr(check, key) is None
    }
    if not missing:
        return service, ()
    words = ", ".join(f"{key} {value}" for key, value in missing.items())
    keys = (
        [f"healthcheck.{key}" for key in missing] if numbers is _ENGINE else ["healthcheck"]
    )
    notes = [remark("TC617", service, key, numbers=words) for key in keys]
    return replace(service, healthcheck=replace(check, **missing)), notes


def _numbers(
    service: Service, check: Healthcheck, stack: Stack, context: Context
) -> dict[str, str]:
    ours = known_healthcheck(service, stack, context)
    if not isinstance(ours, Healthcheck) or ours.test != check.test:
        return _ENGINE
    known = base_facts(service, stack, context)
    return known.check_numbers(service.role) if known else _ENGINE


PRACTICE = Practice(
    id="HC-PARAM",
    title="Write out how often and how patiently health is checked",
    severity="should",
    apply=apply,
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
)
