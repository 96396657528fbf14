"""The data that a stack goes on with where the old containers run: their volumes, and folders of the machine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from tocompose.knowledge.configuration_files import looks_like_file
from tocompose.knowledge.old_containers import AS_CONTAINERS
from tocompose.model import Mount, Runtime, Service, Stack
from tocompose.record import NamedTuple
from tocompose.syntax.host_paths import is_on_every_machine, is_relative_path, outermost
from tocompose.syntax.interpolation import Variable, parse, replace_variables
from tocompose.wording import enumerated

# What is no name of a folder that holds others, but the way to one.
_NO_PARENTS = frozenset({"", ".", ".."})
# The folder of what is gone when the user logs out.
_OF_SESSION = "XDG_RUNTIME_DIR"


class StoresInPlace(NamedTuple):
    """The volumes of the old containers by the engine's names, and paths as the compose file has them."""

    volumes: list[str]
    paths: list[str]

    @property
    def are_none(self) -> bool:
        """Whether there is neither a volume nor a path."""
        return not (self.volumes or self.paths)

    @property
    def are_several(self) -> bool:
        """Whether there are more than one, of whichever kind."""
        return len(self.volumes) + len(self.paths) > 1

    def listed(self) -> str:
        """All of them as a sentence names them, those of one folder together."""
        volumes = [f"the volume {self.volumes[0]}"] if self.volumes else []
        if self.volumes[1:]:
            volumes = [f"the volumes {enumerated(self.volumes)}"]
        groups = [*volumes, *_by_folder(self.paths)]
        *first_groups, last_group = groups
        if first_groups and any(" and " in group for group in groups):
            return f"{', '.join(first_groups)}, and {last_group}"
        return enumerated(groups)


def _is_variable(path: str) -> bool:
    """Whether a path is nothing but a variable without a default."""
    match parse(path):
        case (Variable(operator=""),):
            return True
    return False


def _by_folder(paths: list[str]) -> Iterator[str]:
    """The paths, those that lie in one folder as its parts."""
    names_by_folder: dict[str, list[str]] = {}
    for path in paths:
        folder, name = posixpath.split(path)
        is_whole = folder.count("{") == folder.count("}")
        is_parent = is_whole and posixpath.basename(folder) not in _NO_PARENTS
        names_by_folder.setdefault(folder if is_parent else path, []).append(name)
    for folder, names in names_by_folder.items():
        if names[1:]:
            parts = enumerated([f"`{name}`" for name in names])
            yield f"{parts} in `{folder}`"
        else:
            path = folder if folder in paths else f"{folder}/{names[0]}"
            # That a variable is empty could be said of its value.
            yield f"the folder `{path}`" if _is_variable(path) else f"`{path}`"


def stores_in_place(stack: Stack, services: Iterable[Service]) -> StoresInPlace:
    """The volumes and paths with data of the old containers that these services mount."""
    if stack.runs_in not in AS_CONTAINERS:
        return StoresInPlace([], [])
    mounting = tuple(services)
    written = {posixpath.normpath(file.path) for file in stack.files}
    paths = [
        path
        for path in outermost(_host_paths(mounting))
        if posixpath.normpath(path) not in written
    ]
    return StoresInPlace(kept_volumes(stack, mounting), paths)


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


def _host_paths(services: Iterable[Service]) -> Iterator[str]:
    """Files and folders of the machine that the services mount, without those of its system. A single file beside the
    source is part of that, or a note asks for it."""
    for mount in _mounts(services, "bind"):
        source = mount.source or ""
        path = replace_variables(source, _without_message).rstrip("/")
        is_host_path = path.startswith(("/", "~", "$")) and _OF_SESSION not in path
        is_beside = is_relative_path(path) and not looks_like_file(path)
        if (is_host_path or is_beside) and not is_on_every_machine(source):
            yield path


def _without_message(variable: Variable) -> str:
    """The variable as a sentence names it: not with what docker compose says where it has no value."""
    return f"${{{variable.name}}}" if variable.is_required else variable.source


def _mounts(services: Iterable[Service], kind: str) -> Iterable[Mount]:
    return (mount for service in services for mount in service.mounts if mount.kind == kind)
