"""Commands that are not docker: those that matter for what follows (`cd`, `set -a`, `cat > file`), and the rest."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from tocompose.importers.docker_run.invocation import WaitLoop, WrittenFile
from tocompose.importers.docker_run.options import program_name
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.expansion import join_values
from tocompose.importers.docker_run.shell.output import (
    output_of,
    print_output,
    printed_text,
)
from tocompose.importers.docker_run.shell.parameters import (
    parameter_names,
    path_from_here,
)
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.patterns import regex
from tocompose.readers.mentions import STARTING_CALL
from tocompose.syntax.interpolation import plain
from tocompose.syntax.units import is_whole_number
from tocompose.tables import load


def change_folder(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """`cd DIR`: relative paths of what follows start there."""
    cursor.skip("changes the folder, which paths in the output follow")
    targets = [
        field.value.text for field in fields[1:] if not field.value.text.startswith("-")
    ]
    if not targets:
        return
    shell.knows_folder = shell.knows_folder or any(map(_tells_folder, fields[1:]))
    shell.directory = folder_after_cd(shell.directory, targets[0])


# What holds the path of the script itself.
_OWN_PATHS = ("0", "BASH_SOURCE")


def _tells_folder(field: CommandField) -> bool:
    """Whether the folder that a command changes to does not depend on where the script is started."""
    sources = (source.peek() or "" for source in field.value.sources)
    names = (name for source in sources for name in parameter_names(source))
    return field.value.text.startswith("/") or any(name in _OWN_PATHS for name in names)


def folder_after_cd(directory: str, target: str) -> str:
    """The folder that `cd target` leads to; `.`-relative, or as it stands for one outside the project."""
    if (path := path_from_here(target)) is not None:
        return posixpath.normpath(path)
    path = plain(target)
    if path is None:
        return directory
    is_outside = path.startswith("/")
    return target if is_outside else posixpath.normpath(posixpath.join(directory, path))


def set_options(shell: Shell, fields: list[CommandField]) -> None:
    """`set -a` exports all that follows; `set -- a b` gives the positional parameters."""
    values = [field.value for field in fields[1:]]
    for index, value in enumerate(values):
        if re.fullmatch(r"[-+]\w*e\w*", value.text) or value.text == "errexit":
            shell.ends_on_failure = not value.text.startswith("+")
        if value.text == "pipefail":
            shell.fails_in_pipes = not values[index - 1].text.startswith("+")
        if value.text == "--":
            shell.scope.arguments = tuple(values[index + 1 :])
            return
        option = [following.text for following in values[index + 1 : index + 2]]
        is_named = value.text in ("-o", "+o") and option == ["allexport"]
        if is_named or re.fullmatch(r"[-+]\w*a\w*", value.text):
            shell.exporting = value.text.startswith("-")


def shift_arguments(shell: Shell, fields: list[CommandField]) -> None:
    """`shift [N]`."""
    counts = [
        field.value.text for field in fields[1:2] if is_whole_number(field.value.text)
    ]
    if shell.scope.arguments is not None:
        count = int(counts[0]) if counts else 1
        shell.status = int(count > len(shell.scope.arguments))
        shell.scope.arguments = shell.scope.arguments[count:]


def keep_written_file(
    shell: Shell, cursor: Cursor, fields: list[CommandField], body: Value | None
) -> bool:
    """Whether the command writes constant text to a file, which is then kept."""
    name = fields[0].value.text
    redirects = dict(_redirects(cursor))
    target = _target_file(shell, redirects, fields, name)
    content = body or printed_text(name, [field.value for field in fields[1:]])
    if target is None or content is None or target.text.startswith("/dev/"):
        return False
    if not content.sources:
        return False
    shell.status = 0
    appends = ">>" in redirects or "-a" in [field.value.text for field in fields]
    path = shell.to_argument(target, target.sources[0])
    _remember_content(shell, target, content, appends=appends)
    shell.keep_open(content.opens)
    written = shell.to_argument(content, content.sources[0])
    shell.files.append(WrittenFile(path, written, cursor.span, appends))
    used = {source.path for source in (*target.sources, *content.sources)}
    for child in cursor:
        _settle_unused(child, used)
    return True


def _remember_content(
    shell: Shell, target: Value, content: Value, *, appends: bool
) -> None:
    path = target.plain
    if path is None:
        return
    written = shell.text_of(path)
    shell.make_file(
        path, join_values([written, content]) if appends and written else content
    )


def _settle_unused(cursor: Cursor, used: set[tuple[str | int, ...]]) -> None:
    if cursor.kind != "leaf":
        for child in cursor:
            _settle_unused(child, used)
    elif cursor.path not in used:
        cursor.skip("writes a file")


def _target_file(
    shell: Shell, redirects: dict[str, Cursor], fields: list[CommandField], name: str
) -> Value | None:
    if name == "tee":
        operands = (field.value for field in fields[1:])
        return next((path for path in operands if not path.text.startswith("-")), None)
    for operator, target in redirects.items():
        if operator in (">", ">>", ">|"):
            return next(iter(shell.expand_fields(target)), None)
    return None


def _redirects(cursor: Cursor) -> Iterator[tuple[str, Cursor]]:
    """The operators of a command's redirections, with what each leads to."""
    for child in cursor:
        if child.kind == "redirect" and child.children:
            operator = child.children[0].key
            yield str(operator), child.at(operator)


