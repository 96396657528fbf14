"""The dashboard: one page that needs nothing else, with charts, a table of repositories, and the notes of each."""

from __future__ import annotations

from collections import Counter
from typing import IO, Any

from tocompose import __version__
from tocompose.batch.outcome import RepositoryOutcome, Status
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note, explanation
from tocompose.reports.escape import (
    content_hash,
    printable,
    read_asset,
    template_environment,
)
from tocompose.reports.json import dump_json

# A browser opens a page of some 30 MB without trouble; the other notes are in summary.jsonl.
MAX_NOTES = 60_000
_KINDS = tuple(Kind)
_STATUSES = tuple(Status)
# What needs somebody stands first.
SHOWN_STATUSES = (
    Status.FAILED,
    *(status for status in Status if status is not Status.FAILED),
)


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """The page; everything from the repositories is data to its script, which runs only by its own hash."""
    page = template_environment(autoescape=True).get_template("batch_dashboard.html.j2")
    file.writelines(page.stream(**_page_content(outcomes)))


def _page_content(outcomes: Outcomes) -> dict[str, Any]:
    statuses: Counter[Status] = Counter()
    codes: Counter[str] = Counter()
    repositories: Counter[str] = Counter()
    services = 0
    for outcome in outcomes():
        statuses[outcome.status] += 1
        services += outcome.service_count()
        codes.update(note.code for note in outcome.notes)
        repositories.update({note.code for note in outcome.notes})
    kinds = dict.fromkeys(Kind, 0)
    for code, number in codes.items():
        kinds[_kind_of_code(code)] += number
    script, style = read_asset("batch_dashboard.js"), read_asset("batch_dashboard.css")
    return {
        "version": __version__,
        "total": sum(statuses.values()),
        "services": services,
        "statuses": [(status.value, statuses[status]) for status in SHOWN_STATUSES],
        "kinds": [(kind.value, kinds[kind]) for kind in Kind],
        "codes": [
            _code_row(code, codes[code], repositories[code]) for code in _by_weight(codes)
        ],
        "data": _script_data(outcomes, sum(codes.values())),
        "script": script,
        "style": style,
        "script_hash": content_hash(script),
        "style_hash": content_hash(style),
    }


def _by_weight(codes: Counter[str]) -> list[str]:
    """Losses before additions, the most frequent first."""
    return sorted(
        codes, key=lambda code: (_KINDS.index(_kind_of_code(code)), -codes[code], code)
    )


def _kind_of_code(code: str) -> Kind:
    return Kind(explanation(code)["kind"])


def _code_row(code: str, number: int, repositories: int) -> dict[str, Any]:
    row = explanation(code)
    return {
        "code": code,
        "kind": _kind_of_code(code).value,
        "title": str(row["title"]),
        "why": str(row["why"]),
        "notes": number,
        "repositories": repositories,
    }


def _script_data(outcomes: Outcomes, total: int) -> str:
    """What the script shows, as JSON that cannot end the element in which it stands."""
    texts: dict[str, int] = {}
    rows = []
    room = MAX_NOTES
    for outcome in outcomes():
        shown = (
            outcome.notes[:room]
            if total <= MAX_NOTES
            else [note for note in outcome.notes if _is_grave(note)][:room]
        )
        room -= len(shown)
        rows.append(_repository_row(outcome, [_note_row(note, texts) for note in shown]))
    data = {
        "statuses": [status.value for status in _STATUSES],
        "kinds": [kind.value for kind in _KINDS],
        "texts": list(texts),
        "repositories": rows,
    }
    return dump_json(data).replace("<", "\\u003c")


def _is_grave(note: Note) -> bool:
    return note.kind in (Kind.LOST, Kind.CHANGED, Kind.ASSUMED)


def _repository_row(outcome: RepositoryOutcome, notes: list[list[Any]]) -> list[Any]:
    """Name, status, formats, stacks, services, notes by kind, codes, and the notes."""
    stacks = [
        [note.folder, note.name, note.importer, len(note.services)]
        for note in outcome.stacks
    ]
    codes = sorted({note.code for note in outcome.notes})
    kinds = list(outcome.notes_by_kind().values())
    return [
        printable(outcome.repository.id),
        _STATUSES.index(outcome.status),
        stacks,
        kinds,
        codes,
        notes,
    ]


def _note_row(note: Note, texts: dict[str, int]) -> list[Any]:
    """Code, kind, place, message, advice; each text stands once in the page."""

    def number(text: str) -> int:
        return texts.setdefault(printable(text), len(texts))

    note_place = str(note.span) if note.span else ""
    return [
        number(note.code),
        _KINDS.index(note.kind),
        number(note_place),
        number(note.message),
        number(note.advice),
    ]
