"""podman keeps the command line that made a container or pod: the best source there is.

https://docs.podman.io/en/latest/markdown/podman-inspect.1.html (`Config.CreateCommand`)
"""

from __future__ import annotations

from tocompose.importers.docker_run.invocation import Argument, Invocation
from tocompose.importers.docker_run.options import flags_with_value, read_verb
from tocompose.importers.engine.json_values import text_at
from tocompose.ledger import Cursor
from tocompose.syntax.interpolation import literal

_VERBS = (("run",), ("create",), ("pod", "create"))


def create_command(cursor: Cursor, owner: str) -> tuple[Invocation, ...]:
    """The command that made what the cursor describes; empty where none is kept, or it makes something else."""
    command = cursor.at("CreateCommand")
    verb, verb_end = _read_verb(command)
    if verb not in _VERBS:
        return ()
    arguments = tuple(
        Argument(literal(text_at(argument)), argument.span, (argument,))
        for argument in command
    )
    tool = owner.partition(" ")[0]
    return (
        Invocation(
            tool, verb, arguments[verb_end:], command.span, head=arguments[:verb_end]
        ),
    )


def has_create_command(cursor: Cursor) -> bool:
    """Whether the command that made what the cursor describes is kept."""
    return _read_verb(cursor.at("CreateCommand"))[0] in _VERBS


def _read_verb(command: Cursor) -> tuple[tuple[str, ...], int]:
    """The words of podman's verb, and where its own arguments begin."""
    command_line = [text_at(argument) for argument in command]
    return read_verb(command_line, _verb_index(command_line))


def _verb_index(command_line: list[str]) -> int:
    """Where the verb stands, behind podman's global options."""
    index, valued = 1, flags_with_value("podman")
    while index < len(command_line) and command_line[index].startswith("-"):
        index += 2 if command_line[index] in valued else 1
    return index
