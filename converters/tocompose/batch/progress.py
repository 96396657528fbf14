"""What is shown while a run goes on: a bar on a terminal, otherwise a line for each repository in their order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import click

from tocompose.batch.outcome import BatchRepository, RepositoryOutcome, Status
from tocompose.notes import Kind
from tocompose.record import NamedTuple
from tocompose.reports.escape import printable
from tocompose.reports.report import place_of

_COLOURS = {
    Status.CONVERTED: "green",
    Status.PRESENT: "blue",
    Status.EMPTY: "bright_black",
    Status.FAILED: "red",
}


class OrderedLines:
    """Gives texts on in the order of the repositories, whatever the order in which they come."""

    def __init__(
        self, repositories: Iterable[BatchRepository], show: Callable[[str], object]
    ) -> None:
        self._order = {
            repository.id: index for index, repository in enumerate(repositories)
        }
        self._waiting: dict[int, str] = {}
        self._next = 0
        self._show = show

    def add(self, identity: str, text: str) -> None:
        """Takes the text of a repository; an empty one is counted and not shown."""
        self._waiting[self._order[identity]] = text
        while self._next in self._waiting:
            text = self._waiting.pop(self._next)
            self._next += 1
            if text:
                self._show(text)


class ProgressBar:
    """The progress bar: how many of all, how fast, how long it will take, how many failed."""

    def __init__(self, total: int) -> None:
        self._failed = self._new = 0
        self._start_worker = time.monotonic()
        self._bar: Any = click.progressbar(
            length=total,
            show_pos=True,
            show_percent=True,
            show_eta=True,
            item_show_func=self._bar_text,
            file=sys.stderr,
        )

    def __enter__(self) -> ProgressBar:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)

    def step(self, outcome: RepositoryOutcome, from_earlier_run: bool) -> None:
        """One repository is done."""
        self._failed += outcome.status is Status.FAILED
        self._new += not from_earlier_run
        self._bar.update(1, outcome.repository.id)

    def _bar_text(self, name: object) -> str:
        rate = self._new / max(time.monotonic() - self._start_worker, 0.001)
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{rate:.1f}/s{failed}  {printable(str(name or ''))[-40:]}"


class RunTotals(NamedTuple):
    """How many repositories met each fate, and how many notes there are of each kind."""

    statuses: dict[Status, int]
    notes_by_kind: dict[Kind, int]

    def count_outcome(self, outcome: RepositoryOutcome) -> None:
        """Counts one repository."""
        self.statuses[outcome.status] += 1
        for kind, number in outcome.notes_by_kind().items():
            self.notes_by_kind[Kind(kind)] += number


def empty_totals() -> RunTotals:
    """Nothing counted yet."""
    return RunTotals(dict.fromkeys(Status, 0), dict.fromkeys(Kind, 0))


def outcome_line(outcome: RepositoryOutcome, colour: bool = False) -> str:
    """A repository on one line: its fate, its name, and what it came to or what the gravest note says."""
    status = f"{outcome.status.value:9}"
    shown = click.style(status, fg=_COLOURS[outcome.status]) if colour else status
    return f"{shown}  {printable(outcome.repository.id)}  {printable(_describe_outcome(outcome))}".rstrip()


def _describe_outcome(outcome: RepositoryOutcome) -> str:
    if outcome.status is Status.CONVERTED:
        return _describe_stacks(outcome)
    for batch_note in outcome.notes:
        if batch_note.code.startswith("TC8"):
            return f"{place_of(batch_note)}{batch_note.message} [{batch_note.code}]"
    return ""


def _describe_stacks(outcome: RepositoryOutcome) -> str:
    formats = ", ".join(dict.fromkeys(stack.importer for stack in outcome.stacks))
    stacks = f"{len(outcome.stacks)} stacks, " if len(outcome.stacks) > 1 else ""
    number = outcome.service_count()
    services = f"{number} service{'s' if number != 1 else ''}"
    counts = outcome.notes_by_kind()
    grave = [f"{counts[kind]} {kind}" for kind in ("lost", "changed") if counts[kind]]
    return ", ".join([f"{formats}: {stacks}{services}", *grave])


def closing_sentence(run_totals: RunTotals) -> str:
    """The sentence at the end of a run."""
    repository_count = sum(run_totals.statuses.values())
    status_names = {
        Status.CONVERTED: "converted",
        Status.PRESENT: "had a compose file",
        Status.EMPTY: "had no source",
        Status.FAILED: "failed",
    }
    statuses = [
        f"{run_totals.statuses[status]} {name}"
        for status, name in status_names.items()
        if run_totals.statuses[status]
    ]
    kinds = [
        f"{number} {kind.value}"
        for kind, number in run_totals.notes_by_kind.items()
        if number and kind is not Kind.INFO
    ]
    repositories = f"repositor{'y' if repository_count == 1 else 'ies'}"
    notes = f"; notes: {', '.join(kinds)}" if kinds else ""
    return f"{repository_count} {repositories}: {', '.join(statuses)}{notes}"
