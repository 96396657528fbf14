"""The account of a compose file: which part of the stack each of its values went to."""

from __future__ import annotations

from collections.abc import Iterator, Set

from tocompose.compose.documents import ComposeFile
from tocompose.compose.keys import is_extension, section_keys
from tocompose.importers.compose.loaded import LoadedSource
from tocompose.ledger import Cursor, Ledger
from tocompose.model import Stack
from tocompose.syntax.model_path import ModelPath
from tocompose.tables import load


def settle_leaves(source: LoadedSource, stack: Stack, ledger: Ledger) -> None:
    """Accounts for every value: it goes to its service, or to its network, volume, config or secret."""
    services = {service.name for service in (*stack.services, *stack.development)}
    shared_parts = set(_shared_parts(stack))
    for file in source.files:
        for cursor in _roots_of(file, ledger):
            if cursor.kind != "map":
                cursor.mark_noted("TC771")
                continue
            for section_child in cursor:
                if source.is_version_one:
                    _settle_service(section_child, services)
                elif section_child.key == "services":
                    for service in section_child:
                        _settle_service(service, services)
                else:
                    _settle_section(section_child, shared_parts)


def _shared_parts(stack: Stack) -> Iterator[ModelPath]:
    """The networks, volumes, configs and secrets of a stack."""
    for section in ("networks", "volumes", "configs", "secrets"):
        yield from (
            ModelPath.of(section, resource.name) for resource in getattr(stack, section)
        )


def _roots_of(file: ComposeFile, ledger: Ledger) -> Iterator[Cursor]:
    return (ledger.open(root) for root in file.roots)


def _settle_service(cursor: Cursor, services: Set[str]) -> None:
    if cursor.key not in services:
        cursor.skip("no service of its own any more: others took over what it held")
        return
    known_keys = section_keys("service")
    for field in cursor:
        is_read = field.key in known_keys or field.key in load("legacy_keys")
        if is_read or field.key in ("extends", "<<") or is_extension(field.key):
            field.map(to=ModelPath.service(cursor.key))
        else:
            field.mark_noted("TC070")
    if cursor.kind == "leaf":
        cursor.map(to=ModelPath.service(cursor.key))


def _settle_section(cursor: Cursor, shared_parts: Set[ModelPath]) -> None:
    if cursor.key == "version":
        cursor.skip("docker compose ignores the version of the format")
    elif cursor.key in ("include", "name"):
        cursor.skip("its content is written where it is used")
    elif not is_extension(cursor.key) and cursor.key not in section_keys("top"):
        cursor.mark_noted("TC070")
    else:
        _settle_parts(cursor, shared_parts)


def _settle_parts(cursor: Cursor, shared_parts: Set[ModelPath]) -> None:
    """Accounts for the networks, volumes, configs or secrets of a file; extensions are kept whole."""
    section = str(cursor.key)
    if is_extension(section):
        cursor.map(to=ModelPath.of(section))
        return
    if section == "models":
        # Only those that a service uses are written, in the form that docker compose takes.
        cursor.skip("it is written as today's Compose has it")
        return
    for child in cursor:
        path = ModelPath.of(section, str(child.key))
        if path in shared_parts:
            child.map(to=path)
    if cursor.kind == "map":
        cursor.skip("nothing that is written uses it")
    elif cursor.kind == "leaf" and not cursor.peek():
        cursor.skip("the section is empty")
    else:
        cursor.mark_noted("TC771")
