"""Everything that a conversion shows or writes where a secret must not stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tocompose.cli.output import diff_lines
from tocompose.decisions import plan
from tocompose.exporters.bundle import Layout
from tocompose.importers import SourceError
from tocompose.model import File
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory
from tocompose.reports import FORMS, render, with_reports
from tocompose.reports.note_lines import Style
from tocompose.reports.plan import PlanHeading, as_answers, as_data, as_text
from tocompose.reports.report import report
from tocompose.reports.text import render as terminal
from tocompose.writing import Change


def shown(files: dict[str, bytes], form: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each output, of both layouts."""
    project = Memory(files)
    try:
        split = convert(project, Options(source=form, layout=Layout(split=True)))
        single = convert(project, Options(source=form))
    except SourceError as problem:
        yield "the error", str(problem)
        yield from (
            ("a note of the error", f"{item.message} {item.advice}")
            for item in problem.notes
        )
        return
    yield from _outputs("split", split, project)
    yield from _outputs("single", single, project)
    found = plan(project, Options(source=form, layout=Layout(split=True)))
    services = tuple((item.name, item.image or "") for item in found.result.stack.services)
    heading = PlanHeading(found.result.stack.name, form, tuple(files), services)
    yield "plan", as_text(heading, found.decisions)
    yield "plan --format json", json.dumps(as_data(heading, found.decisions))
    yield "answers", as_answers(found.decisions)
    kept = convert(project, Options(source=form, practices="none"))
    # Without practices the values stay in the compose file, as the user asked; what is told is told without them.
    yield from _reports("kept", kept, project)


def open_files(result: Result, project: Memory) -> tuple[File, ...]:
    """The files that may be shown: all but `.env` and what stands in `secrets/`."""
    every, _ = with_reports(result, project)
    return tuple(
        item
        for item in every
        if item.path != ".env" and not item.path.startswith("secrets/")
    )


def _outputs(name: str, result: Result, project: Memory) -> Iterator[tuple[str, str]]:
    for item in open_files(result, project):
        yield (
            f"{name}: {item.path}",
            f"{item.path}\n{item.content.decode('utf-8', 'replace')}",
        )
    yield from _reports(name, result, project)


def _reports(name: str, result: Result, project: Memory) -> Iterator[tuple[str, str]]:
    found = report(result, project)
    for form in FORMS:
        yield f"{name}: --format {form}", render(form, found)
    for verbosity in (-1, 0, 1, 2):
        yield (
            f"{name}: terminal {verbosity}",
            terminal(found, Style(colour=True, width=80, verbosity=verbosity)),
        )
    every, told = with_reports(result, project)
    for item in every:
        change = Change(item.path, None, item.content, item.mode, item.secret)
        yield (
            f"{name}: --diff of {item.path}",
            "".join(diff_lines(change, Path("out"), told)),
        )
    yield (
        f"{name}: notes",
        "\n".join(f"{item.message} {item.advice} {item.subject}" for item in result.notes),
    )
