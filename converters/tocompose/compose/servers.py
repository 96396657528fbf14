"""The servers that the compose files of a folder start, and the variables that set them up."""

from __future__ import annotations

from pathlib import Path

from tocompose.compose.documents import Places
from tocompose.compose.loading import find_compose_files, load_files
from tocompose.compose.read import stack_of
from tocompose.knowledge.images import DATA_ROLES, image_facts, role_of
from tocompose.model import Service
from tocompose.project import Folder
from tocompose.stack_texts import services_by_variable
from tocompose.syntax.interpolation import apply_defaults


def server_variables(folder: Path) -> frozenset[str]:
    """The variables from which a database, cache or queue of this folder's stack is set up."""
    project = Folder(folder)
    compose_files = find_compose_files(project)
    if compose_files is None:
        return frozenset()
    loaded = load_files(project, compose_files.loaded)
    stack = stack_of(loaded.document, Places(loaded.files))
    servers = {service.name for service in stack.services if _is_server(service)}
    users = services_by_variable(stack)
    return frozenset(name for name in users if not servers.isdisjoint(users[name]))


def _is_server(service: Service) -> bool:
    facts = image_facts(apply_defaults(service.image)) if service.image else None
    return facts is not None and role_of(facts) in DATA_ROLES
