"""The services of a swarm, with their configs and networks, as its managers show them.

https://docs.docker.com/reference/api/engine/ (Service, Config)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tocompose.engine_api.connection import EngineConnection, NotThere
from tocompose.importers import SourceError
from tocompose.importers.engine.tool_labels import label_names

_Object = Mapping[str, Any]
SERVICE_LABEL = "com.docker.swarm.service.name"


def listed_services(connection: EngineConnection) -> tuple[dict[str, Any], ...]:
    """The services of the swarm whose manager this is; none where it is a worker, or there is no swarm."""
    try:
        services = connection.get("/services")
    except (NotThere, SourceError):
        return ()
    return tuple(services) if isinstance(services, list) else ()


def name_of_service(service: _Object) -> str:
    """The name of a service."""
    return str((service.get("Spec") or {}).get("Name") or "")


def stack_of_service(service: _Object) -> str:
    """The stack that a service belongs to; its own name where it belongs to none."""
    labels: Mapping[str, str] = (service.get("Spec") or {}).get("Labels") or {}
    stacks = (labels[name] for name in label_names("stack") if labels.get(name))
    return next(stacks, name_of_service(service))


def granted_configs(
    connection: EngineConnection, services: Iterable[_Object]
) -> Iterator[dict[str, Any]]:
    """The configs that the services are given; one that is forbidden or gone is left out, as a note will say."""
    names: dict[str, None] = {}
    for service in services:
        container = _task_of(service).get("ContainerSpec") or {}
        for grant in container.get("Configs") or ():
            names.setdefault(str(grant.get("ConfigID") or grant.get("ConfigName")))
    for name in names:
        try:
            yield connection.get(f"/configs/{quote(name, safe='')}")
        except (NotThere, SourceError):
            continue


def networks_of_service(service: _Object) -> Iterator[str]:
    """The ids of the networks that the tasks of a service are on."""
    spec = service.get("Spec") or {}
    for attachment in (
        *(_task_of(service).get("Networks") or ()),
        *(spec.get("Networks") or ()),
    ):
        if target := attachment.get("Target"):
            yield str(target)


def volumes_of_service(service: _Object) -> Iterator[str]:
    """The names of the volumes that the tasks of a service mount."""
    container = _task_of(service).get("ContainerSpec") or {}
    for mount in container.get("Mounts") or ():
        if mount.get("Type") == "volume" and mount.get("Source"):
            yield str(mount["Source"])


def _task_of(service: _Object) -> _Object:
    task: _Object = (service.get("Spec") or {}).get("TaskTemplate") or {}
    return task
