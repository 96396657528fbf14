"""Reads the containers of a live engine by GET requests only, as the files that `docker inspect` would print.

https://docs.docker.com/reference/api/engine/
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tocompose.engine_api.addresses import find_engine
from tocompose.engine_api.connection import EngineConnection, NotThere
from tocompose.engine_api.swarm import (
    SERVICE_LABEL,
    granted_configs,
    listed_services,
    name_of_service,
    networks_of_service,
    stack_of_service,
    volumes_of_service,
)
from tocompose.importers import SourceError
from tocompose.notes import Note, note
from tocompose.record import NamedTuple

_Object = Mapping[str, Any]


class ContainerSelection(NamedTuple):
    """What to read: which engine, and which of its containers (all where nothing is said of them)."""

    host: str | None = None
    context: str | None = None
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    timeout: float = 20.0


class EngineObjects(NamedTuple):
    """The objects as the API describes them, and what to tell about what could not be read."""

    objects: tuple[dict[str, Any], ...]
    notes: tuple[Note, ...]


def read_engine(request: ContainerSelection) -> EngineObjects:
    """The containers asked for, with their images, networks and volumes.

    Raises SourceError when the engine cannot be reached, forbids the list of containers, or knows none of the names.
    """
    address = find_engine(request.host, request.context, os.environ, Path.home())
    connection = EngineConnection(address, request.timeout)
    try:
        return _read_objects(connection, request)
    finally:
        connection.close()


def _read_objects(
    connection: EngineConnection, request: ContainerSelection
) -> EngineObjects:
    notes: list[Note] = []
    listed = connection.get("/containers/json?all=1")
    services = _chosen_services(connection, listed, request)
    service_names = {name_of_service(service) for service in services}
    chosen_objects = [
        container
        for container in listed
        if _is_chosen(container, request)
        and (container.get("Labels") or {}).get(SERVICE_LABEL) not in service_names
    ]
    _check_names(request.names, listed, service_names)
    containers = list(_inspected(connection, chosen_objects, notes))
    owners = _unread_network_owners(containers, listed)
    containers += _inspected(connection, owners, notes)
    if not containers and not services:
        raise SourceError(_why_nothing(listed))
    resources = [
        *_read_each(connection, "/images/{}/json", _image_ids(containers), notes),
        *_read_each(connection, "/networks/{}", _network_ids(containers, services), notes),
        *_read_each(connection, "/volumes/{}", _volume_names(containers, services), notes),
        *granted_configs(connection, services),
    ]
    return EngineObjects((*containers, *services, *resources), tuple(notes))


def _why_nothing(listed: Iterable[_Object]) -> str:
    if not any(listed):
        return "the engine has no containers"
    return "no container of the engine matches --label, --project and --state: docker ps -a lists all"


def _is_task(container: _Object) -> bool:
    """Whether the container is a task of a swarm's service."""
    return SERVICE_LABEL in (container.get("Labels") or {})


def _has_name_of_none(request: ContainerSelection, listed: Iterable[_Object]) -> bool:
    """Whether a name is asked for that no container has."""
    containers = tuple(listed)
    return not all(
        any(_is_named(container, name) for container in containers)
        for name in request.names
    )


def _chosen_services(
    connection: EngineConnection, listed: Iterable[_Object], request: ContainerSelection
) -> tuple[dict[str, Any], ...]:
    """The services of a swarm that are asked for; without a task and a name that no container has, nobody is asked."""
    listed = tuple(listed)
    is_asked = any(map(_is_task, listed)) or _has_name_of_none(request, listed)
    if not is_asked or request.states:
        return ()
    return tuple(
        service
        for service in listed_services(connection)
        if _is_service_chosen(service, request)
    )


def _is_service_chosen(service: _Object, request: ContainerSelection) -> bool:
    labels: Mapping[str, str] = (service.get("Spec") or {}).get("Labels") or {}
    if request.projects and stack_of_service(service) not in request.projects:
        return False
    if not all(_has_label(labels, label) for label in request.labels):
        return False
    return not request.names or name_of_service(service) in request.names


def _names_of(container: _Object) -> list[str]:
    return [str(name).removeprefix("/") for name in container.get("Names") or ()]


def _is_chosen(container: _Object, request: ContainerSelection) -> bool:
    labels: Mapping[str, str] = container.get("Labels") or {}
    project = labels.get("com.docker.compose.project", "")
    if request.projects and project not in request.projects:
        return False
    if request.states and container.get("State") not in request.states:
        return False
    if not all(_has_label(labels, label) for label in request.labels):
        return False
    return not request.names or any(_is_named(container, name) for name in request.names)


