"""Comments for `check` in the written files: what the source wants as it is, and the conversion has told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from tocompose.compose.documents import ComposeFile, document_of, read_file
from tocompose.compose.yaml_text import comment_line
from tocompose.model import File, Stack
from tocompose.notes import Level, Note, explanation
from tocompose.project import Memory
from tocompose.record import NamedTuple, replace
from tocompose.rules import Rule, View, load_rule, registry
from tocompose.rules.brought_rules import brought_judges
from tocompose.rules.ignore_comments import Ignore, read_ignores
from tocompose.rules.opened_files import open_view
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath

_SUFFIXES = (".yml", ".yaml")
_UNNAMED = "the source"


class Statement(NamedTuple):
    """A finding that the source states: its code, the file and line, the note that has told it, and what states it."""

    level: Level
    code: str
    path: str
    line: int
    told_by: str
    origin: str


def with_statements(
    files: tuple[File, ...],
    stack: Stack,
    notes: Iterable[Note],
    origins: Mapping[ModelPath, Span] | None,
) -> tuple[File, ...]:
    """The files, with a comment on each line where `check` would warn of what the source states on purpose.

    Whoever checks the files later sees what came with the source apart from what is new; each comment can be deleted.
    `origins` say where each value stands in the source; None where the files are those of the source, so that no
    comment names a line of them.
    """
    told_notes = tuple(notes)
    rules = _rules_told(told_notes)
    if not rules or not any(file.path.endswith(_SUFFIXES) for file in files):
        return files
    view = open_view(Memory({file.path: file.content for file in files}, stack.name))
    if view is None:
        return files
    ignores = [*chain.from_iterable(map(read_ignores, view.files))]
    found_statements = _statements(view, told_notes, rules, ignores, origins or {})
    statements = _by_file(found_statements, is_own_text=origins is None)
    parsed_files = {file.path: file for file in view.files}
    return tuple(
        _commented(file, statements[file.path], parsed_files[file.path])
        if file.path in statements
        else file
        for file in files
    )


def _rules_told(told_notes: tuple[Note, ...]) -> list[Rule]:
    """The rules of which a note has told what they could find.

    Of our own only those that mend, and one of what engines know, have told something: no other need be loaded.
    """
    codes = frozenset(note.code for note in told_notes)
    all_rules = (*registry(), load_rule("creation"), *brought_judges())
    return [rule for rule in all_rules if _may_apply(rule, codes)]


def _by_file(
    found_statements: Iterable[Statement], *, is_own_text: bool
) -> dict[str, list[Statement]]:
    """The statements of each file, each once; in a file of the user's, none that is only for information."""
    statements: dict[str, list[Statement]] = {}
    for statement in dict.fromkeys(found_statements):
        if is_own_text:
            if statement.level is Level.INFO:
                continue
            statement = statement._replace(origin=_UNNAMED)
        statements.setdefault(statement.path, []).append(statement)
    return statements


def _may_apply(rule: Rule, told_codes: frozenset[str]) -> bool:
    """Whether a note of those codes has told what the rule could find."""
    return any(
        not told_codes.isdisjoint(rule.said_by.get(name, ())) for name in rule.stated
    )


def _statements(
    view: View,
    told_notes: tuple[Note, ...],
    rules: Iterable[Rule],
    ignores: Sequence[Ignore],
    origins: Mapping[ModelPath, Span],
) -> Iterator[Statement]:
    for rule in rules:
        for verdict in rule.judge(view) if rule.judge else ():
            fault = verdict.note
            if fault is None or fault.code not in rule.stated:
                continue
            if not _is_ignored(fault, ignores):
                yield from _statement_on(rule, fault, told_notes, origins)


def _is_ignored(fault: Note, ignores: Sequence[Ignore]) -> bool:
    """Whether a comment of the file says so already, as after a conversion in place."""
    return any(ignore.covers(fault, code) for ignore in ignores for code in ignore.codes)


def _statement_on(
    rule: Rule, fault: Note, told_notes: tuple[Note, ...], origins: Mapping[ModelPath, Span]
) -> Iterator[Statement]:
    saying = _note_that_says(rule, fault, told_notes)
    span = fault.span
    level = fault.kind.level
    if saying is None or span is None or level is Level.ERROR:
        return
    # The note may be about the whole service, where the finding is about one of its keys.
    origin = origins.get(fault.subject) or saying.span
    shown = f"{origin.file}:{origin.line}" if origin else _UNNAMED
    yield Statement(level, fault.code, span.file, span.line, saying.code, shown)


def _note_that_says(rule: Rule, fault: Note, told_notes: tuple[Note, ...]) -> Note | None:
    """The note of the service that tells the same; of several, the one that names the same path."""
    codes = rule.said_by.get(fault.code, ())
    service = fault.subject.service_name
    notes = [
        note
        for note in told_notes
        if note.code in codes and note.subject.service_name == service
    ]
    named = {text for text in fault.message.split() if "/" in text or "$" in text}
    return max(
        notes, key=lambda note: len(named.intersection(note.message.split())), default=None
    )


def _commented(file: File, statements: list[Statement], parsed_file: ComposeFile) -> File:
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
    return replace(file, content=content) if _says_the_same(content, parsed_file) else file


def _comment(statements: list[Statement]) -> str:
    codes = sorted({statement.code for statement in statements})
    titles = ", ".join(dict.fromkeys(explanation(code)["title"] for code in codes))
    origins = ", ".join(sorted({statement.origin for statement in statements}))
    notes = ", ".join(sorted({statement.told_by for statement in statements}))
    reason = f"{titles}, as in {origins}; see {notes}"
    return comment_line(f"tocompose: ignore[{', '.join(codes)}] {reason}")


def _says_the_same(content: bytes, parsed_file: ComposeFile) -> bool:
    """Whether the content still holds what the file does."""
    return document_of(read_file(content, parsed_file.path)) == document_of(parsed_file)
