"""What goes with the change of each repository: a commit message, the text of a pull request, its notes as SARIF.

The paths in them are those of the repository, so that they can be handed to its own host.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill

from tocompose.batch.delivery import is_secret_path, safe_path
from tocompose.batch.outcome import RepositoryOutcome, StackRecord, Status
from tocompose.batch.walk import join_path
from tocompose.notes import Kind, Note
from tocompose.reports.escape import code_span, escape_prose, printable
from tocompose.reports.markdown import HEADINGS
from tocompose.reports.report import message_with_advice, place_of
from tocompose.reports.sarif import MAX_RESULTS, sarif_text
from tocompose.source import Span
from tocompose.wording import listed_names

COMMIT_FILE, REQUEST_FILE, NOTES_FILE = "commit.txt", "pull-request.md", "notes.sarif"
# https://git-scm.com/docs/git-commit#_discussion: lines of such a length stand whole in a log.
_WIDTH, _SUBJECT = 72, 60
_MOST_NOTES = 50
_MOST_WITHHELD = 10
_HEADINGS = {
    **{kind: HEADINGS[kind] for kind in (Kind.LOST, Kind.CHANGED)},
    Kind.ASSUMED: "Assumed: please confirm",
}


def write_reviews(outcomes: Iterable[RepositoryOutcome], folder: Path) -> None:
    """Writes the three files of each converted repository below the folder, in a folder of its name."""
    for outcome in outcomes:
        if outcome.status is not Status.CONVERTED:
            continue
        own_folder = folder / safe_path(outcome.repository.id)
        own_folder.mkdir(parents=True, exist_ok=True)
        for name, text in review_texts(outcome).items():
            (own_folder / name).write_text(
                text, encoding="utf-8", errors="backslashreplace", newline=""
            )


def review_texts(outcome: RepositoryOutcome) -> dict[str, str]:
    """The three texts of a repository, by the names of their files."""
    return {
        COMMIT_FILE: "\n".join(_commit_lines(outcome)) + "\n",
        REQUEST_FILE: "\n".join(_request_lines(outcome)) + "\n",
        NOTES_FILE: _sarif_text(outcome),
    }


def _commit_lines(outcome: RepositoryOutcome) -> Iterator[str]:
    names = listed_names([printable(stack.name) for stack in outcome.stacks], 3)
    subject = f"Add Docker Compose files for {names}"
    yield subject if len(subject) <= _SUBJECT else "Add Docker Compose files"
    for stack in outcome.stacks:
        yield ""
        yield _wrapped(_stack_sentence(stack))
    lost = [note for note in outcome.notes if note.kind is Kind.LOST]
    if lost:
        yield from ("", "Not carried over:")
        yield from (_bullet(_note_line(note)) for note in lost[:_MOST_NOTES])
        yield from _more_lines(len(lost))
    yield from ("", _wrapped("MIGRATION.md says what to do before the first start."))


def _stack_sentence(stack: StackRecord) -> str:
    services = listed_names([printable(name) for name in stack.services], 8)
    in_folder = f" in {printable(stack.folder)}" if stack.folder else ""
    count = f"{len(stack.services)} service{'' if len(stack.services) == 1 else 's'}"
    return (
        f"{printable(stack.name)}{in_folder}: {count} ({services}), converted from "
        f"{stack.importer}."
    )


def _wrapped(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _bullet(text: str) -> str:
    return fill(
        text,
        _WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _note_line(note: Note) -> str:
    return f"{printable(place_of(note) + note.message)} [{note.code}]"


def _more_lines(count: int) -> Iterator[str]:
    if count > _MOST_NOTES:
        yield f"- and {count - _MOST_NOTES} more"


def _request_lines(outcome: RepositoryOutcome) -> Iterator[str]:
    yield "This adds Docker Compose files for what the repository runs today."
    for stack in outcome.stacks:
        yield from _stack_lines(stack)
    for kind, heading in _HEADINGS.items():
        notes = [note for note in outcome.notes if note.kind is kind]
        if notes:
            yield from ("", f"## {heading}", "")
            yield from (_request_item(note) for note in notes[:_MOST_NOTES])
            yield from _more_lines(len(notes))
    counts = outcome.notes_by_kind()
    counted_kinds = ", ".join(
        f"{number} {kind}" for kind, number in counts.items() if number
    )
    yield from (
        "",
        f"All notes: {counted_kinds or 'none'}. `tocompose explain CODE` explains one.",
    )


def _stack_lines(stack: StackRecord) -> Iterator[str]:
    yield from ("", f"- {escape_prose(_stack_sentence(stack))}")
    public = [name for name in stack.files if not is_secret_path(name)]
    names = [code_span(join_path(stack.folder, name)) for name in public]
    yield f"- Files: {', '.join(names)}"
    withheld = [code_span(name) for name in stack.files if is_secret_path(name)]
    if withheld:
        yield (
            f"- Not in the commit, as values may be secrets: {listed_names(withheld, _MOST_WITHHELD)}. "
            "Before the first start set the variables that `.env.example` names."
        )
    change_folder = f"cd {shlex.quote(stack.folder)} && " if stack.folder else ""
    yield f"- To try it: {code_span(f'{change_folder}docker compose up -d --wait')}"


def _request_item(note: Note) -> str:
    position = f"{code_span(str(note.span))}: " if note.span else ""
    box = "- [ ] " if note.advice else "- "
    return f"{box}{position}{escape_prose(message_with_advice(note))} ({note.code})"


def _sarif_text(outcome: RepositoryOutcome) -> str:
    """The notes of one repository as a run of their own, so that code scanning finds its files."""
    shown = outcome.notes[:MAX_RESULTS]
    first_file = next((note.span.file for note in shown if note.span), "docker-compose.yml")
    return sarif_text(outcome.notes, Span(first_file, 1, 1, 1, 1))
