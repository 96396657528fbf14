"""Render: blueprints (render.yaml) with their services, databases, key value stores and groups of variables."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.patterns import regex
from tocompose.project import Project
from tocompose.readers.reading import in_utf8

_OPTIONS = {"environment": "the environment of the blueprint's projects to take"}
_NAMES = ("render.yaml", "render.yml")
_KEYS = regex(rb"\b(?:services|databases|projects|envVarGroups)[\"']?\s*:")


class Render:
    """The importer of Render's blueprints."""

    name = "render"
    options = _OPTIONS
    title = "Render blueprints: render.yaml"
    tables = ("render/blueprint",)
    sources = _NAMES

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The blueprint at the root of the repository."""
        return tuple(
            path
            for path in project.files()
            if path.rpartition("/")[2] in _NAMES
            and ("/" not in path or path in project.named)
            and _KEYS.search(in_utf8(project.read(path) or b""))
        )

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of the blueprint."""
        from tocompose.importers.render.stack import read_stack

        paths = self.sniff(project)
        stack = read_stack(project, paths[:1], ledger, settings)
        if not stack.services:
            blueprint_path = next(iter(paths), project.name)
            raise SourceError(
                next(
                    ledger.told_losses(), f"{blueprint_path}: no service is described here"
                )
            )
        return stack


IMPORTER = Render()
