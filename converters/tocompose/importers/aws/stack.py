"""Puts the stack together: the containers of every task, and what they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tocompose.importers import ImportOptions
from tocompose.importers.aws.beanstalk import read_dockerrun
from tocompose.importers.aws.copilot import CopilotCommands
from tocompose.importers.aws.defaults import note_defaults
from tocompose.importers.aws.ebextensions import with_environment_of_beanstalk
from tocompose.importers.aws.fields import AwsVariables
from tocompose.importers.aws.files import AwsKind, read_sources
from tocompose.importers.aws.host_data import HostData, note_host_data
from tocompose.importers.aws.tasks import TaskCommands, Wait
from tocompose.importers.docker_run.invocation import Invocation, Script
from tocompose.importers.docker_run.stack import build_stack
from tocompose.ledger import Ledger
from tocompose.model import Dependency, Role, Runtime, Service, Stack
from tocompose.project import Project
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier

_CONDITIONS = {
    "START": "service_started",
    "HEALTHY": "service_healthy",
    "SUCCESS": "service_completed_successfully",
    "COMPLETE": "service_completed_successfully",
}


def read_stack(project: Project, ledger: Ledger, settings: ImportOptions) -> Stack:
    """The stack of everything that the project describes to AWS."""
    variables = AwsVariables()
    steps: list[Invocation] = []
    waits: list[Wait] = []
    jobs: set[str] = set()
    listeners: dict[tuple[str, str], str] = {}
    host_data = HostData()
    names_in_use: set[str] = set()
    environment = next(iter(settings.options.get("environment", ())), "")
    for source in read_sources(project, ledger, variables):
        if source.kind is AwsKind.BEANSTALK:
            commands = read_dockerrun(source.cursor, source.path, variables, project)
            steps += with_environment_of_beanstalk(commands, source.path, project, ledger)
            continue
        if source.kind is AwsKind.COPILOT:
            service = CopilotCommands(source.cursor, variables, source.path, environment)
            steps += service.steps()
            waits += service.waits
            continue
        task = TaskCommands(source.cursor, variables, names_in_use, source.path)
        commands = list(task.steps())
        if source.cursor.at("AWSEBDockerrunVersion"):
            commands = with_environment_of_beanstalk(commands, source.path, project, ledger)
        steps += commands
        waits += task.waits
        jobs |= task.jobs
        listeners |= task.listeners
        host_data.add_task(task.kept_volumes, task.service_names)
    note_defaults(variables.used_defaults.values(), ledger)
    script = Script(tuple(steps), variables.values, secrets=tuple(variables.secrets))
    stack = build_stack((script,), project, ledger, settings.name)
    stack = _with_waits(_with_listeners(stack, listeners), waits, jobs)
    note_host_data(stack, host_data, ledger)
    return _own_volumes(stack)


def _with_listeners(stack: Stack, listeners: Mapping[tuple[str, str], str]) -> Stack:
    """The stack whose ports say which container listens there for the one that publishes them."""
    services = []
    for service in stack.services:
        ports = [
            replace(port, listener=listeners.get((service.name, port.target)))
            for port in service.ports
        ]
        services.append(replace(service, ports=tuple(ports)))
    return replace(stack, services=tuple(services))


def _with_waits(stack: Stack, waits: Iterable[Wait], jobs: set[str]) -> Stack:
    services = {
        service.name: replace(service, restart=service.restart or "no", role=Role.JOB)
        if service.name in set(map(identifier, jobs))
        else service
        for service in stack.services
    }
    for wait in waits:
        _add_wait(services, wait)
    return replace(stack, services=tuple(services.values()))


def _add_wait(services: dict[str, Service], wait: Wait) -> None:
    waiting = services.get(identifier(wait.waiting))
    awaited = services.get(identifier(wait.awaited))
    if waiting is None or awaited is None or waiting.name == awaited.name:
        wait.cursor.note("TC790", object=wait.waiting, fields=f"dependsOn: {wait.awaited}")
        return
    path = ModelPath.service(waiting.name)
    if awaited.network_mode == f"service:{waiting.name}":
        fields = (
            f"dependsOn: {wait.awaited}, which is in its network and so starts after it"
        )
        wait.cursor.note("TC790", subject=path, object=wait.waiting, fields=fields)
        return
    if wait.condition == "COMPLETE":
        fields = (
            f"dependsOn: {wait.awaited} COMPLETE; Compose waits for an end without error"
        )
        wait.cursor.annotate("TC790", subject=path, object=wait.waiting, fields=fields)
    wait.cursor.map(to=path.child("depends_on"))
    condition = _CONDITIONS.get(wait.condition, "service_started")
    dependency = Dependency(
        service=awaited.name, condition=condition, origin=wait.cursor.span
    )
    earlier = [edge for edge in waiting.depends_on if edge.service != awaited.name]
    services[waiting.name] = replace(waiting, depends_on=(*earlier, dependency))


def _own_volumes(stack: Stack) -> Stack:
    """The stack with volumes of its own: no engine has those of AWS under their names."""
    volumes = (replace(volume, engine_name=None) for volume in stack.volumes)
    return replace(stack, volumes=tuple(volumes), runs_in=Runtime.PLATFORM)
