"""One simple command: assignments, a docker call, a call of the script's own functions, or something else."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers.docker_run.shell import assignments, calls, non_docker_commands
from tocompose.importers.docker_run.shell.commands import (
    CommandField,
    DockerCall,
    behind_prefixes,
    find_call,
    find_wrapped_call,
)
from tocompose.importers.docker_run.shell.invocations import make_invocation
from tocompose.importers.docker_run.shell.state import Shell, shown, with_source
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.readers.commands import DECLARATIONS

_ELLIPSIS_WORDS = frozenset(
    {
        "...",
        "…",
        "[...]",
        "[…]",
        "[OPTIONS]",
        "[options]",
        "[ARG...]",
        "[COMMAND]",
        "[flags]",
    }
)
_BUILTINS: dict[str, Callable[[Shell, Cursor, list[CommandField]], None]] = {
    "cd": non_docker_commands.change_folder,
    "pushd": non_docker_commands.change_folder,
    "source": calls.source_file,
    ".": calls.source_file,
    "read": lambda shell, cursor, fields: assignments.read_from_user(shell, cursor, _cursors_of(fields)),
}  # fmt: skip


def read_command(shell: Shell, cursor: Cursor) -> None:
    """Reads one simple command."""
    first_word = next((child for child in cursor if child.kind == "leaf"), None)
    if first_word is None:
        _assign_all(shell, cursor)
    elif first_word.peek() in DECLARATIONS:
        assignments.declare_variables(shell, cursor)
    elif first_word.peek() == "[[" or (first_word.style == "error"):
        _read_test(shell, cursor)
    else:
        _read_words(shell, cursor)


def _cursors_of(fields: list[CommandField]) -> list[Cursor]:
    return [field.cursor for field in fields]


def _assign_all(shell: Shell, cursor: Cursor) -> None:
    for child in cursor:
        if child.kind in ("assignment", "append"):
            assignments.assign_variable(shell, child)
        else:
            child.skip("a redirection without a command")


def _read_test(shell: Shell, cursor: Cursor) -> None:
    for child in cursor:
        if "$(" in (child.peek() or "") or "`" in (child.peek() or ""):
            shell.value(child)
    cursor.skip("a condition of the script")


def _read_words(shell: Shell, cursor: Cursor) -> None:
    local_values = _local_assignments(shell, cursor)
    if any(child.style == "arithmetic" for child in cursor if child.kind == "leaf"):
        cursor.skip("arithmetic of the script")
        return
    fields = command_fields(shell, cursor)
    start, settings = behind_prefixes(fields)
    _call_or_other(shell, cursor, fields, start, settings, local_values)


def _call_or_other(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    start: int,
    settings: list[CommandField],
    local_values: dict[str, Value],
) -> None:
    for field in settings:
        name, _, text = field.value.text.partition("=")
        local_values[name] = field.value._replace(text=text)
    if (call := find_call(fields, start)) is not None:
        _add_call(shell, cursor, fields, call, local_values)
    elif (
        fields[start:] and (wrapped := find_wrapped_call(shell, fields, start)) is not None
    ):
        _add_call(shell, cursor, fields, wrapped, local_values)
    else:
        _read_other(shell, cursor, fields[start:] or fields)


def _local_assignments(shell: Shell, cursor: Cursor) -> dict[str, Value]:
    """The assignments in front of a command, which hold for it alone."""
    local_values: dict[str, Value] = {}
    scope_before = shell.scope
    shell.scope = scope_before.copy()
    for child in cursor:
        if child.kind in ("assignment", "append"):
            name, value = assignments.assign_variable(shell, child)
            local_values[name] = value
    shell.scope = scope_before
    return local_values


def command_fields(shell: Shell, cursor: Cursor) -> list[CommandField]:
    """The fields of every word of a command, with the words that they come from."""
    fields: list[CommandField] = []
    for child in cursor:
        if child.kind != "leaf":
            continue
        if child.peek() in _ELLIPSIS_WORDS:
            child.note("TC168", written=child.peek())
        else:
            fields += [CommandField(field, child) for field in shell.expand_fields(child)]
    return fields


def _add_call(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    call: DockerCall,
    local_values: dict[str, Value],
) -> None:
    stdin = _read_redirections(shell, cursor)
    stdin, shell.piped = stdin or shell.piped, None
    shell.steps.append(make_invocation(shell, cursor, fields, call, local_values, stdin))


def _read_redirections(shell: Shell, cursor: Cursor) -> Value | None:
    """What a here-document gives the command to read; settles all redirections."""
    stdin: Value | None = None
    for child in cursor:
        if child.kind != "redirect":
            continue
        operator = str(child.children[0].key).lstrip("0123456789")
        if body := child.at("body"):
            stdin = here_document(shell, body)
            child.at(operator).skip("the mark that ends a here-document")
        elif operator == "<<<":
            text = shell.value(child.at(operator))
            stdin = text._replace(text=text.text + "\n")
        elif operator == "<" and child.children[0].key == "<":
            raw = child.at("<").peek() or ""
            child.skip("no input") if raw == "/dev/null" else child.note(
                "TC165", file=shown(raw)
            )
        else:
            child.skip("where the output of the command goes")
    return stdin


def here_document(shell: Shell, body: Cursor) -> Value:
    """What a here-document says, expanded unless its mark is quoted."""
    if body.style == "heredoc-quoted":
        return Value((body.peek() or "").replace("$", "$$"), (body,))
    return with_source(shell.value(body, quoted=True), body)


def _read_other(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    name = fields[0].value.text if fields else ""
    if name in shell.functions:
        calls.call_function(shell, cursor, name, fields[1:])
    elif name in _BUILTINS:
        _BUILTINS[name](shell, cursor, fields)
    elif name == "set":
        non_docker_commands.set_options(shell, fields)
        cursor.skip("an option of the shell")
    elif name == "shift":
        non_docker_commands.shift_arguments(shell, fields)
        cursor.skip("moves the arguments of the script")
    elif name == "unset":
        assignments.unset_all(shell, _cursors_of(fields))
        cursor.skip("forgets variables")
    elif name == ":" and len(fields) > 1:
        _assign_defaults(shell, cursor)
    elif fields and calls.runs_on_other_host(fields):
        cursor.note("TC163", option=name)
    elif fields and (
        calls.run_code(shell, cursor, fields) or calls.run_script(shell, cursor, fields)
    ):
        pass
    elif not _writes_file(shell, cursor, fields):
        non_docker_commands.settle_other(shell, cursor, fields)


def _writes_file(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    name = fields[0].value.text if fields else ""
    if name not in ("cat", "tee", "echo", "printf"):
        return False
    body = next(
        (
            child.at("body")
            for child in cursor
            if child.kind == "redirect" and child.at("body")
        ),
        None,
    )
    if name in ("cat", "tee") and body is None:
        return False
    return non_docker_commands.written_file(
        shell, cursor, fields, here_document(shell, body) if body is not None else None
    )


def _assign_defaults(shell: Shell, cursor: Cursor) -> None:
    """`: ${X:=default}` sets X where the environment does not."""
    for child in cursor:
        raw = child.peek() or ""
        if match := re.fullmatch(r"\"?\$\{([A-Za-z_]\w*):?=.*\}\"?", raw, re.DOTALL):
            value = shell.value(child)
            shell.scope.set(match[1], value)
            shell.assigned.append(child)
        else:
            child.skip("does nothing")
