"""Reads the scripts of a project into docker invocations, always statically."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tocompose.importers import SourceError
from tocompose.importers.docker_run import assignments, branches, calls, loops, simple
from tocompose.importers.docker_run.discovery import READERS, kind_of, sniff, started_elsewhere
from tocompose.importers.docker_run.invocation import Script
from tocompose.importers.docker_run.state import Handler, Shell, shown
from tocompose.importers.docker_run.substitution import substitute
from tocompose.ledger import Cursor, Ledger
from tocompose.notes import note
from tocompose.project import Project
from tocompose.readers.text import Text, Unreadable, decode
from tocompose.source import Branch, Child, Leaf, Span

__all__ = ["from_arguments", "read_script", "scripts", "sniff"]


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
    else:
        cursor.note("TC162")


def _unknown(shell: Shell, cursor: Cursor) -> None:
    cursor.note("TC162")


HANDLERS: dict[str, Handler] = {
    "command": simple.read_command,
    "script": _each,
    "body": _each,
    "group": _each,
    "background": _each,
    "not": _each,
    "pipeline": _each,
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
    "leaf": _aside,
    "unknown": _unknown,
}


def shell_for(project: Project, ledger: Ledger, path: str) -> Shell:
    """A fresh shell for the script of that path."""
    return Shell(project, ledger, path, HANDLERS, substitute)


def read_script(text: Text, project: Project, ledger: Ledger, kind: str = "shell") -> Script:
    """The docker calls of one source text; `kind` is a key of READERS. Raises Unreadable where it is no such text."""
    shell = shell_for(project, ledger, text.file)
    root = ledger.open(READERS[kind](text))
    shell.run(root)
    calls.read_uncalled(shell)
    return shell.script()


def from_arguments(arguments: Sequence[str], ledger: Ledger, file: str = "<command>") -> Script:
    """The docker call that is given as words which the user's own shell has split; nothing in them expands."""
    from tocompose.project import Memory

    children, column = [], 1
    for index, text in enumerate(arguments):
        span = Span(file, 1, column, 1, column + len(text))
        children.append(Child(index, span, Leaf(text, span, "literal")))
        column += len(text) + 1
    tree = Branch("command", tuple(children), Span(file, 1, 1, 1, max(column - 1, 1)))
    shell = shell_for(Memory({}), ledger, file)
    shell.run(ledger.open(tree))
    return shell.script()


def scripts(project: Project, ledger: Ledger) -> tuple[Script, ...]:
    """The scripts of the project that have docker commands.

    Raises SourceError when there is none to read; what cannot be read beside others is noted.
    """
    problems: list[Unreadable] = []
    found = [script for path in _paths(project) if (script := _script(project, ledger, path, problems)) is not None]
    if problems and not found:
        raise SourceError("\n".join(str(problem) for problem in problems))
    for problem in problems:
        ledger.say(note("TC169", problem.span, file=problem.span.file, why=problem.message))
    return tuple(found)


def _paths(project: Project) -> Iterator[str]:
    """The files to read: those that the user named, or those found, without what other scripts start."""
    named = set(project.named)
    found = [*project.named, *(path for path in sniff(project) if path not in named)]
    elsewhere = started_elsewhere(project, found)
    yield from (path for path in found if path in named or path not in elsewhere)


def _script(project: Project, ledger: Ledger, path: str, problems: list[Unreadable]) -> Script | None:
    here = Span(path, 1, 1, 1, 1)
    data = project.read(path)
    if data is None:
        problems.append(Unreadable(here, "there is no such file in the source tree"))
        return None
    text = decode(data)
    if text is None or not text.strip():
        why = "the file is empty; give a script with docker commands" if not data.strip() else "this is not a text file"
        problems.append(Unreadable(here, why))
        return None
    try:
        script = read_script(Text(path, text), project, ledger, kind_of(path, text))
    except Unreadable as problem:
        problems.append(problem)
        return None
    if not script.steps and not re.search(r"\S", ""):
        problems.append(Unreadable(here, "no docker or podman command was found in this file"))
        return None
    return script
