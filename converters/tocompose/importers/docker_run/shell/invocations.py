"""Makes an invocation of a docker call: its words, the variables they leave open, where and when it runs."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.shell.commands import (
    CARRIED_VERBS,
    CommandField,
    DockerCall,
)
from tocompose.importers.docker_run.shell.named_values import (
    relative_host_paths,
    rewrite_fields,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor

# A placeholder inside quotes, which a shell passes on as it stands.
_PLACEHOLDER = re.compile(
    r"<(?:your|my|the|some|insert|path|pass|secret)\b[^<>\n]*>|<[A-Z_]{4,}>|<[a-z]+[-_][a-z_-]+>"
)


def make_invocation(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    call: DockerCall,
    local_values: dict[str, Value],
    stdin: Value | None,
) -> Invocation:
    """The call as an invocation, its head settled and its open variables recorded."""
    head = [
        shell.to_argument(field.value, field.cursor)
        for field in fields[: call.first_argument]
    ]
    _settle_head(call, head)
    fields = rewrite_fields(fields[call.first_argument :], call.verb)
    arguments = [shell.to_argument(field.value, field.cursor) for field in fields]
    environment = _passed_variables(shell, arguments, local_values)
    if call.verb[-1] in CARRIED_VERBS:
        for field in fields:
            shell.keep_open(field.value.opens)
            if placeholder := _PLACEHOLDER.search(field.value.text):
                field.cursor.remark("TC170", written=placeholder[0])
        for value in environment.values():
            shell.keep_open(value.opens)
    settings = shell.settings
    target = shell.calling[-1] if shell.calling else str(settings.get("target", ""))
    return Invocation(
        call.tool,
        call.verb,
        relative_host_paths(arguments, call.verb),
        cursor.span,
        tuple(head),
        shell.condition,
        polled=shell.polled,
        directory=shell.directory,
        environment=tuple(
            (name, shell.to_argument(value, value.sources[0]))
            for name, value in environment.items()
            if value.sources
        ),
        stdin=shell.to_argument(stdin, stdin.sources[0]) if stdin is not None else None,
        target=target,
        restart=str(settings.get("restart", "")),
        unit=str(settings.get("unit", "")),
        after=_unit_names(settings.get("after")),
    )


def _unit_names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, tuple) else ()


def _settle_head(call: DockerCall, head: list[Argument]) -> None:
    if call.remote is not None:
        option = call.remote.value.text.partition("=")[0]
        call.remote.cursor.note("TC163", option=shown(option))
    for argument in head:
        argument.skip("how docker is called")


def _passed_variables(
    shell: Shell, arguments: list[Argument], local_values: dict[str, Value]
) -> dict[str, Value]:
    """The variables that the arguments pass on by name (`-e NAME`), with what they hold."""
    exported = {name: shell.scope.get(name) for name in shell.scope.exports}
    values = exported | local_values
    names = {
        argument.text.removeprefix("--env=").removeprefix("-e") for argument in arguments
    }
    return {
        name: value
        for name in sorted(names & values.keys())
        if (value := values[name]) is not None
    }
