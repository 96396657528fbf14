"""What an audit looks at: the stack that `up` starts, the one that production starts, and where each thing stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tocompose.importers.compose.files import load
from tocompose.importers.compose.names import Found, find
from tocompose.importers.compose.reading import ComposeFile, Places
from tocompose.importers.compose.stack import stack_of
from tocompose.knowledge.images import image_facts
from tocompose.model import Role, Service, Stack
from tocompose.notes import Note, note
from tocompose.project import Project
from tocompose.record import replace
from tocompose.rules import Context
from tocompose.rules.roles import PRACTICE as ROLES
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


class View(NamedTuple):
    """Files put together: the merged document, its stack with the role of each service, and the places."""

    document: dict[str, Any]
    stack: Stack
    places: Places

    def span(self, service: Service, *path: str | int) -> Span | None:
        """The place of a key of the service; without one, where the service first stands."""
        if not path:
            return self.places.first("services", service.name)
        return self.places.span("services", service.name, *path)


class Scene(NamedTuple):
    """The audited files: `main` is what `docker compose up` starts, `production` what it starts with the production
    file (the same where there is none); `found` is None when the user named the files."""

    project: Project
    files: tuple[ComposeFile, ...]
    found: Found | None
    main: View
    production: View
    notes: tuple[Note, ...]

    @property
    def context(self) -> Context:
        """What the questions of practices need."""
        return Context(read=self.project.read, below=self.project.below)


class Verdict(NamedTuple):
    """Whether one thing meets the lines of the checklist named by `ids`; the note says what does not."""

    ids: tuple[str, ...]
    note: Note | None = None

    @property
    def holds(self) -> bool:
        """Whether the thing is as it should be."""
        return self.note is None


def scene(project: Project, paths: tuple[str, ...] = ()) -> Scene | None:
    """The scene of the named files, put together in this order as `-f` does; without names, of what docker compose
    reads in the folder: the base file and the override beside it, or what COMPOSE_FILE in `.env` lists.

    None where there is no compose file."""
    found = None if paths else find(project)
    if not paths and found is None:
        return None
    base = found.loaded if found else paths
    main, files, notes = _view(project, base)
    production = main
    if found and found.production and found.production not in found.loaded:
        production, more, said = _view(project, (found.base, found.production))
        known = {file.path for file in files}
        files += tuple(file for file in more if file.path not in known)
        notes += tuple(item for item in said if item not in notes)
    return Scene(project, files, found, main, production, notes)


def _view(
    project: Project, paths: tuple[str, ...]
) -> tuple[View, tuple[ComposeFile, ...], tuple[Note, ...]]:
    loaded = load(project, paths)
    places = Places(loaded.files)
    stack = ROLES.apply(stack_of(loaded.document, places, project.name), Context()).stack
    return View(loaded.document, _with_jobs(stack), places), loaded.files, loaded.notes


def _with_jobs(stack: Stack) -> Stack:
    """The stack with the services as jobs whose completion another one waits for, or that end and are started apart."""
    awaited = {
        item.service
        for service in stack.services
        for item in service.depends_on
        if item.condition == "service_completed_successfully"
    }
    awaited |= {
        item.name
        for item in stack.services
        if item.profiles and (item.restart or "no").startswith(("no", "on-failure"))
    }
    services = (
        replace(item, role=Role.JOB) if item.name in awaited else item
        for item in stack.services
    )
    return replace(stack, services=tuple(services))


def judge(
    ids: str, holds: bool, code: str, span: Span | None, subject: ModelPath, /, **facts: Any
) -> Verdict:
    """The verdict on one thing, with the note of that code unless it holds; `ids` are separated by blanks."""
    return Verdict(
        tuple(ids.split()), None if holds else note(code, span, subject=subject, **facts)
    )


def of_service(
    view: View,
    service: Service,
    key: str,
    ids: str,
    holds: bool,
    code: str,
    /,
    **facts: Any,
) -> Verdict:
    """The verdict on a service, or on what stands at `key` below it."""
    path = key.split(".") if key else []
    subject = ModelPath.service(service.name, *path)
    return judge(
        ids, holds, code, view.span(service, *path), subject, service=service.name, **facts
    )


def networks_of(service: Service) -> frozenset[str]:
    """The networks that a service is on; `default` where it names none."""
    if service.network_mode not in (None, "bridge"):
        return frozenset()
    return frozenset(item.network for item in service.networks) or frozenset({"default"})


def named_facts(service: Service) -> str:
    """The table's name for the service's image; empty for an unknown one."""
    known = image_facts(service.image) if service.image else None
    return known.id if known else ""


def dependents(stack: Stack) -> Iterator[tuple[Service, Service, Any]]:
    """Each dependency of the stack with both its services."""
    known = {service.name: service for service in stack.services}
    for service in stack.services:
        for item in service.depends_on:
            if item.service in known:
                yield service, known[item.service], item
