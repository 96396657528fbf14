"""Files that a repository is told to have and has not, and compose files that it has and nothing reads."""

from __future__ import annotations

from posixpath import normpath

from tocompose.compose.files import BASE_NAMES, OVERRIDE_NAMES, PROD_NAMES
from tocompose.compose.loading import is_compose
from tocompose.importers.procfile.named_files import (
    NamedProgram,
    is_built,
    is_installed,
    started_program,
    stated_configuration,
)
from tocompose.importers.procfile.processes import Process
from tocompose.patterns import regex
from tocompose.repository import Repository
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

# Paths of the repository: no module of Python (`python:shop.conf`), no variable, nothing elsewhere.
_OWN_PATH = regex(r"(?![/~.]*\.\./)[\w.-][\w./-]*")
_COMPOSE_NAME = regex(r"(?:.*[._-])?(?:docker-)?compose(?:[._-].*)?\.ya?ml")
_USUAL_NAMES = frozenset((*BASE_NAMES, *OVERRIDE_NAMES, *PROD_NAMES))


def note_missing_configuration(
    repository: Repository, process: Process, program: NamedProgram
) -> None:
    """Says of a program which configuration file its command names that the repository does not have."""
    started = started_program(program)
    stated = stated_configuration(started.name, " ".join(started.arguments))
    if not _OWN_PATH.fullmatch(stated):
        return
    path = normpath(f"{started.folder}/{stated}")
    if repository.project.exists(path) or is_installed(path) or is_built(path):
        return
    facts = {"name": process.type, "program": started.name, "file": path}
    subject = ModelPath.service(process.service, "command")
    repository.add_note("TC091", process.span, subject=subject, **facts)


def note_unread_compose(repository: Repository) -> None:
    """Says which compose files stand in the repository under names that docker compose does not look for."""
    project = repository.project
    for path in project.files():
        is_candidate = _COMPOSE_NAME.fullmatch(path) and path not in _USUAL_NAMES
        if is_candidate and is_compose(project.read(path) or b"", path):
            repository.add_note("TC097", Span(path, 1, 1, 1, 1), file=path)
