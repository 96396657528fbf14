"""Finds the templates of a project, and reads each into its elements with their places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from tocompose.importers.field_tables import FieldTables
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.reading import in_utf8
from tocompose.readers.text import Unreadable
from tocompose.readers.xml import read_xml_tree

_ROOT = regex(rb"<Containers?[\s>]")
_IMAGE = regex(rb"<Repository\b")


@cache
def field_tables() -> FieldTables:
    """The rows by element: Container, Config, and those of version 1."""
    return FieldTables.load("unraid/template")


def template_files(project: Project) -> tuple[str, ...]:
    """The files that hold a template with an image."""
    return tuple(
        path
        for path in project.files()
        if path.lower().endswith(".xml") and _is_template(project.read(path) or b"")
    )


def _is_template(content: bytes) -> bool:
    text = in_utf8(content)
    return _ROOT.search(text) is not None and _IMAGE.search(text) is not None


def read_templates(project: Project, ledger: Ledger) -> Iterator[Cursor]:
    """Each template; a file that is no XML is noted with its place."""
    for path in template_files(project):
        try:
            tree = read_xml_tree(project.read(path) or b"", path)
        except Unreadable as problem:
            ledger.add_note(note("TC829", problem.span, problem=problem.message))
            continue
        for root in ledger.open(tree):
            yield from root if root.key == "Containers" else (root,)
