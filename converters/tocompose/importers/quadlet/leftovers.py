"""Settles what no command says: keys with a note, keys that say nothing here, keys that nobody knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from tocompose.importers.field_tables import FieldWalk, note_findings
from tocompose.importers.quadlet.tables import field_tables
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor, Ledger

_DEFAULT = "it is what podman does anyway"
# Keys whose values are nobody's business.
_PRIVATE = frozenset({"Creds"})
_WITHOUT_CONTAINER = (
    "it says when a network, volume or image is made, which Compose does first"
)


def settle_rest(units: Iterable[QuadletUnit], ledger: Ledger) -> None:
    """Settles every setting of the units that is left."""
    for unit in units:
        for section in unit.sections:
            _settle_section(section, unit, ledger)


def _settle_section(section: Cursor, unit: QuadletUnit, ledger: Ledger) -> None:
    name = section.key.removeprefix("X-")
    for setting in section:
        _settle_odd(setting, name, unit)
    if name in ("Unit", "Install", "Service") and unit.kind is not UnitKind.CONTAINER:
        _settle_without_container(section)
    if name in field_tables() and section.node is not None:
        walk = FieldWalk(field_tables(), ledger, default_reason=_DEFAULT)
        walk.visit(section.node, name)
        note_findings(walk.findings, ledger, unit.name, unit.subject)


def _settle_odd(setting: Cursor, section: str, unit: QuadletUnit) -> None:
    """A line that is no setting, a key that nobody knows, one whose value nobody may see."""
    rows = field_tables().get(section)
    if setting.key == "?":
        _note_unreadable(setting, (setting.peek() or "")[:40], section, unit)
    elif setting.style == "error":
        _note_unreadable(setting, setting.key, section, unit)
    elif rows is not None and setting.key not in rows:
        _note_unknown(setting, section, unit)
    elif setting.key == "DefaultInstance" and "@" not in unit.name:
        setting.skip("the unit is no template")
    elif setting.key in _PRIVATE:
        setting.note("TC782", subject=unit.subject, object=unit.name, fields=setting.key)


def _note_unreadable(setting: Cursor, key: str, section: str, unit: QuadletUnit) -> None:
    setting.note(
        "TC781", subject=unit.subject, section=section, object=unit.name, key=key, hint=""
    )


def _note_unknown(setting: Cursor, section: str, unit: QuadletUnit) -> None:
    """A key that nobody knows; of systemd's own sections the audit tells, for Quadlet hands them on."""
    if section not in {kind.value for kind in UnitKind}:
        return
    known_keys = get_close_matches(
        setting.key, list(field_tables()[section]), n=1, cutoff=0.75
    )
    hint = f"; did you mean {known_keys[0]}?" if known_keys else ""
    setting.note(
        "TC781",
        subject=unit.subject,
        section=section,
        object=unit.name,
        key=setting.key,
        hint=hint,
    )


def _settle_without_container(section: Cursor) -> None:
    for setting in section:
        row = field_tables()[section.key].get(setting.key)
        if row is not None and row.target:
            setting.skip(_WITHOUT_CONTAINER)


def settle_timer(timer: Cursor, unit: QuadletUnit) -> None:
    """Says when a timer starts a container."""
    settings = [
        setting for section in timer if section.key == "Timer" for setting in section
    ]
    fields = ", ".join(f"{setting.key}={setting.peek()}" for setting in settings)
    for setting in settings[:1]:
        setting.note("TC789", subject=unit.subject, object=unit.name, fields=fields)
    for section in timer:
        for setting in section:
            if section.key == "Timer":
                setting.mark_noted("TC789")
            else:
                setting.skip("it says when the timer itself is on")
