"""Puts the stack together: databases, key value stores and services, each after what it speaks to."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.compose.start_order import waits_for
from tocompose.importers import ImportOptions
from tocompose.importers.procfile.ports import WebPort
from tocompose.importers.render.blueprint import (
    Blueprint,
    Part,
    read_blueprint,
    settle_rest,
    text_of,
)
from tocompose.importers.render.data_servers import (
    Converted,
    convert_database,
    convert_key_value,
)
from tocompose.importers.render.images import ServiceImage, ServiceImages
from tocompose.importers.render.ports import DEFAULT_PORT, service_ports
from tocompose.importers.render.services import convert_service
from tocompose.importers.render.variables import Wiring
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Runtime, Service, Stack
from tocompose.project import Project
from tocompose.record import replace
from tocompose.repository import Repository
from tocompose.syntax.names import identifier


def read_stack(
    project: Project, paths: Iterable[str], ledger: Ledger, settings: ImportOptions
) -> Stack:
    """The stack of the blueprint at the paths."""
    from tocompose.readers.yaml import yaml_cursors

    roots = [
        cursor
        for path in paths
        for cursor in yaml_cursors(project.read(path) or b"", path, ledger)
    ]
    name = identifier(settings.name or project.name)
    if not roots:
        return Stack(name=name)
    repository = Repository(project, ledger, settings.name, settings.options)
    environment = next(iter(settings.options.get("environment", ())), "")
    return _stack_of(roots[0], repository, name, environment)


def _stack_of(root: Cursor, repository: Repository, name: str, environment: str) -> Stack:
    blueprint = read_blueprint(root, environment)
    images = ServiceImages(repository, blueprint.services, name)
    built = {
        render_part.name: images.image_of(render_part, _plain_variables(render_part))
        for render_part in blueprint.services
        if render_part.kind != "keyvalue"
    }
    ports = service_ports(blueprint, built)
    numbers = {part_name: port.number for part_name, port in ports.items()}
    wiring = Wiring(blueprint, numbers)
    converted = [*_servers(blueprint, wiring), *_services(blueprint, built, wiring, ports)]
    images.settle()
    settle_names(blueprint)
    settle_rest(root, blueprint)
    services = _without_circles(
        service for part_stack in converted for service in part_stack.services
    )
    return Stack(
        name=name,
        services=tuple(services.values()),
        volumes=tuple(volume for part_stack in converted for volume in part_stack.volumes),
        settings=tuple(wiring.settings.values()),
        runs_in=Runtime.PLATFORM,
        files=tuple(images.files.values()),
    )


def _plain_variables(render_part: Part) -> dict[str, str]:
    """The variables whose values stand in the blueprint, as a build gets them."""
    return {
        text_of(env_entry.at("key")): text_of(env_entry.at("value"))
        for env_entry in render_part.cursor.at("envVars")
        if env_entry.at("value") and text_of(env_entry.at("key"))
    }


def _servers(blueprint: Blueprint, wiring: Wiring) -> Iterable[Converted]:
    for database in blueprint.databases:
        converted, setting = convert_database(database)
        wiring.settings[setting.name] = setting
        yield converted
    for render_part in blueprint.services:
        if render_part.kind == "keyvalue":
            yield convert_key_value(render_part)


def _services(
    blueprint: Blueprint,
    built: dict[str, ServiceImage],
    wiring: Wiring,
    ports: dict[str, WebPort],
) -> Iterable[Converted]:
    """The services; of several on one port each gets another one of the host."""
    taken_ports: set[str] = set()
    for render_part in blueprint.services:
        if render_part.kind == "keyvalue":
            continue
        port = ports[render_part.name]
        host_port = int(port.number if port.number.isdigit() else DEFAULT_PORT)
        host_port = 8080 if host_port == 80 else host_port
        while str(host_port) in taken_ports:
            host_port += 1
        if render_part.kind == "web":
            taken_ports.add(str(host_port))
        yield convert_service(
            render_part, built[render_part.name], wiring, port, str(host_port)
        )


def settle_names(blueprint: Blueprint) -> None:
    """Settles what the names and kinds of the parts say."""
    for render_part in (*blueprint.services, *blueprint.databases):
        render_part.cursor.at("name").skip("the name of the service")
        for key in ("runtime", "env"):
            render_part.cursor.at(key).skip(
                "the runtime, which decides how the image is built"
            )


def _without_circles(services: Iterable[Service]) -> dict[str, Service]:
    """The services by name, none of which waits for one that waits for it."""
    by_name = {service.name: service for service in services}
    for name, service in by_name.items():
        kept_edges = [
            edge
            for edge in service.depends_on
            if edge.service in by_name and not waits_for(edge.service, name, by_name)
        ]
        by_name[name] = replace(service, depends_on=tuple(kept_edges))
    return by_name
