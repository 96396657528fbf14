"""How units call each other: `x.network`, `y.volume:/path`, `z.pod`, and the services that Quadlet makes of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TypeVar

from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor
from tocompose.syntax.names import identifier

_NAME_KEYS = {UnitKind.NETWORK: "NetworkName", UnitKind.VOLUME: "VolumeName"}
_Name = TypeVar("_Name", bound=Hashable)


class References:
    """The units of a source by the names that others call them."""

    def __init__(self, units: Iterable[QuadletUnit]) -> None:
        self.units = tuple(units)
        self._by_name = _listed(self.units, lambda unit: unit.name)

    @cached_property
    def _by_service(self) -> Mapping[str, list[QuadletUnit]]:
        return _listed(self.units, lambda unit: unit.service_unit)

    @cached_property
    def _by_stated_name(self) -> Mapping[tuple[UnitKind, str], list[QuadletUnit]]:
        return _listed(self.units, lambda unit: (unit.kind, stated_name(unit)))

    def unit(self, name: str, caller: QuadletUnit) -> QuadletUnit | None:
        """The unit of a file name; of several the one in the folder of the unit that calls it."""
        return _nearest(self._by_name.get(name, ()), caller)

    def by_service(self, name: str, caller: QuadletUnit) -> QuadletUnit | None:
        """The unit that systemd knows by the name, or that Quadlet takes it for."""
        made_unit = _nearest(self._by_service.get(name, ()), caller)
        return made_unit or self.unit(name, caller)

    def key(self, name: str, kind: UnitKind, caller: QuadletUnit, cursor: Cursor) -> str:
        """The name in the stack of what `name` calls: the stem of a unit, or the name itself."""
        if name.endswith(f".{kind.value.lower()}"):
            unit = self.unit(name, caller)
            # What a network that is nowhere needs is said where the stack joins it.
            if unit is None and kind is not UnitKind.NETWORK:
                cursor.annotate(
                    "TC452", subject=caller.subject, object=caller.name, names=name
                )
            return resource_key(name.rpartition(".")[0])
        units = self._by_stated_name.get((kind, name))
        return resource_key(units[0].stem) if units else name


def _listed(
    units: Iterable[QuadletUnit], told: Callable[[QuadletUnit], _Name]
) -> Mapping[_Name, list[QuadletUnit]]:
    """The units by what is told of each, in their order."""
    listed: dict[_Name, list[QuadletUnit]] = {}
    for unit in units:
        listed.setdefault(told(unit), []).append(unit)
    return listed


def _nearest(units: Sequence[QuadletUnit], caller: QuadletUnit) -> QuadletUnit | None:
    """The first of the units in the folder of the caller, or else anywhere."""
    near = (unit for unit in units if unit.folder == caller.folder)
    return next(chain(near, units), None)


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
