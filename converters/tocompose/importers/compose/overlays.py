"""The files beside the base: docker compose loads that of development with it, and there is one of production."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tocompose.compose.documents import ComposeFile, document_of, read_file
from tocompose.compose.loading import (
    ComposeFiles,
    Loaded,
    find_compose_files,
    load_files,
)
from tocompose.compose.merge import Override, Reset
from tocompose.compose.shapes import as_map
from tocompose.compose.write import DECLARED_SECTIONS, referred_names
from tocompose.importers.compose.versions import is_version_one
from tocompose.model import ComposeFileRole, EnvVariable, Service, Stack
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.record import NamedTuple, replace
from tocompose.syntax.model_path import ModelPath

# A section that the services of any file need, and of which a stack has no records.
_CARRIED = "models"


class Overlay(NamedTuple):
    """A file that adds to the base: which, and what it says."""

    role: ComposeFileRole
    path: str
    loaded: Loaded
    # The variables of the services that take some away with `!reset`, which stands in the place of their values.
    tagged_variables: Mapping[str, Mapping[str, Any]] = {}


class Overlays(NamedTuple):
    """The files that are kept apart from the base, and what to tell about those that cannot be."""

    kept: tuple[Overlay, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The files that are kept apart."""
        return frozenset(overlay.path for overlay in self.kept)

    @property
    def files(self) -> Iterator[ComposeFile]:
        """All files that these are made of."""
        return (file for overlay in self.kept for file in overlay.loaded.files)


def read_overlays(project: Project) -> Overlays:
    """The files beside the base of a folder; none where COMPOSE_FILE names files, or the user others than the base."""
    files = _files_written_with(project) if project.named else find_compose_files(project)
    if files is None or files.listed:
        return Overlays()
    base = document_of(read_file(project.read(files.base) or b"", files.base))
    kept_overlays: list[Overlay] = []
    notes: list[Note] = []
    roles = (ComposeFileRole.DEV, ComposeFileRole.PROD)
    for role, path in zip(roles, (files.override, files.production), strict=True):
        if not path:
            continue
        document = document_of(read_file(project.read(path) or b"", path))
        tagged = _tagged_variables(document) if role is ComposeFileRole.PROD else {}
        overlay = Overlay(role, path, load_files(project, (path,)), tagged)
        hindrance = _why_not_apart(overlay, document, base)
        if hindrance:
            notes.append(_told(role, path, hindrance))
        else:
            kept_overlays.append(overlay)
    return Overlays(tuple(kept_overlays), tuple(notes))


def _files_written_with(project: Project) -> ComposeFiles | None:
    """The base that is named and what an earlier run wrote beside it; None where a file of another hand is named.

    That run took the source apart: without the files beside it the base says less than the source did.
    """
    folder = posixpath.dirname(project.named[0])
    files = find_compose_files(project, folder)
    written = {
        f"{run.folder}{name}" for run in project.earlier_runs for name in run.sources
    }
    if files is None or not {files.base} <= set(project.named) <= written:
        return None
    override, production = (
        path if path in written else "" for path in (files.override, files.production)
    )
    if not {files.base, override, production}.issuperset(project.named):
        return None
    return files._replace(override=override, production=production)


def _told(role: ComposeFileRole, path: str, hindrance: str) -> Note:
    code = "TC072" if role is ComposeFileRole.DEV else "TC071"
    subject = ModelPath.of("files", path)
    return note(code, None, subject=subject, file=path, hindrance=hindrance)


