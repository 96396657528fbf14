"""The notes of all repositories as one SARIF run; a file's address is the repository's name and its path there."""

from __future__ import annotations

from collections import Counter
from typing import IO

from tocompose.batch.outcome import Outcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.reports.json import dumps
from tocompose.reports.sarif import MAX_RESULTS, log, result
from tocompose.source import Span

# Stands where the results are put in, which are too many to be held as anything but text.
_HERE = "results"


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """One run; the losses of all repositories first, so that what the limit cuts off matters least."""
    room = _room(outcomes)
    codes: dict[str, int] = {}
    texts: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    total = 0
    for outcome in outcomes():
        total += len(outcome.notes)
        for item in outcome.notes:
            if len(texts[item.kind]) < room[item.kind]:
                index = codes.setdefault(item.code, len(codes))
                texts[item.kind].append(dumps(result(item, index, _place(item, outcome))))
    shown = sum(map(len, texts.values()))
    before, _, after = dumps(log(list(codes), [_HERE], total, shown)).partition(
        f'["{_HERE}"]'
    )
    file.write(f"{before}[\n")
    for number, text in enumerate(text for kind in Kind for text in texts[kind]):
        file.write(f",\n{text}" if number else text)
    file.write(f"\n]{after}\n")


def _room(outcomes: Outcomes) -> dict[Kind, int]:
    """How many notes of each kind there is room for."""
    counts = Counter(item.kind for outcome in outcomes() for item in outcome.notes)
    room, left = dict[Kind, int](), MAX_RESULTS
    for kind in Kind:
        room[kind] = min(counts[kind], left)
        left -= room[kind]
    return room


def _place(item: Note, outcome: Outcome) -> Span:
    name = outcome.repository.id
    return (
        item.span._replace(file=f"{name}/{item.span.file}")
        if item.span
        else Span(name, 1, 1, 1, 1)
    )