def _has_label(labels: Mapping[str, str], label: str) -> bool:
    name, equals, value = label.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _is_named(container: _Object, name: str) -> bool:
    identity = str(container.get("Id") or "")
    return name in _names_of(container) or (len(name) >= 4 and identity.startswith(name))


def _check_names(
    names: Iterable[str], listed: Iterable[_Object], service_names: Iterable[str]
) -> None:
    """Ends for a name that neither a container nor a service has."""
    containers = tuple(listed)
    for name in names:
        if name not in service_names and not any(
            _is_named(container, name) for container in containers
        ):
            raise SourceError(f"there is no container {name!r}: docker ps -a lists all")


def _inspected(
    connection: EngineConnection, chosen_objects: Iterable[_Object], notes: list[Note]
) -> Iterator[dict[str, Any]]:
    """The chosen containers, but for the one that this program itself runs in."""
    own_id = _own_container_id()
    for container in chosen_objects:
        identity = str(container.get("Id") or "")
        if own_id and identity.startswith(own_id):
            continue
        try:
            yield connection.get(f"/containers/{quote(identity)}/json")
        except NotThere:
            # It ended and was removed between the list and this request.
            names = _names_of(container)
            notes.append(note("TC489", name=names[0] if names else identity[:12]))


def _unread_network_owners(
    containers: Iterable[_Object], listed: Iterable[_Object]
) -> Iterator[_Object]:
    """The infra containers of podman's pods that hold the ports of chosen containers."""
    containers = tuple(containers)
    read = {str(container.get("Id")) for container in containers}
    modes = (
        str((container.get("HostConfig") or {}).get("NetworkMode"))
        for container in containers
    )
    shared_containers = {mode.removeprefix("container:") for mode in modes} - read
    for container in listed:
        is_infra = any(name.endswith("-infra") for name in _names_of(container))
        if is_infra and container.get("Id") in shared_containers:
            yield container


def _own_container_id() -> str:
    """The short id of the container that this program runs in; empty outside of one."""
    return socket.gethostname() if Path("/.dockerenv").exists() else ""


def _read_each(
    connection: EngineConnection, path: str, names: Iterable[str], notes: list[Note]
) -> Iterator[dict[str, Any]]:
    for name in names:
        try:
            yield connection.get(path.format(quote(name, safe="")))
        except NotThere:
            # An image may be removed while its containers run.
            continue
        except SourceError as problem:
            notes.append(note("TC490", what=path.split("/")[1], problem=str(problem)))
            return


def _distinct(
    containers: Iterable[_Object], names_in: Callable[[_Object], Iterable[Any]]
) -> list[str]:
    return list(
        dict.fromkeys(
            str(name) for container in containers for name in names_in(container) if name
        )
    )


def _image_ids(containers: Iterable[_Object]) -> list[str]:
    return _distinct(containers, lambda container: [container.get("Image")])


def _network_ids(containers: Iterable[_Object], services: Iterable[_Object]) -> list[str]:
    def names_in(container: _Object) -> Iterator[str]:
        networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
        for name in networks:
            if name not in ("bridge", "host", "none"):
                yield name

    of_services = _distinct(services, networks_of_service)
    return list(dict.fromkeys((*_distinct(containers, names_in), *of_services)))


def _volume_names(containers: Iterable[_Object], services: Iterable[_Object]) -> list[str]:
    def names_in(container: _Object) -> Iterator[str | None]:
        for mount in container.get("Mounts") or ():
            if mount.get("Type") == "volume":
                yield mount.get("Name")

    of_services = _distinct(services, volumes_of_service)
    return list(dict.fromkeys((*_distinct(containers, names_in), *of_services)))


def object_files(objects: Iterable[_Object]) -> dict[str, bytes]:
    """One file an object, called after it, so that a position in a note says which object it is."""
    files: dict[str, bytes] = {}
    for engine_object in objects:
        kind, name = _kind_and_name(engine_object)
        path = f"{kind}/{name.replace('/', '_')}.json"
        files[path] = json.dumps([engine_object], indent=2, ensure_ascii=False).encode()
    return files


def _kind_and_name(engine_object: _Object) -> tuple[str, str]:
    name = str(engine_object.get("Name") or engine_object.get("name") or "").strip("/")
    if "HostConfig" in engine_object:
        return "container", name
    if "Spec" in engine_object:
        kind = "service" if "TaskTemplate" in engine_object["Spec"] else "config"
        return kind, name_of_service(engine_object)
    if "RootFS" in engine_object:
        tags = engine_object.get("RepoTags") or [str(engine_object.get("Id"))[:19]]
        return "image", str(tags[0])
    return ("volume" if "Mountpoint" in engine_object else "network"), name
