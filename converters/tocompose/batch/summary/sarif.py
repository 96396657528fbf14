"""The notes of all repositories as one SARIF run; a file's address is the repository's name and its path there."""

from __future__ import annotations

from typing import IO

from tocompose.batch.outcome import Outcome
from tocompose.batch.summary import Outcomes
from tocompose.notes import Kind, Note
from tocompose.reports.sarif import MAX_RESULTS, text
from tocompose.source import Span


def write(outcomes: Outcomes, file: IO[str]) -> None:
    """One run; the losses of all repositories first, so that what the limit cuts off matters least."""
    shown: dict[Kind, list[tuple[Note, Span]]] = {kind: [] for kind in Kind}
    total = 0
    for outcome in outcomes():
        total += len(outcome.notes)
        for item in outcome.notes:
            if len(shown[item.kind]) < MAX_RESULTS:
                shown[item.kind].append((item, _place(item, outcome)))
    ordered = [pair for kind in Kind for pair in shown[kind]]
    file.write(text(ordered[:MAX_RESULTS], total))


def _place(item: Note, outcome: Outcome) -> Span:
    name = outcome.repository.id
    return item.span._replace(file=f"{name}/{item.span.file}") if item.span else Span(name, 1, 1, 1, 1)
