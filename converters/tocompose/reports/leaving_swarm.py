"""Steps that remove a stack or services of a swarm before others use their volumes, and deploy it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from tocompose.knowledge.old_containers import name_in_swarm
from tocompose.model import Runtime, Stack
from tocompose.reports.duties import duties
from tocompose.reports.inventory import keeps_volumes_or_folders
from tocompose.reports.next_steps import NextStep
from tocompose.reports.report import Report
from tocompose.reports.values_to_set import todo_of
from tocompose.wording import enumerated

_NODES = " A named volume is on the node where its service ran: start this stack on that machine."


def removal_of_stack(report: Report) -> Iterator[NextStep]:
    """The stack is found, removed and gone: what starts meanwhile would write to the same volumes.

    https://docs.docker.com/reference/cli/docker/stack/rm/ removes the services; their containers end after it.
    """
    stack = report.stack
    name = shlex.quote(stack.name)
    unknown = (
        f"If there is no stack {stack.name}, `docker stack ls` shows its name: convert again"
        " with `--name` and that name."
    )
    yield NextStep(
        "See that the stack runs under this name",
        f"docker stack ps {name}",
        unknown + (_NODES if keeps_volumes_or_folders(stack) else ""),
    )
    yield NextStep("Remove the old stack", f"docker stack rm {name}", _what_goes(report))
    running = f"docker ps -q -f label=com.docker.stack.namespace={name}"
    yield _wait_for_end(stack, running)


def removal_of_services(report: Report) -> Iterator[NextStep]:
    """The services that a script created are found, removed and gone.

    https://docs.docker.com/reference/cli/docker/service/rm/ asks nothing, and their containers end after it.
    """
    stack = report.stack
    names = [name_in_swarm(service, stack) for service in stack.services]
    yield NextStep(
        "See that the services run under these names",
        "docker service ls",
        f"They are called {enumerated(names)} below."
        + (_NODES if keeps_volumes_or_folders(stack) else ""),
    )
    line = f"docker service rm {shlex.join(names)}"
    yield NextStep("Remove the old services", line, _what_goes(report))
    pattern = shlex.quote(f"^({'|'.join(map(re.escape, names))})\\.")
    yield _wait_for_end(stack, f"docker ps -q -f name={pattern}")


def _wait_for_end(stack: Stack, running: str) -> NextStep:
    return NextStep(
        "Wait until its containers are gone"
        if stack.runs_in is Runtime.SWARM
        else "Wait until their containers are gone",
        f'until [ -z "$({running})" ]; do sleep 1; done',
        "Two servers that write to the same volume destroy its data."
        if stack.volumes
        else "",
    )


def _what_goes(report: Report) -> str:
    """What the removal deletes, and what is to be saved before."""
    deletes = "This deletes data inside the containers that is not in named volumes or host folders"
    has_data_to_copy = any(
        duty.notes and todo_of(duty.notes[0]) == "data" for duty in duties(report)
    )
    return (
        f"{deletes}: just before, copy what “What to do” lists. What is written after the copy is not moved."
        if has_data_to_copy
        else f"{deletes}."
    )


def deployment_again(report: Report) -> NextStep:
    """The way back: the old file, by its name where it is the only one."""
    sources = report.sources() if report.importer == "compose" else ()
    file = shlex.quote(sources[0]) if len(sources) == 1 else "FILE"
    line = f"docker stack deploy -c {file} {shlex.quote(report.stack.name)}"
    return NextStep("Deploy the old stack again", line)


def warning_of_new_volumes(stack: Stack) -> str:
    """What a way back leaves behind: the volumes of the source are those of the stack, others are not."""
    new_names = [
        volume.name_in_engine(stack.name)
        for volume in stack.volumes
        if not (volume.origin or volume.external)
    ]
    if not new_names:
        return ""
    return f"The old stack does not get what was written to {enumerated(new_names)}."
