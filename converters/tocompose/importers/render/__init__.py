"""Render: blueprints (render.yaml) with their services, databases, key value stores and groups of variables."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS = {"environment": "the environment of the blueprint's projects to take"}
_NAMES = ("render.yaml", "render.yml")
_KEYS = (b"services:", b"databases:", b"projects:", b"envVarGroups:")


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
            and any(key in (project.read(path) or b"") for key in _KEYS)
        )

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of the blueprint."""
        from tocompose.importers.render.stack import read_stack

        paths = self.sniff(project)
        stack = read_stack(project, paths[:1], ledger, settings)
        if not stack.services:
            problems = [
                f"{loss.span}: {loss.message}" for loss in ledger.notes if loss.span
            ]
            place = next(iter(paths), project.name)
            raise SourceError(
                next(iter(problems), f"{place}: no service is described here")
            )
        return stack


IMPORTER = Render()
