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
    known_options, name = words
    index = _option_index(shell)
    word = arguments[index - 1] if index <= len(arguments) else Value("")
    letter = _option_letter(word)
    if not letter or letter not in known_options.replace(":", ""):
        index += bool(letter) or word.text == "--"
        shell.scope.set("OPTIND", Value(str(index)))
        shell.scope.set(name, Value("?"))
        return int(not letter)
    shell.scope.set(name, Value(letter))
    if f"{letter}:" in known_options:
        joined = word.text[2:]
        following = arguments[index : index + 1] or (Value(""),)
        shell.scope.set("OPTARG", word._replace(text=joined) if joined else following[0])
        index += not joined
    shell.scope.set("OPTIND", Value(str(index + 1)))
    return 0


def _option_index(shell: Shell) -> int:
    """The number of the argument that `getopts` reads next."""
    held = shell.scope.get("OPTIND")
    return int((held.plain if held else None) or "1")


def _option_letter(word: Value) -> str:
    """The letter of the option that a word begins with; empty for `-`, `--` and all other words."""
    is_option = word.text.startswith("-") and word.text != "--"
    return word.text[1:2] if is_option else ""


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
