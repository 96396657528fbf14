"""The view of compose files that judges see: what `docker compose up` starts of them, and what production starts."""

from __future__ import annotations

from tocompose.compose.documents import Places
from tocompose.compose.loading import find_compose_files, load_files
from tocompose.compose.read import stack_of
from tocompose.model import Role, Service, Stack
from tocompose.project import Project
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
    if not paths and names is None:
        return None
    view = _view_of(project, names.loaded if names else paths, shown)
    if names is None or not names.production or names.production in names.loaded:
        return view._replace(names=names)
    production = _view_of(project, (names.base, names.production), shown)
    read = {file.path for file in view.files}
    files = [file for file in production.files if file.path not in read]
    notes = [note for note in production.notes if note not in view.notes]
    return view._replace(
        names=names,
        files=(*view.files, *files),
        notes=(*view.notes, *notes),
        production=production.main,
    )


def _view_of(project: Project, paths: tuple[str, ...], shown: str) -> View:
    """The view of files that are started together."""
    loaded = load_files(project, paths, shown)
    places = Places(loaded.files)
    context = Context(read=project.read, below=project.below)
    stack = stack_of(loaded.document, places, project.name)
    stack = _with_jobs(ROLES.apply(stack, Context()).stack)
    startup = Startup(loaded.document, stack, places, context)
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
