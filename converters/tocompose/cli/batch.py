"""`tocompose batch ROOT…`: many repositories, unattended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from tocompose.batch.discovery import DiscoveryError
from tocompose.batch.outcome import Status
from tocompose.batch.progress import (
    OrderedLines,
    ProgressBar,
    RunTotals,
    closing_sentence,
    empty_totals,
    outcome_line,
)
from tocompose.batch.run import Batch, Progress
from tocompose.batch.state import STATE_FILE as STATE
from tocompose.batch.state import RunState, StateError
from tocompose.batch.summary import (
    SUMMARY_FILES,
    form_of_summary,
    save_summary,
    write_failed,
    write_summary,
)
from tocompose.cli.batch_options import add_batch_options, batch_options_of, repositories_of
from tocompose.cli.conversion import shows_colours
from tocompose.cli.exit import EXIT_DIFFERS, EXIT_FAILED, EXIT_INTERRUPTED, fail
from tocompose.cli.options import read_options
from tocompose.notes import Kind


@click.command("batch")
@add_batch_options
@click.pass_context
def batch_command(ctx: click.Context, /, roots: tuple[str, ...], **_: object) -> None:
    """Convert many repositories: find them, plan, convert and summarise.

    DIR gets the outputs, summary.jsonl, summary.csv, summary.sarif, junit.xml, dashboard.html and failed.txt, a list
    for --repos. Exit code 3 means that some repositories failed, 1 that there is a note that --fail-on names.

    \b
    Examples:
      tocompose batch ~/work -j 4
      tocompose batch --repos repos.txt --out-layout patch -o patches
      tocompose batch ~/work --resume
    """
    options = read_options(ctx)
    output = Path(
        os.path.realpath(ctx.params["output"] or options.output or "tocompose-out")
    )
    try:
        reports = {Path(path): form_of_summary(path) for path in ctx.params["report"]}
        repositories = repositories_of(roots, ctx.params, output)
        batch_options = batch_options_of(ctx, options, output)
        with _open_state(output, batch_options.digest(), ctx.params) as state:
            batch = Batch(
                repositories, batch_options, state, retry_failed=ctx.params["retry_failed"]
            )
            run_totals = _run_batch(batch, ctx.params)
            _write_summaries(batch, ctx.params, output, reports)
            click.echo(
                f"{closing_sentence(run_totals)}; {_outputs_hint(ctx.params, output)}",
                err=True,
            )
    except (DiscoveryError, StateError, ValueError) as problem:
        fail(str(problem))
    if run_totals.statuses[Status.FAILED]:
        sys.exit(EXIT_FAILED)
    sys.exit(
        EXIT_DIFFERS
        if any(run_totals.notes_by_kind[Kind(name)] for name in options.fail_on)
        else 0
    )


@contextmanager
def _open_state(output: Path, key: str, params: dict[str, Any]) -> Iterator[RunState]:
    """The state in the output folder; in a folder of its own when nothing is to be written."""
    with TemporaryDirectory(prefix="tocompose-") as spare:
        folder = Path(spare) if params["dry_run"] else output
        state = RunState(folder / STATE, key, params["resume"])
        try:
            yield state
        finally:
            state.close()


def _run_batch(batch: Batch, params: dict[str, Any]) -> RunTotals:
    """Runs, shows how it goes, and counts."""
    display = _Display(batch, params)
    try:
        with display.bar or nullcontext():
            batch.run(params["jobs"] or os.cpu_count() or 1, display.show)
    except KeyboardInterrupt:
        done = sum(display.totals.statuses.values())
        click.echo(
            f"tocompose: interrupted; {done} of {len(batch.repositories)} are done, --resume goes on",
            err=True,
        )
        sys.exit(EXIT_INTERRUPTED)
    for text in display.held_back:
        click.echo(text)
    return display.totals


class _Display:
    """What a run shows on a terminal or in a log, and its counts.

    Where the bar and the lines would share a terminal, those of what failed are held back until it has gone.
    """

    def __init__(self, batch: Batch, params: dict[str, Any]) -> None:
        self.totals = empty_totals()
        self.held_back: list[str] = []
        quiet = params["quiet"]
        shows_bar = sys.stderr.isatty() and not quiet
        self.bar = ProgressBar(len(batch.repositories)) if shows_bar else None
        shared = shows_bar and sys.stdout.isatty()
        self._only_failed = quiet or shared
        self._fail_fast = params["fail_fast"]
        self._lines: OrderedLines | None = None
        if params["form"] == "text":
            show = self.held_back.append if shared else click.echo
            self._lines = OrderedLines(batch.repositories, show)
        self._colour = shows_colours(sys.stdout)

    def show(self, progress: Progress) -> bool:
        """Shows one result; whether the run goes on."""
        outcome = progress.outcome
        self.totals.count_outcome(outcome)
        if self.bar is not None:
            self.bar.step(outcome, progress.from_earlier_run)
        failed = outcome.status is Status.FAILED
        if self._lines is not None:
            shown = failed or not self._only_failed
            line = outcome_line(outcome, self._colour) if shown else ""
            self._lines.add(outcome.repository.id, line)
        return not (failed and self._fail_fast)


def _write_summaries(
    batch: Batch, params: dict[str, Any], output: Path, reports: Mapping[Path, str]
) -> None:
    """Writes the reports asked for, the summaries and the list of what failed."""
    written = dict(reports)
    if not params["dry_run"]:
        write_failed(batch.outcomes(), output / "failed.txt")
        written |= {output / name: form for form, name in SUMMARY_FILES.items()}
        if params["reviews"]:
            from tocompose.batch.summary.reviews import write_reviews

            write_reviews(batch.outcomes(), output / "reviews")
    for path, form in written.items():
        save_summary(form, batch.outcomes, path)
    if params["form"] == "jsonl":
        write_summary("jsonl", batch.outcomes, sys.stdout)


def _outputs_hint(params: dict[str, Any], output: Path) -> str:
    if params["dry_run"]:
        return "nothing was written (--dry-run)"
    return f"see {output / SUMMARY_FILES['html']}"
