"""`$(…)`: the folder, constants, docker calls; anything else becomes a variable and a note that says how to get it."""

from __future__ import annotations

import posixpath
import re

from tocompose.importers.docker_run.invocation import STARTING_VERBS, Invocation
from tocompose.importers.docker_run.options import flag_rows, parse_command_line
from tocompose.importers.docker_run.shell.calls import calls_starting_function
from tocompose.importers.docker_run.shell.discovery import CLIENT_VARIABLE
from tocompose.importers.docker_run.shell.output import captured, collected_output
from tocompose.importers.docker_run.shell.parameters import (
    free_name,
    open_value,
    script_folder,
    sole_variable,
)
from tocompose.importers.docker_run.shell.state import Shell, Unknowable, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.importers.docker_run.stated_names import name_text
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.atoms import Atom, word_atoms
from tocompose.readers.commands import simple_list
from tocompose.readers.shell import read
from tocompose.readers.text import Text
from tocompose.source import Branch, Leaf, Node
from tocompose.syntax.names import identifier
from tocompose.tables import load

_DOCKER = regex(rf"(?:^|[\s;&|(`/])(?:docker|podman)\s|{CLIENT_VARIABLE}", re.IGNORECASE)
_PRINTS_FOLDER = ("pwd", "pwd -P", "pwd -L", "realpath .", "readlink -f .")
_NAMING_VERBS = (*STARTING_VERBS, ("pod", "create"))
_INSPECT_FLAGS = ("-f", "--format", "--type")
_FILE_ALONE = regex(r"< ?(\S+)")
_ASSIGNED_TO = regex(r"([A-Za-z_][A-Za-z0-9_]*)=[\"']?$")


def command_output(shell: Shell, code: str, cursor: Cursor, offset: int) -> Value:
    """What a command substitution gives; docker calls in it become invocations of the script."""
    if _DOCKER.search(code):
        return _docker_output(shell, code, cursor, offset)
    command = " ".join(code.split())
    if (output := _known_output(shell, code, command)) is not None:
        return output
    if file := _FILE_ALONE.fullmatch(command):
        text = shell.text_of(file[1])
        opened = _open_output(shell, command, cursor, offset)
        return opened if text is None else text._replace(text=text.text.rstrip("\n"))
    if (printed := captured(shell, code, cursor)) is not None:
        return printed
    if shell.output is None and calls_starting_function(shell, code):
        return _output_beside_containers(shell, code, cursor, offset)
    if shell.output is not None:
        raise Unknowable
    if shell.polled:
        _run_nested(shell, code, cursor, offset)
    return _open_output(shell, command, cursor, offset)


def _output_beside_containers(
    shell: Shell, code: str, cursor: Cursor, offset: int
) -> Value:
    """What code prints that calls a function of the script which starts containers."""
    first_step = len(shell.steps)
    tree = read(Text(shell.path, code, None, *_position(cursor, offset)))
    printed = collected_output(shell, shell.ledger.open(tree))
    if printed is not None:
        return printed
    del shell.steps[first_step:]
    _run_nested(shell, code, cursor, offset)
    return _open_output(shell, " ".join(code.split()), cursor, offset)


def _open_output(shell: Shell, command: str, cursor: Cursor, offset: int) -> Value:
    """A variable that stands for what a command prints."""
    name = _variable_for(shell, command, cursor, offset)
    return open_value(name, "TC152", cursor, command=shown(command))


def _variable_for(shell: Shell, command: str, cursor: Cursor, offset: int) -> str:
    """A name for what the command gives: of the variable it is assigned to, else of the command."""
    if name := load("shell")["outputs"].get(command):
        return str(name)
    text = (cursor.peek() or "")[:offset].rstrip("$(`")
    if shell.variable:
        name = shell.variable
    elif written := _ASSIGNED_TO.search(text):
        name = written[1]
    else:
        name = "_".join(_naming_words(command)) or "VALUE"
    return shell.kept_variables.name_for_command(free_name(name), command)


def _naming_words(command: str) -> list[str]:
    """The words that name a command: the program and what it is asked to do, no options and no values."""
    program, *arguments = command.split() or [""]
    if program == "cat" and arguments:
        return [posixpath.basename(arguments[0])]
    verbs = [text for text in arguments[:1] if re.fullmatch(r"[a-z][a-z-]{1,15}", text)]
    names = [posixpath.basename(program), *verbs]
    return [name for name in names if re.fullmatch(r"[\w.-]+", name)]


def _known_output(shell: Shell, code: str, command: str) -> Value | None:
    """What a command prints that only works with names and constants."""
    if command in _PRINTS_FOLDER:
        return Value(script_folder(shell.directory))
    if (path := _own_folder(code, posixpath.basename(shell.path))) is not None:
        base = posixpath.dirname(shell.path)
        return Value(script_folder(posixpath.normpath(posixpath.join(base, path))))
    return None


def _own_folder(code: str, script: str) -> str | None:
    """The folder that `$(cd "$(dirname "$0")" && pwd)` and its kin print, from the folder that holds the script."""
    path = _own_path(code, script)
    return None if path == script else path


def _own_path(code: str, script: str) -> str | None:
    """The path that commands print which only turn the script's own path around, from the folder that holds it."""
    match _option_free_commands(code):
        case [["dirname", word]]:
            path = _path_of_word(word, script)
            return None if path is None else posixpath.dirname(path) or "."
        case [["realpath", word]] | [["readlink", word]] | [["cd", word], ["pwd"]]:
            return _path_of_word(word, script)
    return None


def _option_free_commands(code: str) -> list[list[str]]:
    """The words of each command of `a && b` or `a; b`, without options."""
    statements = simple_list(Text("", code), 0, len(code)) or []
    match statements:
        case [Branch(kind="and") as both]:
            statements = [child.node for child in both.children]
    return [_option_free_words(statement) for statement in statements]


