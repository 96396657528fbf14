"""The output folder: what is written there, and how it differs from what stands there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap

import click

from tocompose.cli.ending import fail
from tocompose.cli.said import Said
from tocompose.model import File
from tocompose.pipeline import Result
from tocompose.project import Project
from tocompose.reports import render
from tocompose.reports.escape import printable
from tocompose.reports.report import Report, report
from tocompose.writing import Change, WriteError, plan, write

REPORTS = {"MIGRATION.md": "markdown", "migration.json": "json"}


def all_files(result: Result, project: Project) -> tuple[tuple[File, ...], Report]:
    """The files of the stack with the two reports that stand beside them."""
    found = report(result, project)
    found = found._replace(
        files=(*result.files, *(File(path=name, content=b"") for name in REPORTS))
    )
    reports = [
        File(path=name, content=_encoded(render(form, found)))
        for name, form in REPORTS.items()
    ]
    return (*result.files, *reports), found


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def write_all(result: Result, project: Project, folder: Path, said: Said) -> None:
    """Writes every file, and says which."""
    files, _ = all_files(result, project)
    try:
        asked = (Path(said.merge).name,) if said.merge else ()
        written = write(files, folder, force=said.force, asked=asked)
    except WriteError as problem:
        fail(str(problem))
    if not said.quiet:
        for item in written.notes:
            click.echo(f"{item.kind.value}: {item.message} [{item.code}]", err=True)
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


def compare(result: Result, project: Project, folder: Path, show: bool) -> bool:
    """Whether writing would change something in the folder; shows the difference, secret values masked.

    A file with values that is not there is none: a fresh checkout, as CI has it, lacks what `.gitignore` keeps out.
    """
    files, found = all_files(result, project)
    try:
        changes, _ = plan(files, folder, force=True)
    except WriteError as problem:
        fail(str(problem))
    changed = [item for item in changes if item.needed and not _kept_out(item, changes)]
    for item in changed if show else ():
        click.echo("".join(difference(item, folder, found)), nl=False)
    if not show:
        click.echo(
            "".join(f"would change {folder / item.path}\n" for item in changed),
            nl=False,
            err=True,
        )
    return bool(changed)


def _kept_out(item: Change, changes: Iterable[Change]) -> bool:
    """Whether a file is missing because it holds secrets and the `.gitignore` that is there keeps it out."""
    rules = next((each.before for each in changes if each.path == ".gitignore"), None)
    if item.before is not None or not item.secret or rules is None:
        return False
    from tocompose.ignores import ignore_rules

    return ignore_rules(rules.decode("utf-8", "replace").splitlines()).match_file(item.path)


def difference(item: Change, folder: Path, found: Report) -> Iterator[str]:
    """The unified diff of one file, secret values masked."""
    path = folder / item.path
    if item.secret or item.mode & 0o077 == 0:
        yield f"{'changes' if item.before is not None else 'creates'} {path} (holds secrets: not shown)\n"
        return
    old = (
        []
        if item.before is None
        else list(found.quotes.masked(item.before.decode("utf-8", "replace")))
    )
    new = list(found.quotes.masked(item.after.decode("utf-8", "replace")))
    start = str(path) if item.before is not None else "/dev/null"
    yield from (
        f"{printable(line)}\n"
        for line in unified_diff(old, new, start, str(path), lineterm="")
    )
