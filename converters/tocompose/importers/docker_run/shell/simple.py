"""One simple command: assignments, a docker call, a call of the script's own functions, or something else."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers.docker_run.shell import assignments, calls, others
from tocompose.importers.docker_run.shell.commands import (
    Call,
    Piece,
    behind_prefixes,
    call_of,
    wrapped_call,
)
from tocompose.importers.docker_run.shell.invocations import invocation
from tocompose.importers.docker_run.shell.state import Shell, shown, with_source
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.readers.commands import DECLARATIONS

_ELLIPSES = frozenset(
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
_BUILTINS: dict[str, Callable[[Shell, Cursor, list[Piece]], None]] = {
    "cd": others.change_folder,
    "pushd": others.change_folder,
    "source": calls.source_file,
    ".": calls.source_file,
    "read": lambda shell, cursor, pieces: assignments.read_from_user(shell, cursor, _cursors(pieces)),
}  # fmt: skip


def read_command(shell: Shell, cursor: Cursor) -> None:
    """Reads one simple command."""
    first = next((child for child in cursor if child.kind == "leaf"), None)
    if first is None:
        _assign_all(shell, cursor)
    elif first.peek() in DECLARATIONS:
        assignments.declare(shell, cursor)
    elif first.peek() == "[[" or (first.style == "error"):
        _test(shell, cursor)
    else:
        _with_words(shell, cursor)


def _cursors(pieces: list[Piece]) -> list[Cursor]:
    return [piece.cursor for piece in pieces]


def _assign_all(shell: Shell, cursor: Cursor) -> None:
    for child in cursor:
        if child.kind in ("assignment", "append"):
            assignments.assign(shell, child)
        else:
            child.skip("a redirection without a command")


def _test(shell: Shell, cursor: Cursor) -> None:
    for child in cursor:
        if "$(" in (child.peek() or "") or "`" in (child.peek() or ""):
            shell.value(child)
    cursor.skip("a condition of the script")


def _with_words(shell: Shell, cursor: Cursor) -> None:
    given = _prefixed(shell, cursor)
    if any(child.style == "arithmetic" for child in cursor if child.kind == "leaf"):
        cursor.skip("arithmetic of the script")
        return
    pieces = pieces_of(shell, cursor)
    start, settings = behind_prefixes(pieces)
    _call_or_other(shell, cursor, pieces, start, settings, given)


def _call_or_other(
    shell: Shell,
    cursor: Cursor,
    pieces: list[Piece],
    start: int,
    settings: list[Piece],
    given: dict[str, Value],
) -> None:
    for piece in settings:
        name, _, text = piece.field.text.partition("=")
        given[name] = piece.field._replace(text=text)
    if (call := call_of(pieces, start)) is not None:
        _docker(shell, cursor, pieces, call, given)
    elif pieces[start:] and (wrapped := wrapped_call(shell, pieces, start)) is not None:
        _docker(shell, cursor, pieces, wrapped, given)
    else:
        _not_docker(shell, cursor, pieces[start:] or pieces)


def _prefixed(shell: Shell, cursor: Cursor) -> dict[str, Value]:
    """The assignments in front of a command, which hold for it alone."""
    given: dict[str, Value] = {}
    before = shell.scope
    shell.scope = before.copy()
    for child in cursor:
        if child.kind in ("assignment", "append"):
            name, value = assignments.assign(shell, child)
            given[name] = value
    shell.scope = before
    return given


def pieces_of(shell: Shell, cursor: Cursor) -> list[Piece]:
    """The fields of every word of a command, with the words that they come from."""
    pieces: list[Piece] = []
    for child in cursor:
        if child.kind != "leaf":
            continue
        if child.peek() in _ELLIPSES:
            child.note("TC168", written=child.peek())
        else:
            pieces += [Piece(field, child) for field in shell.fields(child)]
    return pieces


def _docker(
    shell: Shell, cursor: Cursor, pieces: list[Piece], call: Call, given: dict[str, Value]
) -> None:
    stdin = _redirected(shell, cursor)
    stdin, shell.piped = stdin or shell.piped, None
    shell.steps.append(invocation(shell, cursor, pieces, call, given, stdin))


def _redirected(shell: Shell, cursor: Cursor) -> Value | None:
    """What a here-document gives the command to read; settles all redirections."""
    found: Value | None = None
    for child in cursor:
        if child.kind != "redirect":
            continue
        operator = str(child.children[0].key).lstrip("0123456789")
        if body := child.at("body"):
            found = here_document(shell, body)
            child.at(operator).skip("the mark that ends a here-document")
        elif operator == "<<<":
            text = shell.value(child.at(operator))
            found = text._replace(text=text.text + "\n")
        elif operator == "<" and child.children[0].key == "<":
            raw = child.at("<").peek() or ""
            child.skip("no input") if raw == "/dev/null" else child.note(
                "TC165", file=shown(raw)
            )
        else:
            child.skip("where the output of the command goes")
    return found


def here_document(shell: Shell, body: Cursor) -> Value:
    """What a here-document says, expanded unless its mark is quoted."""
    if body.style == "heredoc-quoted":
        return Value((body.peek() or "").replace("$", "$$"), (body,))
    return with_source(shell.value(body, quoted=True), body)


def _not_docker(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> None:
    name = pieces[0].field.text if pieces else ""
    if name in shell.functions:
        calls.call_function(shell, cursor, name, pieces[1:])
    elif name in _BUILTINS:
        _BUILTINS[name](shell, cursor, pieces)
    elif name == "set":
        others.set_options(shell, pieces)
        cursor.skip("an option of the shell")
    elif name == "shift":
        others.shift(shell, pieces)
        cursor.skip("moves the arguments of the script")
    elif name == "unset":
        assignments.unset_all(shell, _cursors(pieces))
        cursor.skip("forgets variables")
    elif name == ":" and len(pieces) > 1:
        _defaults(shell, cursor)
    elif pieces and calls.elsewhere(pieces):
        cursor.note("TC163", option=name)
    elif pieces and (
        calls.run_code(shell, cursor, pieces) or calls.run_script(shell, cursor, pieces)
    ):
        pass
    elif not _writes(shell, cursor, pieces):
        others.other(shell, cursor, pieces)


def _writes(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> bool:
    name = pieces[0].field.text if pieces else ""
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
    return others.written_file(
        shell, cursor, pieces, here_document(shell, body) if body is not None else None
    )


def _defaults(shell: Shell, cursor: Cursor) -> None:
    """`: ${X:=default}` sets X where the environment does not."""
    for child in cursor:
        raw = child.peek() or ""
        if match := re.fullmatch(r"\"?\$\{([A-Za-z_]\w*):?=.*\}\"?", raw, re.DOTALL):
            value = shell.value(child)
            shell.scope.set(match[1], value)
            shell.assigned.append(child)
        else:
            child.skip("does nothing")
