"""`$(…)`: the folder, constants, docker calls; anything else becomes a variable and a note that says how to get it."""

from __future__ import annotations

import posixpath
import re

from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.shell.non_docker_commands import folder_after_cd
from tocompose.importers.docker_run.shell.parameters import (
    free_name,
    open_value,
    script_folder,
)
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.readers.commands import simple_list
from tocompose.readers.shell import read
from tocompose.readers.text import Text
from tocompose.source import Branch, Leaf
from tocompose.values import literal

_DOCKER = re.compile(r"(?:^|[\s;&|(`/])(?:docker|podman)\s|\$\{?DOCKER", re.IGNORECASE)
_NAME_BY_COMMAND = {
    "id -u": "UID_",
    "id -g": "GID_",
    "id -un": "USER_NAME",
    "id -gn": "GROUP_NAME",
    "hostname": "HOST_NAME",
    "date": "DATE",
}
_ASSIGNED_TO = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=[\"']?$")


def command_output(shell: Shell, code: str, cursor: Cursor, offset: int) -> Value:
    """What a command substitution gives; docker calls in it become invocations of the script."""
    command = " ".join(code.split())
    if _DOCKER.search(code):
        return _docker_output(shell, code, cursor, offset)
    if (known := _known_output(shell, code, command, cursor)) is not None:
        return known
    if shell.polled:
        _run_nested(shell, code, cursor, offset)
    return open_value(
        _variable_for(shell, command, cursor, offset),
        "TC152",
        cursor,
        command=shown(command),
    )


def _variable_for(shell: Shell, command: str, cursor: Cursor, offset: int) -> str:
    """A name for what the command gives: of the variable it is assigned to, else of the command."""
    if command in _NAME_BY_COMMAND:
        return _NAME_BY_COMMAND[command]
    before = (cursor.peek() or "")[:offset].rstrip("$(`")
    if shell.variable:
        name = shell.variable
    elif written := _ASSIGNED_TO.search(before):
        name = written[1]
    else:
        name = "_".join(_naming_words(command)) or "VALUE"
    return shell.kept_variables.name_for_command(free_name(name), command)


def _naming_words(command: str) -> list[str]:
    """The words that name a command: the program and what it is asked to do, no options and no values."""
    words = command.split()
    if words[:1] == ["cat"] and len(words) > 1:
        return [posixpath.basename(words[1])]
    program = posixpath.basename(words[0]) if words else ""
    verb = (
        words[1:2]
        if re.fullmatch(r"[a-z][a-z-]{1,15}", words[1] if len(words) > 1 else "")
        else []
    )
    return [word for word in (program, *verb) if re.fullmatch(r"[\w.-]+", word)]


def _known_output(shell: Shell, code: str, command: str, cursor: Cursor) -> Value | None:
    """The value of a substitution that only works with names and constants."""
    if re.fullmatch(r"pwd(?: -[PL])?|realpath \.|readlink -f \.", command):
        return Value(script_folder(shell.directory))
    if (target := _folder_of_script(shell, command)) is not None:
        return Value(script_folder(target))
    text = Text(shell.path, code)
    statements = simple_list(text, 0, len(code)) or []
    if (
        len(statements) != 1
        or not isinstance(statements[0], Branch)
        or statements[0].kind != "command"
    ):
        return None
    words = [child.node for child in statements[0].children]
    if not all(isinstance(word, Leaf) for word in words):
        return None
    if not all(_is_safe(word.text) for word in words if isinstance(word, Leaf)):
        return None
    ledger_cursor = type(shell.ledger)().open(statements[0])
    fields = [field for word in ledger_cursor for field in shell.expand_fields(word)]
    return _computed_output(
        [field.plain for field in fields], tuple(s for f in fields for s in f.sources[1:])
    )


def _is_safe(raw: str) -> bool:
    return "`" not in raw and "$(" not in raw


def _computed_output(words: list[str | None], sources: tuple[Cursor, ...]) -> Value | None:
    if not words or any(word is None for word in words):
        return None
    name, *rest = [word or "" for word in words]
    if name == "echo" and not any(word.startswith("-") for word in rest):
        return Value(literal(" ".join(rest)), sources)
    if (
        name == "seq"
        and 1 <= len(rest) <= 3
        and all(re.fullmatch(r"-?\d{1,6}", word) for word in rest)
    ):
        return Value(
            " ".join(map(str, _number_range([int(word) for word in rest]))), sources
        )
    if name == "basename" and 1 <= len(rest) <= 2:
        base = posixpath.basename(rest[0].rstrip("/"))
        return Value(
            literal(base.removesuffix(rest[1]) if len(rest) == 2 else base), sources
        )
    if name == "dirname" and len(rest) == 1:
        return Value(literal(posixpath.dirname(rest[0]) or "."), sources)
    return None


