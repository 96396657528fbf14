"""docker run: shell scripts, README code blocks, Makefiles, systemd units and pasted commands."""

from __future__ import annotations

from tocompose.importers import Settings, SourceError
from tocompose.importers.docker_run.pasted import pasted
from tocompose.importers.docker_run.stack import stack
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project


class DockerRun:
    """The importer of docker and podman commands."""

    name = "docker_run"
    title = "docker run (also create, podman): scripts, README code blocks, Makefiles, systemd units"

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold a docker or podman command."""
        from tocompose.importers.docker_run.script import sniff

        return sniff(project)

    def read(self, project: Project, ledger: Ledger, settings: Settings) -> Stack:
        """The stack of all docker commands of the project's scripts, or of a pasted command."""
        argv = settings.options.get("argv")
        if argv:
            scripts = (pasted(argv, ledger),)
        else:
            from tocompose.importers.docker_run.script import scripts as read_scripts

            scripts = read_scripts(project, ledger)
        found = stack(scripts, project, ledger, settings.name)
        if not found.services:
            raise SourceError(_nothing(project, ledger))
        return found


def _nothing(project: Project, ledger: Ledger) -> str:
    said = [f"{item.span}: {item.message}" for item in ledger.notes if item.kind.value == "lost" and item.span]
    return said[0] if said else f"{project.name}: no docker run command that names an image was found"


IMPORTER = DockerRun()
