"""Commands that are not docker: those that matter for what follows (`cd`, `set -a`, `cat > file`), and the rest."""

from __future__ import annotations

import posixpath
import re

from tocompose.importers.docker_run.invocation import File, Wait
from tocompose.importers.docker_run.shell.commands import Piece
from tocompose.importers.docker_run.shell.expansion import joined
from tocompose.importers.docker_run.shell.state import Shell
from tocompose.importers.docker_run.shell.variables import NOTHING, Value
from tocompose.ledger import Cursor
from tocompose.tables import load
from tocompose.values import plain, whole


def change_folder(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> None:
    """`cd DIR`: relative paths of what follows start there."""
    cursor.skip("changes the folder, which paths in the output follow")
    targets = [
        piece.field.text for piece in pieces[1:] if not piece.field.text.startswith("-")
    ]
    if not targets:
        return
    shell.directory = folder(shell.directory, targets[0])


def folder(directory: str, target: str) -> str:
    """The folder that `cd target` leads to; `.`-relative, or as it stands for one outside the project."""
    if target == "${PWD}" or target.startswith("${PWD}/"):
        return posixpath.normpath(target.replace("${PWD}", ".", 1))
    known = plain(target)
    if known is None or known.startswith("/"):
        return target if known is not None else directory
    return posixpath.normpath(posixpath.join(directory, known))


def set_options(shell: Shell, pieces: list[Piece]) -> None:
    """`set -a` exports all that follows; `set -- a b` gives the positional parameters."""
    texts = [piece.field.text for piece in pieces[1:]]
    for index, text in enumerate(texts):
        if text == "--":
            shell.scope.arguments = tuple(piece.field for piece in pieces[index + 2 :])
            return
        follows = texts[index + 1 : index + 2] == ["allexport"]
        if re.fullmatch(r"[-+]\w*a\w*", text) or (text in ("-o", "+o") and follows):
            shell.exporting = text.startswith("-")


def shift(shell: Shell, pieces: list[Piece]) -> None:
    """`shift [N]`."""
    count = (
        int(pieces[1].field.text) if len(pieces) > 1 and whole(pieces[1].field.text) else 1
    )
    if shell.scope.arguments is not None:
        shell.scope.arguments = shell.scope.arguments[count:]


def written_file(
    shell: Shell, cursor: Cursor, pieces: list[Piece], body: Value | None
) -> bool:
    """Whether the command writes constant text to a file (`cat > f <<EOF`, `echo x > f`), which is then kept."""
    name = pieces[0].field.text if pieces else "cat"
    target = _target(shell, cursor, pieces, name)
    content = body if body is not None else echoed(name, pieces)
    if target is None or content is None or target.text.startswith("/dev/"):
        return False
    append = any(
        child.children and child.children[0].key == ">>"
        for child in cursor
        if child.kind == "redirect"
    )
    path = shell.word(target, target.sources[0])
    shell.keep_open(content.opens)
    cursors = {source.path for source in (*target.sources, *content.sources)}
    shell.files.append(
        File(
            path,
            shell.word(content, content.sources[0]),
            cursor.span,
            append or "-a" in _texts(pieces),
        )
    )
    for child in cursor:
        _settle_rest(child, cursors)
    return True


def _texts(pieces: list[Piece]) -> list[str]:
    return [piece.field.text for piece in pieces]


def _settle_rest(cursor: Cursor, kept: set[tuple[str | int, ...]]) -> None:
    if cursor.kind != "leaf":
        for child in cursor:
            _settle_rest(child, kept)
    elif cursor.path not in kept:
        cursor.skip("writes a file")


def _target(shell: Shell, cursor: Cursor, pieces: list[Piece], name: str) -> Value | None:
    for child in cursor:
        if (
            child.kind == "redirect"
            and child.children[0].key in (">", ">>", ">|")
            and name != "tee"
        ):
            fields = shell.fields(child.at(child.children[0].key))
            return fields[0] if fields else None
    if name == "tee":
        return next(
            (piece.field for piece in pieces[1:] if not piece.field.text.startswith("-")),
            None,
        )
    return None


def echoed(name: str, pieces: list[Piece]) -> Value | None:
    """What `echo` or a plain `printf` prints."""
    rest = [piece.field for piece in pieces[1:]]
    if name == "echo":
        while rest and re.fullmatch(r"-[neE]+", rest[0].text):
            rest = rest[1:]
        text = joined(rest, " ") if rest else NOTHING
        return text._replace(text=text.text + "\n") if text.sources else None
    if name == "printf" and len(rest) == 1 and "%" not in rest[0].text:
        return rest[0]._replace(text=rest[0].text.replace("\\n", "\n"))
    if name == "printf" and len(rest) == 2 and rest[0].text in ("%s", "%s\\n"):
        ending = "\n" if rest[0].text != "%s" else ""
        return rest[1]._replace(text=rest[1].text + ending)
    return None


# How commands are called that a reader of documentation is meant to type.
_COMMAND = re.compile(r"[a-z_][a-z0-9_.+-]*")


def other(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> None:
    """Settles a command that tocompose has no use for; in a waiting loop it is what the loop waits for."""
    name = pieces[0].field.text.rpartition("/")[2] if pieces else ""
    harmless = name in load("shell")["harmless"]
    if shell.polled and not harmless and pieces:
        words = tuple(shell.word(piece.field, piece.cursor) for piece in pieces)
        shell.steps.append(Wait(words, cursor.span))
        taken = {piece.cursor.path for piece in pieces}
        for child in cursor:
            if child.path not in taken:
                child.skip("part of a waiting loop")
    elif shell.testing:
        cursor.skip("a condition of the script")
    elif (
        harmless
        or not pieces
        or (shell.settings.get("prose") and not _COMMAND.fullmatch(name))
    ):
        cursor.skip("leaves nothing behind that containers use")
    else:
        cursor.note("TC150", command=_called(pieces[0]))


def _called(piece: Piece) -> str:
    raw = piece.cursor.peek() or ""
    return raw if re.fullmatch(r"[\w./+-]{1,40}", raw) else "the command"
