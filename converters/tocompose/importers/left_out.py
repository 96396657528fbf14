"""Which files of a source were not read, and why."""

from __future__ import annotations

from collections.abc import Container, Iterator

from tocompose.limits import limit
from tocompose.notes import Note, note
from tocompose.project import Project, refused_files
from tocompose.source import Span


def files_left_out(project: Project, read: Container[str] = ()) -> Iterator[Note]:
    """A note for each file that was too large or may not be read, or that lies outside of the source.

    What is too large for a script may have been `read` as something else.
    """
    for path, size in sorted(project.skipped.items()):
        if path in read:
            continue
        name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
        yield note(
            "TC020",
            Span(path, 1, 1, 1, 1),
            file=path,
            size=size,
            most=limit(name),
            name=name,
        )
    for path, outside_file in sorted(getattr(project, "outside", {}).items()):
        yield note("TC023", None, file=path, folder=str(outside_file.parent))
    for path, problem in sorted(refused_files(project).items()):
        yield note("TC024", None, file=path, problem=problem)
