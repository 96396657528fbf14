"""`tocompose check [COMPOSE…]`: existing compose files held against the checklist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import click

from tocompose.check import Audit, audit, repair
from tocompose.cli.conversion import coloured, width
from tocompose.cli.ending import FOUND, fail, write
from tocompose.cli.options import FORMS, KINDS, Word, Words
from tocompose.cli.reporting import check_names, write_report
from tocompose.cli.sources import project_of
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.notes import Note
from tocompose.project import Folder, Project
from tocompose.reports import form_of, render
from tocompose.reports.report import Report, report


@click.command("check")
@click.argument("files", metavar="[COMPOSE]...", nargs=-1, type=click.Path())
@click.option(
    "--fix",
    is_flag=True,
    help="Write what is safe to put right; shows the difference first.",
)
@click.option(
    "--diff",
    is_flag=True,
    help="Show what --fix would change, write nothing; exit with 1 if it would.",
)
@click.option(
    "--format",
    "form",
    type=Word(*FORMS),
    default="text",
    metavar="FORM",
    help=f"{', '.join(FORMS)}.",
)
@click.option(
    "--report",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Also write a report, such as notes.sarif.",
)
@click.option(
    "--allow-path",
    multiple=True,
    metavar="PATH",
    type=click.Path(),
    help="What else the files may include and extend.",
)
@click.option(
    "--fail-on",
    type=Words(*KINDS),
    default="",
    help="Exit with 1 when there is a note of that kind.",
)
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Print only what Compose cannot do as it is written, a line each.",
)
@click.pass_context
def command(ctx: click.Context, /, files: tuple[str, ...], **_: object) -> None:
    """Hold compose files against the checklist, with a score for each line.

    Files are put together in the order given, as docker compose does with -f. A folder (by default this one) is read
    as docker compose reads it: the base file and the override file beside it, or the files that COMPOSE_FILE in its
    .env lists; limits and secrets may also stand in the production file (docker-compose.prod.yml).

    \b
    Examples:
      tocompose check
      tocompose check docker-compose.yml docker-compose.prod.yml --format sarif
      tocompose check --report audit.html --fail-on lost
      tocompose check --fix
    """
    wanted = _Wanted(**{name: ctx.params[name] for name in _Wanted._fields})
    check_names(wanted.report)
    project = project_of(files or (".",), wanted.allow_path)
    found = audit(project, project.named)
    if found is None:
        fail(
            f"{project.name}: no compose file was found here (compose.yaml, docker-compose.yml)"
        )
    if not found.recognised:
        fail(_no_compose_file(found))
    told = report(Checked((), found.notes, found.stack, _ledger(found)), project)
    if wanted.fix or wanted.diff:
        changed = _put_right(project, told, only_show=wanted.diff)
        sys.exit(FOUND if changed and wanted.diff else 0)
    _tell(found, told, wanted)
    sys.exit(
        FOUND if {item.kind.value for item in found.notes} & set(wanted.fail_on) else 0
    )


class _Wanted(NamedTuple):
    """The options."""

    fix: bool
    diff: bool
    form: str
    report: tuple[str, ...]
    allow_path: tuple[str, ...]
    fail_on: tuple[str, ...]
    quiet: bool


def _no_compose_file(found: Audit) -> str:
    """What to say about files of which nothing is a compose file: where the first does not parse, if one does not."""
    names = ", ".join(found.files)
    broken = next((item for item in found.notes if item.code == "TC010"), None)
    if broken:
        return f"{broken.span or names}: {broken.message}"
    return f"{names}: this is no compose file: nothing in it is called services, networks or volumes"


class Checked(NamedTuple):
    """An audit as reports want an outcome."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str = "compose"


def _ledger(found: Audit) -> Ledger:
    """A ledger in which every value of the files counts as read."""
    ledger = Ledger()
    for tree in found.trees:
        ledger.open(tree).map(to="services")
    return ledger


def _tell(found: Audit, told: Report, wanted: _Wanted) -> None:
    """Prints the audit, and writes the reports."""
    from tocompose.reports.audit import as_text
    from tocompose.reports.terminal import Style

    if wanted.form == "text":
        style = Style(coloured(sys.stdout), width(sys.stdout), -1 if wanted.quiet else 0)
        write(sys.stdout, as_text(found.as_dict(), told, style))
    else:
        write(sys.stdout, _printed(found, told, wanted.form))
    for path in wanted.report:
        write_report(path, _printed(found, told, str(form_of(path))))


def _printed(found: Audit, told: Report, form: str) -> str:
    from tocompose.reports.audit import OWN

    return OWN[form](found.as_dict(), told) if form in OWN else render(form, told)


def _put_right(project: Project, told: Report, only_show: bool) -> bool:
    """Shows what would change, and writes it; whether there was anything."""
    from tocompose.cli.folder import difference
    from tocompose.writing import WriteError, plan
    from tocompose.writing import write as write_files

    if not isinstance(project, Folder):
        fail("--fix needs files or a folder, not standard input")
    made = repair(project, project.named)
    files = made.files if made else ()
    asked = [item.path for item in files]
    try:
        changes, _ = plan(files, project.root, asked=asked)
        needed = [item for item in changes if item.needed]
        for item in needed:
            write(sys.stdout, "".join(difference(item, Path(), told)))
        if needed and not only_show:
            write_files(files, project.root, asked=asked)
    except WriteError as problem:
        fail(str(problem))
    for note in made.notes if made else ():
        write(sys.stderr, f"{note.span or '-'}: {note.message} [{note.code}]\n")
    return bool(needed)