def _tagged_variables(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of the services that take some away with `!reset`, which stands in the place of their values."""
    services = as_map(document.get("services")).items()
    variables = {name: as_map(as_map(body).get("environment")) for name, body in services}
    return {
        name: own_variables
        for name, own_variables in variables.items()
        if any(isinstance(value, Reset) for value in own_variables.values())
    }


def with_removed_variables(service: Service, overlay: Overlay) -> Service:
    """The service of the file with the variables that it takes away, each where the file has it."""
    variables = {variable.name: variable for variable in service.environment}
    for name, value in overlay.tagged_variables.get(service.name, {}).items():
        variable = variables.pop(name, None)
        if isinstance(value, Reset):
            variable = EnvVariable(name=name, value=None, remove=True)
        variables |= {name: variable} if variable is not None else {}
    return replace(service, environment=tuple(variables.values()))


def _why_not_apart(
    overlay: Overlay, document: Mapping[str, Any], base: Mapping[str, Any]
) -> str:
    """Why a file cannot stay beside the base; empty where it can."""
    if _has_tags(_untagged(document, overlay.tagged_variables)):
        return "it takes values away with !reset or !override"
    if any(map(is_version_one, (document, base))):
        return "the files of version 1 are read together"
    services, base_services = (as_map(one.get("services")) for one in (document, base))
    takes_in = "include" in document or any(
        "extends" in as_map(body) for body in services.values()
    )
    if takes_in:
        return "it takes in services of other files"
    new_services = ", ".join(name for name in services if name not in base_services)
    if new_services and overlay.role is ComposeFileRole.PROD:
        return f"it has services of its own ({new_services})"
    repeated = next(_declared_in_both(document, base), "")
    return repeated and f"it says again what {repeated} is"


def _declared_in_both(
    document: Mapping[str, Any], base: Mapping[str, Any]
) -> Iterator[str]:
    """The networks, volumes, secrets and configs of which the document says something that the base does not."""
    for section in (*DECLARED_SECTIONS, _CARRIED):
        base_bodies = as_map(base.get(section))
        for name, body in as_map(document.get(section)).items():
            if name in base_bodies and body and body != base_bodies[name]:
                yield name


def _has_tags(value: Any) -> bool:
    if isinstance(value, Reset | Override):
        return True
    return isinstance(value, Mapping) and any(map(_has_tags, value.values()))


def _untagged(
    document: Mapping[str, Any], tagged: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The document without the variables that services take away."""
    if not tagged:
        return document
    services = dict(as_map(document.get("services")))
    for name, variables in tagged.items():
        kept_settings = {
            key: value for key, value in variables.items() if not isinstance(value, Reset)
        }
        services[name] = {**as_map(services[name]), "environment": kept_settings}
    return {**document, "services": services}


def without_repeats(document: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a file beside the base without what it names again and says nothing of."""
    new_sections = {
        section: {
            name: body
            for name, body in bodies.items()
            if body or name not in as_map(base.get(section))
        }
        for section in ("services", *DECLARED_SECTIONS, _CARRIED)
        if isinstance(bodies := document.get(section), Mapping)
    }
    return {**document, **new_sections}


def with_overlays(stack: Stack, overlays: Iterable[tuple[ComposeFileRole, Stack]]) -> Stack:
    """The stack with what each file beside the base adds to it: the stack that it would be by itself."""
    for role, overlay_stack in overlays:
        added = {service.name: service for service in overlay_stack.services}
        services = tuple(
            _with_overlay(service, role, added.pop(service.name, None))
            for service in stack.services
        )
        sections = {
            section: _joined(stack, overlay_stack, section)
            for section in (*DECLARED_SECTIONS, "settings")
        }
        stack = replace(
            stack,
            services=services,
            development=(*stack.development, *added.values()),
            extensions=_with_sections(stack, role, overlay_stack),
            **sections,
        )
    return stack


def without_unused(stack: Stack, base: Stack) -> tuple[Stack, tuple[Note, ...]]:
    """The stack without the secrets and configs that only a file beside the base has and no service is given.

    The notes tell of each. What the base declares stays there.
    """
    notes: list[Note] = []
    for section in ("secrets", "configs"):
        resources, base_resources = getattr(stack, section), getattr(base, section)
        if len(resources) == len(base_resources):
            continue
        kept_names = {resource.name for resource in base_resources}
        kept_names |= referred_names(stack, section)
        for resource in resources:
            name, subject = resource.name, ModelPath.of(section, resource.name)
            facts: dict[str, Any] = {"kind": section[:-1], "name": name}
            if name not in kept_names:
                notes.append(note("TC777", resource.origin, subject=subject, **facts))
        used_resources = tuple(
            resource for resource in resources if resource.name in kept_names
        )
        stack = replace(stack, **{section: used_resources})
    return stack, tuple(notes)


def _with_sections(
    stack: Stack, role: ComposeFileRole, overlay_stack: Stack
) -> dict[ComposeFileRole, Mapping[str, Any]]:
    """The carried sections of each file; the models stand in the base, where all files find them."""
    sections = {ComposeFileRole.BASE: {}, **stack.extensions}
    own_sections = dict(overlay_stack.extensions.get(ComposeFileRole.BASE, {}))
    if own_sections.pop(_CARRIED, None):
        models = {**overlay_stack.models, **stack.models}
        base_sections = {**sections[ComposeFileRole.BASE], _CARRIED: models}
        sections[ComposeFileRole.BASE] = base_sections
    sections[role] = own_sections
    return {file_role: carried for file_role, carried in sections.items() if carried}


def _joined(stack: Stack, part: Stack, section: str) -> tuple[Any, ...]:
    """What both declare of a section; what the stack has is not repeated."""
    declared = getattr(stack, section)
    names = {resource.name for resource in declared}
    added = (resource for resource in getattr(part, section) if resource.name not in names)
    return (*declared, *added)


def _with_overlay(
    service: Service, role: ComposeFileRole, overlay: Service | None
) -> Service:
    if overlay is None:
        return service
    return replace(service, overlays={**service.overlays, role: overlay})
