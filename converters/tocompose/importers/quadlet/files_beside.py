"""Configuration files that lie beside the units of a folder and that no container mounts by a path of the folder."""

from __future__ import annotations

import posixpath

from tocompose.importers.quadlet.files import unit_files
from tocompose.knowledge.configuration_files import CONFIGURATION_ENDINGS
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.notes import note
from tocompose.project import Project
from tocompose.source import Span
from tocompose.wording import listed_names

_SHOWN_FILES = 5


def note_files_beside(stack: Stack, project: Project, ledger: Ledger) -> None:
    """Says which of them have to be copied to where a container looks for them: no compose file does that."""
    units = unit_files(project)
    folders = {posixpath.dirname(path) for path in units}
    read_files = {leaf.span.file for leaf in ledger.leaves()}
    sources = [mount.source or "" for service in stack.services for mount in service.mounts]
    used_files = {*units, *read_files, *(source.removeprefix("./") for source in sources)}
    beside = [
        path
        for path in project.files()
        if posixpath.dirname(path) in folders
        and _is_configuration(path)
        and path not in used_files
    ]
    if beside:
        files = listed_names(beside, _SHOWN_FILES)
        span = Span(beside[0], 1, 1, 1, 1)
        ledger.add_note(note("TC098", span, files=files))


def _is_configuration(path: str) -> bool:
    """Whether a program looks for the file; of one with variables a service says itself that it takes them from it."""
    is_hidden = posixpath.basename(path).startswith(".")
    return (
        path.endswith(CONFIGURATION_ENDINGS) and not is_hidden and not path.endswith(".env")
    )
