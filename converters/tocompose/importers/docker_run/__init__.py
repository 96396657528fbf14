"""docker run: shell scripts, documentation, Makefiles, units, workflows, playbooks, crontabs and pasted commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tocompose.importers import ImportOptions, SourceError
from tocompose.ledger import Ledger
from tocompose.model import Runtime, Stack
from tocompose.project import Project
from tocompose.record import replace

# What reads docker commands is imported when some are read: every run asks this importer whether there are any.
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tocompose.importers.docker_run.invocation import Invocation, Script


# All that it could be asked stands in the commands themselves.
_OPTIONS: dict[str, str] = {}


class DockerRun:
    """The importer of docker and podman commands."""

    name = "docker_run"
    options = _OPTIONS
    title = "docker run (also podman, service create): scripts, documentation, units, workflows, playbooks"
    tables = (
        *(
            "docker/run",
            "docker/podman",
            "docker/build",
            "docker/network_create",
            "docker/network_connect",
        ),
        *("docker/volume_create", "docker/pod_create", "docker/service_create"),
    )

    def sniff(self, project: Project) -> tuple[str, ...]:
        """The files that hold a docker or podman command."""
        from tocompose.importers.docker_run.shell.discovery import find_scripts

        return find_scripts(project)

    def read(self, project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
        """The stack of all docker commands of the project's scripts, or of a pasted command."""
        from tocompose.importers.docker_run.other_engine import held_by_podman
        from tocompose.importers.docker_run.stack import build_stack

        scripts = _read_scripts(project, ledger, settings)
        stack = build_stack(scripts, project, ledger, settings.name)
        if not stack.services:
            raise SourceError(_why_nothing(project, ledger))
        if _is_podmans(scripts):
            stack = held_by_podman(stack, Runtime.PODMAN, {}, ledger)
            if not _is_run_as_root(scripts):
                from tocompose.importers.docker_run.subordinate_ids import (
                    note_subordinate_ids,
                )

                note_subordinate_ids(stack, ledger)
            return stack
        in_swarm = stack.runs_in is Runtime.SWARM
        runtime = Runtime.TASKS if _is_swarms(scripts) else Runtime.DOCKER
        return stack if in_swarm else replace(stack, runs_in=runtime)

    def creating_commands(
        self, project: Project, settings: ImportOptions
    ) -> tuple[tuple[tuple[str, ...], str], ...]:
        """The words of each docker command that makes something, as Compose text, with the service that it became."""
        from tocompose.importers.docker_run.creating_commands import creating_commands

        return tuple(creating_commands(_read_scripts(project, Ledger(), settings)))


def _is_podmans(scripts: Iterable[Script]) -> bool:
    """Whether podman alone runs what the scripts start."""
    return {step.tool for step in _invocations(scripts)} == {"podman"}


def _is_swarms(scripts: Iterable[Script]) -> bool:
    """Whether a swarm alone runs what the scripts start: each of their services by a command of its own."""
    starting = {("run",), ("create",), ("stack", "deploy"), ("service", "create")}
    verbs = {step.verb for step in _invocations(scripts)}
    return verbs & starting == {("service", "create")}


def _invocations(scripts: Iterable[Script]) -> list[Invocation]:
    from tocompose.importers.docker_run.invocation import Invocation

    steps = (step for script in scripts for step in script.steps)
    return [step for step in steps if isinstance(step, Invocation)]


def _is_run_as_root(scripts: Iterable[Script]) -> bool:
    """Whether each container is run with `sudo`."""
    runs = (step for step in _invocations(scripts) if step.verb == ("run",))
    return all("sudo" in [argument.text for argument in run.head] for run in runs)


def _read_scripts(
    project: Project, ledger: Ledger, settings: ImportOptions
) -> tuple[Script, ...]:
    if "paste" in settings.options:
        from tocompose.importers.docker_run.shell.script import read_paste

        return (read_paste(settings.options["paste"][0], project, ledger),)
    if "argv" in settings.options:
        from tocompose.importers.docker_run.pasted import pasted_script

        return (pasted_script(settings.options["argv"], ledger),)
    from tocompose.importers.docker_run.shell.script import read_scripts

    return read_scripts(project, ledger)


def _why_nothing(project: Project, ledger: Ledger) -> str:
    """What kept a source from giving a service: the first loss with its position, else that no command was found."""
    reason = "no docker run or docker create command that names an image was found"
    if any(told.code == "TC106" for told in ledger.notes):
        reason = ""
    for loss in ledger.told_losses():
        return f"{loss}{reason and '; '}{reason}"
    files = project.named or project.files()
    for path in files[:20]:
        if call_place := _place_of_call(path, project.read(path) or b""):
            return f"{call_place}: the docker command here was not read; {reason}"
    return f"{next(iter(files), project.name)}: {reason}"


def _place_of_call(path: str, data: bytes) -> str:
    """Where a file starts a container by its look, as `file:line:column`; empty where it does not."""
    from tocompose.readers.mentions import STARTING_CALL
    from tocompose.readers.text import Text, decode

    text = decode(data)
    call = STARTING_CALL.search(text) if text else None
    return "" if text is None or call is None else str(Text(path, text).span(*call.span()))


IMPORTER = DockerRun()
