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
    pipelines,
    simple,
    units,
)
from tocompose.importers.docker_run.shell.discovery import (
    READERS,
    kind_of,
    sniff,
    started_elsewhere,
)
from tocompose.importers.docker_run.shell.expansion import Endless
from tocompose.importers.docker_run.shell.state import Handler, Shell, shown
from tocompose.importers.docker_run.shell.substitution import substitute
from tocompose.importers.docker_run.shell.variables import Kept
from tocompose.ledger import Cursor, Ledger
from tocompose.limits import limit
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.source import Span

__all__ = ["read_script", "scripts", "sniff"]


def _each(shell: Shell, cursor: Cursor) -> None:
    shell.run_all(cursor)


def _alone(shell: Shell, cursor: Cursor) -> None:
    with shell.inner():
        shell.run_all(cursor)


def _redirected(shell: Shell, cursor: Cursor) -> None:
    shell.run(cursor.at("body"))
    simple.read_command(shell, cursor.at("to"))


def _aside(shell: Shell, cursor: Cursor) -> None:
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


def _unknown(shell: Shell, cursor: Cursor) -> None:
    cursor.note("TC162")


HANDLERS: dict[str, Handler] = {
    "command": simple.read_command,
    "script": _each,
    "body": _each,
    "group": _each,
    "background": _each,
    "not": _each,
    "pipeline": pipelines.read_pipeline,
    "subshell": _alone,
    "redirected": _redirected,
    "and": branches.read_and,
    "or": branches.read_or,
    "if": branches.read_if,
    "case": branches.read_case,
    "for": loops.read_for,
    "for-arguments": loops.read_for,
    "count": loops.read_count,
    "while": loops.read_while,
    "until": loops.read_while,
    "function": calls.define,
    "makefile": makefiles.read_makefile,
    "unit": units.read_unit,
    "leaf": _aside,
    "unknown": _unknown,
}


def shell_for(
    project: Project, ledger: Ledger, path: str, kept: Kept | None = None
) -> Shell:
    """A fresh shell for the script of that path."""
    return Shell(project, ledger, path, HANDLERS, substitute, kept)


def read_script(
    text: Text,
    project: Project,
    ledger: Ledger,
    kind: str = "shell",
    kept: Kept | None = None,
    read: set[str] | None = None,
) -> Script:
    """The docker calls of one source text; `kind` is a key of READERS. Raises Unreadable where it is no such text.

    `kept` are the variables of the scripts read before, so that one name does not stand for two values; to `read` the
    files are added that the script reads itself.
    """
    shell = shell_for(project, ledger, text.file, kept)
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
    return shell.script()


def scripts(project: Project, ledger: Ledger) -> tuple[Script, ...]:
    """The scripts of the project that have docker commands.

    Raises SourceError when there is none to read; what cannot be read beside others is noted.
    """
    problems: list[Unreadable] = []
    kept = Kept()
    read: set[str] = set()
    paths = _paths(project)
    found = {
        path: _script(project, ledger, path, problems, kept, read)
        for path in paths
        if path not in read
    }
    made = tuple(
        script
        for path in sorted(found, key=_given(project))
        if (script := found[path]) is not None
    )
    if not made and not problems:
        problems += [
            Unreadable(Span(path, 1, 1, 1, 1), _too_large(size))
            for path, size in project.skipped.items()
        ]
    if problems and not made:
        raise SourceError("\n".join(str(problem) for problem in problems))
    for problem in problems:
        ledger.say(note("TC169", problem.span, file=problem.span.file, why=problem.message))
    return made


def _paths(project: Project) -> list[str]:
    """The files to read: those that the user named and those found; last those that others seem to read themselves."""
    every = (*project.named, *sniff(project))
    found = [path for path in dict.fromkeys(every) if path not in project.skipped]
    elsewhere = started_elsewhere(project, found)
    return sorted(found, key=lambda path: path in elsewhere)


def _too_large(size: int) -> str:
    name = "FILE_BYTES" if size > limit("FILE_BYTES") else "SCRIPT_BYTES"
    return f"{size:,} bytes are more than the limit of {limit(name):,}; TOCOMPOSE_MAX_{name} sets another"


def _given(project: Project) -> Callable[[str], int]:
    """The place of a file in the order in which the user gave them, or in which they were found."""
    order = {path: index for index, path in enumerate((*project.named, *project.files()))}
    return lambda path: order.get(path, len(order))


def _nothing(ledger: Ledger, here: Span) -> Unreadable:
    """Why a file gives nothing: the first part of it that could not be read, or that it holds no docker command."""
    broken = [
        item
        for item in ledger.notes
        if item.code in ("TC162", "TC172") and item.span is not None
    ]
    for item in broken:
        if item.span is not None and item.span.file == here.file:
            return Unreadable(item.span, f"{item.message}; {item.advice}")
    return Unreadable(here, "no docker or podman command was found in this file")


def _script(
    project: Project,
    ledger: Ledger,
    path: str,
    problems: list[Unreadable],
    kept: Kept,
    read: set[str],
) -> Script | None:
    here = Span(path, 1, 1, 1, 1)
    data = project.read(path)
    if data is None:
        problems.append(Unreadable(here, "there is no such file in the source tree"))
        return None
    text = decode(data)
    if text is None or not text.strip():
        why = (
            "the file is empty; give a script with docker commands"
            if not data.strip()
            else "this is not a text file"
        )
        problems.append(Unreadable(here, why))
        return None
    try:
        script = read_script(
            Text(path, text), project, ledger, kind_of(path, text), kept, read
        )
    except Unreadable as problem:
        problems.append(problem)
        return None
    if not script.steps and path not in read:
        problems.append(_nothing(ledger, here))
        return None
    return script
