"""DEP-INFER: who depends on whom, from what the services' settings say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tocompose.compose.start_order import all_awaited, joined_service, targets_first
from tocompose.model import Dependency, Role, Runtime, Service, Stack
from tocompose.notes import Note
from tocompose.record import NamedTuple, replace
from tocompose.rules import (
    Context,
    Example,
    Outcome,
    Rule,
    Verdict,
    View,
    remark,
    with_services,
)
from tocompose.rules.endings import stays_idle
from tocompose.rules.evidence import FALLBACK, SHARED, Evidence, evidence
from tocompose.rules.programs import runs_client
from tocompose.rules.roles import is_data
from tocompose.rules.service_images import (
    facts_of,
    is_same_image,
    services_of_same_image,
)
from tocompose.rules.shared_storage import shared_storage


class Edge(NamedTuple):
    """A dependency to be considered; `rank` 0 is the source's own statement, higher numbers are weaker evidence."""

    rank: int
    weak_target: bool
    service: Service
    target: Service
    evidence: Evidence | None

    @property
    def names(self) -> tuple[str, str]:
        """Who waits, and for whom."""
        return self.service.name, self.target.name


class _EdgeSet:
    """The edges taken so far, without circles.

    They go along with an order of starting, at first one of all edges, taken or not. One more that goes along with it
    closes no circle: few edges are ever followed.
    """

    def __init__(self, stack: Stack, edges: Iterable[Edge]) -> None:
        self.targets: dict[str, set[str]] = {
            service.name: set() for service in stack.services
        }
        self.inferred: dict[str, list[Dependency]] = {}
        self._positions = _starting_order(stack, edges)

    def take(self, edge: Edge) -> bool:
        """Adds the edge; False where its target waits for the service already, maybe through others."""
        name, target = edge.names
        if self._positions[target] > self._positions[name]:
            awaited = set(all_awaited(target, self.targets.__getitem__))
            if name in awaited:
                return False
            self._start_before(name, awaited)
        self.targets[name].add(target)
        if edge.evidence is not None:
            self.inferred.setdefault(name, []).append(_dependency(edge, edge.evidence))
        return True

    def _start_before(self, service_name: str, awaited: set[str]) -> None:
        """Changes the order of starting so that the service stands behind the others."""
        position = self._positions[service_name]
        order = sorted(self._positions, key=self._positions.__getitem__)
        behind = [name for name in order[position:] if name in awaited]
        following = [name for name in order[position:] if name not in awaited]
        changed = (*order[:position], *behind, *following)
        self._positions = {other: index for index, other in enumerate(changed)}

    def applied(self, service: Service) -> Service:
        """The service with the edges that were taken, and without those that were not."""
        targets = self.targets[service.name]
        stated = tuple(
            edge
            for edge in service.depends_on
            if edge.service in targets or edge.service not in self.targets
        )
        inferred = self.inferred.get(service.name, [])
        if len(stated) == len(service.depends_on) and not inferred:
            return service
        inferred.sort(key=lambda edge: edge.service)
        return replace(service, depends_on=(*stated, *inferred))


