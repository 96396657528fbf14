"""Calls of functions and of other scripts, `source`, `eval`, `sh -c`: what they hold is read in place."""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise

from tocompose.importers.docker_run.creating_commands import CREATING_VERBS
from tocompose.importers.docker_run.invocation import Invocation
from tocompose.importers.docker_run.options import program_name
from tocompose.importers.docker_run.shell.commands import (
    CommandField,
    docker_tool,
    source_text,
)
from tocompose.importers.docker_run.shell.discovery import mentions_docker
from tocompose.importers.docker_run.shell.expansion import join_values
from tocompose.importers.docker_run.shell.input import standard_input
from tocompose.importers.docker_run.shell.parameters import path_from_here
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.project import is_refused, normal_path
from tocompose.readers.mentions import STARTING_CALL, starts_containers
from tocompose.readers.shell import read
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.syntax.interpolation import plain
from tocompose.syntax.names import is_shell
from tocompose.tables import load

_DEEPEST = 12
# Programs that start a shell as another user, which reads its input where it is given no command.
_USER_SHELLS = ("su", "runuser")
_SCRIPT_PATH = regex(r"\.(?:ba|da|z|k)?sh$|/")


def call_function(
    shell: Shell, cursor: Cursor, name: str, arguments: list[CommandField]
) -> None:
    """Reads the body of a function with its arguments; a function that calls itself is read once."""
    cursor.skip("function calls (the body was read)")
    shell.called_functions.add(name)
    call = (name, *(field.value.text for field in arguments))
    is_open = shell.undecided > 0 or call in shell.calls_in_progress
    if (name in shell.calling and is_open) or len(shell.calling) >= _DEEPEST:
        shell.status = None
        return
    held, references = shell.scope.arguments, dict(shell.scope.references)
    shell.scope.arguments = tuple(field.value for field in arguments)
    shell.locals.append({})
    shell.calls_in_progress.append(call)
    shell.status = 0
    _run_function(shell, name)
    shell.calls_in_progress.pop()
    shell.land("return")
    for local_name, value in shell.locals.pop().items():
        shell.scope.restore(local_name, value)
    shell.scope.arguments, shell.scope.references = held, references


def _run_function(shell: Shell, name: str) -> None:
    calling_before = shell.calling
    shell.calling = (*calling_before, name)
    shell.run(shell.functions[name])
    shell.calling = calling_before


def read_uncalled(shell: Shell) -> None:
    """Reads each function that nothing called, its parameters left open, and then the code for another machine."""
    for name, body in list(shell.functions.items()):
        if name in shell.called_functions:
            continue
        shell.called_functions.add(name)
        steps_before = len(shell.steps)
        with shell.inner(shell.scope.for_call(None)):
            _run_function(shell, name)
        shell.jump = None
        if len(shell.steps) > steps_before:
            body.annotate("TC160", name=name)
    _read_remote(shell)


def define_function(shell: Shell, cursor: Cursor) -> None:
    """Remembers a function; the body is settled when it is read."""
    child = cursor.children[0]
    shell.functions[str(child.key)] = cursor.at(child.key)


def calls_starting_function(shell: Shell, code: str) -> bool:
    """Whether code calls a function of the script that starts containers, itself or by others."""
    pending, seen_functions = [code], set[str]()
    while pending:
        for word in re.findall(r"[\w-]+", pending.pop()):
            if word in shell.functions and word not in seen_functions:
                seen_functions.add(word)
                pending.append(source_text(shell.functions[word]))
                if mentions_docker(pending[-1]):
                    return True
    return False


