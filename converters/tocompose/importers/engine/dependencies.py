"""What Compose wrote on its containers about the order of services: `db:service_healthy:false,cache:…`.

docker/compose, pkg/compose/create.go (label com.docker.compose.depends_on: service, condition, restart).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocompose.importers.engine.names import label_of
from tocompose.importers.engine.objects import EngineObject
from tocompose.model import Dependency, Service
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier


def with_stated_dependencies(
    services: tuple[Service, ...], containers: Mapping[str, tuple[EngineObject, str]]
) -> tuple[Service, ...]:
    """The services with the dependencies that their containers' labels tell; a note says which service is not there."""
    names = {service.name for service in services}
    return tuple(
        _with_dependencies(service, containers[service.name][0], names)
        if service.name in containers
        else service
        for service in services
    )


def _with_dependencies(
    service: Service, container: EngineObject, names: set[str]
) -> Service:
    stated: list[Dependency] = []
    for dependency in _read_dependencies(label_of(container, "depends_on")):
        if dependency.service in names - {service.name}:
            stated.append(dependency)
        elif dependency.service != service.name:
            _note_missing(service.name, dependency, container)
    by_name = {dependency.service: dependency for dependency in stated}
    other_dependencies = [
        dependency for dependency in service.depends_on if dependency.service not in by_name
    ]
    return replace(service, depends_on=(*other_dependencies, *by_name.values()))


def _note_missing(name: str, dependency: Dependency, container: EngineObject) -> None:
    container.cursor.annotate(
        "TC499",
        subject=ModelPath.service(name, "depends_on"),
        service=name,
        missing=dependency.service,
        condition=dependency.condition,
    )


def _read_dependencies(label: str) -> Iterator[Dependency]:
    for field_entry in filter(None, label.split(",")):
        name, _, settings = field_entry.partition(":")
        condition, _, restart = settings.partition(":")
        yield Dependency(
            service=identifier(name),
            condition=condition or "service_started",
            restart=restart == "true",
        )
