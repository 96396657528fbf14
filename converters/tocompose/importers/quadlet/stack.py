"""Puts the stack together: the services of the containers, in the order of their units, and what the manifests add."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from tocompose.importers import ImportOptions
from tocompose.importers.docker_run.invocation import Invocation, Script
from tocompose.importers.docker_run.other_engine import held_by_podman
from tocompose.importers.docker_run.stack import build_stack
from tocompose.importers.docker_run.subordinate_ids import note_subordinate_ids
from tocompose.importers.quadlet.commands import UnitCommands
from tocompose.importers.quadlet.files import (
    note_faults,
    read_timers,
    read_units,
    unit_files,
)
from tocompose.importers.quadlet.files_beside import note_files_beside
from tocompose.importers.quadlet.host_waits import with_replaced_waits
from tocompose.importers.quadlet.leftovers import settle_rest, settle_timer
from tocompose.importers.quadlet.manifests import add_manifests
from tocompose.importers.quadlet.order import UnitOrder
from tocompose.importers.quadlet.references import References, resource_key, stated_name
from tocompose.importers.quadlet.unit_conditions import note_exclusive_units
from tocompose.importers.quadlet.units import QuadletUnit, UnitKind
from tocompose.knowledge.secrets.texts import redact_secrets
from tocompose.ledger import Ledger
from tocompose.model import Mount, OldUnit, Runtime, Service, Stack
from tocompose.notes import note
from tocompose.project import Project
from tocompose.record import replace


def read_stack(project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
    """The stack of all units of the project."""
    note_faults(project, ledger)
    units = read_units(project, ledger)
    references = References(units)
    order = UnitOrder(references)
    commands = UnitCommands(references, project)
    schedules = dict(_schedules(project, ledger, references))
    steps: list[Invocation] = [*_resource_steps(units, commands)]
    started = _in_start_order(units, order)
    for unit in started:
        command = commands.container(unit, schedules.get(unit, ""))
        if command is None:
            _note_no_image(unit, ledger)
        else:
            steps.append(command)
    opens = commands.opens
    script = Script(
        tuple(steps),
        opens.values,
        secrets=tuple(opens.secrets),
        demanded=tuple(opens.demanded),
    )
    stack = build_stack((script,), project, ledger, settings.name)
    stack = _with_order(stack, started, order)
    stack = with_replaced_waits(stack, started)
    note_exclusive_units(_services_by_unit(stack, started), ledger)
    stack = _with_podmans_mounts(stack, units, project, ledger)
    kube_units = [unit for unit in units if unit.kind is UnitKind.KUBE]
    stack = add_manifests(stack, kube_units, commands, project, ledger, settings)
    order.note_outside(stack.services)
    note_files_beside(stack, project, ledger)
    settle_rest(units, ledger)
    if not _are_of_root(units):
        note_subordinate_ids(stack, ledger)
    return stack


def _are_of_root(units: Iterable[QuadletUnit]) -> bool:
    """Whether the units start with the machine by a target that systemd has for root alone (systemd.special(7))."""
    targets = {
        unit_word.peek()
        for unit in units
        for unit_word in unit.words("Install", "WantedBy")
    }
    return bool(targets) and targets <= {"multi-user.target", "graphical.target"}


def _resource_steps(
    units: Iterable[QuadletUnit], commands: UnitCommands
) -> Iterator[Invocation]:
    """The commands that make what containers use."""
    for unit in units:
        match unit.kind:
            case UnitKind.NETWORK | UnitKind.VOLUME:
                yield commands.resource(unit)
            case UnitKind.BUILD:
                yield commands.build(unit)
            case UnitKind.POD:
                yield commands.pod(unit)


def _in_start_order(units: Iterable[QuadletUnit], order: UnitOrder) -> list[QuadletUnit]:
    """The containers; those of one pod so that its first one, which gets its ports, waits for none of them."""
    containers = [unit for unit in units if unit.kind is UnitKind.CONTAINER]
    by_pod: dict[str, list[QuadletUnit]] = {}
    for unit in containers:
        setting = unit.own("Pod")
        by_pod.setdefault((setting.peek() or "") if setting else "", []).append(unit)
    alone = by_pod.pop("", [])
    return [
        *alone,
        *(unit for members in by_pod.values() for unit in order.first_of(members)),
    ]


def _schedules(
    project: Project, ledger: Ledger, references: References
) -> Iterator[tuple[QuadletUnit, str]]:
    """The containers that a timer starts."""
    timers = read_timers(project, ledger)
    for name, timer in timers.items():
        for unit in references.units:
            if unit.service_unit == name and unit.kind is UnitKind.CONTAINER:
                settle_timer(timer, unit)
                yield unit, "timer"
        timer.skip("it starts no container of the source")


def _note_no_image(unit: QuadletUnit, ledger: Ledger) -> None:
    ledger.add_note(note("TC002", unit.span, object=unit.name, beside=""))


def _services_by_unit(
    stack: Stack, units: Iterable[QuadletUnit]
) -> dict[QuadletUnit, Service]:
    """The services of the containers, by their units."""
    by_span = {service.origin: service for service in stack.services}
    return {unit: by_span[unit.span] for unit in units if unit.span in by_span}


def _with_order(stack: Stack, units: Iterable[QuadletUnit], order: UnitOrder) -> Stack:
    """The stack with what the units say of their order, and their descriptions as comments."""
    ordered = order.put_into(_services_by_unit(stack, units))
    described = {
        service.name: replace(service, comments=(*_descriptions(unit), *service.comments))
        for unit, service in ordered.items()
    }
    return replace(
        stack,
        services=tuple(described.get(service.name, service) for service in stack.services),
    )


def _descriptions(unit: QuadletUnit) -> Iterator[str]:
    setting = unit.last("Unit", "Description")
    if setting is not None and setting.peek():
        yield redact_secrets(setting.peek() or "")


def _with_podmans_mounts(
    stack: Stack, units: Iterable[QuadletUnit], project: Project, ledger: Ledger
) -> Stack:
    """The stack with folders that must be there, as podman asks, and volumes that belong to the stack alone."""
    volume_units = [unit for unit in units if unit.kind is UnitKind.VOLUME]
    unnamed = {resource_key(unit.stem) for unit in volume_units if not stated_name(unit)}
    volumes = tuple(
        replace(volume, engine_name=None) if volume.name in unnamed else volume
        for volume in stack.volumes
    )
    services = tuple(
        replace(service, mounts=tuple(map(_without_new_folder, service.mounts)))
        for service in stack.services
    )
    stack = replace(stack, services=services, volumes=volumes)
    podman_names = {
        resource_key(unit.stem): stated_name(unit) or f"systemd-{unit.stem}"
        for unit in volume_units
    }
    stack = replace(stack, old_units=tuple(_old_units(units, project)))
    return held_by_podman(stack, Runtime.UNITS, podman_names, ledger)


def _old_units(units: Iterable[QuadletUnit], project: Project) -> Iterator[OldUnit]:
    """What systemd starts up to now: the units, and timers beside them."""
    yield from map(_old_unit, units)
    for path in unit_files(project):
        if path.endswith(".timer"):
            yield OldUnit(file=path, service=posixpath.basename(path))


def _old_unit(unit: QuadletUnit) -> OldUnit:
    is_started = unit.kind in (UnitKind.CONTAINER, UnitKind.KUBE, UnitKind.POD)
    service = unit.service_unit if is_started else ""
    return OldUnit(file=unit.span.file, service=service)


def _without_new_folder(mount: Mount) -> Mount:
    """Podman makes no folder on the host that is missing; a label or propagation can only be said in the short form."""
    if mount.kind != "bind" or mount.mode:
        return mount
    bind = {"create_host_path": False, **mount.options.get("bind", {})}
    return replace(mount, options={**mount.options, "bind": bind})
