"""`tocompose check [COMPOSE…]`: existing compose files held against the checklist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import click

from tocompose.check import Audit, audit, repair
from tocompose.cli.conversion import has_kinds, style_of
from tocompose.cli.exit import EXIT_DIFFERS, fail, write_text
from tocompose.cli.options import FAIL_ON_OPTION, ChoiceType
from tocompose.cli.output import check_report_names, diff_lines, write_report
from tocompose.cli.sources import open_sources
from tocompose.ledger import Ledger
from tocompose.model import File, Stack
from tocompose.notes import Note
from tocompose.project import Folder, Project
from tocompose.reports import FORMS, form_of
from tocompose.reports.audit import as_text, render_audit
from tocompose.reports.report import Report, report
from tocompose.syntax.model_path import ModelPath
from tocompose.writing import WriteError, plan, write


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
    type=ChoiceType(*FORMS),
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
@FAIL_ON_OPTION
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Print only what Compose cannot do as it is written, a line each.",
)
@click.pass_context
def check_command(ctx: click.Context, /, files: tuple[str, ...], **_: object) -> None:
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
    options = CheckOptions(**{name: ctx.params[name] for name in CheckOptions._fields})
    check_report_names(options.report)
    project = open_sources(files or (".",), options.allow_path)
    findings = audit(project, project.named)
    if findings is None:
        fail(
            f"{project.name}: no compose file was found here (compose.yaml, docker-compose.yml)"
        )
    if not findings.recognised:
        fail(_explain_missing_compose_file(findings))
    findings_report = report(
        _CheckedFiles((), findings.notes, findings.stack, _all_read_ledger(findings)),
        project,
    )
    if options.fix or options.diff:
        changed = _repair_files(project, findings_report, only_show=options.diff)
        sys.exit(EXIT_DIFFERS if changed and options.diff else 0)
    _print_findings(findings, findings_report, options)
    sys.exit(EXIT_DIFFERS if has_kinds(findings.notes, options.fail_on) else 0)


class CheckOptions(NamedTuple):
    """The options."""

    fix: bool
    diff: bool
    form: str
    report: tuple[str, ...]
    allow_path: tuple[str, ...]
    fail_on: tuple[str, ...]
    quiet: bool


def _explain_missing_compose_file(findings: Audit) -> str:
    """What to say about files of which nothing is a compose file: where the first does not parse, if one does not."""
    names = ", ".join(findings.files)
    broken = next((note for note in findings.notes if note.code == "TC010"), None)
    if broken:
        return f"{broken.span or names}: {broken.message}"
    return f"{names}: this is no compose file: nothing in it is called services, networks or volumes"


class _CheckedFiles(NamedTuple):
    """An audit as reports want an outcome."""

    files: tuple[File, ...]
    notes: tuple[Note, ...]
    stack: Stack
    ledger: Ledger
    importer: str = "compose"


def _all_read_ledger(findings: Audit) -> Ledger:
    """A ledger in which every value of the files counts as read."""
    ledger = Ledger()
    for tree in findings.trees:
        ledger.open(tree).map(to=ModelPath.of("services"))
    return ledger


def _print_findings(
    findings: Audit, findings_report: Report, options: CheckOptions
) -> None:
    """Prints the audit, and writes the reports."""

    score = findings.as_dict()
    if options.form == "text":
        style = style_of(sys.stdout, -1 if options.quiet else 0)
        printed = as_text(score, findings_report, style)
    else:
        printed = render_audit(options.form, score, findings_report)
    write_text(sys.stdout, printed)
    for path in options.report:
        write_report(path, render_audit(str(form_of(path)), score, findings_report))


def _repair_files(project: Project, findings_report: Report, only_show: bool) -> bool:
    """Shows what would change, and writes it; whether there was anything."""

    if not isinstance(project, Folder):
        fail("--fix needs files or a folder, not standard input")
    repair_result = repair(project, project.named)
    if repair_result is None:
        return False
    try:
        changed = _show_changes(repair_result.files, project, findings_report)
        if changed and not only_show:
            files = repair_result.files
            write(files, project.root, asked=[file.path for file in files])
    except WriteError as problem:
        fail(str(problem))
    for note in repair_result.notes:
        write_text(sys.stderr, f"{note.span or '-'}: {note.message} [{note.code}]\n")
    return changed


def _show_changes(
    files: tuple[File, ...], project: Folder, findings_report: Report
) -> bool:
    """Prints the difference that each file makes; whether there is one. Raises WriteError."""

    changes, _ = plan(files, project.root, asked=[file.path for file in files])
    needed = [change for change in changes if change.is_needed]
    for change in needed:
        write_text(sys.stdout, "".join(diff_lines(change, Path(), findings_report)))
    return bool(needed)
