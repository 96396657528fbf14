"""`tocompose batch ROOT…`: many repositories, unattended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click

from tocompose.batch.discovery import DiscoveryError, Search, discover, listed
from tocompose.batch.options import BatchOptions, Place
from tocompose.batch.outcome import Repository, Status
from tocompose.batch.plan import Wishes, check_formats
from tocompose.batch.progress import Bar, InOrder, Totals, closing, line, totals
from tocompose.batch.run import Batch, Progress
from tocompose.batch.state import NAME as STATE
from tocompose.batch.state import State, StateError
from tocompose.batch.summary import FORMS, report_form, save, write_failed, write_form
from tocompose.cli.conversion import options_for
from tocompose.cli.ending import FOUND, INTERRUPTED, fail
from tocompose.cli.options import KINDS, Word, Words, said
from tocompose.cli.said import Said
from tocompose.importers import Settings
from tocompose.notes import Kind
from tocompose.project import Memory
from tocompose.record import replace

FAILED = 3
PLACES = ("tree", "in-place", "patch")
_F = TypeVar("_F", bound=Callable[..., Any])

_WHICH = (
    click.argument("roots", nargs=-1),
    click.option("--repos", metavar="FILE", help="A list of repositories, one a line; - is standard input."),
    click.option(
        "--include", metavar="PATTERN", multiple=True, help="Only repositories whose path below ROOT matches."
    ),
    click.option(
        "--exclude", metavar="PATTERN", multiple=True, help="Leave out what matches, as .tocomposeignore does."
    ),
    click.option("--max-depth", type=click.IntRange(0), help="How deep below ROOT repositories are looked for."),
)
_WHAT = (
    click.option("--from", "source", metavar="FORMAT", help="Only sources of that format (see formats)."),
    click.option("--prefer", metavar="FORMAT", multiple=True, help="Take that format where there are several."),
    click.option("--existing", type=Word("leave", "convert"), default="leave", help="Where a compose file is there."),
    click.option("--render", is_flag=True, help="kustomize and helm may be run on the repositories."),
    click.option("--practices", metavar="LIST", default="all", help="all, none, or a list such as all,-LOG."),
    click.option("--env", type=Words("dev", "prod"), default="dev,prod", help="Which overlays are written."),
    click.option("--answers", metavar="FILE", help="Decisions to use instead of the defaults (see plan)."),
    click.option("--modern-names", is_flag=True, help="compose.yaml instead of docker-compose.yml."),
    click.option("--harden", is_flag=True, help="Add hardening that may break an application."),
    click.option("--keep-ports", is_flag=True, help="Leave published ports of data services in the base file."),
)
_HOW = (
    click.option("-o", "--output", metavar="DIR", help="For outputs, summaries and the state (tocompose-out)."),
    click.option("--out-layout", type=Word(*PLACES), default="tree", help="tree, in-place or patch."),
    click.option("--force", is_flag=True, help="Overwrite files that exist."),
    click.option("--dry-run", is_flag=True, help="Convert, tell, write nothing."),
    click.option("-j", "--jobs", type=click.IntRange(0), default=0, help="How many processes; 0 is one a core."),
    click.option("--timeout", type=click.FloatRange(0.1), default=60.0, help="Seconds for one repository."),
    click.option("--memory", type=click.IntRange(100), default=512, help="Megabytes for one repository."),
    click.option("--resume", is_flag=True, help="Go on where an earlier run into the same DIR ended."),
    click.option("--retry-failed", is_flag=True, help="With --resume: also what failed before."),
    click.option("--fail-fast", is_flag=True, help="Stop at the first repository that fails."),
    click.option("--fail-on", type=Words(*KINDS), default="", help="Exit with 1 when there is a note of that kind."),
    click.option("--report", metavar="FILE", multiple=True, help="A summary at another place, its form by the name."),
    click.option("--format", "form", type=Word("text", "jsonl"), default="text", help="What standard output gets."),
    click.option("-q", "--quiet", is_flag=True, help="Print only what failed."),
)


def _options(function: _F) -> _F:
    for option in reversed((*_WHICH, *_WHAT, *_HOW)):
        function = option(function)
    return function


@click.command("batch")
@_options
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
    output = Path(os.path.realpath(ctx.params["output"] or wanted.output or "tocompose-out"))
    try:
        repositories = _repositories(roots, ctx.params, output)
        options = _batch_options(ctx.params, wanted, output)
        with _state(output, options.digest(), ctx.params) as state:
            batch = Batch(repositories, options, state, retry_failed=ctx.params["retry_failed"])
            found = _run(batch, ctx.params)
            _sum_up(batch, ctx.params, output, found)
    except (DiscoveryError, StateError, ValueError) as problem:
        fail(str(problem))
    if found.statuses[Status.FAILED]:
        sys.exit(FAILED)
    sys.exit(FOUND if any(found.kinds[Kind(name)] for name in wanted.fail_on) else 0)


def _repositories(roots: tuple[str, ...], params: dict[str, Any], output: Path) -> list[Repository]:
    if bool(roots) == (params["repos"] is not None):
        raise click.UsageError("name folders to look below, or a list with --repos FILE")
    if params["repos"] is not None:
        with click.open_file(params["repos"], encoding="utf-8", errors="surrogateescape") as file:
            found = listed(file.read(), params["repos"])
    else:
        search = Search(params["include"], params["exclude"], params["max_depth"], (str(output),))
        found = discover(roots, search)
    if not found:
        raise DiscoveryError(f"no repository was found in {params['repos'] or ', '.join(roots)}")
    return found


def _batch_options(params: dict[str, Any], wanted: Said, output: Path) -> BatchOptions:
    plain = wanted._replace(output=None, inline_secrets=False)
    check_formats((*params["prefer"], *filter(None, [params["source"]])))
    conversion = options_for(Memory({}), plain, Settings(render=params["render"]), params["source"])
    return BatchOptions(
        conversion=replace(conversion, layout=replace(conversion.layout, split=True)),
        place=Place(params["out_layout"]),
        output=str(output),
        force=wanted.force,
        dry_run=params["dry_run"],
        exclude=params["exclude"],
        wishes=Wishes(params["prefer"], conversion.source, params["existing"] == "convert"),
        timeout=params["timeout"],
        memory=params["memory"],
    )


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
    only_failed = params["quiet"] or bar is not None
    ordered = InOrder(batch.repositories, late.append if bar else click.echo)

    def on_end(progress: Progress) -> bool:
        found.add(progress.outcome)
        failed = progress.outcome.status is Status.FAILED
        if bar is not None:
            bar.step(progress.outcome, progress.kept)
        if params["form"] == "text":
            ordered.add(progress.outcome.repository.id, line(progress.outcome) if failed or not only_failed else "")
        return not (failed and params["fail_fast"])

    try:
        with bar or nullcontext():
            batch.run(params["jobs"] or os.cpu_count() or 1, on_end)
    except KeyboardInterrupt:
        done = sum(found.statuses.values())
        click.echo(f"tocompose: interrupted; {done} of {total} are done, --resume goes on", err=True)
        sys.exit(INTERRUPTED)
    for text in late:
        click.echo(text)
    return found


def _sum_up(batch: Batch, params: dict[str, Any], output: Path, found: Totals) -> None:
    """Writes the summaries and the list of what failed, and says the closing sentence."""
    reports = {Path(path): report_form(path) for path in params["report"]}
    if not params["dry_run"]:
        reports |= {output / name: form for form, name in FORMS.items()}
        write_failed(batch.outcomes(), output / "failed.txt")
    for path, form in reports.items():
        save(form, batch.outcomes, path)
    if params["form"] == "jsonl":
        write_form("jsonl", batch.outcomes, sys.stdout)
    where = "nothing was written (--dry-run)" if params["dry_run"] else f"see {output / FORMS['html']}"
    click.echo(f"{closing(found)}; {where}", err=True)
