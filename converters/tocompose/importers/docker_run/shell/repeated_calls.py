"""`xargs`: the commands that it makes of what the script itself says."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tocompose.importers.docker_run.options import program_name
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.loops import MOST_ROUNDS
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.patterns import regex
from tocompose.record import record
from tocompose.syntax.interpolation import literal
from tocompose.syntax.units import is_whole_number

# https://www.gnu.org/software/findutils/manual/html_node/find_html/xargs-options.html
_VALUED = {
    "n": "count",
    "I": "mark",
    "L": "lines",
    "d": "separator",
    "P": "",
    "s": "",
    "E": "",
}
_LONG = {
    "max-args": "n",
    "replace": "I",
    "max-lines": "L",
    "delimiter": "d",
    "max-procs": "P",
}
_FLAGS = regex(r"-[0rtxp]+|--null|--no-run-if-empty|--verbose")


@record
class _Wishes:
    """What the options of xargs ask for, and where the command starts that it repeats."""

    count: str = ""
    mark: str = ""
    lines: str = ""
    separator: str = ""
    command_start: int = 0


def commands_of_xargs(
    shell: Shell, fields: list[CommandField]
) -> list[list[CommandField]] | None:
    """The commands, each with the words that it is given; None for another program, or input that is not known."""
    if not fields or program_name(fields[0].value.text) != "xargs":
        return None
    wishes = _read_options([field.value.text for field in fields])
    text = shell.piped
    if text is None or text.plain is None or wishes is None:
        return None
    command = fields[wishes.command_start :]
    groups = list(_groups(text.plain, wishes))
    if not command or not groups or len(groups) > MOST_ROUNDS:
        return None
    return [list(_with_texts(command, texts, wishes.mark, text)) for texts in groups]


def _read_options(texts: list[str]) -> _Wishes | None:
    """The options of xargs; None where one is not known."""
    values: dict[str, str] = {}
    index = 1
    while index < len(texts) and texts[index].startswith("-"):
        long_name, equals, text = texts[index][2:].partition("=")
        letter = (
            _LONG.get(long_name, "") if texts[index].startswith("--") else texts[index][1:2]
        )
        if _FLAGS.fullmatch(texts[index]):
            values |= {"separator": "\0"} if "0" in texts[index] else {}
        elif letter not in _VALUED:
            return None
        else:
            joined = text if equals else "" if long_name in _LONG else texts[index][2:]
            index += not joined
            values[_VALUED[letter]] = joined or "".join(texts[index : index + 1])
        index += 1
    values.pop("", None)
    return _Wishes(**values, command_start=index)


def _groups(text: str, wishes: _Wishes) -> Iterator[list[str]]:
    """The words of each command that is started."""
    if wishes.mark or wishes.lines:
        yield from (
            [line.strip()] if wishes.mark else line.split() for line in _lines(text)
        )
        return
    separator = wishes.separator.replace("\\n", "\n").replace("\\0", "\0")
    try:
        texts = text.split(separator) if separator else shlex.split(text)
    except ValueError:
        return
    texts = texts[:-1] if separator and texts[-1] == "" else texts
    count = int(wishes.count) if is_whole_number(wishes.count) else len(texts)
    for start in range(0, len(texts), max(count, 1)):
        yield texts[start : start + count]


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _with_texts(
    command: list[CommandField], texts: list[str], mark: str, source: Value
) -> Iterator[CommandField]:
    """The command with the words behind it, or in the place of the mark."""
    for field in command:
        text = field.value.text.replace(mark, literal(texts[0])) if mark else ""
        yield field._replace(value=field.value._replace(text=text)) if mark else field
    for text in () if mark else texts:
        cursor = command[-1].cursor
        yield CommandField(Value(literal(text), (*source.sources, cursor)), cursor)
