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
from tocompose.batch.progress import Bar, InOrder, Totals, closing, line, totals
from tocompose.batch.run import Batch, Progress
from tocompose.batch.state import NAME as STATE
from tocompose.batch.state import State, StateError
from tocompose.batch.summary import FORMS, report_form, save, write_failed, write_form
from tocompose.cli.batch_options import batch_options, options_of, repositories_of
from tocompose.cli.conversion import coloured
from tocompose.cli.ending import FOUND, INTERRUPTED, fail
from tocompose.cli.options import said
from tocompose.notes import Kind

FAILED = 3


@click.command("batch")
@batch_options
@click.pass_context
def command(ctx: click.Context, /, roots: tuple[str, ...], **_: object) -> None:
    """Many repositories at once: finds them, plans, converts, and sums up.

    Into DIR go the outputs, summary.jsonl, summary.csv, summary.sarif, junit.xml, dashboard.html and failed.txt, which
    --repos takes back. Exit code 3 says that some repositories failed, 1 that --fail-on found a note.

    \b
    Examples:
      tocompose batch ~/work -j 4
      tocompose batch --repos repos.txt --out-layout patch -o patches
      tocompose batch ~/work --resume
    """
    wanted = said(ctx)
    output = Path(
        os.path.realpath(ctx.params["output"] or wanted.output or "tocompose-out")
    )
    try:
        reports = {Path(path): report_form(path) for path in ctx.params["report"]}
        repositories = repositories_of(roots, ctx.params, output)
        options = options_of(ctx, wanted, output)
        with _state(output, options.digest(), ctx.params) as state:
            batch = Batch(
                repositories, options, state, retry_failed=ctx.params["retry_failed"]
            )
            found = _run(batch, ctx.params)
            _sum_up(batch, ctx.params, output, reports)
            click.echo(f"{closing(found)}; {_where(ctx.params, output)}", err=True)
    except (DiscoveryError, StateError, ValueError) as problem:
        fail(str(problem))
    if found.statuses[Status.FAILED]:
        sys.exit(FAILED)
    sys.exit(FOUND if any(found.kinds[Kind(name)] for name in wanted.fail_on) else 0)


@contextmanager
def _state(output: Path, key: str, params: dict[str, Any]) -> Iterator[State]:
    """The state in the output folder; in a folder of its own when nothing is to be written."""
    with TemporaryDirectory(prefix="tocompose-") as spare:
        folder = Path(spare) if params["dry_run"] else output
        state = State(folder / STATE, key, params["resume"])
        try:
            yield state
        finally:
            state.close()


def _run(batch: Batch, params: dict[str, Any]) -> Totals:
    """Runs, shows how it goes, and counts."""
    found, late = totals(), list[str]()
    total = len(batch.repositories)
    bar = Bar(total) if sys.stderr.isatty() and not params["quiet"] else None
    # Where the bar and the lines would share a terminal, those of what failed follow when it has gone.
    shared = bar is not None and sys.stdout.isatty()
    only_failed, colour = params["quiet"] or shared, coloured(sys.stdout)
    ordered = InOrder(batch.repositories, late.append if shared else click.echo)

    def on_end(progress: Progress) -> bool:
        found.add(progress.outcome)
        failed = progress.outcome.status is Status.FAILED
        if bar is not None:
            bar.step(progress.outcome, progress.kept)
        if params["form"] == "text":
            told = line(progress.outcome, colour)
            ordered.add(
                progress.outcome.repository.id, told if failed or not only_failed else ""
            )
        return not (failed and params["fail_fast"])

    try:
        with bar or nullcontext():
            batch.run(params["jobs"] or os.cpu_count() or 1, on_end)
    except KeyboardInterrupt:
        done = sum(found.statuses.values())
        click.echo(
            f"tocompose: interrupted; {done} of {total} are done, --resume goes on",
            err=True,
        )
        sys.exit(INTERRUPTED)
    for text in late:
        click.echo(text)
    return found


def _sum_up(
    batch: Batch, params: dict[str, Any], output: Path, reports: Mapping[Path, str]
) -> None:
    """Writes the reports asked for, the summaries and the list of what failed."""
    written = (
        {} if params["dry_run"] else {output / name: form for form, name in FORMS.items()}
    )
    if not params["dry_run"]:
        write_failed(batch.outcomes(), output / "failed.txt")
    for path, form in {**reports, **written}.items():
        save(form, batch.outcomes, path)
    if params["form"] == "jsonl":
        write_form("jsonl", batch.outcomes, sys.stdout)


def _where(params: dict[str, Any], output: Path) -> str:
    return (
        "nothing was written (--dry-run)"
        if params["dry_run"]
        else f"see {output / FORMS['html']}"
    )