# How commands are called that a reader of documentation is meant to type.
_COMMAND_NAME = regex(r"[a-z_][a-z0-9_.+-]*")


def settle_other(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """Settles a command that tocompose has no use for; in a waiting loop it is what the loop waits for."""
    name = program_name(fields[0].value.text) if fields else ""
    if shell.output is not None:
        print_output(shell, cursor, fields)
        return
    is_harmless = not fields or name in load("shell")["harmless"]
    succeeds = not fields or name in load("shell")["succeeding"]
    shell.status = 0 if succeeds else None
    if name in ("grep", "egrep") and shell.piped is not None:
        output_of(shell, name, fields)
    if shell.polled and (not is_harmless or _opens_connection(cursor)):
        _add_wait(shell, cursor, fields)
    elif shell.testing:
        cursor.skip("a condition of the script")
    elif is_harmless:
        cursor.skip("no effect on containers")
    else:
        _note_command(shell, cursor, fields)


def _note_command(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """Says that a command stays where it is, or that a docker command was not read that it is given."""
    raw = fields[0].cursor.peek() or ""
    if _holds_call(fields):
        cursor.note("TC033")
    elif _is_prose(shell, program_name(fields[0].value.text)):
        cursor.skip("no effect on containers")
    else:
        is_name = re.fullmatch(r"[\w./+-]{1,40}", raw)
        when = shell.settings.get("schedule")
        cursor.note(
            "TC080" if when else "TC150",
            command=raw if is_name else "the command",
            when=when,
            keeper=shell.settings["keeper"],
        )


def _holds_call(fields: list[CommandField]) -> bool:
    """Whether a word is a text with a docker command in it, which the program may run (`ansible all -a '…'`)."""
    texts = (field.value.text for field in fields[1:])
    return any(STARTING_CALL.search(text) is not None for text in texts)


def _is_prose(shell: Shell, name: str) -> bool:
    return bool(shell.settings.get("prose")) and not _COMMAND_NAME.fullmatch(name)


def _opens_connection(cursor: Cursor) -> bool:
    """Whether a redirection of a command leads to a server: `: > /dev/tcp/db/5432`."""
    return any("/dev/tcp/" in (target.peek() or "") for _, target in _redirects(cursor))


def _add_wait(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    arguments = [shell.to_argument(field.value, field.cursor) for field in fields]
    if _opens_connection(cursor):
        for _, target in _redirects(cursor):
            targets = shell.expand_fields(target)
            arguments += [shell.to_argument(value, target) for value in targets]
    shell.steps.append(WaitLoop(tuple(arguments), cursor.span))
    waiting = {source.path for argument in arguments for source in argument.sources}
    for child in cursor:
        if child.path not in waiting:
            child.skip("part of a waiting loop")
