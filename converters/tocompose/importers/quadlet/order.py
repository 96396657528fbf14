"""The order of units as the order of services: `After`, `Requires`, `Wants` and their kin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from tocompose.compose.start_order import all_awaited
from tocompose.importers.quadlet.references import References
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind, is_on
from tocompose.knowledge.images import DATA_ROLES, image_facts, role_of
from tocompose.ledger import Cursor
from tocompose.model import Dependency, Role, Service
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated

# The unit that starts later, and the one that starts first.
_Pair: TypeAlias = tuple[QuadletUnit, QuadletUnit]
# What each unit waits for, by the unit that starts earlier.
_Edges: TypeAlias = dict[QuadletUnit, dict[QuadletUnit, Dependency]]

_REQUIRING = frozenset({"Requires", "BindsTo", "Requisite"})
_RESTARTING = frozenset({"BindsTo", "PartOf"})
# What starts a unit that has ended again (systemd.unit(5)).
_PULLING = frozenset({"Requires", "BindsTo", "Wants", "Upholds"})
_KEYS = (
    "After",
    "Requires",
    "BindsTo",
    "Requisite",
    "Wants",
    "Upholds",
    "PartOf",
    "Before",
)
_INSTALLED = {"RequiredBy": "Requires", "WantedBy": "Wants", "UpheldBy": "Upholds"}
_OF_THE_HOST = tuple(
    f".{kind}"
    for kind in (
        "target",
        "mount",
        "automount",
        "slice",
        "swap",
        "device",
        "timer",
        "socket",
    )
)
_OF_PODMAN = (".socket", ".service")
# What only says that the machine is up.
_OF_THE_ENGINE = ("podman", "docker", "network-online", "podman-user-wait-network-online")
_BEFORE_DOCKER = "it names a unit of the host itself (network, boot targets), which runs before Docker starts services"
_WITH_THE_MACHINE = "it starts the unit with the machine; here `docker compose up` and the restart policy do"
_DONE = "the unit has ended when the timer starts this one; to wait for it would run it again each time"
_PODMANS_API = (
    "it names podman's socket; a service that mounts it gets Docker's socket instead"
)
_NO_PORTS = " (this stack publishes none)"


class _Tie(NamedTuple):
    """One word of the order: the unit that says it, what kind of tie it is, the unit that is called."""

    unit: QuadletUnit
    key: str
    target: QuadletUnit
    unit_word: Cursor

    @property
    def pair(self) -> _Pair:
        """The unit that starts later, and the one that starts first."""
        is_reversed = self.key == "Before"
        return (self.target, self.unit) if is_reversed else (self.unit, self.target)


def is_job(unit: QuadletUnit) -> bool:
    """Whether systemd counts the unit as started when its program has ended."""
    setting = unit.last("Service", "Type")
    return setting is not None and setting.peek() == "oneshot"


class UnitOrder:
    """The ties between the units of a source."""

    def __init__(self, references: References) -> None:
        self._references = references
        self._outside_words: list[tuple[QuadletUnit, Cursor]] = []
        self._ties = [tie for unit in references.units for tie in self._ties_of(unit)]
        # All that ties two units.
        self._keys: dict[_Pair, set[str]] = {}
        for tie in self._ties:
            self._keys.setdefault(tie.pair, set()).add(tie.key)

    def first_of(self, members: Iterable[QuadletUnit]) -> list[QuadletUnit]:
        """The containers of a pod, those that wait for no other of them first."""
        waiting_units = list(members)
        ordered: list[QuadletUnit] = []
        while waiting_units:
            free = [
                unit for unit in waiting_units if not self._waits_for(unit, waiting_units)
            ]
            ordered += free or waiting_units
            waiting_units = [unit for unit in waiting_units if unit not in ordered]
        return ordered

    def _waits_for(self, unit: QuadletUnit, other_ties: list[QuadletUnit]) -> bool:
        return any(
            later_unit is unit and earlier_unit is not unit and earlier_unit in other_ties
            for later_unit, earlier_unit in (tie.pair for tie in self._ties)
        )

    def put_into(self, services: dict[QuadletUnit, Service]) -> dict[QuadletUnit, Service]:
        """The services by their units, each with what it waits for; two that wait for each other are noted."""
        services = {
            unit: replace(service, role=Role.JOB) if is_job(unit) else service
            for unit, service in services.items()
        }
        ordering = [tie for tie in self._ties if tie.key in ("After", "Before")]
        # What only says that both shall run: a service waits for its data, not the other way round.
        other_ties = sorted(
            (tie for tie in self._ties if tie not in ordering),
            key=lambda tie: not _holds_data(services.get(tie.pair[1])),
        )
        edges: _Edges = {}
        for tie in (*ordering, *other_ties):
            self._add_edge(tie, services, edges)
        for later_unit, by_earlier_unit in edges.items():
            service = services[later_unit]
            own_names = {dependency.service for dependency in service.depends_on}
            added = (
                dependency
                for dependency in by_earlier_unit.values()
                if dependency.service not in own_names
            )
            depends_on = (*service.depends_on, *added)
            services[later_unit] = replace(service, depends_on=depends_on)
        return services

    def note_outside(self, services: Iterable[Service]) -> None:
        """Says which units are called that are nowhere, and how they and the stack can still reach each other."""
        all_services = tuple(services)
        publishes = any(service.ports for service in all_services)
        where = f"{'' if publishes else _NO_PORTS}{_told_owners(all_services)}"
        for unit, unit_word in self._outside_words:
            unit_word.note(
                "TC788",
                subject=unit.subject,
                service=unit.stem,
                names=unit_word.peek() or "",
                where=where,
            )

    def _add_edge(
        self,
        tie: _Tie,
        services: dict[QuadletUnit, Service],
        edges: _Edges,
    ) -> None:
        later_unit, earlier_unit = tie.pair
        later, earlier = services.get(later_unit), services.get(earlier_unit)
        if later is None or earlier is None or later_unit == earlier_unit:
            tie.unit_word.skip(
                "the order after a unit of a network, volume or image, which Compose makes before it starts services"
            )
            return
        keys = self._keys[tie.pair]
        if later.profiles and _stays_done(earlier_unit, keys):
            tie.unit_word.skip(_DONE)
            return
        awaited_units = all_awaited(earlier_unit, lambda unit: edges.get(unit, ()))
        if later_unit in awaited_units or _joins(earlier, later):
            names = later.name if tie.unit is earlier_unit else earlier.name
            tie.unit_word.note(
                "TC818", subject=tie.unit.subject, object=tie.unit.name, names=names
            )
            return
        edges.setdefault(later_unit, {})[earlier_unit] = Dependency(
            service=earlier.name,
            condition=_condition(earlier_unit, earlier),
            required=not keys.isdisjoint(_REQUIRING),
            restart=not keys.isdisjoint(_RESTARTING),
            origin=tie.unit_word.span,
        )
        tie.unit_word.take(to=ModelPath.service(later.name, "depends_on"))

    def _ties_of(self, unit: QuadletUnit) -> Iterator[_Tie]:
        for key in _KEYS:
            for unit_word in unit.words("Unit", key):
                target = self._target(unit_word, unit, _BEFORE_DOCKER)
                if target is not None:
                    yield _Tie(unit, key, target, unit_word)
        for key, meaning in _INSTALLED.items():
            for unit_word in unit.words("Install", key):
                caller = self._target(unit_word, unit, _WITH_THE_MACHINE)
                if caller is not None:
                    yield _Tie(caller, meaning, unit, unit_word)

    def _target(
        self, unit_word: Cursor, unit: QuadletUnit, why_needless: str
    ) -> QuadletUnit | None:
        """The unit that a word calls; one of the host is passed over, one that is nowhere kept for a note."""
        name = unit_word.peek() or ""
        target = self._references.by_service(name, unit)
        stem = name.rpartition(".")[0]
        if target is not None:
            return target
        if stem == "podman" and name.endswith(_OF_PODMAN):
            unit_word.skip(_PODMANS_API)
        elif name.endswith(_OF_THE_HOST) or stem in _OF_THE_ENGINE:
            unit_word.skip(why_needless)
        else:
            self._outside_words.append((unit, unit_word))
        return None


def _stays_done(job: QuadletUnit, keys: set[str]) -> bool:
    """Whether a oneshot unit that has ended is not started again with the unit that is tied to it, as Compose would
    do."""
    if not is_job(job):
        return False
    setting = job.last("Service", "RemainAfterExit")
    stays = setting is not None and is_on(setting.peek() or "")
    return stays or keys.isdisjoint(_PULLING)


def _told_owners(services: Sequence[Service]) -> str:
    """At which services the ports of those belong that live in the network of another one: there the engine refuses
    to publish any."""
    members: dict[str, list[str]] = {}
    for service in services:
        kind, _, owner = (service.network_mode or "").partition(":")
        if kind == "service":
            members.setdefault(owner, []).append(service.name)
    told = [
        f"all at {owner}, whose network namespace the others share"
        if len(names) == len(services) - 1
        else f"those of {enumerated(names)} at {owner}, whose network namespace they share"
        for owner, names in members.items()
    ]
    return "".join(f", {text}" for text in told)


def _holds_data(service: Service | None) -> bool:
    facts = image_facts(service.image or "") if service else None
    return facts is not None and role_of(facts) in DATA_ROLES


def _joins(service: Service, owner: Service) -> bool:
    """Whether the service lives in the network of the other one, and so starts behind it."""
    return service.network_mode == f"service:{owner.name}"


def _condition(unit: QuadletUnit, service: Service) -> str:
    if is_job(unit):
        return "service_completed_successfully"
    notify = unit.own("Notify") if unit.kind is UnitKind.CONTAINER else None
    is_gated = notify is not None and (notify.peek() or "").lower() == "healthy"
    is_checked = service.healthcheck is not None
    return "service_healthy" if is_gated and is_checked else "service_started"
