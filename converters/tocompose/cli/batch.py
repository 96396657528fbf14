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
from tocompose.cli.exit import EXIT_DIFFERS, EXIT_INTERRUPTED, fail
from tocompose.cli.options import read_options
from tocompose.notes import Kind

EXIT_FAILED = 3


@click.command("batch")
@add_batch_options
@click.pass_context
def batch_command(ctx: click.Context, /, roots: tuple[str, ...], **_: object) -> None:
    """Many repositories at once: finds them, plans, converts, and sums up.

    Into DIR go the outputs, summary.jsonl, summary.csv, summary.sarif, junit.xml, dashboard.html and failed.txt, which
    --repos takes back. Exit code 3 says that some repositories failed, 1 that --fail-on found a note.

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
        with open_state(output, batch_options.digest(), ctx.params) as state:
            batch = Batch(
                repositories, batch_options, state, retry_failed=ctx.params["retry_failed"]
            )
            run_totals = run_batch(batch, ctx.params)
            write_summaries(batch, ctx.params, output, reports)
            click.echo(
                f"{closing_sentence(run_totals)}; {outputs_hint(ctx.params, output)}",
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
def open_state(output: Path, key: str, params: dict[str, Any]) -> Iterator[RunState]:
    """The state in the output folder; in a folder of its own when nothing is to be written."""
    with TemporaryDirectory(prefix="tocompose-") as spare:
        folder = Path(spare) if params["dry_run"] else output
        state = RunState(folder / STATE, key, params["resume"])
        try:
            yield state
        finally:
            state.close()


def run_batch(batch: Batch, params: dict[str, Any]) -> RunTotals:
    """Runs, shows how it goes, and counts."""
    run_totals, held_back_lines = empty_totals(), list[str]()
    total = len(batch.repositories)
    bar = ProgressBar(total) if sys.stderr.isatty() and not params["quiet"] else None
    # Where the bar and the lines would share a terminal, those of what failed follow when it has gone.
    shared = bar is not None and sys.stdout.isatty()
    only_failed, colour = params["quiet"] or shared, shows_colours(sys.stdout)
    ordered = OrderedLines(
        batch.repositories, held_back_lines.append if shared else click.echo
    )

    def on_end(progress: Progress) -> bool:
        run_totals.count_outcome(progress.outcome)
        failed = progress.outcome.status is Status.FAILED
        if bar is not None:
            bar.step(progress.outcome, progress.from_earlier_run)
        if params["form"] == "text":
            progress_line = outcome_line(progress.outcome, colour)
            ordered.add(
                progress.outcome.repository.id,
                progress_line if failed or not only_failed else "",
            )
        return not (failed and params["fail_fast"])

    try:
        with bar or nullcontext():
            batch.run(params["jobs"] or os.cpu_count() or 1, on_end)
    except KeyboardInterrupt:
        done = sum(run_totals.statuses.values())
        click.echo(
            f"tocompose: interrupted; {done} of {total} are done, --resume goes on",
            err=True,
        )
        sys.exit(EXIT_INTERRUPTED)
    for text in held_back_lines:
        click.echo(text)
    return run_totals


def write_summaries(
    batch: Batch, params: dict[str, Any], output: Path, reports: Mapping[Path, str]
) -> None:
    """Writes the reports asked for, the summaries and the list of what failed."""
    written = (
        {}
        if params["dry_run"]
        else {output / name: form for form, name in SUMMARY_FILES.items()}
    )
    if not params["dry_run"]:
        write_failed(batch.outcomes(), output / "failed.txt")
    for path, form in {**reports, **written}.items():
        save_summary(form, batch.outcomes, path)
    if params["form"] == "jsonl":
        write_summary("jsonl", batch.outcomes, sys.stdout)


def outputs_hint(params: dict[str, Any], output: Path) -> str:
    return (
        "nothing was written (--dry-run)"
        if params["dry_run"]
        else f"see {output / SUMMARY_FILES['html']}"
    )
