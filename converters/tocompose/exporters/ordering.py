"""An order in which the services can start: docker compose refuses a circle, and a dependency that is off."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.compose.start_order import (
    Edges,
    all_awaited,
    implied_needs,
    targets_first,
)
from tocompose.exporters.final_checks import (
    Checked,
    for_each_overlay,
    service_layers,
    service_note,
)
from tocompose.exporters.implied_order import without_implied
from tocompose.model import Dependency, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath


def start_in_order(stack: Stack) -> Checked:
    """The stack without dependencies in a circle, and with those optional that a profile may switch off."""
    fixed_edges = _fixed_edges(stack)
    order = _Order(stack, fixed_edges)
    stack = for_each_overlay(stack, order.keep_possible)
    shortened = without_implied(stack, fixed_edges)
    return Checked(
        shortened.stack,
        (*order.notes, *shortened.notes),
        frozenset(order.paths) | shortened.paths,
    )


class _Order:
    """Who waits for whom, as far as it has been looked at."""

    def __init__(self, stack: Stack, fixed_edges: Edges) -> None:
        self.edges = {name: list(targets) for name, targets in fixed_edges.items()}
        self.circles = _circles(_all_edges(stack, fixed_edges))
        self.profiles = {
            service.name: frozenset(service.profiles) for service in stack.services
        }
        self.unchecked = {
            service.name
            for service in stack.services
            if service.healthcheck and service.healthcheck.disable
        }
        self.notes: list[Note] = []
        self.paths: set[ModelPath] = set()

    def keep_possible(self, service: Service, layer: Service) -> Service:
        """The layer with the dependencies that docker compose can meet."""
        possible = (self._check(service, dependency) for dependency in layer.depends_on)
        return replace(layer, depends_on=tuple(filter(None, possible)))

    def _check(self, service: Service, dependency: Dependency) -> Dependency | None:
        target = dependency.service
        if self._closes_circle(service.name, target):
            self._note("TC753", service, dependency)
            subject = ModelPath.service(service.name, "depends_on")
            self.paths.update((subject, subject.child(target)))
            return None
        self.edges.setdefault(service.name, []).append(target)
        if dependency.required and not self._is_on(service.name, target):
            self._note("TC752", service, dependency)
            dependency = replace(dependency, required=False)
        if dependency.condition == "service_healthy" and target in self.unchecked:
            self._note("TC754", service, dependency)
            dependency = replace(dependency, condition="service_started")
        return dependency

    def _closes_circle(self, name: str, target: str) -> bool:
        """Whether the target waits for the service by now; it never does where they are on no circle of all edges."""
        on_one_circle = self.circles.get(name) == self.circles.get(target)
        return on_one_circle and name in all_awaited(target, self._targets_of)

    def _targets_of(self, name: str) -> Iterable[str]:
        return self.edges.get(name, ())

    def _is_on(self, service_name: str, target: str) -> bool:
        """Whether the target runs whenever the service does."""
        target_profiles = self.profiles.get(target)
        profiles = self.profiles[service_name]
        return not target_profiles or (bool(profiles) and profiles <= target_profiles)

    def _note(self, code: str, service: Service, dependency: Dependency) -> None:
        target, span = dependency.service, dependency.origin
        self.notes.append(
            service_note(code, service, "depends_on", target, span=span, name=target)
        )


def _fixed_edges(stack: Stack) -> dict[str, list[str]]:
    """Who waits for whom by a shared namespace, a link or `volumes_from`: docker compose orders by these too."""
    edges: dict[str, list[str]] = {}
    for service in stack.services:
        for layer in service_layers(service):
            targets = (need.target for need in implied_needs(layer))
            edges.setdefault(service.name, []).extend(targets)
    return edges


def _all_edges(stack: Stack, fixed_edges: Edges) -> dict[str, list[str]]:
    """Who waits for whom, by `depends_on` too."""
    edges = {name: list(targets) for name, targets in fixed_edges.items()}
    for service in stack.services:
        for layer in service_layers(service):
            edges[service.name].extend(one.service for one in layer.depends_on)
    return edges


def _circles(edges: Edges) -> dict[str, str]:
    """The circle that each service is on, alone on its own where it is on none: one of its services stands for it.

    https://en.wikipedia.org/wiki/Kosaraju%27s_algorithm
    """
    waiting_services: dict[str, list[str]] = {}
    for name, targets in edges.items():
        for target in targets:
            waiting_services.setdefault(target, []).append(name)
    circles: dict[str, str] = {}
    visited: set[str] = set()
    for first_name in reversed(targets_first(edges)):
        members = all_awaited(
            first_name, lambda name: waiting_services.get(name, ()), visited
        )
        circles.update(dict.fromkeys(members, first_name))
    return circles
