"""The notes of all repositories as one SARIF run; a file's address is the repository's name and its path there."""

from __future__ import annotations

from collections import Counter
from typing import IO

from tocompose.batch.outcome import RepositoryOutcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.reports.json import dump_json
from tocompose.reports.sarif import MAX_RESULTS, sarif_log, sarif_result
from tocompose.source import Span

# Stands where the results are put in, which are too many to be held as anything but text.
_RESULTS_MARK = "results"


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """One run; the losses of all repositories first, so that what the limit cuts off matters least."""
    room = _room_by_kind(outcomes)
    codes: dict[str, int] = {}
    texts: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    total = 0
    for outcome in outcomes():
        total += len(outcome.notes)
        for note in outcome.notes:
            if len(texts[note.kind]) < room[note.kind]:
                index = codes.setdefault(note.code, len(codes))
                texts[note.kind].append(
                    dump_json(sarif_result(note, index, _note_span(note, outcome)))
                )
    shown = sum(map(len, texts.values()))
    log_head, _, log_tail = dump_json(
        sarif_log(list(codes), [_RESULTS_MARK], total, shown)
    ).partition(f'["{_RESULTS_MARK}"]')
    file.write(f"{log_head}[\n")
    for number, text in enumerate(text for kind in Kind for text in texts[kind]):
        file.write(f",\n{text}" if number else text)
    file.write(f"\n]{log_tail}\n")


def _room_by_kind(outcomes: Outcomes) -> dict[Kind, int]:
    """How many notes of each kind there is room for."""
    counts = Counter(note.kind for outcome in outcomes() for note in outcome.notes)
    room, remaining = dict[Kind, int](), MAX_RESULTS
    for kind in Kind:
        room[kind] = min(counts[kind], remaining)
        remaining -= room[kind]
    return room


def _note_span(note: Note, outcome: RepositoryOutcome) -> Span:
    name = outcome.repository.id
    return (
        note.span._replace(file=f"{name}/{note.span.file}")
        if note.span
        else Span(name, 1, 1, 1, 1)
    )
