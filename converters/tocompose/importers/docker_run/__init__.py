"""docker run: shell scripts, README code blocks, Makefiles, systemd units and pasted commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocompose.importers import Settings, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Stack
from tocompose.project import Project

# What reads docker commands is imported when some are read: every run asks this importer whether there are any.
if TYPE_CHECKING:
    from tocompose.importers.docker_run.invocation import Script


# All that it could be asked stands in the commands themselves.
_OPTIONS: dict[str, str] = {}


class DockerRun:
    """The importer of docker and podman commands."""

    name = "docker_run"
    options = _OPTIONS
    title = "docker run (also create, podman): scripts, README code blocks, Makefiles, systemd units"
    tables = (
        *(
            "docker/run",
            "docker/podman",
            "docker/build",
            "docker/network_create",
            "docker/network_connect",
        ),
        *("docker/volume_create", "docker/pod_create"),
    )

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold a docker or podman command."""
        from tocompose.importers.docker_run.shell.discovery import sniff

        return sniff(project)

    def read(self, project: Project, ledger: Ledger, settings: Settings) -> Stack:
        """The stack of all docker commands of the project's scripts, or of a pasted command."""
        from tocompose.importers.docker_run.stack import stack

        found = stack(_scripts(project, ledger, settings), project, ledger, settings.name)
        if not found.services:
            raise SourceError(_nothing(project, ledger))
        return found

    def commands(
        self, project: Project, settings: Settings
    ) -> tuple[tuple[tuple[str, ...], str], ...]:
        """The words of each docker command that makes something, as Compose text, with the service that it became."""
        from tocompose.importers.docker_run.making import commands

        return commands(_scripts(project, Ledger(), settings))


def _scripts(project: Project, ledger: Ledger, settings: Settings) -> tuple[Script, ...]:
    if "argv" in settings.options:
        from tocompose.importers.docker_run.pasted import pasted

        return (pasted(settings.options["argv"], ledger),)
    from tocompose.importers.docker_run.shell.script import scripts

    return scripts(project, ledger)


def _nothing(project: Project, ledger: Ledger) -> str:
    said = [
        f"{item.span}: {item.message}"
        for item in ledger.notes
        if item.kind.value == "lost" and item.span
    ]
    nothing = "no docker run or docker create command that names an image was found"
    where = next(iter(project.named or project.files()), project.name)
    return f"{said[0]}; {nothing}" if said else f"{where}: {nothing}"


IMPORTER = DockerRun()
