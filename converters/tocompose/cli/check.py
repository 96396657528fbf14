"""`tocompose check [COMPOSE…]`: existing compose files held against the checklist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import click

from tocompose.audit import Audit, audit, repair
from tocompose.cli.ending import FOUND, fail, write
from tocompose.cli.options import KINDS, Word, Words
from tocompose.cli.sources import project_of
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.notes import Note
from tocompose.project import Folder, Project
from tocompose.reports.report import Report, report

FORMS = ("text", "json", "jsonl", "sarif", "junit", "github", "markdown", "csv")


@click.command("check")
@click.argument("files", metavar="[COMPOSE]...", nargs=-1, type=click.Path())
@click.option("--fix", is_flag=True, help="Write what is safe to put right; shows the difference first.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, write nothing; exit with 1 if it would.")
@click.option("--format", "form", type=Word(*FORMS), default="text", metavar="FORM", help=f"{', '.join(FORMS)}.")
@click.option(
    "--allow-path", multiple=True, metavar="PATH", type=click.Path(), help="What else the files may include and extend."
)
@click.option("--fail-on", type=Words(*KINDS), default="", help="Exit with 1 when there is a note of that kind.")
def command(
    files: tuple[str, ...], fix: bool, diff: bool, form: str, allow_path: tuple[str, ...], fail_on: tuple[str, ...]
) -> None:
    """Hold compose files against the checklist, with a score for each line.

    Files are put together in the order given, as docker compose does with -f. A folder (by default this one) is read
    as docker compose reads it: the base file and the override file beside it, or the files that COMPOSE_FILE in its
    .env lists; limits and secrets may also stand in the production file (docker-compose.prod.yml).

    \b
    Examples:
      tocompose check
      tocompose check docker-compose.yml docker-compose.prod.yml --format sarif
      tocompose check --fix
    """
    project = project_of(files or (".",), allow_path)
    found = audit(project, project.named)
    if found is None:
        fail(f"{project.name}: no compose file was found here (compose.yaml, docker-compose.yml)")
    told = report(_Checked((), found.notes, found.stack, _ledger(found)), project)
    if fix or diff:
        changed = _put_right(project, told, only_show=not fix or diff)
        sys.exit(FOUND if changed and not fix else 0)
    write(sys.stdout, _printed(found, told, form))
    sys.exit(FOUND if {item.kind.value for item in found.notes} & set(fail_on) else 0)


class _Checked(NamedTuple):
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


def _printed(found: Audit, told: Report, form: str) -> str:
    from tocompose.reports import render
    from tocompose.reports.audit import as_json, as_markdown, as_text

    own = {"text": as_text, "json": as_json, "markdown": as_markdown}
    return own[form](found.as_dict(), told) if form in own else render(form, told)


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
