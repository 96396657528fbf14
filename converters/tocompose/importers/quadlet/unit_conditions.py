"""Conditions of units that exclude each other: systemd runs one of the units, Compose would start them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.compose.start_order import waits_for
from tocompose.importers.quadlet.tables import field_tables
from tocompose.importers.quadlet.units import QuadletUnit
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Service
from tocompose.notes import note
from tocompose.record import NamedTuple
from tocompose.wording import enumerated

CONDITION_CODE = "TC455"


class _Condition(NamedTuple):
    """What systemd asks before it starts a unit; negated where it must not hold."""

    unit: QuadletUnit
    setting: Cursor
    question: str
    is_negated: bool


def note_exclusive_units(services: Mapping[QuadletUnit, Service], ledger: Ledger) -> None:
    """Says of units of which one runs only where another does not that Compose starts both."""
    conditions = [condition for unit in services for condition in _conditions_of(unit)]
    waits = _Waits(services)
    for unmet in conditions:
        if not unmet.is_negated:
            continue
        rivals = [
            condition
            for condition in conditions
            if condition.question == unmet.question
            and not condition.is_negated
            and waits.run_together(condition.unit, unmet.unit)
        ]
        if rivals:
            _note_rivals(unmet, rivals, services, ledger)


def _conditions_of(unit: QuadletUnit) -> Iterator[_Condition]:
    """The conditions of a unit but for those of which one is enough (`|`)."""
    rows = field_tables()["Unit"]
    for section in unit.sections:
        if section.key.removeprefix("X-") != "Unit":
            continue
        for setting in section:
            text = setting.peek() or ""
            row = rows.get(setting.key)
            if row is None or row.note != CONDITION_CODE or text[:1] in ("", "|"):
                continue
            stated = text.removeprefix("!").strip()
            question = f"{setting.key}={stated}"
            yield _Condition(unit, setting, question, text.startswith("!"))


class _Waits:
    """Which services start together: neither waits for the other, and no profile holds one back."""

    def __init__(self, services: Mapping[QuadletUnit, Service]) -> None:
        self._services = services
        self._by_name = {service.name: service for service in services.values()}

    def run_together(self, unit: QuadletUnit, other_unit: QuadletUnit) -> bool:
        """Whether nothing keeps the services of two units apart."""
        service, other_service = self._services[unit], self._services[other_unit]
        is_held_back = bool(service.profiles or other_service.profiles)
        name, other_name = service.name, other_service.name
        return not is_held_back and not (
            waits_for(name, other_name, self._by_name)
            or waits_for(other_name, name, self._by_name)
        )


def _note_rivals(
    unmet: _Condition,
    rivals: list[_Condition],
    services: Mapping[QuadletUnit, Service],
    ledger: Ledger,
) -> None:
    units = [unmet.unit, *(rival.unit for rival in rivals)]
    commands = [f"`docker compose run --rm {services[unit].name}`" for unit in units]
    ledger.add_note(
        note(
            "TC443",
            unmet.setting.span,
            subject=unmet.unit.subject,
            related=tuple(rival.setting.span for rival in rivals),
            unmet=unmet.unit.name,
            met=enumerated([rival.unit.name for rival in rivals]),
            condition=unmet.question,
            commands=" or ".join(commands),
        )
    )
