"""`tocompose check [COMPOSE…]`: existing compose files held against the checklist."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from tocompose.check import Audit, Lint, RuleSelection, audit, fails, lint, repair
from tocompose.check.findings import explain_unrecognised, findings_report
from tocompose.check.ignores import UnknownRule, read_codes
from tocompose.cli.check_stacks import CheckedStack, CheckedStacks, open_stacks
from tocompose.cli.conversion import style_of
from tocompose.cli.exit import EXIT_DIFFERS, fail, write_text
from tocompose.cli.options import ChoiceType
from tocompose.cli.output import check_report_names, diff_lines, write_report
from tocompose.cli.settings import nearest_settings
from tocompose.model import File
from tocompose.notes import Kind, Level, Note
from tocompose.project import Folder
from tocompose.record import NamedTuple
from tocompose.reports import FORMS, form_of
from tocompose.reports.audit import as_text, render_audit
from tocompose.reports.report import Report
from tocompose.source import Span
from tocompose.writing import WriteError, plan, write


class LevelType(ChoiceType):
    """The least grave level that counts; the kinds of notes that a conversion has stand for theirs."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The level; of several words the least grave."""
        named = [name.strip() for name in str(value).split(",") if name.strip()]
        kinds = {kind.value: kind.level.value for kind in Kind}
        levels = [
            str(super(LevelType, self).convert(kinds.get(name, name), param, ctx))
            for name in named
        ]
        return max(levels, key=self.choices.index, default=Level.ERROR.value)


