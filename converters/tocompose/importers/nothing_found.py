"""What is said of a source in which no format is found."""

from __future__ import annotations

from collections.abc import Iterable

from tocompose.importers import SourceError
from tocompose.importers.preference import plugin_faults_on
from tocompose.notes import Kind, Note
from tocompose.plugins import with_faults
from tocompose.project import Project


def nothing_found(project: Project, left_out: Iterable[Note]) -> SourceError:
    """Why: files were not read, a file of JSON is cut off or broken, or there is nothing that a format claims."""
    from tocompose.readers.json_data import losses_of_json

    source_names = ", ".join(project.named[:3]) or project.name
    unread = [
        unread_note.message for unread_note in left_out if unread_note.kind is Kind.LOST
    ]
    if unread:
        return SourceError(f"{source_names}: nothing to convert: {'; '.join(unread[:3])}")
    for loss in losses_of_json(project, project.named):
        return SourceError(loss)
    message = f"{source_names}: no supported format was found (see `tocompose formats`)"
    nothing = SourceError(with_faults(message, plugin_faults_on(project)))
    nothing.option = "--from says the format"
    return nothing
