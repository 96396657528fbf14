"""The dashboard: one page that needs nothing else, with charts, a table of repositories, and the notes of each."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from hashlib import sha256
from importlib.resources import files
from typing import IO, Any

from tocompose import __version__
from tocompose.batch.outcome import Outcome, Status
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note, explanation
from tocompose.reports.escape import printable
from tocompose.reports.json import dumps
from tocompose.reports.templating import environment

# A browser opens a page of some 30 MB without trouble; the other notes are in summary.jsonl.
MAX_NOTES = 60_000
_KINDS = tuple(Kind)
_STATUSES = tuple(Status)


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """The page; everything from the repositories is data to its script, which runs only by its own hash."""
    page = environment(autoescape=True).get_template("batch_dashboard.html.j2")
    file.writelines(page.stream(**_content(outcomes)))


def _content(outcomes: Outcomes) -> dict[str, Any]:
    statuses: Counter[Status] = Counter()
    codes: Counter[str] = Counter()
    repositories: Counter[str] = Counter()
    services = 0
    for outcome in outcomes():
        statuses[outcome.status] += 1
        services += outcome.services()
        codes.update(item.code for item in outcome.notes)
        repositories.update({item.code for item in outcome.notes})
    kinds = dict.fromkeys(Kind, 0)
    for code, number in codes.items():
        kinds[_kind(code)] += number
    script, style = _asset("batch_dashboard.js"), _asset("batch_dashboard.css")
    return {
        "version": __version__,
        "total": sum(statuses.values()),
        "services": services,
        "statuses": [(status.value, statuses[status]) for status in Status],
        "kinds": [(kind.value, kinds[kind]) for kind in Kind],
        "codes": [
            _code(code, codes[code], repositories[code]) for code in _by_weight(codes)
        ],
        "data": _data(outcomes, sum(codes.values())),
        "script": script,
        "style": style,
        "script_hash": _hash(script),
        "style_hash": _hash(style),
    }


def _by_weight(codes: Counter[str]) -> list[str]:
    """Losses before additions, the most frequent first."""
    return sorted(codes, key=lambda code: (_KINDS.index(_kind(code)), -codes[code], code))


def _kind(code: str) -> Kind:
    return Kind(explanation(code)["kind"])


def _code(code: str, number: int, repositories: int) -> dict[str, Any]:
    row = explanation(code)
    return {
        "code": code,
        "kind": _kind(code).value,
        "title": str(row["title"]),
        "why": str(row["why"]),
        "notes": number,
        "repositories": repositories,
    }


def _data(outcomes: Outcomes, total: int) -> str:
    """What the script shows, as JSON that cannot end the element in which it stands."""
    texts: dict[str, int] = {}
    rows = []
    room = MAX_NOTES
    for outcome in outcomes():
        shown = (
            outcome.notes[:room]
            if total <= MAX_NOTES
            else [item for item in outcome.notes if _grave(item)][:room]
        )
        room -= len(shown)
        rows.append(_row(outcome, [_note(item, texts) for item in shown]))
    data = {
        "statuses": [status.value for status in _STATUSES],
        "kinds": [kind.value for kind in _KINDS],
        "texts": list(texts),
        "repositories": rows,
    }
    return dumps(data).replace("<", "\\u003c")


def _grave(item: Note) -> bool:
    return item.kind in (Kind.LOST, Kind.CHANGED, Kind.ASSUMED)


def _row(outcome: Outcome, notes: list[list[Any]]) -> list[Any]:
    """Name, status, formats, stacks, services, notes by kind, codes, and the notes."""
    stacks = [
        [item.folder, item.name, item.importer, len(item.services)]
        for item in outcome.stacks
    ]
    codes = sorted({item.code for item in outcome.notes})
    kinds = list(outcome.kinds().values())
    return [
        printable(outcome.repository.id),
        _STATUSES.index(outcome.status),
        stacks,
        kinds,
        codes,
        notes,
    ]


def _note(item: Note, texts: dict[str, int]) -> list[Any]:
    """Code, kind, place, message, advice; each text stands once in the page."""

    def number(text: str) -> int:
        return texts.setdefault(printable(text), len(texts))

    place = str(item.span) if item.span else ""
    return [
        number(item.code),
        _KINDS.index(item.kind),
        number(place),
        number(item.message),
        number(item.advice),
    ]


def _asset(name: str) -> str:
    return (
        files("tocompose.reports").joinpath("templates", name).read_text(encoding="utf-8")
    )


def _hash(text: str) -> str:
    """The hash by which a content security policy allows a script or style."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
