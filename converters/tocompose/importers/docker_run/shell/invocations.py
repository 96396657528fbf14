"""Makes an invocation of a docker call: its words, the variables they leave open, where and when it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tocompose.importers.docker_run.invocation import STARTING_VERBS, Argument, Invocation
from tocompose.importers.docker_run.options import flag_rows, parse_command_line
from tocompose.importers.docker_run.shell.commands import (
    CARRIED_VERBS,
    CommandField,
    DockerCall,
)
from tocompose.importers.docker_run.shell.parameters import path_from_here, sole_variable
from tocompose.importers.docker_run.shell.state import SCRIPT, Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.atoms import word_atoms
from tocompose.syntax.interpolation import (
    Variable,
    apply_defaults,
    parse,
    split_outside_variables,
    variable_names,
)
from tocompose.syntax.mounts import format_mount, is_path, parse_docker_mount

# A placeholder inside quotes, which a shell passes on as it stands.
_PLACEHOLDER = regex(
    r"<(?:your|my|the|some|insert|path|pass|secret)\b[^<>\n]*>|<[A-Z_]{4,}>|<[a-z]+[-_][a-z_-]+>"
)


def make_invocation(
    shell: Shell,
    cursor: Cursor,
    fields: list[CommandField],
    call: DockerCall,
    local_values: dict[str, Value],
    stdin: Value | None,
) -> Invocation:
    """The call as an invocation, its head settled and its open variables recorded."""
    head = [
        shell.to_argument(field.value, field.cursor)
        for field in fields[: call.first_argument]
    ]
    _settle_head(call, head)
    fields = _without_vanishing(fields[call.first_argument :], call)
    fields = rewrite_fields(fields, call.verb)
    arguments = [shell.to_argument(field.value, field.cursor) for field in fields]
    exported = {name: shell.scope.get(name) for name in shell.scope.exports} | local_values
    environment = _passed_variables(arguments, exported)
    _note_engine(shell, exported)
    if call.verb[-1] in CARRIED_VERBS:
        _keep_open(shell, fields, environment)
        _note_start_folder(shell, fields)
    settings = shell.settings
    return Invocation(
        call.tool,
        call.verb,
        relative_host_paths(arguments, call.verb),
        cursor.span,
        tuple(head),
        polled=shell.polled,
        directory=shell.directory,
        environment=tuple(
            (name, shell.to_argument(value, value.sources[0]))
            for name, value in environment.items()
            if value.sources
        ),
        stdin=shell.to_argument(stdin, stdin.sources[0]) if stdin is not None else None,
        restart=str(settings.get("restart", "")),
        unit=str(settings.get("unit", "")),
        alias=str(settings.get("alias", "")),
        after=_unit_names(settings.get("after")),
        schedule=str(settings.get("schedule", "")),
        undecided=shell.undecided > 0,
    )


# What variables are called that hold an image.
_IMAGE_NAME = regex(r"IMAGE|IMG|TAG|REPO|NAME|APP|CONTAINER|SERVICE", re.IGNORECASE)


def _without_vanishing(fields: list[CommandField], call: DockerCall) -> list[CommandField]:
    """The fields without open words in front of the image: an unquoted variable without a value is no word at all."""
    if call.verb not in STARTING_VERBS:
        return fields
    while True:
        arguments = [
            Argument(field.value.text, field.cursor.value_span) for field in fields
        ]
        operands = parse_command_line(tuple(arguments), flag_rows("run")).operands
        if len(operands) < 2 or not _may_vanish(operands[0], operands[1]):
            return fields
        index = next(i for i, word in enumerate(arguments) if word is operands[0])
        cursor = fields[index].cursor
        if not (cursor.peek() or "").startswith("$"):
            return fields
        cursor.note("TC155", written=shown(cursor.peek() or ""))
        fields = [*fields[:index], *fields[index + 1 :]]


def _may_vanish(word: Argument, next_word: Argument) -> bool:
    """Whether a word is a variable that names no image, and the word behind it is one."""
    name, next_name = sole_variable(word.text), sole_variable(next_word.text)
    if name is None or _IMAGE_NAME.search(name):
        return False
    if next_name is not None:
        return _IMAGE_NAME.search(next_name) is not None
    return re.fullmatch(r"[\w.${}-]+(?:[/:][\w./:${}@-]+)+", next_word.text) is not None


def _keep_open(
    shell: Shell, fields: list[CommandField], environment: dict[str, Value]
) -> None:
    for field in fields:
        shell.keep_open(field.value.opens)
        placeholder = _PLACEHOLDER.search(field.value.text)
        # A value that is nothing else is asked for in `.env`.
        if (
            placeholder
            and f"={placeholder[0]}" != field.value.text[-len(placeholder[0]) - 1 :]
        ):
            field.cursor.annotate("TC170", written=placeholder[0])
    for value in environment.values():
        shell.keep_open(value.opens)


def _note_start_folder(shell: Shell, fields: list[CommandField]) -> None:
    """Says once of a script which folder was taken for the one that it is started in, where a command has that."""
    if shell.knows_folder or shell.settings.get("keeper") != SCRIPT:
        return
    for field in fields:
        sources = field.value.sources if "${PWD}" in field.value.text else ()
        for source in sources:
            if written := _start_folder_in(source.peek() or ""):
                own_folder = f"the folder of {shell.path}"
                is_deeper = "/" in shell.path
                folder = "the folder that was converted" if is_deeper else own_folder
                source.annotate("TC082", written=written, folder=folder)
                shell.knows_folder = True
                return


def _start_folder_in(raw: str) -> str:
    """How a word names the folder that the shell is in; empty where it does not."""
    for atom in word_atoms(raw):
        if (atom.kind, atom.text) == ("parameter", "PWD"):
            return "$PWD"
        if atom.kind == "command" and atom.text.split()[:1] == ["pwd"]:
            return "$(pwd)"
    return ""


def _unit_names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, tuple) else ()


def _settle_head(call: DockerCall, head: list[Argument]) -> None:
    if call.remote is not None:
        option = call.remote.value.text.partition("=")[0]
        call.remote.cursor.note("TC163", option=shown(option))
    for argument in head:
        argument.skip("the name of the docker command and its options for the client")


def _note_engine(shell: Shell, exported: Mapping[str, Value | None]) -> None:
    """Says of a variable that selects another engine than that of this machine, once."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        value = exported.get(name)
        if value is None or name in shell.engine_variables:
            continue
        if value.text not in ("", "default") and "unix://" not in value.text:
            shell.engine_variables.add(name)
            shell.to_argument(value, value.sources[0]).note("TC163", option=name)


