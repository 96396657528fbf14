"""The stack of compose files of any age."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Set
from functools import partial
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map, as_text
from tocompose.importers import SourceError
from tocompose.importers.compose.data_containers import replace_data_containers
from tocompose.importers.compose.loaded import LoadedSource, load_source
from tocompose.importers.compose.missing_files import note_missing_files
from tocompose.importers.compose.overlays import (
    Overlay,
    read_overlays,
    with_overlays,
    with_removed_variables,
    without_repeats,
    without_unused,
)
from tocompose.importers.compose.readable import readable_document
from tocompose.importers.compose.service_places import with_places
from tocompose.importers.compose.settled_values import settle_leaves
from tocompose.importers.compose.stack_files import for_one_machine
from tocompose.importers.compose.version_one import (
    FilesBeside,
    VersionOne,
)
from tocompose.importers.compose.versions import STACK_NAMES, source_files
from tocompose.importers.special_files import without_special_files
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.model import ComposeFileRole, Runtime, Service, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.record import replace
from tocompose.source import Branch, Node
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier, old_project_name

# A line of a file of variables with quotes, a variable or a comment behind the value: the name that it sets.
_INTERPRETED_LINE = regex(
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
    stack = _read_base(project, source, positions, ledger, stated_name)
    beside = [
        _read_overlay(overlay, source.document, stack.name, ledger)
        for overlay in overlays.kept
    ]
    stack, unused_notes = without_unused(with_overlays(stack, beside), stack)
    for unused_note in unused_notes:
        ledger.add_note(unused_note)
    documents = (source.document, *(part.loaded.document for part in overlays.kept))
    note_missing_files(stack, documents, project, ledger)
    settle_leaves(source, stack, ledger)
    at = () if source.is_version_one else ("services",)
    services = (with_places(service, positions, at) for service in stack.services)
    without_special = partial(_without_special_files, project=project, ledger=ledger)
    stack = replace(
        stack,
        services=tuple(map(without_special, services)),
        development=tuple(map(without_special, stack.development)),
    )
    if as_text(source.document.get("version")):
        _tell_changed_values(stack, project, ledger)
    if stated_name:
        return replace(stack, name=identifier(stated_name))
    _tell_name(project.name, stack, source, ledger)
    file_names = _file_names(stack.name, beside)
    return replace(stack, name=identifier(stack.name), file_names=file_names)


def _file_names(
    name: str, overlays: Iterable[tuple[ComposeFileRole, Stack]]
) -> dict[ComposeFileRole, str]:
    """The names of the project in the files beside the base that state another one."""
    return {
        role: identifier(overlay_stack.name)
        for role, overlay_stack in overlays
        if overlay_stack.name != name
    }


def _read_overlay(
    overlay: Overlay, base: Mapping[str, Any], project_name: str, ledger: Ledger
) -> tuple[ComposeFileRole, Stack]:
    """Which file beside the base it is, and the stack that it would be by itself, for one machine."""
    positions = Places(overlay.loaded.files)
    document = without_repeats(overlay.loaded.document, base)
    at = ("services",)
    document = readable_document(document, positions, at, ledger, base)
    services = _without_empty(as_map(document.get("services")), positions, ledger)
    on_one_machine = for_one_machine({**document, "services": services}, positions)
    for swarm_note in on_one_machine.notes:
        ledger.add_note(swarm_note)
    stack = stack_of(on_one_machine.document, positions, project_name)
    overlay_services = (
        with_removed_variables(service, overlay) for service in stack.services
    )
    return overlay.role, replace(
        stack, services=tuple(overlay_services), settings=on_one_machine.settings
    )


def _without_empty(
    services: Mapping[str, Any], positions: Places, ledger: Ledger
) -> dict[str, Any]:
    """The services of a file beside the base without those of which nothing is said."""
    for name in (name for name, body in services.items() if body is None):
        facts: dict[str, Any] = {"service": name, "key": "value", "value": "(nothing)"}
        facts["rule"] = "a map of settings"
        span, subject = positions.span("services", name), ModelPath.service(name)
        ledger.add_note(note("TC771", span, subject=subject, **facts))
    return {name: body for name, body in services.items() if body is not None}


def _read_base(
    project: Project,
    source: LoadedSource,
    positions: Places,
    ledger: Ledger,
    stated_name: str | None,
) -> Stack:
    """The stack of the base file, for one machine."""
    project_name = _old_name(project, source)
    called = identifier(stated_name or as_text(source.document.get("name")) or project_name)
    document = _in_todays_keys(source, positions, ledger, called, project)
    on_one_machine = for_one_machine(document, positions)
    for swarm_note in on_one_machine.notes:
        ledger.add_note(swarm_note)
    stack = stack_of(on_one_machine.document, positions, project_name)
    is_stack_file = any(
        posixpath.basename(file.path) in STACK_NAMES for file in source.files
    )
    in_swarm = is_stack_file or on_one_machine.needs_swarm
    runs_in = Runtime.SWARM if in_swarm else Runtime.PROJECT
    return replace(stack, settings=on_one_machine.settings, runs_in=runs_in)


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
    """A note where a swarm, or Compose of another time, calls the project otherwise than today's Compose does."""
    if stack.runs_in is Runtime.SWARM:
        _tell_name_in_swarm(stack, source, ledger)
        return
    old_name, new_name = old_project_name(folder), identifier(folder)
    if old_name == new_name or "name" in source.document:
        return
    facts: dict[str, Any] = {"old": old_name, "new": new_name}
    version = as_text(source.document.get("version"))
    span = source.files[0].roots[0].span if source.files else None
    subject = ModelPath.of("name")
    if source.is_version_one:
        ledger.add_note(note("TC069", span, subject=subject, **facts))
    elif version and any(
        volume.name in as_map(source.document.get("volumes")) and not volume.external
        for volume in stack.volumes
    ):
        ledger.add_note(note("TC074", span, subject=subject, **facts))


