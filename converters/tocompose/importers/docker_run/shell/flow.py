"""`break`, `continue`, `return` and `exit`: where a script goes on elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.state import Jump, Shell
from tocompose.ledger import Cursor
from tocompose.syntax.units import is_whole_number


def _number_of(fields: list[CommandField]) -> int | None:
    """The number that a command is given; None where there is none, or it is not known."""
    texts = [field.value.text for field in fields[1:2]]
    return int(texts[0]) if texts and is_whole_number(texts[0]) else None


def jump_out_of_loop(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`break [N]` and `continue [N]`."""
    shell.jump = Jump(fields[0].value.text, max(_number_of(fields) or 1, 1))
    cursor.skip("leads out of a loop, or to its next round")


def leave_with_status(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`return [N]` and `exit [N]`, without a number with the status of the command before."""
    number = _number_of(fields)
    if len(fields) > 1:
        shell.status = number
    shell.jump = Jump(fields[0].value.text)
    cursor.skip("leaves a function or the script")


def fail_always(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`false`."""
    shell.status = 1
    cursor.skip("does nothing")


JUMPS: dict[str, Callable[[Shell, Cursor, list[CommandField]], None]] = {
    "break": jump_out_of_loop,
    "continue": jump_out_of_loop,
    "exit": leave_with_status,
    "false": fail_always,
    "return": leave_with_status,
}


def is_left(shell: Shell) -> bool:
    """Whether a loop is over after a round; a jump that ends with this loop or round is then over too."""
    jump = shell.jump
    if jump is None:
        return False
    if jump.kind not in ("break", "continue"):
        return True
    shell.jump = jump._replace(levels=jump.levels - 1) if jump.levels > 1 else None
    return jump.kind == "break" or jump.levels > 1