def _passed_variables(
    arguments: list[Argument], exported: Mapping[str, Value | None]
) -> dict[str, Value]:
    """The variables that the arguments pass on by name (`-e NAME`), with what they hold."""
    names = {
        argument.text.removeprefix("--env=").removeprefix("-e") for argument in arguments
    }
    return {
        name: value
        for name in sorted(names & exported.keys())
        if (value := exported[name]) is not None
    }


Rewrite = Callable[[str], str]
_NAMING_VERBS = (*STARTING_VERBS, ("build",))
_MOUNT_SOURCES = ("source", "src")


def rewrite_fields(fields: list[CommandField], verb: tuple[str, ...]) -> list[CommandField]:
    """The fields behind a verb, those that name something without a variable where the source says a default."""
    texts = [field.value.text for field in fields]
    if verb in _NAMING_VERBS:
        stated, is_noted = list(_rewrite_values(texts, _NAME_REWRITES)), True
    else:
        stated = [apply_defaults(text) for text in texts]
        is_noted = verb[-1] in ("create", "connect")
    return [
        field if text == field.value.text else _with_name(field, text, is_noted)
        for field, text in zip(fields, stated, strict=True)
    ]


def _with_name(field: CommandField, text: str, is_noted: bool) -> CommandField:
    if is_noted:
        field.cursor.annotate("TC171", written=field.value.text, name=text)
    names = set(variable_names(text))
    opens = tuple(variable for variable in field.value.opens if variable.name in names)
    return field._replace(value=field.value._replace(text=text, opens=opens))


