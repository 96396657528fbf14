"""Unraid: the templates of its Docker page, each one container."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS = {"labels": "unraid writes the labels that its dashboard reads"}


class Unraid:
    """The importer of Unraid's templates."""

    name = "unraid"
    options = _OPTIONS
    title = "Unraid templates: my-*.xml, several are one stack"
    tables = ("unraid/template",)
    sources = ("my-*.xml",)

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold a template with an image."""
        if not any(path.lower().endswith(".xml") for path in project.files()):
            return ()
        from tocompose.importers.unraid.templates import template_files

        return template_files(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all templates of the project."""
        from tocompose.importers.unraid.stack import read_stack

        stack = read_stack(project, ledger, settings)
        if not stack.services:
            otherwise = f"{project.name}: no template here names an image"
            raise SourceError(next(ledger.told_losses(), otherwise))
        return stack


IMPORTER = Unraid()
