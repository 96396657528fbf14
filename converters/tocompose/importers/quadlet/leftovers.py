"""Settles what no command says: keys with a note, keys that say nothing here, keys that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tocompose.importers.field_tables import FieldWalk, Finding, note_findings
from tocompose.importers.quadlet.host_waits import REPLACED_CODE
from tocompose.importers.quadlet.tables import field_tables
from tocompose.importers.quadlet.unit_conditions import CONDITION_CODE
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.ledger import Cursor, Ledger
from tocompose.wording import spelling_hint

_DEFAULT = "it is what podman does anyway"
# Keys whose values are nobody's business.
_PRIVATE = frozenset({"Creds"})
# What a tool puts into the file stands there as a variable, and so do its conditions.
_TEMPLATE_LINE = "a line of a template (`{{…}}`)"
_NO_SETTING = "a line that is no setting of the form NAME=VALUE"
_NOT_CLOSED = "whose quote or backslash is not closed"
_WITHOUT_CONTAINER = "how systemd starts a pod, network, volume or image, for which Compose starts no process"


def settle_rest(units: Iterable[QuadletUnit], ledger: Ledger) -> None:
    """Settles every setting of the units that is left."""
    for unit in units:
        for section in unit.sections:
            _settle_section(section, unit, ledger)


def _settle_section(section: Cursor, unit: QuadletUnit, ledger: Ledger) -> None:
    name = section.key.removeprefix("X-")
    for setting in section:
        _settle_odd(setting, name, unit)
        is_command = name == "Service" and setting.key.startswith("Exec")
        if is_command and setting.unread():
            _note_host_command(setting, unit)
    if name in ("Unit", "Install", "Service") and unit.kind is not UnitKind.CONTAINER:
        _settle_without_container(section)
    if name in field_tables() and section.node is not None:
        walk = FieldWalk(
            field_tables(), ledger, default_reason=_DEFAULT, added=REPLACED_CODE
        )
        walk.visit(section.node, name)
        findings = [_of_kind(finding, unit) for finding in walk.findings]
        note_findings(findings, ledger, unit.name, unit.subject)


def _of_kind(finding: Finding, unit: QuadletUnit) -> Finding:
    """The finding with what is due for a unit of its kind: a network has no command that could start it."""
    is_condition = finding.code == CONDITION_CODE
    if is_condition and unit.kind is not UnitKind.CONTAINER:
        return finding._replace(code="TC445")
    return finding


def _note_host_command(setting: Cursor, unit: QuadletUnit) -> None:
    """Says of a command that systemd runs beside the container that nothing runs it here."""
    if setting.node is None:
        return
    command = " ".join(unit_word.peek() or "" for unit_word in setting)
    setting.note(
        "TC866",
        subject=unit.subject,
        object=unit.name,
        key=setting.key,
        command=command,
    )


def _settle_odd(setting: Cursor, section: str, unit: QuadletUnit) -> None:
    """A line that is no setting, a key that nobody knows, one whose value nobody may see."""
    rows = field_tables().get(section)
    if setting.key == "?":
        _note_unreadable(setting, _first_word(setting), _NO_SETTING, unit)
    elif setting.style == "error":
        _note_unreadable(setting, setting.key, _NOT_CLOSED, unit)
    elif rows is not None and setting.key not in rows:
        _note_unknown(setting, section, unit)
    elif setting.key == "DefaultInstance" and "@" not in unit.name:
        setting.skip("the unit is no template")
    elif setting.key in _PRIVATE:
        setting.note("TC782", subject=unit.subject, object=unit.name, fields=setting.key)


def _first_word(setting: Cursor) -> str:
    """What a line begins with; the rest of it may be a secret."""
    return re.split(r"[\s:=]", setting.peek() or "", maxsplit=1)[0][:40]


def _note_unreadable(setting: Cursor, key: str, problem: str, unit: QuadletUnit) -> None:
    setting.note(
        "TC781",
        subject=unit.subject,
        section=str(setting.path[0]),
        object=unit.name,
        key=_TEMPLATE_LINE if key.startswith("${") else key,
        problem=problem,
    )


def _note_unknown(setting: Cursor, section: str, unit: QuadletUnit) -> None:
    """A key that nobody knows; of systemd's own sections the audit tells, for Quadlet hands them on."""
    if section not in {kind.value for kind in UnitKind}:
        return
    hint = spelling_hint(setting.key, field_tables()[section], 0.75)
    setting.note(
        "TC781",
        subject=unit.subject,
        section=section,
        object=unit.name,
        key=setting.key,
        problem=f"which Quadlet does not know{hint}",
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
        service = unit.subject[1]
        setting.note(
            "TC789", subject=unit.subject, object=unit.name, service=service, fields=fields
        )
    for section in timer:
        for setting in section:
            setting.mark_noted("TC789")
