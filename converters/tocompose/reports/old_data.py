"""The data of the old containers that the way over copies into new volumes, and the duties that this saves."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from tocompose.knowledge.image_conditions import conditions_hold
from tocompose.knowledge.images import image_facts
from tocompose.knowledge.renewed_folders import renewed_files
from tocompose.model import Mount, Runtime, Service, Stack
from tocompose.reports.duties import Duty
from tocompose.reports.next_steps import NextStep, compose_command
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import enumerated


def mounts_to_fill(stack: Stack, old: Iterable[Service]) -> Iterator[tuple[Service, Mount]]:
    """The mounts of new volumes, whose data lie in the old containers."""
    new_volumes = {
        volume.name
        for volume in stack.volumes
        if not (volume.external or volume.engine_name or volume.filled_from)
    }
    for service in old:
        for mount in service.mounts:
            is_new = mount.kind == "volume" and mount.source in new_volumes
            if is_new and not renewed_files(mount.target):
                yield service, mount


def copied_data(stack: Stack, old: Iterable[Service]) -> frozenset[ModelPath]:
    """The services and volumes whose data the steps over copy."""
    services = {
        ModelPath.service(service.name) for service, _ in mounts_to_fill(stack, old)
    }
    volumes = {
        ModelPath.of("volumes", volume.name)
        for volume in stack.volumes
        if volume.filled_from
    }
    return frozenset(services | volumes)


def old_path(service: Service, target: str) -> str:
    """Where the container kept what lies at the target now: the volume of some images is elsewhere."""
    facts = image_facts(service.image) if service.image else None
    for data in facts.data if facts else ():
        added = dict(data.settings)
        environment = {
            variable.name: variable.value
            for variable in service.environment
            if added.get(variable.name) != variable.value
        }
        command = " ".join(service.command or ()) or None
        if data.home == target and conditions_hold(data.when, environment, command):
            return data.path
    return target


# The notes on old data that the steps over copy, where there are any.
_ON_OLD_DATA = ("TC432", "TC787")
_COPIED_THERE = "The steps under “Move over” copy them. Without the old containers there is nothing to copy."


def duties_beside(copied: Container[ModelPath], to_do: Sequence[Duty]) -> list[Duty]:
    """The duties as they stand beside the steps over: what these copy is said there."""
    return [_told_beside(duty, copied) for duty in to_do]


def _told_beside(duty: Duty, copied: Container[ModelPath]) -> Duty:
    owners = {ModelPath(subject[:2]) for subject in duty.subjects}
    if duty.code not in _ON_OLD_DATA or not all(owner in copied for owner in owners):
        return duty
    details = tuple(detail._replace(advice="") for detail in duty.details)
    return duty._replace(advice=_COPIED_THERE, details=details)


def created_and_filled(
    stack: Stack, base: str, copies: Iterable[NextStep]
) -> Iterator[NextStep]:
    """The new containers are created before the start where data are copied in between, or Compose warns of volumes."""
    copy_steps = tuple(copies)
    warning = _warning_of_volumes(stack)
    if copy_steps or warning:
        created = "containers and volumes" if stack.volumes else "containers"
        title = f"Create the new {created} without starting them"
        yield NextStep(title, compose_command(base, "up --no-start"), warning)
    yield from copy_steps


def _warning_of_volumes(stack: Stack) -> str:
    """What Compose says of volumes with names of the engine; Docker has none of those that podman holds."""
    old = [one.engine_name for one in stack.volumes if one.engine_name and not one.external]
    if not old:
        return ""
    if stack.runs_in is not Runtime.DOCKER:
        return f"It creates {enumerated(old)} empty: Docker does not see podman's volumes."
    return (
        f"Compose warns that it did not create {enumerated(old)}, and uses what is there:"
        " `external: true` is not needed."
    )
