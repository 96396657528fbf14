"""What several rules ask: notes about each service, which services last, and which files can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tocompose.compose.shapes import as_map, as_text
from tocompose.model import ComposeFileRole, Mount, Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.rules import (
    Judge,
    Outcome,
    ServiceJudge,
    Startup,
    Verdict,
    View,
    runs_container,
)
from tocompose.source import Span
from tocompose.syntax.interpolation import substitute
from tocompose.syntax.units import is_whole_number


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


def judge_production(judge_service: ServiceJudge) -> Judge:
    """A judge that asks about every service that production starts."""

    def judge(view: View) -> Iterator[Verdict]:
        for service in view.production.stack.services:
            if runs_container(service):
                yield from judge_service(view.production, service)

    return judge


def sees_files(view: View) -> bool:
    """Whether the files beside the compose files can be looked at: not beside standard input."""
    return view.project.named != ("<stdin>",)


def mounts_of(service: Service) -> tuple[Mount, ...]:
    """The mounts of the service in base and dev, which is what starts when nothing is said."""
    overlay = service.overlays.get(ComposeFileRole.DEV)
    return (*service.mounts, *overlay.mounts) if overlay else service.mounts


def at_later(judged: Verdict, startup: Startup, spans: Iterable[Span | None]) -> Verdict:
    """The verdict at the place that is read last: what stands there makes what stood before a fault."""
    if judged.note is None:
        return judged
    latest: Span | None = None
    for span in spans:
        if latest is None or startup.places.is_later(span, latest):
            latest = span
    return judged._replace(note=replace(judged.note, span=latest))


def replicas_of(startup: Startup, service: Service) -> int:
    """How many containers of the service are started; one where a variable without a value says it."""
    body = as_map(as_map(startup.document.get("services")).get(service.name))
    stated = as_map(body.get("deploy")).get("replicas", body.get("scale"))
    text = substitute(as_text(stated) or "", startup.values)
    return int(text) if is_whole_number(text) else 1


def span_of_replicas(startup: Startup, service: Service) -> Span | None:
    """Where the number of replicas stands; the service, where it is not said."""
    in_deploy = service.replicas is not None or "scale" not in service.options
    key = ("deploy", "replicas") if in_deploy else ("scale",)
    return startup.span(service, *key)


def judge_mount(
    startup: Startup,
    service: Service,
    mount: Mount,
    lines: str,
    holds: bool,
    code: str,
    /,
    **facts: str,
) -> Verdict:
    """The verdict on one mount, with its place in the list."""
    verdict = startup.verdict(service, "volumes", lines, holds, code, **facts)
    if verdict.note is None:
        return verdict
    span = startup.places.item(mount.target, "services", service.name, "volumes")
    return verdict._replace(note=replace(verdict.note, span=span))
