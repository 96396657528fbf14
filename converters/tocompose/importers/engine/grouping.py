"""Which containers of a host make a stack: a project of Compose, else what networks, links and volumes tie together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.importers.engine.endpoints import DEFAULT_NETWORKS
from tocompose.importers.engine.tool_labels import label_names
from tocompose.record import NamedTuple
from tocompose.syntax.names import identifier, unique_name

_Object = Mapping[str, Any]


class StackGroup(NamedTuple):
    """The objects of one stack, with its name."""

    name: str
    objects: tuple[_Object, ...]


def group_stacks(objects: Iterable[_Object]) -> tuple[StackGroup, ...]:
    """The stacks of a host, in the order of their first containers; each has the images, networks and volumes as well.

    Containers of one project of Compose are a stack, and services of one stack of a swarm. The others are tied by
    networks of their own, links, shared namespaces and volumes; what is tied to nothing is a stack of one.
    """
    objects = tuple(objects)
    containers = [
        listed_object
        for listed_object in objects
        if _is_container(listed_object) or _is_service(listed_object)
    ]
    other_objects = [
        listed_object for listed_object in objects if listed_object not in containers
    ]
    groups: dict[str, list[_Object]] = {}
    for container, key in zip(containers, _group_keys(containers), strict=True):
        groups.setdefault(key, []).append(container)
    names_in_use: set[str] = set()
    return tuple(
        StackGroup(
            unique_name(_name_of_group(members), names_in_use), (*members, *other_objects)
        )
        for members in groups.values()
    )


def _is_container(engine_object: _Object) -> bool:
    return "HostConfig" in engine_object and "Config" in engine_object


def _is_service(engine_object: _Object) -> bool:
    return "TaskTemplate" in (engine_object.get("Spec") or {})


def _name_of_group(members: list[_Object]) -> str:
    """The project's name, the network that all are on, else the first container's."""
    project = _project_of(members[0])
    if project:
        return identifier(project)
    shared = set.intersection(*(set(_networks_of(member)) for member in members))
    if shared and len(members) > 1:
        return identifier(min(shared))
    return identifier(_name_of(members[0]))


def _name_of(container: _Object) -> str:
    name = container.get("Name") or (container.get("Spec") or {}).get("Name")
    return str(name or "").removeprefix("/")


def _project_of(container: _Object) -> str:
    """The project of Compose or the stack of a swarm; a service without a stack is one of its own."""
    is_service = _is_service(container)
    settings = container.get("Spec" if is_service else "Config") or {}
    labels: Mapping[str, str] = settings.get("Labels") or {}
    names = label_names("stack" if is_service else "project")
    stated = next((labels[name] for name in names if labels.get(name)), "")
    return stated or (_name_of(container) if is_service else "")


def _group_keys(containers: list[_Object]) -> list[str]:
    """A key for each container, the same for those of one stack."""
    leaders: dict[str, str] = {}

    def leader_of(tie: str) -> str:
        while leaders.setdefault(tie, tie) != tie:
            leaders[tie] = leaders[leaders[tie]]
            tie = leaders[tie]
        return tie

    for container in containers:
        own_key = _key_of(container)
        if not _project_of(container):
            for tie in _ties_of(container):
                leaders[leader_of(tie)] = leader_of(own_key)
    return [leader_of(_key_of(container)) for container in containers]


def _key_of(container: _Object) -> str:
    project = _project_of(container)
    return f"project {project}" if project else f"container {_name_of(container)}"


# The settings of a container that name others in front of a colon, and those that may name one behind it.
_REFERENCES = ("Links", "VolumesFrom")
_NAMESPACES = ("NetworkMode", "IpcMode", "PidMode")


def _ties_of(container: _Object) -> Iterator[str]:
    """What ties a container to others: each text is the same for those that share it."""
    host_config: Mapping[str, Any] = container.get("HostConfig") or {}
    yield f"id {container.get('Id')}"
    yield from (f"network {network}" for network in _networks_of(container))
    for field in _REFERENCES:
        for reference in host_config.get(field) or ():
            yield f"container {str(reference).partition(':')[0].removeprefix('/')}"
    for field in _NAMESPACES:
        kind, _, target = str(host_config.get(field) or "").partition(":")
        if kind == "container":
            yield f"id {target}"
    yield from (f"volume {name}" for name in _volumes_of(container))


def _volumes_of(container: _Object) -> Iterator[str]:
    mounts: Iterable[_Object] = container.get("Mounts") or ()
    volumes = (mount for mount in mounts if mount.get("Type") == "volume")
    return (str(volume["Name"]) for volume in volumes if volume.get("Name"))


def _networks_of(container: _Object) -> Iterator[str]:
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return (name for name in networks if name not in DEFAULT_NETWORKS | {"host", "none"})
