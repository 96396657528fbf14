"""The view of compose files that judges see: what `docker compose up` starts of them, and what production starts."""

from __future__ import annotations

import posixpath
from typing import Any

from tocompose.compose.documents import Places
from tocompose.compose.loading import ComposeFiles, find_compose_files, load_files
from tocompose.compose.read import stack_of
from tocompose.compose.shapes import as_map
from tocompose.model import File, Role, Service, Stack
from tocompose.project import Memory, Project
from tocompose.readers.dotenv import compose_values
from tocompose.record import replace
from tocompose.rules import Context, Startup, View, with_services
from tocompose.rules.roles import RULE as ROLES


def open_view(
    project: Project, paths: tuple[str, ...] = (), shown: str = ""
) -> View | None:
    """The view of the named files, put together in this order as `-f` does; without names, of what docker compose
    reads in the folder: the base file and the override beside it, or what COMPOSE_FILE in `.env` lists.

    None where there is no compose file."""
    names = None if paths else find_compose_files(project)
    if names is not None:
        return _view_of_folder(project, names, shown)
    if not paths:
        return None
    return _view_of(project, paths, shown, posixpath.dirname(paths[0]))


def _view_of_folder(project: Project, names: ComposeFiles, shown: str) -> View:
    """The view of what is started in a folder, and of base and production beside it."""
    view = _view_of(project, names.loaded, shown)._replace(names=names)
    if not names.production or names.production in names.loaded:
        return view
    together = _production_view(project, names, shown)
    read = {file.path for file in view.files}
    files = [file for file in together.files if file.path not in read]
    notes = [note for note in together.notes if note not in view.notes]
    return view._replace(
        files=(*view.files, *files),
        notes=(*view.notes, *notes),
        production=together.main,
        together=together,
    )


def startup_of(file: File | None, values: bytes | None) -> Startup | None:
    """What one compose file starts with the `.env` beside it; None without a file."""
    if file is None:
        return None
    project = Memory({file.path: file.content, ".env": values or b""})
    view = open_view(project, (file.path,))
    return view.main if view is not None else None


def _production_view(project: Project, names: ComposeFiles, shown: str) -> View:
    """The view of base and production together; of production alone, where that says everything itself."""
    alone = _view_of(project, (names.production,), shown)
    base = _view_of(project, (names.base,), shown)
    if _is_whole(alone.main, base.main):
        return alone
    return _view_of(project, (names.base, names.production), shown)


def _is_whole(production: Startup, base: Startup) -> bool:
    """Whether a production file is a stack by itself: each service starts, and what the base says is said again."""
    services = as_map(production.document.get("services"))
    base_services = as_map(base.document.get("services"))
    if not all(_STARTING.intersection(as_map(body)) for body in services.values()):
        return False
    shared = services.keys() & base_services.keys()
    repeats = (_repeats(services[name], base_services[name]) for name in shared)
    return bool(services) and (not shared or any(repeats))


_STARTING = frozenset(("image", "build", "provider"))


def _repeats(body: Any, base_body: Any) -> bool:
    """Whether a service says something of the base again, other than what it starts."""
    base_values = as_map(base_body)
    return any(
        value == base_values.get(key)
        for key, value in as_map(body).items()
        if key not in _STARTING and value not in (None, "unless-stopped", "always")
    )


def _view_of(
    project: Project, paths: tuple[str, ...], shown: str, folder: str = ""
) -> View:
    """The view of files that are started together, with the `.env` of the folder.

    What COMPOSE_FILE lists is read with the `.env` that it stands in.
    """
    loaded = load_files(project, paths, shown)
    loaded_places = Places(loaded.files)
    context = Context(read=project.read, below=project.below)
    stack = stack_of(loaded.document, loaded_places, project.name)
    stack = _with_jobs(ROLES.apply(stack, Context()).stack)
    values = compose_values(project.read(posixpath.join(folder, ".env")) or b"")
    startup = Startup(
        loaded.document, stack, loaded_places, context, values, loaded.included_values
    )
    return View(project, loaded.files, None, startup, startup, loaded.notes)


def _with_jobs(stack: Stack) -> Stack:
    """The stack with the services as jobs whose completion another one waits for, or that end and are started apart."""
    jobs = {
        edge.service
        for service in stack.services
        for edge in service.depends_on
        if edge.condition == "service_completed_successfully"
    }
    return with_services(
        stack,
        (
            replace(service, role=Role.JOB)
            if service.name in jobs or _ends_apart(service)
            else service
            for service in stack.services
        ),
    )


def _ends_apart(service: Service) -> bool:
    restart = service.restart or "no"
    return bool(service.profiles) and restart.startswith(("no", "on-failure"))
