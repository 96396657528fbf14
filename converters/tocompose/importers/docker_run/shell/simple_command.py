"""One simple command: assignments, a docker call, a call of the script's own functions, or something else."""

from __future__ import annotations

from collections.abc import Callable

from tocompose.importers.docker_run.shell import (
    aliases,
    assignments,
    calls,
    flow,
    non_docker_commands,
)
from tocompose.importers.docker_run.shell.commands import (
    CommandField,
    DockerCall,
    behind_prefixes,
    find_call,
    find_wrapped_call,
    source_text,
)
from tocompose.importers.docker_run.shell.conditions import condition_holds
from tocompose.importers.docker_run.shell.file_patterns import file_names
from tocompose.importers.docker_run.shell.input import (
    here_document,
    read_array,
    read_line,
    standard_input,
)
from tocompose.importers.docker_run.shell.invocations import make_invocation
from tocompose.importers.docker_run.shell.outcomes import demanded_names
from tocompose.importers.docker_run.shell.output import (
    print_container,
    printed_text,
)
from tocompose.importers.docker_run.shell.parameters import sole_parameter
from tocompose.importers.docker_run.shell.repeated_calls import commands_of_xargs
from tocompose.importers.docker_run.shell.state import Jump, Shell, Unknowable, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.importers.docker_run.sources.written_files import (
    read_written_file,
    reads_crontab,
)
from tocompose.ledger import Cursor
from tocompose.readers.commands import DECLARATIONS
from tocompose.tables import load


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


def _assign_all(shell: Shell, cursor: Cursor) -> None:
    shell.status = None if any("$(" in (leaf.peek() or "") for leaf in cursor) else 0
    for child in cursor:
        if child.kind in ("assignment", "append"):
            assignments.assign_variable(shell, child)
        else:
            child.skip("a redirection without a command")


def _read_test(shell: Shell, cursor: Cursor) -> None:
    for child in cursor:
        if "$(" in (child.peek() or "") or "`" in (child.peek() or ""):
            shell.value(child)
    set_verdict(shell, cursor)
    cursor.skip("a condition of the script")


def set_verdict(shell: Shell, cursor: Cursor) -> None:
    """Goes on with the status of a test."""
    verdict = condition_holds(shell, cursor)
    shell.status = None if verdict is None else int(not verdict)
    if verdict is None and shell.ends_on_failure and not shell.testing:
        if condition_holds(shell, cursor, by_default=True) is False:
            shell.demanded.update(demanded_names(cursor, shell.scope))
        elif shell.output is None:
            cursor.annotate("TC863", condition=shown(source_text(cursor)))


def _read_words(shell: Shell, cursor: Cursor) -> None:
    local_values = _local_assignments(shell, cursor)
    if any(child.kind == "leaf" and child.style == "arithmetic" for child in cursor):
        _calculate(shell, cursor)
        return
    fields = command_fields(shell, cursor)
    fields = aliases.behind_alias(shell, cursor, fields)
    _run_fields(shell, cursor, fields, local_values)


def _run_fields(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    local_values: dict[str, Value],
) -> None:
    """Runs a command of which the words are known."""
    start, settings = behind_prefixes(fields)
    repeated = commands_of_xargs(shell, fields[start:])
    if repeated is not None:
        shell.piped = None
        for command in repeated:
            _run_fields(shell, cursor, command, local_values)
        fields[start].cursor.skip("the commands that it starts were read")
        return
    for field in settings:
        name, _, text = field.value.text.partition("=")
        local_values[name] = field.value._replace(text=text)
    call = find_call(fields, start)
    if call is None and fields[start:]:
        call = find_wrapped_call(shell, fields, start)
    if call is not None:
        _add_invocation(shell, cursor, fields, call, local_values)
    else:
        with shell.scope.while_set(local_values):
            _read_other(shell, cursor, fields[start:] or fields)
    if fields[start:] and "exec" in [field.value.text for field in fields[:start]]:
        # Nothing of the script follows the program that takes its place.
        shell.jump = shell.jump or Jump("exit")


