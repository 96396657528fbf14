"""`tocompose check --fix`: the difference that the fixes make, each fix as a line, and what is left to do."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from tocompose.check import Lint, Repair, RuleSelection, repair
from tocompose.cli.check_stacks import CheckedStacks
from tocompose.cli.exit import fail, write_text
from tocompose.cli.output import diff_lines
from tocompose.model import File
from tocompose.notes import Note
from tocompose.project import Folder
from tocompose.record import NamedTuple
from tocompose.reports.audit import count_sentence
from tocompose.reports.escape import printable
from tocompose.reports.report import Report
from tocompose.writing import Change, WriteError, plan, write


class Fixes(NamedTuple):
    """The files that change, and a line for each change and for each service that stays as it is."""

    changes: tuple[Change, ...]
    fixed: tuple[str, ...]
    unfixed: tuple[str, ...]


def repair_files(
    opened: CheckedStacks,
    full_report: Report,
    selection: RuleSelection,
    only_show: bool = False,
) -> Fixes:
    """What changes: it is shown, and written unless that is not asked for."""
    project = opened.project
    if not isinstance(project, Folder):
        fail("--fix needs files or a folder, not standard input")
    repairs = [
        repaired
        for stack in opened.stacks
        if (repaired := repair(stack.project, stack.paths, stack.shown, selection))
    ]
    files = {file.path: file for repaired in repairs for file in repaired.files}
    changes = _write_changes(tuple(files.values()), project, full_report, only_show)
    fixes = Fixes(
        changes, tuple(_fixed_lines(repairs, changes)), tuple(_unfixed_lines(repairs))
    )
    for line in (*fixes.fixed, *fixes.unfixed):
        write_text(sys.stderr, f"{printable(line)}\n")
    return fixes


def _write_changes(
    files: tuple[File, ...], project: Folder, full_report: Report, only_show: bool
) -> tuple[Change, ...]:
    """The changes of the files, shown as differences; they are written unless that is not asked for."""
    paths = [file.path for file in files]
    try:
        planned_changes, _ = plan(files, project.root, asked=paths)
        changes = tuple(change for change in planned_changes if change.is_needed)
        for change in changes:
            write_text(sys.stdout, "".join(diff_lines(change, Path(), full_report)))
        if changes and not only_show:
            write(files, project.root, asked=paths)
    except WriteError as problem:
        fail(str(problem))
    return changes


def _fixed_lines(repairs: list[Repair], changes: tuple[Change, ...]) -> Iterator[str]:
    """A line for each change of the compose files, and for each file beside them that changes."""
    notes = [told for repaired in repairs for told in repaired.fixes]
    yield from map(_line_of, notes)
    told_files = {told.span.file for told in notes if told.span}
    for change in changes:
        if change.path not in told_files:
            verb = "created" if change.old_content is None else "completed"
            yield f"{change.path}: {verb}"


def _unfixed_lines(repairs: list[Repair]) -> Iterator[str]:
    for repaired in repairs:
        yield from map(_line_of, repaired.unfixed)


def _line_of(told: Note) -> str:
    return f"{told.span or '-'}: {told.message} [{told.code}]"


def tell_fixes(fixes: Fixes, findings: Lint, command: tuple[str, ...]) -> None:
    """Says how many fixes were written, how many findings are left, and the command that lists them."""
    number = len(fixes.fixed)
    written = (
        f"{number} fix{'' if number == 1 else 'es'} written" if number else "nothing to fix"
    )
    if findings.notes:
        counts = count_sentence(findings.as_dict())
        rest = f"{counts} left: `{printable(shlex.join(command))}` lists them"
    else:
        rest = "no findings left"
    write_text(sys.stderr, f"{written}; {rest}\n")