def _number_range(numbers: list[int]) -> range:
    first, step, last = {1: [1, 1, *numbers], 2: [numbers[0], 1, numbers[-1]], 3: numbers}[
        len(numbers)
    ]
    step = step or 1
    return range(first, min(last, first + 100_000) + (1 if step > 0 else -1), step)


_SELF = r"(?:\$0|\$\{?BASH_SOURCE(?:\[0\]\}|\}?)|\$\{BASH_SOURCE:-\$0\}|\$\{0\})"
_DIRNAME = (
    rf"(?:\$\( ?dirname (?:-- )?[\"']?(?:{_SELF}|\$\( ?(?:readlink -f|realpath) [\"']?{_SELF}[\"']? ?\))[\"']? ?\)"
    r"|\$\{0%/\*\}|\$\{BASH_SOURCE%/\*\}|\$\{BASH_SOURCE\[0\]%/\*\})"
)
_CD = re.compile(
    rf"(?:CDPATH= )?cd (?:-P |-- )*[\"']?{_DIRNAME}[\"']?(?P<more>/[\w./-]*)?[\"']?"
    r"(?: &?>/dev/null)?(?: 2>&1)? ?(?:&&|;) ?pwd(?: -[PL])?"
)
_REAL = re.compile(
    rf"(?:realpath|readlink -f) [\"']?{_DIRNAME}[\"']?(?P<more>/[\w./-]*)?[\"']?"
)
_ONLY = re.compile(
    rf"dirname (?:-- )?[\"']?(?:{_SELF}|\$\( ?(?:readlink -f|realpath) [\"']?{_SELF}[\"']? ?\))[\"']?"
)


def _folder_of_script(shell: Shell, command: str) -> str | None:
    """`$(cd "$(dirname "$0")" && pwd)` and its kin: the folder that holds the script."""
    own = posixpath.dirname(shell.path) or "."
    if _ONLY.fullmatch(command):
        return own
    if match := _CD.fullmatch(command) or _REAL.fullmatch(command):
        return folder_after_cd(own, (match["more"] or "").lstrip("/") or ".")
    return None


def _run_nested(shell: Shell, code: str, cursor: Cursor, offset: int) -> None:
    tree = read(Text(shell.path, code, None, *_position(cursor, offset)))
    shell.run_all(shell.ledger.open(tree))


def _position(cursor: Cursor, offset: int) -> tuple[int, int]:
    """Line and column of an offset in the word."""
    span = cursor.value_span
    before = (cursor.peek() or "")[:offset]
    lines = before.count("\n")
    return span.line + lines, (
        span.column + offset
    ) if not lines else offset - before.rfind("\n")


def _docker_output(shell: Shell, code: str, cursor: Cursor, offset: int) -> Value:
    """The value of `$(docker …)`, after its calls were read."""
    first, variable = len(shell.steps), shell.variable
    shell.variable = ""
    _run_nested(shell, code, cursor, offset)
    shell.variable = variable
    made = [
        index
        for index in range(first, len(shell.steps))
        if isinstance(shell.steps[index], Invocation)
    ]
    command = shown(" ".join(code.split()))
    if not made:
        return open_value(
            _variable_for(shell, command, cursor, offset), "TC152", cursor, command=command
        )
    call = shell.steps[made[-1]]
    assert isinstance(call, Invocation)
    if call.verb in (("run",), ("create",), ("pod", "create")):
        name = variable or f"CONTAINER_{made[-1] + 1}"
        shell.steps[made[-1]] = call._replace(variable=name)
        return Value(f"${{{name}}}")
    if call.verb[-1] == "create" and call.arguments:
        return Value(call.arguments[-1].text, call.arguments[-1].sources)
    if call.verb[-1] == "inspect" and (target := _inspected_container(call)) is not None:
        cursor.remark("TC164", name=target.text)
        return target
    return open_value(
        _variable_for(shell, command, cursor, offset), "TC152", cursor, command=command
    )


def _inspected_container(call: Invocation) -> Value | None:
    """The container whose address is asked for: in a network of Compose its name is as good."""
    if not any("IPAddress" in word.text for word in call.arguments):
        return None
    takes = {"-f", "--format", "--type"}
    names = [
        word for before, word in zip(("", *(w.text for w in call.arguments)), call.arguments, strict=False)
        if not word.text.startswith("-") and before not in takes
    ]  # fmt: skip
    return Value(names[-1].text, names[-1].sources) if len(names) == 1 else None