def _starting_order(stack: Stack, edges: Iterable[Edge]) -> dict[str, int]:
    """The positions of services in an order in which each stands behind what it waits for, save on circles."""
    targets: dict[str, set[str]] = {service.name: set() for service in stack.services}
    for edge in edges:
        name, target = edge.names
        targets[name].add(target)
    return {name: position for position, name in enumerate(targets_first(targets))}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the dependencies that its settings show; the weakest of a circle is left out, with a note.

    A service that is added to those of a file waits for these too; they stay as they are.
    """
    present = context.joins.stack.services if context.joins is not None else ()
    staying = {service.name for service in present}
    added = [service for service in stack.services if service.name not in staying]
    whole = replace(stack, services=(*added, *present)) if present else stack
    found = list(_find_edges(whole, context))
    found += _shared_edges(whole, found)
    edges = [
        edge for edge in found if not edge.evidence or edge.service.name not in staying
    ]
    edge_set, notes = _take_edges(whole, edges)
    services = [
        service if service.name in staying else edge_set.applied(service)
        for service in stack.services
    ]
    return Outcome(with_services(stack, services), notes)


def _take_edges(stack: Stack, found: Iterable[Edge]) -> tuple[_EdgeSet, tuple[Note, ...]]:
    """The edges without circles, and what to say of those that are inferred, or left out."""
    edges = sorted(found, key=lambda edge: edge[:2])
    peers = _find_peers(edges)
    notes: list[Note] = list(_note_clusters(stack, peers))
    edge_set = _EdgeSet(stack, edges)
    for edge in edges:
        name, target = edge.names
        if name == target or target in edge_set.targets[name]:
            continue
        if edge.evidence is not None and edge.names in peers:
            continue
        if not edge_set.take(edge):
            notes.append(_note_circle(edge))
        elif edge.evidence is not None:
            notes.append(_note_inferred(edge, edge.evidence))
    return edge_set, tuple(notes)


def _note_clusters(stack: Stack, peers: set[tuple[str, str]]) -> Iterator[Note]:
    """One note for each member of a cluster, with the others."""
    members: dict[str, list[str]] = {}
    for name, target in sorted(peers):
        members.setdefault(name, []).append(target)
    for service in stack.services:
        if member_names := members.get(service.name):
            yield remark("TC607", service, "depends_on", others=", ".join(member_names))


def _find_edges(stack: Stack, context: Context) -> Iterator[Edge]:
    by_name = {service.name: service for service in stack.services}
    for service in stack.services:
        stated = [by_name.get(edge.service) for edge in service.depends_on]
        for target in (*stated, _network_owner(service, by_name)):
            if target is not None:
                yield Edge(0, False, service, target, None)
    for service, clue in (*evidence(stack, context), *_passwords_given(stack)):
        target = by_name[clue.target]
        if clue.rank != FALLBACK and _may_wait(service, target):
            yield Edge(clue.rank, not is_data(target), service, target, clue)


def _passwords_given(stack: Stack) -> Iterator[tuple[Service, Evidence]]:
    """Who is given the password of data. Only in a cluster is it known which Secret one is of."""
    if stack.runs_in is not Runtime.CLUSTER:
        return iter(())
    # Conversions of all else, and checks of compose files, do without it.
    from tocompose.rules.shared_secrets import shared_secrets

    return shared_secrets(stack)


def _shared_edges(stack: Stack, edges: Iterable[Edge]) -> Iterator[Edge]:
    """The edges to data of a service that says nothing itself: it has the image and the storage of one that does.

    So it reads the same settings, as the scheduler of Nextcloud does in its volume.
    """
    to_data: dict[str, list[Edge]] = {}
    for edge in edges:
        if is_data(edge.target):
            to_data.setdefault(edge.service.name, []).append(edge)
    for service in stack.services if to_data else ():
        if service.name in to_data or is_data(service) or service.role is Role.JOB:
            continue
        for sibling in services_of_same_image(service, stack):
            known = to_data.get(sibling.name, ())
            storage = shared_storage(service, sibling) if known else ""
            for edge in known if storage and not stays_idle(service) else ():
                target = edge.target
                evidence_text = (
                    f"it shares {storage} with {sibling.name}, which needs {target.name}"
                )
                clue = Evidence(target.name, SHARED, evidence_text, service.origin)
                yield Edge(SHARED, False, service, target, clue)


def _find_peers(edges: Iterable[Edge]) -> set[tuple[str, str]]:
    """The pairs of services that name each other and run one image: members of a cluster.

    None of them is healthy before most of them run. What a one-shot names before it, its service names.
    """
    members = _members_by_job(edges)
    calls: set[tuple[str, str, str]] = set()
    for edge in edges:
        if edge.evidence is None:
            continue
        for member in members.get(edge.service.name, [edge.service]):
            if member is not edge.target and is_same_image(member, edge.target):
                calls.add((member.name, edge.target.name, edge.service.name))
    pairs = {(member, target) for member, target, _ in calls}
    return {
        (caller, target) for member, target, caller in calls if (target, member) in pairs
    }


def _members_by_job(edges: Iterable[Edge]) -> dict[str, list[Service]]:
    """The services that wait for each one-shot."""
    members: dict[str, list[Service]] = {}
    for edge in edges:
        if edge.evidence is None and edge.target.role is Role.JOB:
            members.setdefault(edge.target.name, []).append(edge.service)
    return members


def _network_owner(service: Service, by_name: Mapping[str, Service]) -> Service | None:
    """The service whose network this one shares, which Compose starts first by itself."""
    return by_name.get(joined_service(service.network_mode) or "")


def _may_wait(service: Service, target: Service) -> bool:
    """A database or a monitor does not wait for an application that it knows, and nobody calls a job or a client."""
    if target.role is Role.JOB or runs_client(target) or stays_idle(target):
        return False
    if joined_service(service.network_mode) == target.name:
        return False
    if _sends_figures(service, target) or _is_stranger(service, target):
        return False
    return is_data(target) or not is_data(service) or target.role is Role.INFRA


def _sends_figures(service: Service, target: Service) -> bool:
    """Whether figures, logs or traces go between them, which one takes or gives whenever the other is there."""
    if is_monitor(service) and target.role in (Role.APP, Role.PROXY):
        return True
    if _ships(service) or (_scrapes(service) and not is_data(target)):
        return True
    return service.role is Role.APP and is_monitor(target) and not is_data(target)


def _is_stranger(service: Service, target: Service) -> bool:
    """Whether one is a database and the other a cache, told of each other by an env file that all services share."""
    images = facts_of(service), facts_of(target)
    return {image.kind if image else "" for image in images} == {"db", "cache"}


def _scrapes(service: Service) -> bool:
    """Whether it asks others for their figures, whenever they answer."""
    image = facts_of(service)
    return image is not None and image.scrapes


def _ships(service: Service) -> bool:
    """Whether it sends on what others log, and keeps it as long as nobody takes it."""
    image = facts_of(service)
    return image is not None and image.ships


def is_monitor(service: Service) -> bool:
    """Whether it watches others, above all those that do not start."""
    image = facts_of(service)
    return image is not None and image.kind == "monitoring"


def _dependency(edge: Edge, clue: Evidence) -> Dependency:
    target_profiles = set(edge.target.profiles)
    optional = bool(target_profiles) and not target_profiles & set(edge.service.profiles)
    return Dependency(
        service=edge.target.name,
        required=not optional,
        evidence=clue.words,
        origin=clue.span,
    )


def _note_inferred(edge: Edge, clue: Evidence) -> Note:
    target = edge.target.name
    facts = {"target": target, "evidence": clue.words}
    return remark("TC602", edge.service, ("depends_on", target), clue.span, **facts)


def _note_circle(edge: Edge) -> Note:
    reason = edge.evidence.words if edge.evidence else "the source says so"
    return remark("TC603", edge.service, target=edge.target.name, evidence=reason)


def awaited_services(stack: Stack) -> frozenset[str]:
    """The names of the services on which others depend."""
    return frozenset(
        edge.service for service in stack.services for edge in service.depends_on
    )


def _judge_undeclared(view: View) -> Iterator[Verdict]:
    """Services that name another one in their environment or command, and do not wait for it."""
    startup = view.main
    mended = apply(startup.stack, startup.context).stack
    for service, mended_service in zip(
        startup.stack.services, mended.services, strict=True
    ):
        stated = {edge.service for edge in service.depends_on}
        for edge in mended_service.depends_on:
            facts = {"target": edge.service, "evidence": edge.evidence}
            waits = edge.service in stated
            yield startup.verdict(service, "", "M-02", waits, "TC700", **facts)


RULE = Rule(
    id="DEP-INFER",
    title="Start services after what they need",
    summary=(
        "Adds `depends_on` where a setting of one service names another, such as the host in "
        "DATABASE_URL."
    ),
    tells=("TC700",),
    severity="must",
    mend=apply,
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
    judge=_judge_undeclared,
    said_by={"TC700": ("TC603", "TC607")},
)
