"""How units call each other: `x.network`, `y.volume:/path`, `z.pod`, and the services that Quadlet makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor
from tocompose.syntax.names import identifier

_ABSENT = "that unit is not among the sources"
_NAME_KEYS = {UnitKind.NETWORK: "NetworkName", UnitKind.VOLUME: "VolumeName"}


class References:
    """The units of a source by the names that others call them."""

    def __init__(self, units: Iterable[QuadletUnit]) -> None:
        self.units = tuple(units)

    def unit(self, name: str, caller: QuadletUnit) -> QuadletUnit | None:
        """The unit of a file name; of several the one in the folder of the unit that calls it."""
        named = [unit for unit in self.units if unit.name == name]
        near = [unit for unit in named if unit.folder == caller.folder]
        return next(iter((*near, *named)), None)

    def by_service(self, name: str, caller: QuadletUnit) -> QuadletUnit | None:
        """The unit that systemd knows by the name, or that Quadlet takes it for."""
        made_units = [unit for unit in self.units if unit.service_unit == name]
        near = [unit for unit in made_units if unit.folder == caller.folder]
        return next(iter((*near, *made_units)), None) or self.unit(name, caller)

    def key(self, name: str, kind: UnitKind, caller: QuadletUnit, cursor: Cursor) -> str:
        """The name in the stack of what `name` calls: the stem of a unit, or the name itself."""
        if name.endswith(f".{kind.value.lower()}"):
            unit = self.unit(name, caller)
            if unit is None:
                cursor.annotate(
                    "TC788",
                    subject=caller.subject,
                    object=caller.name,
                    names=name,
                    problem=_ABSENT,
                )
            return resource_key(name.rpartition(".")[0])
        units = (unit for unit in self.units if stated_name(unit) == name)
        return next((resource_key(unit.stem) for unit in units if unit.kind is kind), name)


def resource_key(stem: str) -> str:
    """The name of a network, volume or pod in the stack; one letter, which reads as a drive, gets podman's prefix."""
    key = identifier(stem)
    return key if len(key) > 1 else f"systemd-{key}"


def name_setting(unit: QuadletUnit) -> Cursor | None:
    """The setting that names a network or volume in the engine; None where the unit leaves the name to podman."""
    key = _NAME_KEYS.get(unit.kind)
    return unit.own(key) if key else None


def stated_name(unit: QuadletUnit) -> str:
    """The name that a network or volume has in the engine; empty where the unit leaves it to podman."""
    setting = name_setting(unit)
    return (setting.peek() or "") if setting else ""
