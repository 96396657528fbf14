"""The files beside the base: docker compose loads that of development with it, and there is one of production."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tocompose.compose.documents import ComposeFile, Places, document_of, read_file
from tocompose.compose.loading import Loaded, find_compose_files, load_files
from tocompose.compose.merge import Override, Reset
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map
from tocompose.model import ComposeFileRole, Service, Stack
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

_SECTIONS = ("networks", "volumes", "secrets", "configs")


class Overlay(NamedTuple):
    """A file that adds to the base: which, and what it says."""

    role: ComposeFileRole
    path: str
    loaded: Loaded


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
    """The files beside the base of a folder; none where the user named files, or COMPOSE_FILE does."""
    files = None if project.named else find_compose_files(project)
    if files is None or files.listed:
        return Overlays()
    base = document_of(read_file(project.read(files.base) or b"", files.base))
    kept: list[Overlay] = []
    notes: list[Note] = []
    roles = (ComposeFileRole.DEV, ComposeFileRole.PROD)
    for role, path in zip(roles, (files.override, files.production), strict=True):
        if not path:
            continue
        overlay = Overlay(role, path, load_files(project, (path,)))
        hindrance = _why_not_apart(project, overlay, base)
        if hindrance:
            notes.append(_told(role, path, hindrance))
        else:
            kept.append(overlay)
    return Overlays(tuple(kept), tuple(notes))


def _told(role: ComposeFileRole, path: str, hindrance: str) -> Note:
    code = "TC072" if role is ComposeFileRole.DEV else "TC071"
    subject = ModelPath.of("files", path)
    return note(code, None, subject=subject, file=path, hindrance=hindrance)


def _why_not_apart(project: Project, overlay: Overlay, base: Mapping[str, Any]) -> str:
    """Why a file cannot stay beside the base; empty where it can."""
    document = document_of(read_file(project.read(overlay.path) or b"", overlay.path))
    if _has_tags(document):
        return "it takes values away with !reset or !override"
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
    """The networks, volumes, secrets and configs that two files declare."""
    for section in _SECTIONS:
        base_names = as_map(base.get(section))
        yield from (name for name in as_map(document.get(section)) if name in base_names)


def _has_tags(value: Any) -> bool:
    if isinstance(value, Reset | Override):
        return True
    return isinstance(value, Mapping) and any(map(_has_tags, value.values()))


def with_overlays(stack: Stack, overlays: Iterable[Overlay], positions: Places) -> Stack:
    """The stack with what each file adds to it."""
    for overlay in overlays:
        part = stack_of(overlay.loaded.document, positions)
        added = {service.name: service for service in part.services}
        services = tuple(
            _with_overlay(service, overlay.role, added.pop(service.name, None))
            for service in stack.services
        )
        sections = {
            section: (*getattr(stack, section), *getattr(part, section))
            for section in _SECTIONS
        }
        development = (*stack.development, *added.values())
        stack = replace(stack, services=services, development=development, **sections)
    return stack


def _with_overlay(
    service: Service, role: ComposeFileRole, overlay: Service | None
) -> Service:
    if overlay is None:
        return service
    return replace(service, overlays={**service.overlays, role: overlay})
