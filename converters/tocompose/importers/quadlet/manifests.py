"""`.kube` units: their manifests are read as manifests of Kubernetes are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.importers import ImportOptions
from tocompose.importers.joined_stacks import join_stacks
from tocompose.importers.quadlet.commands import UnitCommands
from tocompose.importers.quadlet.units import QuadletUnit
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Port, Service, Stack
from tocompose.project import Project, normal_path
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.ports import parse_port


def add_manifests(
    stack: Stack,
    units: Iterable[QuadletUnit],
    commands: UnitCommands,
    project: Project,
    ledger: Ledger,
    settings: ImportOptions,
) -> Stack:
    """The stack with what the manifests of the units describe."""
    for unit in units:
        documents = [
            document
            for unit_word in (*unit.words("Kube", "Yaml"), *unit.words("Kube", "ConfigMap"))
            for document in _documents(unit_word, unit, commands, project, ledger)
        ]
        if documents:
            played = _converted(documents, unit, ledger, project, settings)
            stack = join_stacks(stack, _published(played, unit, commands))
    return stack


def _documents(
    unit_word: Cursor,
    unit: QuadletUnit,
    commands: UnitCommands,
    project: Project,
    ledger: Ledger,
) -> Iterator[Cursor]:
    from tocompose.readers.yaml import yaml_cursors

    path = commands.texts_of(unit).word(unit_word).text
    inside = normal_path(path if path.startswith("/") else f"{unit.folder}/{path}")
    content = project.read(inside) if inside else None
    if content is None:
        unit_word.note("TC452", object=unit.name, names=path)
        return
    unit_word.skip("the manifest is read")
    yield from yaml_cursors(content, inside or path, ledger)


def _converted(
    documents: list[Cursor],
    unit: QuadletUnit,
    ledger: Ledger,
    project: Project,
    settings: ImportOptions,
) -> Stack:
    from tocompose.importers.kubernetes import convert

    name = settings.name or project.name
    return convert(documents, ledger, name, unit.stem, {})


def _published(stack: Stack, unit: QuadletUnit, commands: UnitCommands) -> Stack:
    """The stack with the ports that the unit publishes, at the service that listens on them."""
    for setting in unit.every("Kube", "PublishPort"):
        argument = commands.texts_of(unit).value(setting)
        port_parts = parse_port(argument.text)
        port = Port(
            target=port_parts.target,
            published=port_parts.published or None,
            host_ip=port_parts.host_ip or None,
            protocol=port_parts.protocol or "tcp",
        )
        owner = _listener(stack.services, port)
        if owner is None:
            setting.note("TC780", object=unit.name, fields=f"PublishPort: {argument.text}")
            continue
        argument.take(ModelPath.service(owner.name, "ports"))
        services = tuple(
            replace(service, ports=(*_others(service, port), port))
            if service.name == owner.name
            else service
            for service in stack.services
        )
        stack = replace(stack, services=services)
    return stack


def _others(service: Service, port: Port) -> Iterator[Port]:
    """The ports of a service but those that the unit publishes otherwise."""
    return (
        added_stack for added_stack in service.ports if added_stack.target != port.target
    )


def _listener(services: Iterable[Service], port: Port) -> Service | None:
    """The service that listens on a port by what its manifest says; a stack of one service has only that."""
    services = tuple(services)
    for service in services:
        exposed = {text.partition("/")[0] for text in service.expose}
        if port.target in {
            *exposed,
            *(added_stack.target for added_stack in service.ports),
        }:
            return service
    return services[0] if len(services) == 1 else None
