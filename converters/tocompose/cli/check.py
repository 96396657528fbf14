"""`tocompose check [COMPOSE…]`: existing compose files held against the checklist."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from tocompose.check import Audit, Lint, RuleSelection, audit, fails, lint
from tocompose.check.findings import explain_unrecognised, findings_report
from tocompose.check.ignores import UnknownRule, read_codes
from tocompose.cli.check_fixes import repair_files, tell_fixes
from tocompose.cli.check_stacks import CheckedStack, CheckedStacks, open_stacks
from tocompose.cli.conversion import style_of
from tocompose.cli.exit import EXIT_DIFFERS, fail, write_text
from tocompose.cli.options import ChoiceType
from tocompose.cli.output import check_report_names, write_report
from tocompose.cli.settings import nearest_settings
from tocompose.notes import Kind, Level
from tocompose.record import NamedTuple
from tocompose.reports import FORMS, form_of
from tocompose.reports.audit import as_text, render_audit
from tocompose.reports.report import Report
from tocompose.source import Span


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
    """Lint compose files against a checklist, and say which of its lines they meet.

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

    \b
    Exit codes:
      0  no errors (--fail-on sets another level)
      1  errors, with --fix those that are left; with --diff, something to fix
      2  wrong usage, or a file that cannot be read
    """
    options = CheckOptions(**{name: ctx.params[name] for name in CheckOptions._fields})
    check_report_names(options.report)
    settings = _settings_span(ctx)
    checked = _check_stacks(files, options, settings)
    if options.diff:
        shown_fixes = repair_files(
            checked.opened, checked.report, options.selection, only_show=True
        )
        sys.exit(EXIT_DIFFERS if shown_fixes.changes else 0)
    if options.fix:
        fixes = repair_files(checked.opened, checked.report, options.selection)
        checked = _check_stacks(files, options, settings)
        tell_fixes(fixes, checked.findings, _command_words(files, ctx))
    else:
        _print_findings(checked, options)
    _write_reports(checked, options.report)
    sys.exit(EXIT_DIFFERS if fails(checked.findings.notes, options.fail_on) else 0)


# What a command that checks the same again has to repeat.
_REPEATED_OPTIONS = {
    "joined": "-f",
    "allow_path": "--allow-path",
    "select": "--select",
    "ignore": "--ignore",
}


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

    @property
    def selection(self) -> RuleSelection:
        """The findings that are asked for."""
        return RuleSelection(self.select, self.ignore)


class StackFindings(NamedTuple):
    """The stacks that were asked about, and what was found in them."""

    opened: CheckedStacks
    findings: Lint
    report: Report


def _check_stacks(
    files: tuple[str, ...], options: CheckOptions, settings: Span | None
) -> StackFindings:
    """What is found in the files as they stand there now."""
    opened = open_stacks(files, options.joined, options.allow_path)
    selection = options.selection
    audits = [
        _check_recognised(audit(stack.project, stack.paths, stack.shown, selection), stack)
        for stack in opened.stacks
    ]
    findings = lint(audits, selection, settings)
    return StackFindings(opened, findings, findings_report(findings, opened.project))


def _command_words(files: tuple[str, ...], ctx: click.Context) -> tuple[str, ...]:
    """The command that checks the same files again."""
    given_options = (
        (flag, value)
        for name, flag in _REPEATED_OPTIONS.items()
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        for value in ctx.params[name]
    )
    return ("tocompose", "check", *chain.from_iterable(given_options), *files)


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


def _print_findings(checked: StackFindings, options: CheckOptions) -> None:
    """Prints the audit."""
    score = checked.findings.as_dict()
    if options.form == "text":
        style = style_of(sys.stdout, -1 if options.quiet else 0)
        printed = as_text(score, checked.report, style)
    else:
        printed = render_audit(options.form, score, checked.report)
    write_text(sys.stdout, printed)


def _write_reports(checked: StackFindings, paths: tuple[str, ...]) -> None:
    """Writes the reports that were asked for beside."""
    score = checked.findings.as_dict()
    for path in paths:
        write_report(path, render_audit(str(form_of(path)), score, checked.report))
