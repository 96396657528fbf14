"""The stack of compose files of any age."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import partial
from typing import Any

from tocompose.compose.documents import ComposeFile, Places
from tocompose.compose.keys import section_keys
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map, as_text, as_texts
from tocompose.importers import SourceError
from tocompose.importers.compose.data_containers import replace_data_containers
from tocompose.importers.compose.loaded import LoadedSource, load_source
from tocompose.importers.compose.overlays import read_overlays, with_overlays
from tocompose.importers.compose.stack_files import for_one_machine
from tocompose.importers.compose.version_one import (
    FilesBeside,
    VersionOne,
    old_project_name,
)
from tocompose.importers.compose.versions import source_files
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.model import Service, Stack
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier
from tocompose.tables import load

# A line of a file of variables with quotes, a variable or a comment behind the value: the name that it sets.
_INTERPRETED_LINE = re.compile(
    r"""(?m)^[ \t]*([A-Za-z_]\w*)=(?:["'].*["'][ \t]*$|.*\$[{A-Za-z_$]|.*[ \t]#)"""
)
# How many files of a folder are looked through for variables of links, and how long each may be.
_FILES_READ, _TEXT_READ = 100, 64_000


def read_stack(project: Project, ledger: Ledger, stated_name: str | None) -> Stack:
    """The stack; raises SourceError where there is no compose file."""
    paths = source_files(project)
    if not paths:
        raise SourceError(f"{project.name}: no compose file was found here")
    overlays = read_overlays(project)
    source = load_source(
        project, tuple(path for path in paths if path not in overlays.paths)
    )
    source = source._replace(files=(*source.files, *overlays.files))
    positions = Places(source.files)
    _note_files(source, overlays.notes, ledger)
    source = _with_few_services(source, positions, ledger)
    stack = _read_base(project, source, positions, ledger)
    stack = with_overlays(stack, overlays.kept, positions)
    written = (*stack.services, *stack.development)
    _settle_leaves(source, {service.name for service in written}, ledger)
    at = () if source.is_version_one else ("services",)
    services = (_with_origins(service, positions, at) for service in stack.services)
    stack = replace(stack, services=tuple(services))
    if as_text(source.document.get("version")):
        _tell_changed_values(stack, project, ledger)
    if not stated_name:
        _tell_name(project.name, stack, source, ledger)
    return replace(stack, name=identifier(stated_name or stack.name))


def _read_base(
    project: Project, source: LoadedSource, positions: Places, ledger: Ledger
) -> Stack:
    """The stack of the base file, for one machine."""
    project_name = _old_name(project, source)
    document = _in_todays_keys(source, positions, ledger, project_name, project)
    on_one_machine = for_one_machine(document, positions)
    for swarm_note in on_one_machine.notes:
        ledger.add_note(swarm_note)
    stack = stack_of(on_one_machine.document, positions, project_name)
    return replace(stack, settings=on_one_machine.settings)


def _tell_changed_values(stack: Stack, project: Project, ledger: Ledger) -> None:
    """A note for each file of variables of which Compose 1 read some lines otherwise: it took them as they stood."""
    for service in stack.services:
        for env_file in service.env_files:
            content = (project.read(env_file.path) or b"").decode("utf-8", "replace")
            names = list(dict.fromkeys(_INTERPRETED_LINE.findall(content)))
            if names and env_file.format is None:
                subject = ModelPath.service(service.name, "env_file")
                facts: dict[str, Any] = {"path": env_file.path, "names": ", ".join(names)}
                ledger.add_note(note("TC060", service.origin, subject=subject, **facts))


def _tell_name(folder: str, stack: Stack, source: LoadedSource, ledger: Ledger) -> None:
    """A note where Compose of another time called the project otherwise than today's does."""
    old_name, new_name = old_project_name(folder), identifier(folder)
    facts: dict[str, Any] = {"old": old_name, "new": new_name}
    if old_name == new_name or "name" in source.document:
        return
    version = as_text(source.document.get("version"))
    span = source.files[0].roots[0].span if source.files else None
    subject = ModelPath.of("name")
    if source.is_version_one:
        ledger.add_note(note("TC069", span, subject=subject, **facts))
    elif version and any(not volume.external for volume in stack.volumes):
        ledger.add_note(note("TC074", span, subject=subject, **facts))


def _note_files(
    source: LoadedSource, loading_notes: Iterable[Note], ledger: Ledger
) -> None:
    """Says what is wrong with the YAML of the files, what could not be followed, and which keys others hide."""
    for file in source.files:
        for file_note in file.notes:
            ledger.add_note(file_note)
        for child in file.hidden:
            Cursor(ledger, child.node, (), child.span).note("TC011", key=child.key)
    for loading_note in (*source.notes, *loading_notes):
        ledger.add_note(loading_note)


def _with_few_services(
    source: LoadedSource, positions: Places, ledger: Ledger
) -> LoadedSource:
    """The source with no more services than one stack may have."""
    services, most = as_map(source.document.get("services")), limit("SERVICES")
    if len(services) <= most:
        return source
    few_services = dict(list(services.items())[:most])
    first_left = next(name for name in services if name not in few_services)
    at = () if source.is_version_one else ("services",)
    span = positions.span(*at, first_left)
    ledger.add_note(note("TC025", span, what=first_left, most=most))
    return source._replace(document={**source.document, "services": few_services})


def _with_origins(service: Service, positions: Places, at: tuple[str, ...]) -> Service:
    """The service with the places of what notes speak of."""
    path = (*at, service.name)
    environment = (
        replace(variable, origin=positions.span(*path, "environment", variable.name))
        for variable in service.environment
    )
    mounts = (
        replace(mount, origin=positions.item(mount.target, *path, "volumes"))
        for mount in service.mounts
    )
    return replace(
        service,
        origin=positions.span(*path),
        environment=tuple(environment),
        mounts=tuple(mounts),
    )


def _old_name(project: Project, source: LoadedSource) -> str:
    return (
        old_project_name(project.name)
        if source.is_version_one
        else identifier(project.name)
    )


def _in_todays_keys(
    source: LoadedSource,
    positions: Places,
    ledger: Ledger,
    project_name: str,
    project: Project,
) -> dict[str, Any]:
    document = dict(source.document)
    at: tuple[str, ...] = ("services",)
    if source.is_version_one:
        paths = frozenset(file.path for file in source.files)
        files = FilesBeside(project.exists, partial(text_beside, project, paths))
        services = as_map(document.get("services"))
        rewriting = VersionOne(services, positions, project_name, files)
        document, at = rewriting.rewrite(), ()
        for rewriting_note in rewriting.notes:
            ledger.add_note(rewriting_note)
    document, notes = replace_data_containers(document, positions, at, project_name)
    for data_note in notes:
        ledger.add_note(data_note)
    document.pop("version", None)
    services = {
        name: _without_unknown(name, as_map(body), positions, at, ledger)
        for name, body in as_map(document.get("services")).items()
    }
    return {**document, "services": services}


def text_beside(project: Project, paths: Set[str], body: Mapping[str, Any]) -> str:
    """What a service's files say, at most a few: those that stand in the folder that it is built in."""
    folder = _build_folder(body)
    if folder is None:
        return ""
    files = dict.fromkeys(map(posixpath.normpath, project.below(folder)))
    files |= dict.fromkeys(
        path for path in project.files() if (posixpath.dirname(path) or ".") == folder
    )
    contents = (
        project.read(path) for path in list(files)[:_FILES_READ] if path not in paths
    )
    texts = (content.decode("utf-8", "replace") for content in contents if content)
    return "\n".join(text for text in texts if len(text) < _TEXT_READ)


def _build_folder(body: Mapping[str, Any]) -> str | None:
    """The folder in which a service is built."""
    build = body.get("build")
    context = as_text(build.get("context") if isinstance(build, Mapping) else build)
    return None if context is None else posixpath.normpath(context)


def _without_unknown(
    name: str,
    body: Mapping[str, Any],
    positions: Places,
    at: tuple[str, ...],
    ledger: Ledger,
) -> dict[str, Any]:
    """The service without keys that docker compose refuses, each with a note."""
    known_keys = section_keys("service")
    known_entries: dict[str, Any] = {}
    for key, value in body.items():
        span, subject = positions.span(*at, name, str(key)), ModelPath.service(name)
        if key == "init" and isinstance(value, str) and value.startswith("/"):
            # Version 2.2 took the path of a program; now it is on or off.
            facts: dict[str, Any] = {
                "service": name,
                "key": key,
                "value": value,
                "rule": "true or false",
            }
            known_entries[key] = True
            ledger.add_note(note("TC771", span, subject=subject.child(key), **facts))
        elif key in known_keys or str(key).startswith("x-"):
            known_entries[key] = value
        elif key == "volume_driver":
            # Version 2 made volumes with a name by their own declaration.
            if any(":" not in volume for volume in as_texts(body.get("volumes"))):
                ledger.add_note(note("TC067", span, subject=subject, driver=str(value)))
        else:
            ledger.add_note(note("TC070", span, subject=subject, key=str(key)))
    return known_entries


def _settle_leaves(source: LoadedSource, services: Set[str], ledger: Ledger) -> None:
    """Accounts for every value: it goes to its service, or to the section of its network, volume, config or secret."""
    for file in source.files:
        for cursor in _roots_of(file, ledger):
            for section_child in cursor:
                if source.is_version_one:
                    _settle_service(section_child, services)
                elif section_child.key == "services":
                    for service in section_child:
                        _settle_service(service, services)
                else:
                    _settle_section(section_child)


def _roots_of(file: ComposeFile, ledger: Ledger) -> Iterator[Cursor]:
    return (ledger.open(root) for root in file.roots)


def _settle_service(cursor: Cursor, services: Set[str]) -> None:
    if cursor.key not in services:
        cursor.skip("the service is replaced, left out, or only extended by others")
        return
    known_keys = section_keys("service")
    for field in cursor:
        is_read = field.key in known_keys or field.key in load("legacy_keys")
        if is_read or field.key in ("extends", "<<") or field.key.startswith("x-"):
            field.map(to=ModelPath.service(cursor.key))
        else:
            field.mark_noted("TC070")
    if cursor.kind == "leaf":
        cursor.map(to=ModelPath.service(cursor.key))


def _settle_section(cursor: Cursor) -> None:
    if cursor.key == "version":
        cursor.skip("docker compose ignores the version of the format")
    elif cursor.key.startswith("x-") or cursor.key in ("include", "name"):
        cursor.skip("what it says stands where it is used")
    else:
        for section_child in cursor:
            section_child.skip("the section was copied as it is")
        cursor.skip("the section was copied as it is")
