"""Sub-paths of volumes, which an older engine does not know: it mounts the whole volume.

https://github.com/moby/moby/releases/tag/v26.0.0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocompose.exporters.final_checks import Checked, service_layers
from tocompose.model import Mount, Service, Stack
from tocompose.notes import note
from tocompose.syntax.model_path import ModelPath


def note_sub_paths(stack: Stack) -> Checked:
    """The stack as it is; a note says once that its engine must know sub-paths of volumes.

    An engine that mounts images knows their sub-paths too.
    """
    for service, mount in mounts_of_sub_paths(stack):
        subject = ModelPath.service(service.name, "volumes", mount.target)
        origin = mount.origin or service.origin
        facts: dict[str, Any] = {"service": service.name, **facts_of_sub_path(mount)}
        told = note("TC882", origin, subject=subject, **facts)
        return Checked(stack, (told,))
    return Checked(stack)


def mounts_of_sub_paths(stack: Stack) -> Iterator[tuple[Service, Mount]]:
    """The mounts of a part of a volume, with their services."""
    for service in stack.services:
        for layer in service_layers(service):
            for mount in layer.mounts:
                if mount.kind == "volume" and _sub_path(mount):
                    yield service, mount


def facts_of_sub_path(mount: Mount) -> dict[str, str]:
    """What a note says of the mount: the path in its volume, and the volume."""
    return {"path": _sub_path(mount), "volume": mount.source or ""}


def _sub_path(mount: Mount) -> str:
    options = mount.options.get("volume")
    return str(options.get("subpath") or "") if isinstance(options, Mapping) else ""
