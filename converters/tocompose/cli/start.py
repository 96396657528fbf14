"""The end of a conversion to a folder: what must be done before the first start, and the command to run next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocompose.model import ComposeFileRole, Service
from tocompose.record import replace
from tocompose.reports.cutover import cutover_of
from tocompose.reports.duties import Duty, start_duties
from tocompose.reports.escape import printable
from tocompose.reports.next_steps import built_services, start_steps
from tocompose.reports.other_machine import arrival_steps, old_containers_hold
from tocompose.reports.report import Report, listed_subjects
from tocompose.reports.values_to_set import (
    MOST_IN_A_SENTENCE,
    counted_values,
    values_to_set,
)
from tocompose.rules.service_images import is_same_image
from tocompose.syntax.env_lines import filled_names
from tocompose.wording import enumerated_up_to, listed_names


def start_lines(report: Report, folder: Path) -> Iterator[str]:
    """What must be done before the first start, and the exact command for it."""
    target = shlex.quote(str(folder))
    duties = start_duties(report)
    after_start = [duty for duty in duties.named if duty.is_after_start]
    before_start = [duty for duty in duties.named if not duty.is_after_start]
    must_do = [
        *_missing_values(report, folder, target),
        *_listed_tasks(before_start),
        *_where_told(len(before_start), duties.unnamed),
    ]
    if must_do:
        yield "Before you start:"
        yield from (f"  {line}" for line in must_do)
    if report.stack.services:
        yield from _next_lines(report, [] if str(folder) == "." else [f"cd {target}"])
        yield from _after_start(report, after_start)
    else:
        yield "Nothing to start: the source has no service that Compose can run."


def _next_lines(report: Report, to_folder: Sequence[str]) -> Iterator[str]:
    """The command that starts the stack, and what it builds first."""
    commands = [step.line for step in start_steps(report)]
    line = " && ".join((*to_folder, *commands))
    if _was_read_running(report):
        held = old_containers_hold(report)
        yield f"Next: follow “Move over” in MIGRATION.md, because {held}"
        other_way = "follow “What to do” in MIGRATION.md" if arrival_steps(report) else line
        yield f"  (on another machine: {other_way})"
    else:
        yield f"Next: {line}"
    built = built_services(report.stack)
    if built:
        started = [_as_started(service) for service in built]
        is_same = all(is_same_image(service, started[0]) for service in started)
        names = [service.name for service in built]
        shown = enumerated_up_to(names, MOST_IN_A_SENTENCE)
        yield f"  (first builds the {'image' if is_same else 'images'} of {shown})"


def _as_started(service: Service) -> Service:
    """The service with the image that it has in development, which Compose starts unless told otherwise."""
    overlay = service.overlays.get(ComposeFileRole.DEV)
    if overlay is None:
        return service
    return replace(
        service,
        image=overlay.image or service.image,
        build=overlay.build or service.build,
    )


def _where_told(named: int, unnamed: int) -> Iterator[str]:
    """Where the tasks are explained, and how many of its boxes are not named here."""
    if unnamed:
        more = f"{unnamed} more" if named else str(unnamed)
        points = "point" if unnamed == 1 else "points"
        yield f"see {more} {points} under “What to do” in MIGRATION.md"
    elif named:
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
    if cutover_of(report).steps_over and not _was_read_running(report):
        yield "If the old containers still run here, follow “Move over” in MIGRATION.md instead."
        if arrival_steps(report):
            yield "If they run on another machine, “What to do” in MIGRATION.md says what to copy first."


def _was_read_running(report: Report) -> bool:
    """Whether the source are containers that an engine has, which the stack replaces."""
    return report.importer == "engine" and bool(cutover_of(report).steps_over)


def _listed_tasks(to_do: Sequence[Duty]) -> Iterator[str]:
    """A line for each task, with the first of what it is to be done to."""
    for duty in to_do:
        mark = f" [{duty.code}]" if duty.code else ""
        subjects = listed_subjects(duty.subjects, MOST_IN_A_SENTENCE)
        yield f"{printable(f'{duty.task} {subjects}'.strip())}{mark}"


def _filled_names(folder: Path) -> set[str]:
    """The variables that have a value in the `.env` file of the folder."""
    path = folder / ".env"
    if not path.is_file():
        return set()
    return filled_names(path.read_text(encoding="utf-8", errors="replace"))
