"""Dependencies that say again what another one waits for already, where docker compose would count for hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from tocompose.compose.start_order import Edges, targets_first
from tocompose.exporters.final_checks import Checked, service_note
from tocompose.model import Dependency, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

# Docker Compose walks every way from each service when it looks for a circle, about a million in a second.
# https://github.com/compose-spec/compose-go/blob/main/graph/cycle.go
_MOST_WAYS = 20_000
_STARTED = "service_started"
# Services, each with a condition that it has met.
_Met: TypeAlias = frozenset[tuple[str, str]]


def without_implied(stack: Stack, fixed_edges: Edges) -> Checked:
    """The stack without dependencies that follow from others, where too many ways lead through all of them.

    `fixed_edges` are those that wait for each other in another way than by `depends_on`. Where it is not enough, a
    service waits for nothing, which a note says.
    """
    by_name = {service.name: service for service in stack.services}
    order = targets_first(_all_edges(by_name, fixed_edges))
    if _is_countable(order, _all_edges(by_name, fixed_edges)):
        return Checked(stack)
    shortened = _without_followers(by_name, order, fixed_edges)
    kept_order, notes = _cut_long_ways(shortened, order, fixed_edges)
    services = tuple(kept_order[service.name] for service in stack.services)
    paths = frozenset(
        path
        for service in stack.services
        for path in _lost_paths(service, kept_order[service.name])
    )
    return Checked(replace(stack, services=services), tuple(notes), paths)


def _all_edges(services: Mapping[str, Service], fixed_edges: Edges) -> Edges:
    return {
        name: {*fixed_edges.get(name, ()), *(one.service for one in service.depends_on)}
        for name, service in services.items()
    }


def _count_ways(name: str, edges: Edges, ways: Mapping[str, int]) -> int:
    return 1 + sum(ways.get(target, 0) for target in edges[name])


def _is_countable(order: Iterable[str], edges: Edges) -> bool:
    ways: dict[str, int] = {}
    for name in order:
        ways[name] = _count_ways(name, edges, ways)
    return max(ways.values(), default=0) <= _MOST_WAYS


def _without_followers(
    services: Mapping[str, Service], order: Iterable[str], fixed_edges: Edges
) -> dict[str, Service]:
    """The services, none of which says what another of its dependencies waits for."""
    shortened = dict(services)
    met_before: dict[str, _Met] = {}
    for name in order:
        stated = services[name].depends_on
        waits = _waits(stated, fixed_edges.get(name, ()), met_before)
        met_before[name] = frozenset[tuple[str, str]]().union(*waits.values())
        kept_waits = tuple(one for one in stated if not _is_implied(one, waits, met_before))
        shortened[name] = replace(services[name], depends_on=kept_waits)
    return shortened


def _waits(
    stated: Iterable[Dependency], targets: Iterable[str], met_before: Mapping[str, _Met]
) -> dict[str, _Met]:
    """By each service that is waited for in any case, all that is met then: its condition, and those before it."""
    conditions = {target: {(target, _STARTED)} for target in targets}
    for dependency in stated:
        if dependency.required:
            met = conditions.setdefault(dependency.service, set())
            met |= {
                (dependency.service, dependency.condition),
                (dependency.service, _STARTED),
            }
    return {
        target: met_before.get(target, frozenset[tuple[str, str]]()) | own_condition
        for target, own_condition in conditions.items()
    }


def _is_implied(
    dependency: Dependency, waits: Iterable[str], met_before: Mapping[str, _Met]
) -> bool:
    stated_wait = (dependency.service, dependency.condition)
    return not dependency.restart and any(
        stated_wait in met_before.get(target, ())
        for target in waits
        if target != dependency.service
    )


def _cut_long_ways(
    services: Mapping[str, Service], order: Iterable[str], fixed_edges: Edges
) -> tuple[dict[str, Service], list[Note]]:
    """The services, of which those wait for nothing from which too many ways begin, and a note for each."""
    cut, notes = dict(services), list[Note]()
    edges = dict(_all_edges(services, fixed_edges))
    ways: dict[str, int] = {}
    for name in order:
        ways[name] = _count_ways(name, edges, ways)
        service = services[name]
        # One that can be cut off wholly goes first, so that those after it need not.
        most_ways = _MOST_WAYS if fixed_edges.get(name) else _MOST_WAYS // 4
        if ways[name] > most_ways and service.depends_on:
            names = ", ".join(one.service for one in service.depends_on)
            notes.append(service_note("TC054", service, "depends_on", names=names))
            cut[name] = replace(service, depends_on=())
            edges[name] = set(fixed_edges.get(name, ()))
            ways[name] = _count_ways(name, edges, ways)
    return cut, notes


def _lost_paths(unsorted_service: Service, sorted_service: Service) -> Iterator[ModelPath]:
    """Where dependencies stood that went."""
    subject = ModelPath.service(unsorted_service.name, "depends_on")
    kept_targets = {one.service for one in sorted_service.depends_on}
    for dependency in unsorted_service.depends_on:
        if dependency.service not in kept_targets:
            yield subject
            yield subject.child(dependency.service)
