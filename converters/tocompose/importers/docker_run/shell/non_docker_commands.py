"""Commands that are not docker: those that matter for what follows (`cd`, `set -a`, `cat > file`), and the rest."""

from __future__ import annotations

import posixpath
import re

from tocompose.importers.docker_run.invocation import WaitLoop, WrittenFile
from tocompose.importers.docker_run.shell.commands import CommandField
from tocompose.importers.docker_run.shell.expansion import join_values
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import NOTHING, Value
from tocompose.ledger import Cursor
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
    shell.directory = folder_after_cd(shell.directory, targets[0])


def folder_after_cd(directory: str, target: str) -> str:
    """The folder that `cd target` leads to; `.`-relative, or as it stands for one outside the project."""
    if target == "${PWD}" or target.startswith("${PWD}/"):
        return posixpath.normpath(target.replace("${PWD}", ".", 1))
    path = plain(target)
    if path is None or path.startswith("/"):
        return target if path is not None else directory
    return posixpath.normpath(posixpath.join(directory, path))


def set_options(shell: Shell, fields: list[CommandField]) -> None:
    """`set -a` exports all that follows; `set -- a b` gives the positional parameters."""
    texts = [field.value.text for field in fields[1:]]
    for index, text in enumerate(texts):
        if text == "--":
            shell.scope.arguments = tuple(field.value for field in fields[index + 2 :])
            return
        follows = texts[index + 1 : index + 2] == ["allexport"]
        if re.fullmatch(r"[-+]\w*a\w*", text) or (text in ("-o", "+o") and follows):
            shell.exporting = text.startswith("-")


def shift_arguments(shell: Shell, fields: list[CommandField]) -> None:
    """`shift [N]`."""
    count = (
        int(fields[1].value.text)
        if len(fields) > 1 and is_whole_number(fields[1].value.text)
        else 1
    )
    if shell.scope.arguments is not None:
        shell.scope.arguments = shell.scope.arguments[count:]


def written_file(
    shell: Shell, cursor: Cursor, fields: list[CommandField], body: Value | None
) -> bool:
    """Whether the command writes constant text to a file (`cat > f <<EOF`, `echo x > f`), which is then kept."""
    name = fields[0].value.text if fields else "cat"
    target = _target_file(shell, cursor, fields, name)
    content = body if body is not None else printed_text(name, fields)
    if target is None or content is None or target.text.startswith("/dev/"):
        return False
    append = any(
        child.children and child.children[0].key == ">>"
        for child in cursor
        if child.kind == "redirect"
    )
    path = shell.to_argument(target, target.sources[0])
    shell.keep_open(content.opens)
    cursors = {source.path for source in (*target.sources, *content.sources)}
    shell.files.append(
        WrittenFile(
            path,
            shell.to_argument(content, content.sources[0]),
            cursor.span,
            append or "-a" in _field_texts(fields),
        )
    )
    for child in cursor:
        _settle_rest(child, cursors)
    return True


def _field_texts(fields: list[CommandField]) -> list[str]:
    return [field.value.text for field in fields]


def _settle_rest(cursor: Cursor, settled: set[tuple[str | int, ...]]) -> None:
    if cursor.kind != "leaf":
        for child in cursor:
            _settle_rest(child, settled)
    elif cursor.path not in settled:
        cursor.skip("writes a file")


def _target_file(
    shell: Shell, cursor: Cursor, fields: list[CommandField], name: str
) -> Value | None:
    for child in cursor:
        if (
            child.kind == "redirect"
            and child.children[0].key in (">", ">>", ">|")
            and name != "tee"
        ):
            targets = shell.expand_fields(child.at(child.children[0].key))
            return targets[0] if targets else None
    if name == "tee":
        return next(
            (field.value for field in fields[1:] if not field.value.text.startswith("-")),
            None,
        )
    return None


def printed_text(name: str, fields: list[CommandField]) -> Value | None:
    """What `echo` or a plain `printf` prints."""
    operands = [field.value for field in fields[1:]]
    if name == "echo":
        while operands and re.fullmatch(r"-[neE]+", operands[0].text):
            operands = operands[1:]
        text = join_values(operands, " ") if operands else NOTHING
        return text._replace(text=text.text + "\n") if text.sources else None
    if name == "printf" and len(operands) == 1 and "%" not in operands[0].text:
        return operands[0]._replace(text=operands[0].text.replace("\\n", "\n"))
    if name == "printf" and len(operands) == 2 and operands[0].text in ("%s", "%s\\n"):
        ending = "\n" if operands[0].text != "%s" else ""
        return operands[1]._replace(text=operands[1].text + ending)
    return None


# How commands are called that a reader of documentation is meant to type.
_COMMAND_NAME = re.compile(r"[a-z_][a-z0-9_.+-]*")


def settle_other(shell: Shell, cursor: Cursor, fields: list[CommandField]) -> None:
    """Settles a command that tocompose has no use for; in a waiting loop it is what the loop waits for."""
    name = fields[0].value.text.rpartition("/")[2] if fields else ""
    harmless = name in load("shell")["harmless"]
    if shell.polled and not harmless and fields:
        arguments = tuple(shell.to_argument(field.value, field.cursor) for field in fields)
        shell.steps.append(WaitLoop(arguments, cursor.span))
        settled = {field.cursor.path for field in fields}
        for child in cursor:
            if child.path not in settled:
                child.skip("part of a waiting loop")
    elif shell.testing:
        cursor.skip("a condition of the script")
    elif (
        harmless
        or not fields
        or (shell.settings.get("prose") and not _COMMAND_NAME.fullmatch(name))
    ):
        cursor.skip("leaves nothing behind that containers use")
    else:
        cursor.note("TC150", command=_shown_name(fields[0]))


def _shown_name(field: CommandField) -> str:
    raw = field.cursor.peek() or ""
    return raw if re.fullmatch(r"[\w./+-]{1,40}", raw) else "the command"
