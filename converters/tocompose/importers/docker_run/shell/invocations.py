"""Makes an invocation of a docker call: its words, the variables they leave open, where and when it runs."""

from __future__ import annotations

import re

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.shell.commands import (
    CARRIED_VERBS,
    CommandField,
    DockerCall,
)
from tocompose.importers.docker_run.shell.names import state_names
from tocompose.importers.docker_run.shell.paths import relative_host_paths
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
    pieces: list[CommandField],
    call: DockerCall,
    given: dict[str, Value],
    stdin: Value | None,
) -> Invocation:
    """The call as an invocation, its head settled and its open variables recorded."""
    head = tuple(
        shell.to_argument(piece.value, piece.cursor)
        for piece in pieces[: call.first_argument]
    )
    _settle_head(call, head)
    rest = state_names(pieces[call.first_argument :], call.verb)
    words = tuple(shell.to_argument(piece.value, piece.cursor) for piece in rest)
    environment = _passed_variables(shell, words, given)
    if call.verb[-1] in CARRIED_VERBS:
        for piece in rest:
            shell.keep_open(piece.value.opens)
            if bracket := _PLACEHOLDER.search(piece.value.text):
                piece.cursor.remark("TC170", written=bracket[0])
        for _, value in environment:
            shell.keep_open(value.opens)
    held = shell.to_argument(stdin, stdin.sources[0]) if stdin is not None else None
    settings = shell.settings
    return Invocation(
        call.tool,
        call.verb,
        relative_host_paths(words, call.verb),
        cursor.span,
        head,
        shell.condition,
        polled=shell.polled,
        directory=shell.directory,
        environment=tuple(
            (name, shell.to_argument(value, value.sources[0]))
            for name, value in environment
            if value.sources
        ),
        stdin=held,
        target=shell.calling[-1] if shell.calling else str(settings.get("target", "")),
        restart=str(settings.get("restart", "")),
        unit=str(settings.get("unit", "")),
        after=_unit_names(settings.get("after")),
    )


def _unit_names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, tuple) else ()


def _settle_head(call: DockerCall, head: tuple[Argument, ...]) -> None:
    if call.remote is not None:
        cursor = call.remote.cursor
        cursor.note("TC163", option=shown(call.remote.value.text.partition("=")[0]))
    for word in head:
        word.skip("how docker is called")


def _passed_variables(
    shell: Shell, words: tuple[Argument, ...], given: dict[str, Value]
) -> list[tuple[str, Value]]:
    """The variables that the words pass on by name, with what they hold."""
    held = {
        name: value
        for name in shell.scope.exports
        if (value := shell.scope.get(name)) is not None
    } | given
    named = {word.text.removeprefix("--env=").removeprefix("-e") for word in words}
    return [(name, held[name]) for name in sorted(held) if name in named]
