"""`break`, `continue`, `return` and `exit`: where a script goes on elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.state import Jump, Shell
from tocompose.importers.docker_run.shell.variables import Value
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


def next_option(shell: Shell, words: list[str]) -> int | None:
    """Reads one option of the arguments as `getopts` does; its status, None where the arguments are not known."""
    arguments = shell.scope.arguments
    if arguments is None or len(words) != 2:
        return None
    known, name = words
    held = shell.scope.get("OPTIND")
    index = int((held.plain if held else None) or "1")
    word = arguments[index - 1] if index <= len(arguments) else Value("")
    letter = word.text[1:2]
    is_option = word.text.startswith("-") and letter != "" and word.text != "--"
    if not is_option or letter not in known.replace(":", ""):
        index += is_option or word.text == "--"
        shell.scope.set("OPTIND", Value(str(index)))
        shell.scope.set(name, Value("?"))
        return int(not is_option)
    shell.scope.set(name, Value(letter))
    if f"{letter}:" in known:
        joined = word.text[2:]
        following = arguments[index : index + 1] or (Value(""),)
        shell.scope.set("OPTARG", word._replace(text=joined) if joined else following[0])
        index += not joined
    shell.scope.set("OPTIND", Value(str(index + 1)))
    return 0


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
