"""Calls of functions and of other scripts, `source`, `eval`, `sh -c`: what they hold is read in place."""

from __future__ import annotations

import posixpath
import re
from posixpath import normpath

from tocompose.importers.docker_run.shell.commands import Piece
from tocompose.importers.docker_run.shell.expansion import joined
from tocompose.importers.docker_run.shell.state import Shell, shown
from tocompose.importers.docker_run.shell.variables import Value
from tocompose.ledger import Cursor
from tocompose.project import normal
from tocompose.readers.shell import read
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.values import plain

_DEEPEST = 12
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})


def call_function(shell: Shell, cursor: Cursor, name: str, arguments: list[Piece]) -> None:
    """Reads the body of a function with its arguments; a function that calls itself is read once."""
    cursor.skip("calls a function of the script, which is read with these arguments")
    shell.called.add(name)
    if name in shell.calling or len(shell.calling) >= _DEEPEST:
        return
    held = shell.scope.arguments
    shell.scope.arguments = tuple(piece.field for piece in arguments)
    _inside(shell, name)
    shell.scope.arguments = held


def _inside(shell: Shell, name: str) -> None:
    before = shell.calling
    shell.calling = (*before, name)
    shell.run(shell.functions[name])
    shell.calling = before


def read_uncalled(shell: Shell) -> None:
    """Reads each function that nothing called, its parameters left open."""
    for name, body in list(shell.functions.items()):
        if name in shell.called:
            continue
        shell.called.add(name)
        first = len(shell.steps)
        with shell.inner(shell.scope.called(None)):
            _inside(shell, name)
        if len(shell.steps) > first:
            body.remark("TC160", name=name)


def define(shell: Shell, cursor: Cursor) -> None:
    """Remembers a function; the body is settled when it is read."""
    child = cursor.children[0]
    shell.functions[str(child.key)] = cursor.at(child.key)


def source_file(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> None:
    """`. file` and `source file`: reads a file of the project in place."""
    target = pieces[1].field if len(pieces) > 1 else None
    path = _path(shell, target.text) if target is not None else None
    data = shell.project.read(path) if path is not None else None
    if (
        target is None
        or path is None
        or data is None
        or path in shell.calling
        or len(shell.calling) > _DEEPEST
    ):
        cursor.note(
            "TC161",
            file=shown(
                (target.sources[0].peek() or "")
                if target is not None and target.sources
                else "?"
            ),
        )
        return
    cursor.skip("reads another file of the project, which is read in place")
    run_file(shell, cursor, path, data)


def _path(shell: Shell, text: str) -> str | None:
    """The path of a file that the project may read; None for one that is unknown or elsewhere."""
    if text.startswith("${PWD}/"):
        return normal(text.removeprefix("${PWD}/"))
    known = plain(text)
    if known is None:
        return None
    paths = (
        posixpath.join(base, known)
        for base in (shell.directory, posixpath.dirname(shell.path))
    )
    return next(
        (normpath(path) for path in paths if shell.project.exists(normpath(path))), None
    )


def run_file(shell: Shell, cursor: Cursor, path: str, data: bytes) -> None:
    """Reads a whole file in the current scope."""
    shell.read_files.add(path)
    text = decode(data)
    try:
        tree = read(Text(path, text)) if text is not None else None
    except Unreadable as problem:
        tree, text = None, problem.message
    if tree is None:
        cursor.remark("TC169", file=path, why=text or "it is not text")
        return
    before_path, before_calling = shell.path, shell.calling
    shell.path, shell.calling = path, (*before_calling, path)
    settings = posixpath.basename(path)
    with shell.mode(exporting=shell.exporting or ".env" in settings):
        shell.run_all(shell.ledger.open(tree))
    shell.path, shell.calling = before_path, before_calling


def run_script(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> bool:
    """Whether a command starts another script of the project (`bash db.sh 1`), which is then read in place."""
    words = [piece for piece in pieces if not piece.field.text.startswith("-")]
    name = words[0].field.text.rpartition("/")[2] if words else ""
    rest = words[1:] if name in SHELLS else words
    if not rest or not re.search(r"\.(?:ba|da|z|k)?sh$|/", rest[0].field.text):
        return False
    path = _path(shell, rest[0].field.text)
    data = shell.project.read(path) if path is not None else None
    if (
        path is None
        or data is None
        or not (path.endswith("sh") or data.startswith(b"#!"))
        or path in shell.calling
    ):
        return False
    if b"docker" not in data and b"podman" not in data:
        return False
    cursor.skip("starts another script of the project, which is read in place")
    with shell.inner(shell.scope.called(tuple(piece.field for piece in rest[1:]))):
        run_file(shell, cursor, path, data)
    return True


def elsewhere(pieces: list[Piece]) -> bool:
    """Whether the command runs docker on another machine (`ssh HOST "docker run …"`)."""
    texts = [piece.field.text for piece in pieces]
    name = texts[0].rpartition("/")[2]
    return name in ("ssh", "sshpass", "mosh", "pdsh") and any(
        re.search(r"\b(docker|podman)\b", text) for text in texts[1:]
    )


def run_code(shell: Shell, cursor: Cursor, pieces: list[Piece]) -> bool:
    """Whether the command runs shell code in a string (`sh -c '…'`, `eval …`), which is then read in place."""
    code = _code(pieces)
    if code is None or not re.search(r"docker|podman", code.text):
        return False
    text = code.text.replace("$$", "$")
    span = code.sources[0].value_span
    cursor.skip("code in a string, which is read by itself")
    with shell.inner():
        shell.run_all(
            shell.ledger.open(
                read(Text(shell.path, text, None, span.line, span.column + 1))
            )
        )
    return True


def _code(pieces: list[Piece]) -> Value | None:
    texts = [piece.field.text for piece in pieces]
    name = texts[0].rpartition("/")[2]
    if name == "eval":
        return (
            joined([piece.field for piece in pieces[1:]], " ") if len(pieces) > 1 else None
        )
    if name in SHELLS | {"su", "sg"} and "-c" in texts[:-1]:
        return pieces[texts.index("-c") + 1].field
    short = next(
        (index for index, text in enumerate(texts[:-1]) if re.fullmatch(r"-[a-z]*c", text)),
        None,
    )
    return pieces[short + 1].field if name in SHELLS and short is not None else None
