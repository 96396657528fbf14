"""Reads the scripts of a project into docker invocations, always statically."""

from __future__ import annotations

import re
from collections.abc import Callable

from tocompose.importers import SourceError
from tocompose.importers.docker_run.invocation import Script
from tocompose.importers.docker_run.shell import (
    branches,
    calls,
    loops,
    makefiles,
    simple_command,
    units,
)
from tocompose.importers.docker_run.shell.discovery import (
    READERS,
    find_scripts,
    kind_of,
    started_elsewhere,
)
from tocompose.importers.docker_run.shell.expansion import Endless
from tocompose.importers.docker_run.shell.state import Handler, Shell, shown
from tocompose.importers.docker_run.shell.substitution import command_output
from tocompose.importers.docker_run.shell.variables import KeptVariables
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.source import Span


def _run_each(shell: Shell, cursor: Cursor) -> None:
    shell.run_all(cursor)


def _run_subshell(shell: Shell, cursor: Cursor) -> None:
    with shell.inner():
        shell.run_all(cursor)


def _run_redirected(shell: Shell, cursor: Cursor) -> None:
    shell.run(cursor.at("body"))
    simple_command.read_command(shell, cursor.at("to"))


def _settle_text(shell: Shell, cursor: Cursor) -> None:
    """A leaf that is no code."""
    text = shown(cursor.peek() or "")
    if cursor.style == "output":
        cursor.skip("output of a command, not a command")
    elif cursor.style == "comment":
        cursor.note("TC166")
    elif cursor.style == "ellipsis":
        cursor.note("TC168", written=text)
    elif cursor.style == "operator":
        cursor.note("TC173", written=text)
    elif shell.settings.get("prose") and not re.search(r"docker|podman", text):
        cursor.skip("prose without a docker command")
    else:
        cursor.note("TC172" if cursor.style == "unclosed" else "TC162")


def _note_unknown(shell: Shell, cursor: Cursor) -> None:
    cursor.note("TC162")


HANDLERS: dict[str, Handler] = {
    "command": simple_command.read_command,
    "script": _run_each,
    "body": _run_each,
    "group": _run_each,
    "background": _run_each,
    "not": _run_each,
    "pipeline": simple_command.read_pipeline,
    "subshell": _run_subshell,
    "redirected": _run_redirected,
    "and": branches.read_and,
    "or": branches.read_or,
    "if": branches.read_if,
    "case": branches.read_case,
    "for": loops.read_for,
    "for-arguments": loops.read_for,
    "count": loops.read_count,
    "while": loops.read_while,
    "until": loops.read_while,
    "function": calls.define_function,
    "makefile": makefiles.read_makefile,
    "unit": units.read_unit,
    "leaf": _settle_text,
    "unknown": _note_unknown,
}


def shell_for(
    project: Project, ledger: Ledger, path: str, kept_variables: KeptVariables | None = None
) -> Shell:
    """A fresh shell for the script of that path."""
    return Shell(project, ledger, path, HANDLERS, command_output, kept_variables)


def read_script(
    text: Text,
    project: Project,
    ledger: Ledger,
    kind: str = "shell",
    kept_variables: KeptVariables | None = None,
    read: set[str] | None = None,
) -> Script:
    """The docker calls of one source text; `kind` is a key of READERS. Raises Unreadable where it is no such text.

    `kept` are the variables of the scripts read before, so that one name does not stand for two values; to `read` the
    files are added that the script reads itself.
    """
    shell = shell_for(project, ledger, text.file, kept_variables)
    shell.settings = {"prose": kind in ("markdown", "pasted")}
    root = ledger.open(READERS[kind](text))
    try:
        shell.run(root)
        calls.read_uncalled(shell)
    except (Endless, RecursionError) as problem:
        root.skip("the script could not be followed to its end")
        why = (
            str(problem)
            if isinstance(problem, Endless)
            else "it is nested too deeply to be read"
        )
        raise Unreadable(root.span, why) from None
    if read is not None:
        read |= shell.read_files
    return shell.to_script()


def read_scripts(project: Project, ledger: Ledger) -> tuple[Script, ...]:
    """The scripts of the project that have docker commands.

    Raises SourceError when there is none to read; what cannot be read beside others is noted.
    """
    problems: list[Unreadable] = []
    kept_variables = KeptVariables()
    read: set[str] = set()
    paths = _paths_to_read(project)
    script_by_path = {
        path: _read_file(project, ledger, path, problems, kept_variables, read)
        for path in paths
        if path not in read
    }
    scripts = tuple(
        script
        for path in sorted(script_by_path, key=_order_of_files(project))
        if (script := script_by_path[path]) is not None
    )
    if not scripts and not problems:
        problems += [
            Unreadable(Span(path, 1, 1, 1, 1), _too_large(size))
            for path, size in project.skipped.items()
        ]
    if problems and not scripts:
        raise SourceError("\n".join(str(problem) for problem in problems))
    for problem in problems:
        ledger.say(note("TC169", problem.span, file=problem.span.file, why=problem.message))
    return scripts


def _paths_to_read(project: Project) -> list[str]:
    """The files to read: those that the user named and those found; last those that others seem to read themselves."""
    candidates = (*project.named, *find_scripts(project))
    paths = [path for path in dict.fromkeys(candidates) if path not in project.skipped]
    elsewhere = started_elsewhere(project, paths)
    return sorted(paths, key=lambda path: path in elsewhere)


def _too_large(size: int) -> str:
    name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
    return f"{size:,} bytes are more than the limit of {limit(name):,}; TOCOMPOSE_MAX_{name} sets another"


def _order_of_files(project: Project) -> Callable[[str], int]:
    """The place of a file in the order in which the user gave them, or in which they were found."""
    order = {path: index for index, path in enumerate((*project.named, *project.files()))}
    return lambda path: order.get(path, len(order))


def _why_nothing(ledger: Ledger, file_span: Span) -> Unreadable:
    """Why a file gives nothing: the first part of it that could not be read, or that it holds no docker command."""
    unreadable_notes = [
        unread_note
        for unread_note in ledger.notes
        if unread_note.code in ("TC162", "TC172") and unread_note.span is not None
    ]
    for unread_note in unreadable_notes:
        if unread_note.span is not None and unread_note.span.file == file_span.file:
            return Unreadable(
                unread_note.span, f"{unread_note.message}; {unread_note.advice}"
            )
    return Unreadable(file_span, "no docker or podman command was found in this file")


def _read_file(
    project: Project,
    ledger: Ledger,
    path: str,
    problems: list[Unreadable],
    kept_variables: KeptVariables,
    read: set[str],
) -> Script | None:
    file_span = Span(path, 1, 1, 1, 1)
    data = project.read(path)
    if data is None:
        problems.append(Unreadable(file_span, "there is no such file in the source tree"))
        return None
    text = decode(data)
    if text is None or not text.strip():
        why = (
            "the file is empty; give a script with docker commands"
            if not data.strip()
            else "this is not a text file"
        )
        problems.append(Unreadable(file_span, why))
        return None
    try:
        script = read_script(
            Text(path, text), project, ledger, kind_of(path, text), kept_variables, read
        )
    except Unreadable as problem:
        problems.append(problem)
        return None
    if not script.steps and path not in read:
        problems.append(_why_nothing(ledger, file_span))
        return None
    return script
