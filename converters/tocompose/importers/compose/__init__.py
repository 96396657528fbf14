"""Old and plain compose files: fig.yml, version 1, 2 and 3, stack files, today's."""

from __future__ import annotations

from tocompose.importers import ImportOptions, SourceError
from tocompose.importers.left_out import files_left_out
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.project import Project

_OPTIONS: dict[str, str] = {}


class ComposeSource:
    """The importer of compose files: those that docker compose refuses, and others where nothing else is there."""

    name = "compose"
    options = _OPTIONS
    title = "compose files of every version: fig.yml, 1 to 3, stack files, current ones"
    tables = ("legacy_keys",)

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files of version 1, which docker compose does not read any more."""
        from tocompose.importers.compose.versions import version_one_files

        return version_one_files(project)

    def sniff_present(self, project: Project) -> tuple[str, ...]:
        """The files that docker compose reads today."""
        from tocompose.importers.compose.versions import present_files

        return present_files(project)

    def original(self, project: Project) -> File | None:
        """The compose file whose text may be kept; None where there are several, or what there is cannot be moved."""
        from tocompose.importers.compose.original import original_file

        return original_file(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of the files, as docker compose puts them together, in the keys of today."""
        from tocompose.importers.compose.stack import read_stack

        stack = read_stack(project, ledger, settings.name)
        if not stack.services:
            source = next(iter(project.named), project.name)
            problems = [
                f"{problem.span}: {problem.message}"
                for problem in ledger.notes[:3]
                if problem.span
            ]
            problems += [left_out.message for left_out in files_left_out(project)]
            reason = "; ".join(problems[:3])
            raise SourceError(reason or f"{source}: this compose file has no services")
        return stack


IMPORTER = ComposeSource()