def _option_free_words(statement: Node) -> list[str]:
    if not isinstance(statement, Branch) or statement.kind != "command":
        return []
    texts = [
        child.node.text for child in statement.children if isinstance(child.node, Leaf)
    ]
    return [text for text in texts if not text.startswith("-")]


def _path_of_word(raw: str, script: str) -> str | None:
    """The path that a word names, from the script's folder: `$(dirname "$0")/..` is `..`; None for any other word."""
    start, *tail_atoms = [*word_atoms(raw), Atom("text", "", quoted=True)]
    if any(atom.kind != "text" for atom in tail_atoms):
        return None
    tail = "".join(atom.text for atom in tail_atoms)
    if start.kind == "command":
        base = _own_path(start.text, script)
    elif start.kind == "parameter" and start.text in ("0", "BASH_SOURCE"):
        base = _OWN_PATHS.get((start.operator, start.argument))
    else:
        base = None
    if base is None or (tail and not tail.startswith("/")):
        return None
    return posixpath.normpath(base.replace("$0", script) + tail)


# What `${0…}` and `${BASH_SOURCE…}` give: the script itself, or the folder that holds it.
_OWN_PATHS = {("", ""): "$0", (":-", "$0"): "$0", ("%", "/*"): "."}


def _run_nested(shell: Shell, code: str, cursor: Cursor, offset: int) -> None:
    tree = read(Text(shell.path, code, None, *_position(cursor, offset)))
    shell.run_all(shell.ledger.open(tree))


def _position(cursor: Cursor, offset: int) -> tuple[int, int]:
    """Line and column of an offset in the word."""
    span = cursor.value_span
    text = (cursor.peek() or "")[:offset]
    lines = text.count("\n")
    column = offset - text.rfind("\n") if lines else span.column + offset
    return span.line + lines, column


def _docker_output(shell: Shell, code: str, cursor: Cursor, offset: int) -> Value:
    """The value of `$(docker …)`, after its calls were read."""
    step_count, variable = len(shell.steps), shell.variable
    shell.variable = ""
    _run_nested(shell, code, cursor, offset)
    shell.variable = variable
    for index in reversed(range(step_count, len(shell.steps))):
        call = shell.steps[index]
        if isinstance(call, Invocation):
            if call.verb in _NAMING_VERBS:
                name = variable or f"CONTAINER_{index + 1}"
                shell.steps[index] = call._replace(variable=name)
                return Value(f"${{{name}}}")
            if call.verb == ("build",):
                return _built_image(shell, index, variable)
            if (printed := _printed_name(shell, call, cursor)) is not None:
                return printed
            break
    return _open_output(shell, shown(" ".join(code.split())), cursor, offset)


def _built_image(shell: Shell, index: int, variable: str) -> Value:
    """The image that `docker build -q` prints: its tag, or one after the variable that takes it."""
    call = shell.steps[index]
    assert isinstance(call, Invocation)
    line = parse_command_line(call.arguments, flag_rows("build"), interspersed=True)
    if tag := line.value_of("--tag"):
        return Value(tag.text)
    name = identifier(variable or f"image-{index + 1}")
    shell.steps[index] = call._replace(alias=name)
    return Value(name)


def _printed_name(shell: Shell, call: Invocation, cursor: Cursor) -> Value | None:
    """What a call prints where that is the name of what it makes or looks at."""
    if call.verb[-1] == "create" and call.arguments:
        return Value(call.arguments[-1].text, call.arguments[-1].sources)
    if call.verb == ("ps",):
        return _filtered_container(shell, call)
    inspected = _inspected_container(call) if call.verb[-1] == "inspect" else None
    if inspected is None:
        return None
    name = _name_of_container(shell, inspected.text)
    cursor.annotate("TC164", name=name)
    return inspected._replace(text=name)


def _filtered_container(shell: Shell, call: Invocation) -> Value | None:
    """The container of the script that `docker ps -q -f name=NAME` asks for, once it is started."""
    texts = [argument.text for argument in call.arguments]
    names = [text.rpartition("name=")[2].strip("^$/") for text in texts if "name=" in text]
    only_ids = any(map(_ONLY_IDS.fullmatch, texts))
    if len(names) != 1 or not only_ids or shell.testing or shell.polled:
        return None
    if names[0] not in map(_started_name, shell.steps):
        return None
    return Value(names[0], call.arguments[0].sources)


_ONLY_IDS = regex(r"-[a-z]*q[a-z]*|--quiet")


def _started_name(step: object) -> str:
    """The name that a step gives to the container which it starts; empty for others."""
    if not isinstance(step, Invocation) or step.verb not in _NAMING_VERBS:
        return ""
    return name_text(step)


def _name_of_container(shell: Shell, text: str) -> str:
    """What others call the container whose id a variable of the script holds; it is named after that where it has no
    name."""
    variable = sole_variable(text)
    for index, step in enumerate(shell.steps if variable else ()):
        if isinstance(step, Invocation) and step.variable == variable:
            stated_name = name_text(step)
            if stated_name:
                return stated_name
            alias = step.alias or identifier(variable)
            shell.steps[index] = step._replace(alias=alias)
            return alias
    return text


def _inspected_container(call: Invocation) -> Value | None:
    """The container whose address is asked for: in a network of Compose its name is as good."""
    texts = ["", *(argument.text for argument in call.arguments)]
    if not any("IPAddress" in text for text in texts):
        return None
    names = [
        argument
        for flag, argument in zip(texts, call.arguments, strict=False)
        if not argument.text.startswith("-") and flag not in _INSPECT_FLAGS
    ]
    return Value(names[0].text, names[0].sources) if len(names) == 1 else None
