"""Calls of docker compose and docker stack: the services that they start stand in files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import normpath

from tocompose.importers.docker_run.deployed_stacks import DeployedStack
from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import CommandLine, parse_command_line
from tocompose.syntax.host_paths import rebased_path
from tocompose.tables import Row

_STARTING = frozenset({"up", "run", "start", "create", "restart", "watch", "deploy"})
# https://docs.docker.com/reference/cli/docker/compose/
_SPELLINGS = {
    "--file": ("-f", "--file"),
    "--compose-file": ("-c", "--compose-file"),
    "--project-name": ("-p", "--project-name"),
    "--project-directory": ("--project-directory",),
    "--profile": ("--profile",),
    "--env-file": ("--env-file",),
    "--ansi": ("--ansi",),
    "--progress": ("--progress",),
    "--parallel": ("--parallel",),
}
_ROWS: Mapping[str, Row] = {
    spelling: {"name": name}
    for name, spellings in _SPELLINGS.items()
    for spelling in spellings
}


def read_compose_call(step: Invocation) -> tuple[DeployedStack, ...]:
    """The stack that a call deploys from files that it names; none of others, of which a note names the file."""
    line = parse_command_line(step.arguments, _ROWS)
    arguments = _file_arguments(line)
    if step.verb != ("stack", "deploy") or not arguments or len(line.operands) != 1:
        _settle_compose_call(step, line)
        return ()
    paths = (rebased_path(argument.text, step.directory) for argument in arguments)
    for argument in step.arguments:
        argument.skip("stated by the services of the file")
    files = tuple(normpath(path) for path in paths)
    return (DeployedStack(files, line.operands[0].text, arguments[0]),)


def _settle_compose_call(step: Invocation, line: CommandLine) -> None:
    verbs = [*step.verb[1:], *(argument.text for argument in line.operands)]
    starts = bool(verbs) and verbs[0] in _STARTING
    if starts:
        for argument in (*_file_arguments(line), *step.head, *step.arguments)[:1]:
            argument.annotate("TC036", file=_files_of(line, step.directory))
    for argument in step.arguments:
        if starts:
            argument.mark_noted("TC036")
        else:
            argument.skip("a command of docker compose that starts nothing")


def _file_arguments(line: CommandLine) -> list[Argument]:
    return [
        option.value
        for option in line.options
        if option.row and option.row["name"] in ("--file", "--compose-file")
    ]


def _files_of(line: CommandLine, directory: str) -> str:
    """The files that a call names, as the script's folder sees them."""
    paths = [rebased_path(argument.text, directory) for argument in _file_arguments(line)]
    if paths:
        return ", ".join(path.removeprefix("./") for path in paths)
    folder = line.value_of("--project-directory")
    searched_path = rebased_path(folder.text, directory) if folder else directory
    return (
        "the compose file"
        if searched_path == "."
        else f"the compose file in {searched_path}"
    )
