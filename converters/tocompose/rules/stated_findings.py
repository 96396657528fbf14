"""Comments for `check` in the written files: what the source wants as it is, and the conversion has told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tocompose.compose.documents import document_of, read_file
from tocompose.model import File, Stack
from tocompose.notes import Level, Note
from tocompose.plugins import brought_judges
from tocompose.project import Memory
from tocompose.record import replace
from tocompose.rules import Rule, registry
from tocompose.rules.opened_files import open_view

_SUFFIXES = (".yml", ".yaml")


class Statement(NamedTuple):
    """A finding that the source states: its code, the file and line, the note that has told it, and what states it."""

    code: str
    path: str
    line: int
    told_by: str
    origin: str


def with_statements(
    files: tuple[File, ...], stack: Stack, notes: Iterable[Note]
) -> tuple[File, ...]:
    """The files, with a comment on each line where `check` would warn of what the source states on purpose.

    Whoever checks the files later sees what came with the source apart from what is new; each comment can be deleted.
    """
    told = tuple(notes)
    # Of our own only those that mend have told something: the others need not be loaded.
    rules = [rule for rule in (*registry(), *brought_judges()) if _may_apply(rule, told)]
    if not rules or not any(file.path.endswith(_SUFFIXES) for file in files):
        return files
    statements: dict[str, list[Statement]] = {}
    for statement in dict.fromkeys(_statements(files, stack, told, rules)):
        statements.setdefault(statement.path, []).append(statement)
    return tuple(
        _commented(file, statements[file.path]) if file.path in statements else file
        for file in files
    )


def _may_apply(rule: Rule, told: tuple[Note, ...]) -> bool:
    """Whether a note has told what the rule could find."""
    codes = {code for name in rule.stated for code in rule.said_by.get(name, ())}
    return any(note.code in codes for note in told)


def _statements(
    files: tuple[File, ...], stack: Stack, told: tuple[Note, ...], rules: Iterable[Rule]
) -> Iterator[Statement]:
    view = open_view(Memory({file.path: file.content for file in files}, stack.name))
    if view is None:
        return
    for rule in rules:
        for verdict in rule.judge(view) if rule.judge else ():
            fault = verdict.note
            if fault is not None and fault.code in rule.stated:
                yield from _statement_on(rule, fault, told)


def _statement_on(rule: Rule, fault: Note, told: tuple[Note, ...]) -> Iterator[Statement]:
    saying = _note_that_says(rule, fault, told)
    span = fault.span
    if saying is None or span is None or fault.kind.level is not Level.WARNING:
        return
    origin = saying.span
    shown = f"{origin.file}:{origin.line}" if origin else "the source"
    yield Statement(fault.code, span.file, span.line, saying.code, shown)


def _note_that_says(rule: Rule, fault: Note, told: tuple[Note, ...]) -> Note | None:
    codes = rule.said_by.get(fault.code, ())
    service = fault.subject.service_name
    return next(
        (
            note
            for note in told
            if note.code in codes and note.subject.service_name == service
        ),
        None,
    )


def _commented(file: File, statements: list[Statement]) -> File:
    """The file with the comments that leave what it says as it is."""
    text = file.content.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    by_line: dict[int, list[Statement]] = {}
    for statement in statements:
        by_line.setdefault(statement.line, []).append(statement)
    for number, of_line in by_line.items():
        lines[number - 1] = f"{lines[number - 1]}  {_comment(of_line)}"
    content = "\n".join(lines).encode("utf-8", "surrogateescape")
    # A line may end within a text of several lines, where a comment would be part of it.
    return replace(file, content=content) if _say_the_same(file, content) else file


def _comment(statements: list[Statement]) -> str:
    codes = ", ".join(sorted({statement.code for statement in statements}))
    origins = ", ".join(sorted({statement.origin for statement in statements}))
    notes = ", ".join(sorted({statement.told_by for statement in statements}))
    return f"# tocompose: ignore[{codes}] as in {origins}, see {notes}"


def _say_the_same(file: File, content: bytes) -> bool:
    before = document_of(read_file(file.content, file.path))
    return document_of(read_file(content, file.path)) == before
