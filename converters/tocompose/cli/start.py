"""The end of a conversion to a folder: what must be done before the first start, and the command to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocompose.readers.dotenv import filled_names
from tocompose.reports.cutover import cutover_of
from tocompose.reports.duties import (
    MOST_IN_A_SENTENCE,
    Duty,
    counted_values,
    start_duties,
    values_to_set,
)
from tocompose.reports.escape import printable
from tocompose.reports.json import base_of, start_steps
from tocompose.reports.report import Report, listed_subjects
from tocompose.syntax.model_path import ModelPath
from tocompose.wording import listed_names

_MOST_TASKS = 4


def start_lines(report: Report, folder: Path) -> Iterator[str]:
    """What must be done before the first start, and the exact command for it."""
    target = shlex.quote(str(folder))
    duties = start_duties(report)
    after_start = [duty for duty in duties if duty.is_after_start]
    before_start = [duty for duty in duties if not duty.is_after_start]
    must_do = list(_before_start(report, folder, target, before_start))
    if must_do:
        yield "Before you start:"
        yield from (f"  {line}" for line in must_do)
    if not report.stack.services:
        yield "Nothing to start: the source has no service that Compose can run."
        return
    commands = [step.line for step in start_steps(report.stack, base_of(report))]
    to_folder = [] if str(folder) == "." else [f"cd {target}"]
    yield f"Next: {' && '.join((*to_folder, *commands))}"
    built = [service.name for service in report.stack.services if service.build]
    if built:
        images = "images" if len(built) > 1 else "image"
        yield f"  (builds the {images} first: {listed_names(built, MOST_IN_A_SENTENCE)})"
    yield from _after_start(report, after_start)


def _before_start(
    report: Report, folder: Path, target: str, to_do: Sequence[Duty]
) -> Iterator[str]:
    yield from _missing_values(report, folder, target)
    yield from _listed_tasks(to_do)
    if to_do:
        yield "  (details in MIGRATION.md)"


def _missing_values(report: Report, folder: Path, target: str) -> Iterator[str]:
    filled = _filled_names(folder)
    names = [name for name in values_to_set(report) if name not in filled]
    if names:
        shown = listed_names(names, MOST_IN_A_SENTENCE)
        yield f"set {counted_values(names)} in {folder / '.env'}: {shown}"
        yield f"  (tocompose env {target} asks for {'each' if names[1:] else 'it'})"


def _after_start(report: Report, to_do: Sequence[Duty]) -> Iterator[str]:
    """What is done when the stack runs, and where it is said how to replace old containers that still run."""
    if to_do:
        yield "Then:"
        yield from (f"  {line}" for line in _listed_tasks(to_do))
        yield "    (details in MIGRATION.md)"
    if cutover_of(report).steps_over:
        yield "If the old containers still run here, follow Moving over in MIGRATION.md instead."


def _listed_tasks(to_do: Sequence[Duty]) -> Iterator[str]:
    """A line for each task; the same one for several things is one, and of many of one kind the first are listed."""
    by_code: dict[str, list[Duty]] = {}
    for duty in to_do:
        by_code.setdefault(duty.code, []).append(duty)
    for code, duties in by_code.items():
        mark = f" [{code}]" if code else ""
        tasks = list(_joined_tasks(duties))
        is_long = len(tasks) > _MOST_TASKS + 1
        shown = tasks[:_MOST_TASKS] if is_long else tasks
        yield from (f"{printable(task)}{mark}" for task in shown)
        if is_long:
            yield f"do the same for {len(tasks) - _MOST_TASKS} more{mark}"


def _joined_tasks(duties: Sequence[Duty]) -> Iterator[str]:
    """The tasks of a code: those that are known by what they are done to as one."""
    subjects_by_task: dict[str, list[ModelPath]] = {}
    for duty in duties:
        subjects_by_task.setdefault(duty.task, []).extend(duty.subjects)
    for task, subjects in subjects_by_task.items():
        yield f"{task} {listed_subjects(subjects, MOST_IN_A_SENTENCE)}".strip()


def _filled_names(folder: Path) -> set[str]:
    """The variables that have a value in the `.env` file of the folder."""
    path = folder / ".env"
    if not path.is_file():
        return set()
    return filled_names(path.read_text(encoding="utf-8", errors="replace"))
