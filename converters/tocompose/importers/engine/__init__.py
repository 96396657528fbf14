"""A running engine: the JSON of `docker inspect` and `podman inspect`."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS: dict[str, str] = {}


class RunningEngine:
    """The importer of the objects of an engine."""

    name = "engine"
    options = _OPTIONS
    title = "running containers: the JSON of docker inspect and podman inspect"
    tables = ("engine/container", "engine/resources", "engine/labels")

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold containers or services as an engine describes them."""
        from tocompose.importers.engine.objects import holds_objects

        return tuple(path for path in project.files() if holds_objects(project, path))

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all containers and services of the project's files."""
        from tocompose.importers.engine.objects import read_objects
        from tocompose.importers.engine.refusals import why_nothing
        from tocompose.importers.engine.stack import read_stack

        objects = read_objects(project, ledger)
        stack = read_stack(objects, project, ledger, settings.name)
        if not stack.services:
            raise SourceError(why_nothing(objects, project, ledger))
        return stack


IMPORTER = RunningEngine()