def _add_invocation(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    call: DockerCall,
    local_values: dict[str, Value],
) -> None:
    """Makes a docker call a step of the script."""
    if shell.output is not None and not shell.collecting:
        raise Unknowable
    file_word = _input_file_of(cursor) if call.verb == ("build",) else None
    input_file = None
    if file_word is not None:
        input_file = shell.to_argument(shell.value(file_word), file_word)
    stdin = _read_redirections(shell, cursor, file_word) or shell.piped
    shell.piped = None
    step = make_invocation(shell, cursor, fields, call, local_values, stdin)
    # The commands of documentation are not one script.
    waits = not shell.settings.get("prose")
    shell.steps.append(step._replace(input_file=input_file, waits=waits))
    shell.status = 0 if call.verb in _SURE_VERBS else None
    if shell.output is not None:
        print_container(shell, cursor)


def _calculate(shell: Shell, cursor: Cursor) -> None:
    """`((…))`: its assignments count, and it fails where it gives zero."""
    leaf = next(child for child in cursor if child.style == "arithmetic")
    number = assignments.assign_number(shell, leaf, (leaf.peek() or "").strip()[2:-2])
    shell.status = None if number is None else int(number == 0)
    cursor.skip("arithmetic of the script")


def _read_let(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    for field in fields[1:]:
        # As `((…))`, it succeeds where it gives another number than zero.
        number = assignments.assign_number(shell, field.cursor, field.value.plain or "?")
        shell.status = None if number is None else int(number == 0)
    cursor.skip("arithmetic of the script")


def _local_assignments(shell: Shell, cursor: Cursor) -> dict[str, Value]:
    """The assignments in front of a command, which hold for it alone."""
    scope = shell.scope
    shell.scope = scope.copy()
    values = dict(
        assignments.assign_variable(shell, child)
        for child in cursor
        if child.kind in ("assignment", "append")
    )
    shell.scope = scope
    return values


def command_fields(shell: Shell, cursor: Cursor) -> list[CommandField]:
    """The fields of every word of a command, with the words that they come from."""
    fields: list[CommandField] = []
    for child in cursor:
        if child.kind != "leaf":
            continue
        if child.peek() in load("shell")["ellipses"]:
            child.note("TC168", written=child.peek())
        else:
            field_values = file_names(shell, child.peek() or "", shell.expand_fields(child))
            fields += [CommandField(field, child) for field in field_values]
    return fields


def _read_redirections(
    shell: Shell, cursor: Cursor, file_word: Cursor | None = None
) -> Value | None:
    """What a here-document gives the command to read; settles all redirections but the file that it reads as such."""
    stdin: Value | None = None
    for child in cursor:
        if child.kind != "redirect":
            continue
        operator = str(child.children[0].key)
        if body := child.at("body"):
            stdin = here_document(shell, body)
            child.at(operator).skip("the mark that ends a here-document")
        elif operator.endswith("<<<"):
            text = shell.value(child.at(operator))
            stdin = text._replace(text=text.text + "\n")
        elif operator == "<":
            if file_word is None:
                _settle_input_file(child)
        else:
            child.skip("redirections")
    return stdin


def _input_file_of(cursor: Cursor) -> Cursor | None:
    """The word of a command that names the file it reads (`< FILE`)."""
    words = (child.at("<") for child in cursor if child.kind == "redirect")
    return next((word for word in words if word), None)


def _settle_input_file(redirect: Cursor) -> None:
    raw = redirect.at("<").peek() or ""
    if raw == "/dev/null":
        redirect.skip("no input")
    else:
        redirect.note("TC165", file=shown(raw))


def _read_other(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    name = fields[0].value.text if fields else ""
    if shell.output is not None:
        shell.piped = standard_input(shell, cursor) or shell.piped
    read_own_command = _own_command(shell, name, fields)
    if read_own_command is not None:
        read_own_command(shell, cursor, fields)
    elif not name or not any(read(shell, cursor, fields) for read in _READERS):
        non_docker_commands.settle_other(shell, cursor, fields)


def _own_command(
    shell: Shell, name: str, fields: list[CommandField]
) -> Callable[[Shell, Cursor, list[CommandField]], None] | None:
    """What reads a function of the script or a command of the shell itself; None for a program."""
    if name in shell.functions:
        return _call_function
    if name == ":" and len(fields) > 1:
        return _assign_defaults
    return _read_builtin if name in _BUILTINS else flow.JUMPS.get(name)


def _call_function(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    calls.call_function(shell, cursor, fields[0].value.text, fields[1:])


def _read_builtin(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    shell.status = 0
    _BUILTINS[fields[0].value.text](shell, cursor, fields)


def _writes_file(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    """Whether the command writes a file (`cat > f <<EOF`, `echo x > f`, `tee f <<EOF`), which is then kept."""
    name = fields[0].value.text if fields else ""
    bodies = (child.at("body") for child in cursor if child.kind == "redirect")
    body = next((body for body in bodies if body), None)
    if name not in ("cat", "tee", "echo", "printf"):
        return False
    if name in ("cat", "tee") and body is None:
        return False
    text = here_document(shell, body) if body is not None else None
    is_kept = non_docker_commands.keep_written_file(shell, cursor, fields, text)
    if is_kept:
        read_written_file(shell)
    return is_kept


def _assign_defaults(shell: Shell, cursor: Cursor, _: list[CommandField]) -> None:
    """`: ${X:=default}` sets X where the environment does not, `: ${X:?message}` asks for it."""
    for child in cursor:
        parameter = sole_parameter(child.peek() or "")
        if parameter is not None and parameter.operator in _ASSIGNING:
            shell.scope.set(parameter.text, shell.value(child))
            shell.assigned.append(child)
        else:
            child.skip("does nothing")


_ASSIGNING = (":=", "=", ":?", "?")


def _read_set(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    non_docker_commands.set_options(shell, fields)
    cursor.skip("an option of the shell")


def _read_shift(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    non_docker_commands.shift_arguments(shell, fields)
    cursor.skip("moves the arguments of the script")


def _read_unset(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    assignments.unset_variables(shell, [field.value.text for field in fields[1:]])
    cursor.skip("forgets variables")


def _read_read(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    if read_line(shell, cursor, [field.value.text for field in fields[1:]]):
        cursor.skip("reads what the script says itself")
    else:
        shell.status = None
        assignments.read_from_user(shell, cursor, [field.cursor for field in fields])


def _read_mapfile(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    argument_texts = [field.value.text for field in fields[1:]]
    if read_array(shell, cursor, argument_texts):
        cursor.skip("reads what the script says itself")
    else:
        non_docker_commands.settle_other(shell, cursor, fields)


def _read_getopts(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    argument_texts = [field.value.plain or "" for field in fields[1:]]
    shell.status = flow.next_option(shell, argument_texts)
    cursor.skip("reads the options of the script")


def _make_files(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    for field in fields[1:]:
        path = field.value.plain
        if path is not None and not path.startswith("-"):
            shell.make_file(path)
    non_docker_commands.settle_other(shell, cursor, fields)


def _read_bracket(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    set_verdict(shell, cursor)
    cursor.skip("a condition of the script")


# Verbs that are taken to succeed.
_SURE_VERBS = (("run",), ("create",))
_BUILTINS: dict[str, Callable[[Shell, Cursor, list[CommandField]], None]] = {
    ".": calls.source_file,
    "[": _read_bracket,
    "alias": aliases.define_aliases,
    "shopt": aliases.set_shell_options,
    "unalias": aliases.forget_aliases,
    "let": _read_let,
    "test": _read_bracket,
    "cd": non_docker_commands.change_folder,
    "pushd": non_docker_commands.change_folder,
    "getopts": _read_getopts,
    "mapfile": _read_mapfile,
    "mkdir": _make_files,
    "touch": _make_files,
    "trap": calls.set_trap,
    "readarray": _read_mapfile,
    "read": _read_read,
    "set": _read_set,
    "shift": _read_shift,
    "source": calls.source_file,
    "unset": _read_unset,
}


def _sets_by_printf(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    """Whether the command is `printf -v NAME …` of what is known, which is then assigned."""
    texts = [field.value.text for field in fields[:3]]
    if texts[:2] != ["printf", "-v"] or len(texts) < 3:
        return False
    value = printed_text("printf", [field.value for field in fields[3:]])
    if value is None:
        return False
    shell.scope.set(texts[2], value)
    shell.status = 0
    cursor.skip("gives a variable its value")
    return True


# What else a command may be; each says whether it was.
_READERS: tuple[Callable[[Shell, Cursor, list[CommandField]], bool], ...] = (
    _sets_by_printf,
    calls.take_code_for_other_host,
    calls.run_code,
    calls.run_script,
    _writes_file,
    reads_crontab,
)
