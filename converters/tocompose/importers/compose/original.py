"""The user's compose file in the sections of today: the text from which the output is edited."""

from __future__ import annotations

from tocompose.compose.documents import document_of, read_file
from tocompose.importers.compose.overlays import read_overlays
from tocompose.importers.compose.versions import is_version_one, source_files
from tocompose.model import File
from tocompose.project import Project
from tocompose.readers.reading import in_utf8
from tocompose.source import Branch


def original_file(project: Project) -> File | None:
    """The one file that makes the stack, its services in their section; None where there are several."""
    apart = read_overlays(project).paths
    paths = [path for path in source_files(project) if path not in apart]
    content = project.read(paths[0]) if len(paths) == 1 else None
    if content is None:
        return None
    content = in_utf8(content)
    file = read_file(content, paths[0])
    if is_version_one(document_of(file)):
        root = file.roots[0]
        assert isinstance(root, Branch)
        first_line = min(child.span.line for child in root.children)
        content = _below_services(content, first_line - 1)
    return File(path=paths[0], content=content)


def _below_services(content: bytes, start: int) -> bytes:
    """The text with its services one level deeper; comments right above the first of them go with it."""
    lines = content.split(b"\n")
    while start and lines[start - 1].startswith(b"#"):
        start -= 1
    return b"\n".join([*lines[:start], b"services:", *map(_indented, lines[start:])])


def _indented(line: bytes) -> bytes:
    return b"  " + line if line.strip() else line
