"""What several rules ask: notes about each service, which services last, and which files can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.rules import Judge, Outcome, ServiceJudge, Verdict, View, runs_container


def annotate_services(
    stack: Stack, notes_of: Callable[[Service], Iterable[Note]]
) -> Outcome:
    """The stack as it is, with notes about each of its services."""
    notes = [note for service in stack.services for note in notes_of(service)]
    return Outcome(stack, tuple(notes))


def judge_lasting(judge_service: ServiceJudge) -> Judge:
    """A judge that asks about every service that `docker compose up` starts and production has too."""

    def judge(view: View) -> Iterator[Verdict]:
        lasting = {service.name for service in view.production.stack.services}
        for service in view.main.stack.services:
            if service.name in lasting and runs_container(service):
                yield from judge_service(view.main, service)

    return judge


def sees_files(view: View) -> bool:
    """Whether the files beside the compose files can be looked at: not beside standard input."""
    return view.project.named != ("<stdin>",)