def _tell_name_in_swarm(stack: Stack, source: LoadedSource, ledger: Ledger) -> None:
    """A note that the name of the stack is assumed: only `docker stack deploy` is told it."""
    own_volumes = [
        volume
        for volume in stack.volumes
        if not volume.external and volume.engine_name is None
    ]
    span = source.files[0].roots[0].span if source.files else None
    data = ""
    for volume in own_volumes[:1]:
        span = volume.origin
        title = f"{stack.name}_{volume.name}"
        data = f". If it has another name, the volumes here, such as {title}, are new and empty"
    whence = "`name` in the file" if "name" in source.document else "its folder"
    facts: dict[str, Any] = {"new": stack.name, "whence": whence, "data": data}
    ledger.add_note(note("TC059", span, subject=ModelPath.of("name"), **facts))


def _note_files(
    source: LoadedSource, loading_notes: Iterable[Note], ledger: Ledger
) -> None:
    """Says what is wrong with the YAML of the files, what could not be followed, and which keys others hide."""
    for file in source.files:
        for file_note in file.notes:
            ledger.add_note(file_note)
        for root in file.roots:
            if not isinstance(root, Branch) or root.kind != "map":
                ledger.add_note(_note_on_root(root, file.path))
        for child in file.hidden:
            Cursor(ledger, child.node, (), child.span).note("TC011", key=child.key)
    for loading_note in (*source.notes, *loading_notes):
        ledger.add_note(loading_note)


def _note_on_root(root: Node, path: str) -> Note:
    """What to say of a file that is no map: docker compose refuses it."""
    kind = "(a list)" if isinstance(root, Branch) else "(a text)"
    facts: dict[str, Any] = {"service": path, "key": "content", "value": kind}
    facts["rule"] = "a map of sections"
    return note("TC771", root.span, subject=ModelPath.of("files", path), **facts)


def _with_few_services(
    source: LoadedSource, positions: Places, ledger: Ledger
) -> LoadedSource:
    """The source with no more services than one stack may have."""
    services, most_services = as_map(source.document.get("services")), limit("SERVICES")
    if len(services) <= most_services:
        return source
    few_services = dict(list(services.items())[:most_services])
    first_left = next(name for name in services if name not in few_services)
    at = () if source.is_version_one else ("services",)
    span = positions.span(*at, first_left)
    ledger.add_note(note("TC025", span, what=first_left, most=most_services))
    return source._replace(document={**source.document, "services": few_services})


def _without_special_files(service: Service, project: Project, ledger: Ledger) -> Service:
    """The service without env files that are none, in whichever file it names them."""
    overlays = {
        role: without_special_files(overlay, project, ledger)
        for role, overlay in service.overlays.items()
    }
    base = without_special_files(service, project, ledger)
    return replace(base, overlays=overlays)


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
    older_name = old_project_name(project.name)
    document, notes = replace_data_containers(
        document, positions, at, project_name, older_name
    )
    for one_note in notes:
        ledger.add_note(one_note)
    return readable_document(document, positions, at, ledger)


def _files_of_folder(project: Project, folder: str) -> list[str]:
    """The files below a folder, then those of the project that stand in it."""
    files = dict.fromkeys(map(posixpath.normpath, project.below(folder)))
    files |= dict.fromkeys(
        path for path in project.files() if (posixpath.dirname(path) or ".") == folder
    )
    return list(files)


def text_beside(project: Project, paths: Set[str], body: Mapping[str, Any]) -> str:
    """What a service's files say, at most a few: those that stand in the folder that it is built in."""
    folder = _build_folder(body)
    if folder is None:
        return ""
    files = _files_of_folder(project, folder)[:_FILES_READ]
    contents = (project.read(path) for path in files if path not in paths)
    texts = (content.decode("utf-8", "replace") for content in contents if content)
    return "\n".join(text for text in texts if len(text) < _TEXT_READ)


def _build_folder(body: Mapping[str, Any]) -> str | None:
    """The folder in which a service is built."""
    build = body.get("build")
    context = as_text(build.get("context") if isinstance(build, Mapping) else build)
    return None if context is None else posixpath.normpath(context)
