"""Old and plain compose files: fig.yml, version 1, 2 and 3, stack files, today's."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

_OPTIONS: dict[str, str] = {}


class ComposeSource:
    """The importer of compose files that docker compose refuses, and of others that the user asks for."""

    name = "compose"
    options = _OPTIONS
    title = "old compose files: fig.yml, version 1; others with --from compose"
    tables = ("legacy_keys",)

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files of version 1, which docker compose does not read any more."""
        from tocompose.importers.compose.versions import version_one_files

        return version_one_files(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of the files, as docker compose puts them together, in the keys of today."""
        from tocompose.importers.compose.stack import read_stack

        stack = read_stack(project, ledger, settings.name)
        if not stack.services:
            source = next(iter(project.named), project.name)
            raise SourceError(f"{source}: this compose file has no services")
        return stack


IMPORTER = ComposeSource()
