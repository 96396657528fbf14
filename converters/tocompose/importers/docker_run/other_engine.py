"""What podman runs now: its volumes are in a store of its own, so that Docker's volumes of those names start empty."""

from __future__ import annotations

from collections.abc import Mapping

from tocompose.knowledge.old_containers import volume_copy_command
from tocompose.ledger import Ledger
from tocompose.model import Runtime, Stack, Volume
from tocompose.notes import note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath


def held_by_podman(
    stack: Stack, runs_in: Runtime, podman_names: Mapping[str, str], ledger: Ledger
) -> Stack:
    """The stack whose volumes say which one of podman's they are filled from; each has a note with the command.

    `podman_names` has podman's names by those of the stack, where they differ.
    """
    volumes = []
    for volume in stack.volumes:
        if not volume.external and _is_local(volume):
            old_name = podman_names.get(volume.name) or volume.engine_name or volume.name
            namespace = _namespace_of(volume, stack)
            volume = replace(volume, filled_from=old_name, filled_in=namespace)
            _note_copy(volume, old_name, stack, ledger)
        volumes.append(volume)
    return replace(stack, volumes=tuple(volumes), runs_in=runs_in)


def _is_local(volume: Volume) -> bool:
    """Whether its data are in the engine's own folder; those of a driver with options are elsewhere."""
    return not volume.driver and "driver_opts" not in volume.options


def _namespace_of(volume: Volume, stack: Stack) -> str | None:
    """The user namespace of the first container that uses the volume."""
    namespaces = (
        service.security.old_namespace
        for service in stack.services
        if any(mount.source == volume.name for mount in service.mounts)
    )
    return next(filter(None, namespaces), None)


def _note_copy(volume: Volume, old_name: str, stack: Stack, ledger: Ledger) -> None:
    from tocompose.knowledge.renewed_folders import mounts_of_volume, renewed_volume

    new_name = volume.name_in_engine(stack.name)
    subject = ModelPath.of("volumes", volume.name)
    command = volume_copy_command(volume, stack.name)
    kind = renewed_volume(volume.name, stack)
    if not kind:
        ledger.add_note(
            note(
                "TC787",
                volume.origin,
                subject=subject,
                command=command,
                old=old_name,
                volume=new_name,
            )
        )
        return
    service, mount = next(mounts_of_volume(volume.name, stack))
    ledger.add_note(
        note(
            "TC444",
            volume.origin,
            subject=subject,
            service=service.name,
            path=mount.target,
            kind=kind,
            command=command,
        )
    )