def relative_host_paths(
    arguments: Iterable[Argument], verb: tuple[str, ...]
) -> tuple[Argument, ...]:
    """The arguments with `${PWD}` at the start of a host path as `.`; elsewhere it stays, for it is absolute."""
    arguments = list(arguments)
    rewrite_operand = _path_from_script if verb in (("build",), ("cp",)) else None
    texts = [argument.text for argument in arguments]
    rewritten = _rewrite_values(texts, _PATH_REWRITES, rewrite_operand)
    return tuple(
        argument.with_text(text)
        for argument, text in zip(arguments, rewritten, strict=True)
    )


def _rewrite_values(
    texts: list[str],
    rewrites: Mapping[str, Rewrite],
    rewrite_operand: Rewrite | None = None,
) -> Iterator[str]:
    """The arguments with the values of some flags rewritten, whether they stand behind the flag or are joined to it."""
    flag = ""
    for text in texts:
        name, equals, value = text.partition("=")
        if "$" not in text:
            yield text
        elif flag in rewrites:
            yield rewrites[flag](text)
        elif equals and name in rewrites:
            yield f"{name}={rewrites[name](value)}"
        elif text[:2] in rewrites:
            yield text[:2] + rewrites[text[:2]](text[2:])
        elif rewrite_operand is not None and not flag.startswith("-"):
            yield rewrite_operand(text)
        else:
            yield text
        flag = text


def _state_volume(text: str) -> str:
    """A volume with its name stated; a path may stay a variable."""
    mount = parse_docker_mount(text)
    if mount.source is None:
        return text
    source = _state_source(mount.source)
    return text if source == mount.source else format_mount(mount._replace(source=source))


def _state_source(source: str) -> str:
    name = apply_defaults(source)
    is_host_path = is_path(name) or "/" in name or name.startswith("$")
    return source if is_host_path else name


def _path_from_script(text: str) -> str:
    """The text with `.` for `${PWD}` at the start, or at the start of the default of a variable that stands there."""
    if (path := path_from_here(text)) is not None:
        return path
    match parse(text):
        case (Variable(default=str(default)) as variable, *_):
            tail = text[len(variable.source) :]
            return variable.with_operand(_path_from_script(default)) + tail
    return text


def _rewrite_csv(text: str, rewrite: Rewrite, keys: tuple[str, ...] = ()) -> str:
    """The `key=value` fields of a value with the values of these keys rewritten, of all when none are given."""
    fields = []
    for field in split_outside_variables(text, ","):
        key, equals, value = field.partition("=")
        is_meant = bool(equals) and (key in keys or not keys)
        fields.append(f"{key}={rewrite(value)}" if is_meant else field)
    return ",".join(fields)


def _state_mount(text: str) -> str:
    return _rewrite_csv(text, _state_source, _MOUNT_SOURCES)


def _relative_mount(text: str) -> str:
    return _rewrite_csv(text, _path_from_script, _MOUNT_SOURCES)


def _relative_values(text: str) -> str:
    return _rewrite_csv(text, _path_from_script)


_NAME_REWRITES: dict[str, Rewrite] = {
    "--link": apply_defaults,
    "--mount": _state_mount,
    "--name": apply_defaults,
    "--net": apply_defaults,
    "--net-alias": apply_defaults,
    "--network": apply_defaults,
    "--network-alias": apply_defaults,
    "--pod": apply_defaults,
    "--volume": _state_volume,
    "--volumes-from": apply_defaults,
    "-v": _state_volume,
}
_PATH_REWRITES: dict[str, Rewrite] = {
    "--build-context": _path_from_script,
    "--cidfile": _path_from_script,
    "--env-file": _path_from_script,
    "--file": _path_from_script,
    "--label-file": _path_from_script,
    "--mount": _relative_mount,
    "--secret": _relative_values,
    "--security-opt": _relative_values,
    "--volume": _path_from_script,
    "-f": _path_from_script,
    "-v": _path_from_script,
}
