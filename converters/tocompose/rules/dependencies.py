"""DEP-INFER: who depends on whom, from what the services' settings say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.model import Dependency, Role, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice
from tocompose.rules.evidence import Evidence, evidence
from tocompose.rules.services import (
    facts,
    idles,
    image_name,
    is_data,
    remark,
    runs_client,
)


class Edge(NamedTuple):
    """A dependency to be considered; `rank` 0 is the source's own statement, higher numbers are weaker evidence."""

    rank: int
    weak_target: bool
    service: Service
    target: Service
    found: Evidence | None


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the dependencies that its settings show; the weakest of a circle is left out, with a note."""
    reach: dict[str, set[str]] = {service.name: set() for service in stack.services}
    kept: dict[str, list[Dependency]] = {service.name: [] for service in stack.services}
    edges = sorted(_edges(stack, context), key=lambda edge: edge[:2])
    peers = _peers(edges)
    notes: list[Note] = list(_clusters(stack, peers))
    for edge in edges:
        name, target = edge.service.name, edge.target.name
        if name == target or target in reach[name]:
            continue
        if edge.found is not None and (name, target) in peers:
            continue
        if name in _reachable(target, reach):
            notes.append(_circle(edge))
            continue
        reach[name].add(target)
        if edge.found is not None:
            kept[name].append(_dependency(edge, edge.found))
            notes.append(_added(edge, edge.found))
    services = tuple(
        _with(service, kept[service.name], reach[service.name])
        for service in stack.services
    )
    return Outcome(stack=replace(stack, services=services), notes=tuple(notes))


def _same_image(one: Service, other: Service) -> bool:
    return (image_name(one), one.build) == (image_name(other), other.build)


def _clusters(stack: Stack, peers: set[tuple[str, str]]) -> Iterator[Note]:
    """One note for each member of a cluster, with the others."""
    for service in stack.services:
        others = sorted(target for name, target in peers if name == service.name)
        if others:
            yield remark("TC607", service, "depends_on", others=", ".join(others))


def _edges(stack: Stack, context: Context) -> Iterator[Edge]:
    known = {service.name: service for service in stack.services}
    for service in stack.services:
        owner = _owner(service, known)
        for name in [item.service for item in service.depends_on] + (
            [owner.name] if owner else []
        ):
            if name in known:
                yield Edge(0, False, service, known[name], None)
    for service, found in evidence(stack, context):
        target = known[found.target]
        if _sensible(service, target):
            yield Edge(found.rank, not is_data(target), service, target, found)


def _peers(edges: list[Edge]) -> set[tuple[str, str]]:
    """The pairs of services that name each other and run one image: members of a cluster.

    None of them is healthy before most of them run. What a one-shot names before it, its service names.
    """
    waiting: dict[str, list[Service]] = {}
    for edge in edges:
        if edge.found is None and edge.target.role is Role.JOB:
            waiting.setdefault(edge.target.name, []).append(edge.service)
    named = {
        (member.name, edge.target.name, edge.service.name)
        for edge in edges
        if edge.found is not None
        for member in waiting.get(edge.service.name, [edge.service])
        if member is not edge.target and _same_image(member, edge.target)
    }
    pairs = {(member, target) for member, target, _ in named}
    return {
        (service, target) for member, target, service in named if (target, member) in pairs
    }


def _owner(service: Service, known: dict[str, Service]) -> Service | None:
    """The service whose network this one shares, which Compose starts first by itself."""
    return known.get((service.network_mode or "").removeprefix("service:"))


def _sensible(service: Service, target: Service) -> bool:
    """A database or a monitor does not wait for an application that it knows, and nobody calls a job or a client."""
    if (
        target.role is Role.JOB
        or runs_client(target)
        or idles(target)
        or service.network_mode == f"service:{target.name}"
        or (_monitors(service) and target.role in (Role.APP, Role.PROXY))
    ):
        return False
    return not (is_data(service) and not is_data(target) and target.role is not Role.INFRA)


def _monitors(service: Service) -> bool:
    """Whether it watches others, above all those that do not start."""
    known = facts(service)
    return known is not None and known.kind == "monitoring"


def _reachable(start: str, reach: dict[str, set[str]]) -> set[str]:
    seen, todo = set(), [start]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(reach.get(current, ()))
    return seen


def _dependency(edge: Edge, found: Evidence) -> Dependency:
    optional = bool(edge.target.profiles) and not set(edge.target.profiles) & set(
        edge.service.profiles
    )
    return Dependency(
        service=edge.target.name,
        required=not optional,
        evidence=found.words,
        origin=found.span,
    )


def _with(service: Service, added: list[Dependency], reach: set[str]) -> Service:
    stated = tuple(
        item for item in service.depends_on if item.service in reach or not item.service
    )
    if len(stated) == len(service.depends_on) and not added:
        return service
    fresh = sorted(added, key=lambda item: item.service)
    return replace(service, depends_on=(*stated, *fresh))


def _added(edge: Edge, found: Evidence) -> Note:
    key = f"depends_on.{edge.target.name}"
    return remark(
        "TC602",
        edge.service,
        key,
        found.span,
        target=edge.target.name,
        evidence=found.words,
    )


def _circle(edge: Edge) -> Note:
    evidence = edge.found.words if edge.found else "the source says so"
    return remark("TC603", edge.service, target=edge.target.name, evidence=evidence)


def dependents(stack: Stack, name: str) -> Iterable[Service]:
    """The services that depend on the named one."""
    return [
        service
        for service in stack.services
        if any(item.service == name for item in service.depends_on)
    ]


PRACTICE = Practice(
    id="DEP-INFER",
    title="Start services after what they need",
    severity="must",
    apply=apply,
    covers=("M-02", "M-06", "A-01", "T-02"),
    url="https://docs.docker.com/reference/compose-file/services/#depends_on",
    examples=(
        Example(
            """
            services:
              web: {image: 'corp/web:1', environment: {DATABASE_URL: 'postgres://app@db:5432/app', CACHE_HOST: cache}}
              db: {image: 'postgres:16'}
              cache: {image: 'redis:7'}
            """,
            """
            services:
              web:
                image: corp/web:1
                depends_on: {cache: {condition: service_started}, db: {condition: service_started}}
                environment: {DATABASE_URL: 'postgres://app@db:5432/app', CACHE_HOST: cache}
              db: {image: 'postgres:16'}
              cache: {image: 'redis:7'}
            """,
        ),
        Example(
            """
            services:
              a: {image: 'corp/a:1', environment: {B_URL: 'http://b:80'}}
              b: {image: 'corp/b:1', environment: {A_HOST: a}}
            """,
            """
            services:
              a:
                image: corp/a:1
                environment: {B_URL: 'http://b:80'}
                depends_on: {b: {condition: service_started}}
              b: {image: 'corp/b:1', environment: {A_HOST: a}}
            """,
        ),
    ),
)
