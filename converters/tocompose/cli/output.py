"""The output folder: what is written there, and how it differs from what stands there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap

import click

from tocompose.cli.exit import fail, write_text
from tocompose.cli.settings import ConversionOptions
from tocompose.compose.files import BASE_NAMES, OVERRIDE_NAMES, PROD_NAMES
from tocompose.model import File
from tocompose.notes import generated_forms
from tocompose.pipeline import Result
from tocompose.project import Project
from tocompose.reports import (
    FORMS,
    encode_report,
    form_by_ending,
    form_of,
    render,
    with_reports,
)
from tocompose.reports.escape import printable
from tocompose.reports.report import Report, report
from tocompose.writing import Change, WriteError, plan, write


def write_output(
    result: Result, project: Project, folder: Path, options: ConversionOptions
) -> None:
    """Writes every file, and says which."""
    files, _ = with_reports(result, project)
    if options.force and result.importer == "compose":
        files = (*files, *_backups(files, folder))
    try:
        named_files = (Path(options.merge).name,) if options.merge else ()
        written = write(files, folder, force=options.force, asked=named_files)
    except WriteError as problem:
        fail(str(problem))
    if forms := generated_forms(result.notes):
        from tocompose.writing.env_values import generate_values

        generate_values(folder, forms)
    if not options.quiet:
        for note in written.notes:
            click.echo(f"{note.kind.value}: {note.message} [{note.code}]", err=True)
        new = ", ".join((*written.created, *written.changed)) or "nothing new"
        width = min(get_terminal_size((100, 24)).columns, 100)
        text = f"{len(files)} files in {folder}: {new}"
        lines = wrap(
            text,
            width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        click.echo("\n".join(lines) if sys.stderr.isatty() else text, err=True)


def _backups(files: Iterable[File], folder: Path) -> Iterator[File]:
    """The compose files of the user that are replaced, under another name; one that is there already stays."""
    for file in files:
        present, backup = folder / file.path, folder / f"{file.path}.orig"
        is_compose = file.path in (*BASE_NAMES, *OVERRIDE_NAMES, *PROD_NAMES)
        if is_compose and present.is_file() and not backup.exists():
            content = present.read_bytes()
            if content != file.content:
                yield File(path=backup.name, content=content, mode=0o600, secret=True)


def compare_output(result: Result, project: Project, folder: Path, show: bool) -> bool:
    """Whether writing would change something in the folder; shows the difference, secret values masked.

    A file with values that is not there is none: a fresh checkout, as CI has it, lacks what `.gitignore` keeps out.
    """
    files, full_report = with_reports(result, project)
    try:
        changes, _ = plan(files, folder, force=True)
    except WriteError as problem:
        fail(str(problem))
    changed = [
        change
        for change in changes
        if change.is_needed and not _is_kept_out(change, changes)
    ]
    for change in changed if show else ():
        write_text(sys.stdout, "".join(diff_lines(change, folder, full_report)))
    if not show:
        click.echo(
            "".join(f"would change {folder / change.path}\n" for change in changed),
            nl=False,
            err=True,
        )
    return bool(changed)


def _is_kept_out(change: Change, changes: Iterable[Change]) -> bool:
    """Whether a file is missing because it holds secrets and the `.gitignore` that is there keeps it out."""
    rules = next(
        (
            other_change.old_content
            for other_change in changes
            if other_change.path == ".gitignore"
        ),
        None,
    )
    if change.old_content is not None or not change.secret or rules is None:
        return False
    from tocompose.project import ignore_rules

    return ignore_rules(rules.decode("utf-8", "replace").splitlines()).match_file(
        change.path
    )


def diff_lines(change: Change, folder: Path, full_report: Report) -> Iterator[str]:
    """The unified diff of one file, secret values masked."""
    path = folder / change.path
    if change.secret or change.mode & 0o077 == 0:
        yield f"{'changes' if change.old_content is not None else 'creates'} {path} (holds secrets: not shown)\n"
        return
    old = (
        []
        if change.old_content is None
        else list(full_report.quotes.masked(change.old_content.decode("utf-8", "replace")))
    )
    new = list(full_report.quotes.masked(change.new_content.decode("utf-8", "replace")))
    start = str(path) if change.old_content is not None else "/dev/null"
    yield from (
        f"{printable(line)}\n"
        for line in unified_diff(old, new, start, str(path), lineterm="")
    )


def print_report(result: Result, project: Project, form: str, err: bool) -> None:
    """The report in a form, on standard output or standard error."""
    click.echo(encode_report(render(form, report(result, project))), nl=False, err=err)


def check_report_names(paths: Iterable[str]) -> None:
    """Ends when the name of a report does not tell its form: before anything is read or written."""
    for path in paths:
        if form_of(path) is None:
            endings = form_by_ending({name: form.file_name for name, form in FORMS.items()})
            fail(
                f"{path}: the name does not tell the form of the report; end it with {', '.join(endings)}"
            )


def write_reports(result: Result, project: Project, paths: Iterable[str]) -> None:
    """Each report file, in the form that its name tells."""
    for path in paths:
        write_report(path, render(str(form_of(path)), report(result, project)))


def write_report(path: str, text: str) -> None:
    """Writes a report; one that exists is of an earlier run: it is replaced."""
    report_path = Path(path)
    report_path.parent.mkdir(parents=True, exist_ok=True)
    report_path.write_bytes(encode_report(text))
