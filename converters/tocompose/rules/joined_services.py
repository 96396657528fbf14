"""Which new services and which of the file that they are added to have to do with each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tocompose.model import Service, Stack
from tocompose.record import replace
from tocompose.rules import Context, Startup
from tocompose.rules.evidence import Evidence, evidence, host_names, label_evidence
from tocompose.rules.service_images import image_id
from tocompose.rules.variables import setting_values
from tocompose.traefik.networks import TRAEFIK, is_routed


def uses_across(
    stack: Stack, joins: Startup, context: Context
) -> dict[str, tuple[str, ...]]:
    """The services of the file that each new service names or is named by, or whose routes its labels are."""
    uses: dict[str, dict[str, None]] = {}
    for name, present_name in _pairs_across(stack, joins, context):
        uses.setdefault(name, {})[present_name] = None
    return {name: tuple(targets) for name, targets in uses.items()}


def _pairs_across(
    stack: Stack, joins: Startup, context: Context
) -> Iterator[tuple[str, str]]:
    present = {service.name for service in joins.stack.services}
    added = [service for service in stack.services if service.name not in present]
    whole = replace(stack, services=(*added, *joins.stack.services))
    added_names = {service.name for service in added}
    for service, clue in evidence_of_all(whole, context):
        if service.name in added_names and clue.target in present:
            yield service.name, clue.target
        elif service.name in present and clue.target in added_names:
            yield clue.target, service.name
    routed_names = [service.name for service in filter(is_routed, added)]
    yield from product(routed_names, _traefik_names(joins.stack))


def _traefik_names(stack: Stack) -> list[str]:
    return [service.name for service in stack.services if image_id(service) == TRAEFIK]


def evidence_of_all(stack: Stack, context: Context) -> Iterator[tuple[Service, Evidence]]:
    """The evidence of each service, that of its labels too."""
    yield from evidence(stack, context)
    names, values = host_names(stack), setting_values(stack, context)
    for service in stack.services:
        for clue in label_evidence(service, names, values):
            if clue.target != service.name:
                yield service, clue
