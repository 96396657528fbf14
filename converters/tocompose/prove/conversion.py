"""Engine parity of a conversion: the source's own docker commands against the compose file made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from tocompose.importers import SourceError
from tocompose.importers.docker_run import DockerRun
from tocompose.importers.docker_run.creating_commands import SWARM_VERB
from tocompose.importers.engine import RunningEngine
from tocompose.model import Stack
from tocompose.pipeline import Options, Result, choose, convert
from tocompose.project import Project
from tocompose.prove import Command, Proof, prove_commands, record_written
from tocompose.prove.inspected import prove_inspected
from tocompose.syntax.interpolation import Variable, parse, substitute


def prove_conversion(
    project: Project, options: Options, docker: str, compose: str
) -> Proof:
    """The proof for the docker commands of a project; `docker` and `compose` are the clients' paths.

    Raises SourceError for a source that holds no docker commands, ProofError when a client cannot be run.
    """
    importer = choose(project, options.source)
    if isinstance(importer, RunningEngine):
        return _prove_engine(project, options, compose)
    if not isinstance(importer, DockerRun):
        raise SourceError(
            f"{importer.name} sources hold no docker commands to compare with: "
            "prove takes docker run, and what docker inspect prints"
        )
    result = convert(project, options)
    values = {
        "HOME": _HOME,
        "PWD": f"{_HOME}/{project.name}",
        **dict(_values_for_variables(result.stack)),
    }
    creations = importer.creating_commands(project, options.settings)
    commands = _engine_commands(creations, values)
    swarm_services = [service for argv, service in creations if argv[1:3] == SWARM_VERB]
    files = {
        **dict(_named_files(project, result)),
        **{file.path: file.content for file in result.files[1:]},
    }
    text = result.files[0].content.decode()
    proof = prove_commands(
        commands,
        text,
        result.notes,
        docker,
        compose,
        files,
        env=values,
        renewing=any(said.code == _SAME_NAME for said in result.notes),
    )
    matches = tuple(match for match in proof.matches if match.service not in swarm_services)
    unchecked = _unchecked_parts(options, swarm_services)
    return proof._replace(matches=matches, unchecked=" ".join(unchecked))


def _engine_commands(
    creations: Iterable[tuple[Sequence[str], str]], values: Mapping[str, str]
) -> list[Command]:
    """The commands that one engine runs, their variables filled in; raises SourceError where a swarm runs them all."""
    commands = [
        Command(tuple(substitute(argument, values) for argument in argv), service)
        for argv, service in creations
        if argv[1:3] != SWARM_VERB
    ]
    if creations and not commands:
        raise SourceError(
            "a swarm makes all of the source; there is no engine to compare with"
        )
    return commands


def _unchecked_parts(options: Options, swarm_services: list[str]) -> Iterator[str]:
    """What the proof takes for granted, a sentence each; a pasted command was read by the user's own shell."""
    if "argv" not in options.settings.options:
        yield _READ_BY_US
    if swarm_services:
        yield _OF_SWARM.format(", ".join(swarm_services))


def _prove_engine(project: Project, options: Options, compose: str) -> Proof:
    """The proof for containers that exist: what docker compose makes, as the engine would keep it."""
    result = convert(project, options)
    files = {file.path: file.content for file in result.files[1:]}
    compose_recording = record_written(
        result.files[0].content, compose, files, dict(_values_for_variables(result.stack))
    )
    return prove_inspected(project, compose_recording, result.notes)


_READ_BY_US = (
    "Not checked: that the script runs just these commands; tocompose read them from it."
)
_OF_SWARM = "Not checked: {}, which a swarm makes."
# The note about a second container of one name, which has a profile of its own.
_SAME_NAME = "TC104"
# The home folder that both clients are told of: the shell puts it into docker's words, Compose into the file.
_HOME = "/home/user"


def _values_for_variables(stack: Stack) -> Iterator[tuple[str, str]]:
    """A value for each variable that the commands leave open: the source's own, else a number of its own.

    One that a path of the host begins with gets a path.
    """
    beginnings = {
        name
        for service in stack.services
        for mount in service.mounts
        if (name := _leading_variable(mount.source or ""))
    }
    for index, setting in enumerate(stack.settings):
        slash = "/" if setting.name in beginnings else ""
        own_value = f"{slash}{8001 + index}"
        yield setting.name, own_value if setting.value is None else setting.value


def _leading_variable(text: str) -> str | None:
    """The variable with which a text begins."""
    match parse(text):
        case (Variable(name=name), *_):
            return name
        case _:
            return None


def _named_files(project: Project, result: Result) -> Iterator[tuple[str, bytes]]:
    """The files of the project that the services read on the client's side."""
    for service in result.stack.services:
        paths = [env_file.path for env_file in service.env_files]
        for path in [*paths, *service.options.get("label_file", ())]:
            content = project.read(path)
            if content is not None:
                yield path, content
