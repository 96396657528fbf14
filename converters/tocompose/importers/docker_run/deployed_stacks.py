"""Stacks that a script deploys (`docker stack deploy -c FILE NAME`): their services are part of what it starts."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy

from tocompose.importers.docker_run.invocation import Argument
from tocompose.importers.joined_stacks import join_stacks
from tocompose.ledger import Ledger
from tocompose.model import Runtime, Stack
from tocompose.project import Project
from tocompose.record import NamedTuple, replace


class DeployedStack(NamedTuple):
    """The compose files of a deployment, the name of the stack, and where the script says so."""

    paths: tuple[str, ...]
    name: str
    argument: Argument


def with_deployed(
    stack: Stack, deployed: Iterable[DeployedStack], project: Project, ledger: Ledger
) -> Stack:
    """The stack with the services of the files that are deployed; a file that is not there is told.

    Where a script does nothing else, what runs is the stack of the swarm, under the one name that it has there.
    """
    deployments = tuple(deployed)
    is_all = (
        not stack.services and len({deployment.name for deployment in deployments}) == 1
    )
    for deployment in deployments:
        paths = tuple(path for path in deployment.paths if project.exists(path))
        files = ", ".join(deployment.paths)
        if not paths or len(paths) < len(deployment.paths):
            deployment.argument.annotate("TC036", file=files)
            continue
        from tocompose.importers.compose.stack import read_stack

        named_files = copy(project)
        named_files.named = paths
        deployed_stack = read_stack(named_files, ledger, deployment.name)
        deployment.argument.annotate("TC075", file=files)
        # A script that only deploys is named after what it deploys.
        name = stack.name if stack.services else deployed_stack.name
        stack = join_stacks(replace(stack, name=name), deployed_stack)
    return replace(stack, runs_in=Runtime.SWARM) if is_all else stack
