"""The data that a stack goes on with where the old containers run: their volumes, and folders of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tocompose.model import Mount, Runtime, Service, Stack
from tocompose.syntax.host_paths import is_on_every_machine
from tocompose.wording import enumerated, listed_names

# What runs here as containers, so that folders of the host are those of the stack too.
_ON_THIS_HOST = frozenset(
    {
        Runtime.DOCKER,
        Runtime.PODMAN,
        Runtime.UNITS,
        Runtime.PROJECT,
        Runtime.SWARM,
        Runtime.TASKS,
    }
)
_MOST = 4


def stores_in_place(stack: Stack, services: Iterable[Service]) -> list[str]:
    """The volumes and paths with data of the old containers that these services mount, as a sentence names them."""
    if stack.runs_in not in _ON_THIS_HOST:
        return []
    mounting = tuple(services)
    volumes = (f"the volume {name}" for name in kept_volumes(stack, mounting))
    return [*volumes, *(f"`{path}`" for path in host_paths(mounting))]


def listed_stores(stores: Sequence[str]) -> str:
    """The stores as a sentence lists them; of many the first."""
    return listed_names(stores, _MOST) if len(stores) > _MOST else enumerated(stores)


def kept_volumes(stack: Stack, services: Iterable[Service]) -> list[str]:
    """The engine's names of the volumes of the services that the old containers use too."""
    used_names = {mount.source for mount in _mounts(services, "volume")}
    names = []
    for volume in stack.volumes:
        is_old = bool(volume.engine_name or volume.external)
        is_kept = is_old if stack.runs_in is Runtime.DOCKER else volume.external
        if volume.name in used_names and is_kept:
            names.append(volume.engine_name or volume.name)
    return names


def host_paths(services: Iterable[Service]) -> list[str]:
    """Files and folders of the machine that the services mount, without those of its system."""
    paths = {
        source.rstrip("/")
        for mount in _mounts(services, "bind")
        if (source := mount.source or "") and not is_on_every_machine(source)
    }
    return sorted(path for path in paths if path.startswith(("/", "~", "${HOME}", "$HOME")))


def _mounts(services: Iterable[Service], kind: str) -> Iterable[Mount]:
    return (mount for service in services for mount in service.mounts if mount.kind == kind)