def source_file(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`. file` and `source file`: reads a file of the project in place."""
    target = fields[1].value if len(fields) > 1 else None
    path = _project_path(shell, target.text) if target is not None else None
    is_nested_too_deeply = path in shell.calling or len(shell.calling) > _DEEPEST
    if path is not None and not is_nested_too_deeply:
        data = shell.read_file(path)
        if data is not None:
            cursor.skip("reads another file of the project, which is read in place")
            arguments = shell.scope.arguments
            if len(fields) > 2:
                shell.scope.arguments = tuple(field.value for field in fields[2:])
            run_file(shell, cursor, path, data)
            shell.scope.arguments = arguments
            return
        if is_refused(shell.project, path):
            cursor.skip("reads a file that we may not read, of which a note tells")
            return
    cursor.note("TC161", file=target.text if target else "?")


def _project_path(shell: Shell, text: str) -> str | None:
    """The path of a file that the project may read; None for one that is unknown or elsewhere."""
    if (path_below := path_from_here(text)) is not None:
        return normal_path(path_below)
    relative = plain(text)
    if relative is None:
        return None
    for folder in (shell.directory, posixpath.dirname(shell.path)):
        path = posixpath.normpath(posixpath.join(folder, relative))
        if path in shell.made_files or shell.project.exists(path):
            return path
    return None


def run_file(shell: Shell, cursor: Cursor, path: str, data: bytes) -> None:
    """Reads a whole file in the current scope."""
    shell.read_files.add(path)
    text = decode(data)
    try:
        tree = read(Text(path, text)) if text is not None else None
    except Unreadable as problem:
        tree, text = None, problem.message
    if tree is None:
        cursor.annotate("TC169", file=path, why=text or "it is not text")
        return
    path_before, calling_before = shell.path, shell.calling
    shell.path, shell.calling = path, (*calling_before, path)
    is_env_file = ".env" in posixpath.basename(path)
    with shell.mode(exporting=shell.exporting or is_env_file):
        shell.run_all(shell.ledger.open(tree))
    shell.land("return")
    shell.path, shell.calling = path_before, calling_before


def run_script(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    """Whether a command starts another script of the project (`bash db.sh 1`), which is then read in place."""
    operands = [field.value for field in fields if not field.value.text.startswith("-")]
    if operands and is_shell(operands[0].text):
        del operands[0]
    if not operands or _is_of_system(operands[0].text):
        return False
    path = _project_path(shell, operands[0].text)
    if path is None or path in shell.calling:
        return False
    data = shell.read_file(path) or b""
    if not _SCRIPT_PATH.search(operands[0].text) or not _is_script(path, data):
        return False
    cursor.skip("starts another script of the project, which is read in place")
    with shell.inner(shell.scope.for_program(tuple(operands[1:]))):
        run_file(shell, cursor, path, data)
    shell.jump = None
    return True


def _is_of_system(program: str) -> bool:
    """Whether a path is that of a program which every host has in its place: no source brings it."""
    return posixpath.dirname(program) in load("shell")["system_folders"]


def _is_script(path: str, data: bytes) -> bool:
    """Whether a file is a script that calls docker."""
    is_script = path.endswith("sh") or data.startswith(b"#!")
    return is_script and mentions_docker(data.decode("latin-1"))


_CLIENT_CALL = regex(r"(?:^|[\s;&|(])(?:docker|podman|nerdctl)\s+[\w-]")


def take_code_for_other_host(
    shell: Shell, cursor: Cursor, fields: list[CommandField]
) -> bool:
    """Whether the command has code with docker commands run on another machine (`ssh HOST "docker run …"`)."""
    name = fields[0].value.text if fields else ""
    if program_name(name) not in ("ssh", "sshpass", "mosh", "pdsh"):
        return False
    code = _remote_code(shell, cursor, [field.value for field in fields[1:]])
    if code is None or not code.sources or not _CLIENT_CALL.search(code.text):
        return False
    if starts_containers(code.text):
        shell.remote_codes.append((cursor, code, name))
    else:
        cursor.note("TC163", option=name)
    return True


def _remote_code(shell: Shell, cursor: Cursor, values: list[Value]) -> Value | None:
    """What the other machine runs: the input, else the words from the first one with a docker command on."""
    stdin = standard_input(shell, cursor)
    if stdin is not None:
        return stdin
    for index, value in enumerate(values):
        if _CLIENT_CALL.search(value.text) or docker_tool(value.text):
            return join_values(values[index:], " ")
    return None


def _read_remote(shell: Shell) -> None:
    """Reads the code for another machine where the script starts nothing here: it is the stack of that machine."""
    starts_here = any(
        isinstance(step, Invocation) and step.verb in CREATING_VERBS for step in shell.steps
    )
    for cursor, code, name in shell.remote_codes:
        cursor.note("TC176" if starts_here else "TC163", option=name)
        if not starts_here:
            with shell.inner(shell.scope.for_program(())):
                shell.run_all(shell.ledger.open(read(_code_text(shell, code))))
            shell.jump = None


def run_code(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> bool:
    """Whether the command runs shell code in a string (`sh -c '…'`, `eval …`), which is then read in place."""
    code, arguments = _code_argument(fields), _code_arguments(fields)
    if code is None and _reads_code(fields):
        code, shell.piped = standard_input(shell, cursor) or shell.piped, None
    is_eval = program_name(fields[0].value.text) == "eval"
    if code is None or not code.sources:
        return False
    if not mentions_docker(code.text) and not (is_eval and code.plain is not None):
        return False
    cursor.skip("code in a string, which is read by itself")
    tree = shell.ledger.open(read(_code_text(shell, code)))
    if is_eval:
        shell.run_all(tree)
        return True
    is_shell_program = is_shell(program_name(fields[0].value.text))
    scope = shell.scope.for_program if is_shell_program else shell.scope.for_call
    with shell.inner(scope(arguments)):
        if (own_name := _own_name(fields)) is not None:
            shell.scope.set("0", own_name)
        shell.run_all(tree)
    shell.jump = None
    return True


def _code_text(shell: Shell, code: Value) -> Text:
    """Code that stands in a word, with its place in the source."""
    span = code.sources[0].value_span
    return Text(shell.path, code.text.replace("$$", "$"), None, span.line, span.column + 1)


def set_trap(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`trap CODE EXIT`: what the script does when it ends."""
    values = [field.value for field in fields[1:] if field.value.text != "--"]
    signals = {value.text.upper().removeprefix("SIG") for value in values[1:]}
    if signals & {"EXIT", "0"}:
        is_reset = values[0].text in ("", "-")
        shell.exit_code = None if is_reset else values[0]
    cursor.skip("what the script does when it ends, or is told to")


def run_exit_trap(shell: Shell) -> None:
    """Reads what the script does when it ends."""
    code, shell.exit_code = shell.exit_code, None
    if code is not None and code.sources and code.plain is not None:
        shell.run_all(shell.ledger.open(read(_code_text(shell, code))))
    shell.jump = None


def _reads_code(fields: list[CommandField]) -> bool:
    """Whether a shell reads its script from its input: `bash`, `sh -s a b`, `bash -eu -`."""
    arguments = [field.value.text for field in fields[1:]]
    operands = [text for text in arguments if not text.startswith("-")]
    name = program_name(fields[0].value.text)
    if name in _USER_SHELLS:
        return True
    return is_shell(name) and (not operands or "-s" in arguments)


def _own_name(fields: list[CommandField]) -> Value | None:
    """What code in a string finds as its own name, `$0`; None where nobody says it."""
    values = [field.value for field in fields[1:]]
    for index, value in enumerate(values[:-2]):
        if re.fullmatch(r"-[a-z]*c", value.text):
            return values[index + 2]
    return None


def _code_arguments(fields: list[CommandField]) -> tuple[Value, ...]:
    """What code in a string gets as its arguments: `sh -c CODE NAME ARGS`, `sh -s ARGS`."""
    values = [field.value for field in fields[1:]]
    for index, value in enumerate(values):
        if re.fullmatch(r"-[a-z]*c", value.text):
            return tuple(values[index + 3 :])
    return tuple(value for value in values if not value.text.startswith("-"))


def _code_argument(fields: list[CommandField]) -> Value | None:
    name = program_name(fields[0].value.text)
    arguments = [field.value for field in fields[1:]]
    if name == "eval":
        return join_values(arguments, " ") if arguments else None
    if not is_shell(name) and name not in (*_USER_SHELLS, "sg", "script"):
        return None
    flag = "-c" if name in ("su", "sg") else r"-[a-z]*c"
    for option, code in pairwise(arguments):
        if re.fullmatch(flag, option.text):
            return code
    return _step_of_jenkins(arguments)


def _step_of_jenkins(arguments: list[Value]) -> Value | None:
    """The code of `sh 'docker run …'`, which is no file of that name."""
    operand = next((value for value in arguments if not value.text.startswith("-")), None)
    if operand is None or STARTING_CALL.search(operand.text) is None:
        return None
    return operand
