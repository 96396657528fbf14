"""What is shown while a run goes on: a bar on a terminal, otherwise a line for each repository in their order."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import click

from tocompose.batch.outcome import Outcome, Repository, Status
from tocompose.notes import Kind
from tocompose.reports.escape import printable

_COLOURS = {
    Status.CONVERTED: "green",
    Status.PRESENT: "blue",
    Status.EMPTY: "bright_black",
    Status.FAILED: "red",
}


class InOrder:
    """Gives texts on in the order of the repositories, whatever the order in which they come."""

    def __init__(
        self, repositories: Iterable[Repository], show: Callable[[str], object]
    ) -> None:
        self._order = {item.id: index for index, item in enumerate(repositories)}
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


class Bar:
    """The progress bar: how many of all, how fast, how long it will take, how many failed."""

    def __init__(self, total: int) -> None:
        self._failed = self._new = 0
        self._start = time.monotonic()
        self._bar: Any = click.progressbar(
            length=total,
            show_pos=True,
            show_percent=True,
            show_eta=True,
            item_show_func=self._item,
            file=sys.stderr,
        )

    def __enter__(self) -> Bar:
        self._bar.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.__exit__(*error)

    def step(self, outcome: Outcome, kept: bool) -> None:
        """One repository is done."""
        self._failed += outcome.status is Status.FAILED
        self._new += not kept
        self._bar.update(1, outcome.repository.id)

    def _item(self, name: object) -> str:
        rate = self._new / max(time.monotonic() - self._start, 0.001)
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{rate:.1f}/s{failed}  {printable(str(name or ''))[-40:]}"


class Totals(NamedTuple):
    """How many repositories met each fate, and how many notes there are of each kind."""

    statuses: dict[Status, int]
    kinds: dict[Kind, int]

    def add(self, outcome: Outcome) -> None:
        """Counts one repository."""
        self.statuses[outcome.status] += 1
        for kind, number in outcome.kinds().items():
            self.kinds[Kind(kind)] += number


def totals() -> Totals:
    """Nothing counted yet."""
    return Totals(dict.fromkeys(Status, 0), dict.fromkeys(Kind, 0))


def line(outcome: Outcome, colour: bool = False) -> str:
    """A repository on one line: its fate, its name, and what it came to or what the gravest note says."""
    status = f"{outcome.status.value:9}"
    shown = click.style(status, fg=_COLOURS[outcome.status]) if colour else status
    return (
        f"{shown}  {printable(outcome.repository.id)}  {printable(_told(outcome))}".rstrip()
    )


def _told(outcome: Outcome) -> str:
    if outcome.status is Status.CONVERTED:
        formats = ", ".join(dict.fromkeys(item.importer for item in outcome.stacks))
        stacks = f"{len(outcome.stacks)} stacks, " if len(outcome.stacks) > 1 else ""
        number = outcome.services()
        kinds = [
            f"{count} {kind}"
            for kind, count in outcome.kinds().items()
            if count and kind in ("lost", "changed")
        ]
        return ", ".join(
            [f"{formats}: {stacks}{number} service{'s' if number != 1 else ''}", *kinds]
        )
    said = next((item for item in outcome.notes if item.code.startswith("TC8")), None)
    if said is None:
        return ""
    place = f"{said.span}: " if said.span else ""
    return f"{place}{said.message} [{said.code}]"


def closing(found: Totals) -> str:
    """The sentence at the end of a run."""
    every = sum(found.statuses.values())
    words = {
        Status.CONVERTED: "converted",
        Status.PRESENT: "had a compose file",
        Status.EMPTY: "had no source",
    }
    parts = [
        f"{found.statuses[status]} {word}"
        for status, word in words.items()
        if found.statuses[status]
    ]
    parts += (
        [f"{found.statuses[Status.FAILED]} failed"] if found.statuses[Status.FAILED] else []
    )
    kinds = [
        f"{number} {kind.value}"
        for kind, number in found.kinds.items()
        if number and kind is not Kind.INFO
    ]
    notes = f"; notes: {', '.join(kinds)}" if kinds else ""
    return f"{every} repositor{'y' if every == 1 else 'ies'}: {', '.join(parts)}{notes}"