class CodeListType(click.ParamType[Any]):
    """Codes of rules or the beginnings of them, with commas between them or the option given again."""

    name = "list"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The codes, each once."""
        texts = value if isinstance(value, tuple | list) else [value]
        try:
            return read_codes(map(str, texts))
        except UnknownRule as problem:
            self.fail(str(problem), param, ctx)


@click.command("check")
@click.argument("files", metavar="[COMPOSE]...", nargs=-1, type=click.Path())
@click.option(
    "-f",
    "--file",
    "joined",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="A file of one stack; several are merged as docker compose does it.",
)
@click.option(
    "--select",
    type=CodeListType(),
    default="",
    metavar="CODES",
    help="Report only these: codes, starts of codes, ids of practices or checklist lines (TC51,LOG,Q-01).",
)
@click.option(
    "--ignore",
    type=CodeListType(),
    default="",
    metavar="CODES",
    help="Do not report these; where --select names a code too, the longer prefix counts.",
)
@click.option(
    "--fix",
    is_flag=True,
    help="Apply safe fixes; shows the difference first.",
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
    help=f"How findings are printed: {', '.join(FORMS)}.",
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
    help="Also read this file or folder, which the files include or extend.",
)
@click.option(
    "--fail-on",
    type=LevelType(*(level.value for level in Level), "never"),
    default=Level.ERROR.value,
    help="Exit with 1 if there is a finding of that level or a higher one.",
)
@click.option(
    "-q",
    "--quiet",
    is_flag=True,
    help="Print errors only, one per line.",
)
@click.pass_context
def check_command(ctx: click.Context, /, files: tuple[str, ...], **_: object) -> None:
    """Lint compose files against the checklist, and say how many checks of each line pass.

    Each file is a stack, and so is each folder, which is read as docker compose reads it: the base file and the
    override file beside it, or the files that COMPOSE_FILE in its .env lists. A production file beside them
    (docker-compose.prod.yml) is checked together with the base file. Name the files of one stack with -f. Without
    arguments, this folder is checked, or the folders below it that have a compose file.

    With an error docker compose refuses the file, or fails at up; a warning is a risk, an info could be better. The
    comment # tocompose: ignore[TC712] REASON silences a finding on its line or, above an entry, in the whole entry.

    \b
    Examples:
      tocompose check
      tocompose check -f docker-compose.yml -f docker-compose.prod.yml --format sarif
      tocompose check services/* --select TC51,TC52 --fail-on warning
      tocompose check --fix
    """
    options = CheckOptions(**{name: ctx.params[name] for name in CheckOptions._fields})
    check_report_names(options.report)
    opened = open_stacks(files, options.joined, options.allow_path)
    selection = RuleSelection(options.select, options.ignore)
    audits = [
        _check_recognised(audit(stack.project, stack.paths, stack.shown, selection), stack)
        for stack in opened.stacks
    ]
    findings = lint(audits, selection, _settings_span(ctx))
    checked = findings_report(findings, opened.project)
    if options.fix or options.diff:
        changed = _repair_files(opened, checked, selection, only_show=options.diff)
        sys.exit(EXIT_DIFFERS if changed and options.diff else 0)
    _print_findings(findings, checked, options)
    sys.exit(EXIT_DIFFERS if fails(findings.notes, options.fail_on) else 0)


class CheckOptions(NamedTuple):
    """The options."""

    joined: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fix: bool
    diff: bool
    form: str
    report: tuple[str, ...]
    allow_path: tuple[str, ...]
    fail_on: str
    quiet: bool


def _settings_span(ctx: click.Context) -> Span | None:
    """The file of settings, where `ignore` stands in one."""
    if ctx.get_parameter_source("ignore") is not ParameterSource.DEFAULT_MAP:
        return None
    settings = nearest_settings(Path.cwd())
    return Span(settings[0].name, 1, 1, 1, 1) if settings else None


def _check_recognised(findings: Audit | None, stack: CheckedStack) -> Audit:
    """The audit; ends where nothing in the files is of a compose file of today."""
    problem = explain_unrecognised(findings, stack.project, stack.shown)
    if findings is None or problem is not None:
        fail(problem or "")
    return findings


def _print_findings(findings: Lint, full_report: Report, options: CheckOptions) -> None:
    """Prints the audit, and writes the reports."""

    score = findings.as_dict()
    if options.form == "text":
        style = style_of(sys.stdout, -1 if options.quiet else 0)
        printed = as_text(score, full_report, style)
    else:
        printed = render_audit(options.form, score, full_report)
    write_text(sys.stdout, printed)
    for path in options.report:
        write_report(path, render_audit(str(form_of(path)), score, full_report))


def _repair_files(
    opened: CheckedStacks,
    full_report: Report,
    selection: RuleSelection,
    only_show: bool,
) -> bool:
    """Shows what would change, and writes it; whether there was anything."""
    project = opened.project
    if not isinstance(project, Folder):
        fail("--fix needs files or a folder, not standard input")
    files: dict[str, File] = {}
    notes: list[Note] = []
    for stack in opened.stacks:
        repaired = repair(stack.project, stack.paths, stack.shown, selection)
        if repaired is not None:
            files |= {file.path: file for file in repaired.files}
            notes += repaired.notes
    changed = _write_repairs(tuple(files.values()), project, full_report, only_show)
    for note in notes:
        write_text(sys.stderr, f"{note.span or '-'}: {note.message} [{note.code}]\n")
    return changed


def _write_repairs(
    files: tuple[File, ...], project: Folder, full_report: Report, only_show: bool
) -> bool:
    """Shows how the files change and writes them, unless that is not asked for; whether they change."""
    try:
        changed = _show_changes(files, project, full_report)
        if changed and not only_show:
            write(files, project.root, asked=[file.path for file in files])
    except WriteError as problem:
        fail(str(problem))
    return changed


def _show_changes(files: tuple[File, ...], project: Folder, full_report: Report) -> bool:
    """Prints the difference that each file makes; whether there is one. Raises WriteError."""

    changes, _ = plan(files, project.root, asked=[file.path for file in files])
    needed = [change for change in changes if change.is_needed]
    for change in needed:
        write_text(sys.stdout, "".join(diff_lines(change, Path(), full_report)))
    return bool(needed)
