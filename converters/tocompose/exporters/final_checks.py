"""What a last check makes of a stack, and how a check reaches every service and overlay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from tocompose.model import Service, Stack
from tocompose.notes import Note, note
from tocompose.record import NamedTuple, replace
from tocompose.source import Span
from tocompose.syntax.model_path import ModelPath


class Checked(NamedTuple):
    """A stack that docker compose accepts; what was changed for that; the model paths that the notes account for."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    paths: frozenset[ModelPath] = frozenset()


Check: TypeAlias = Callable[[Stack], Checked]


def run_checks(stack: Stack, checks: Iterable[Check]) -> Checked:
    """The stack after each check in turn, with all their notes."""
    notes: tuple[Note, ...] = ()
    accounted: frozenset[ModelPath] = frozenset()
    for check in checks:
        result = check(stack)
        stack = result.stack
        notes += result.notes
        accounted |= result.paths
    return Checked(stack, notes, accounted)


def service_layers(service: Service) -> Iterator[Service]:
    """The service itself, then its overlays."""
    yield service
    yield from service.overlays.values()


def for_each_overlay(stack: Stack, change: Callable[[Service, Service], Service]) -> Stack:
    """The stack with `change(whole service, layer)` applied to each service and to each of its overlays."""

    def change_service(service: Service) -> Service:
        base = change(service, service)
        if not service.overlays:
            return base
        overlays = {
            role: change(service, overlay) for role, overlay in service.overlays.items()
        }
        return replace(base, overlays=overlays)

    return replace(stack, services=tuple(map(change_service, stack.services)))


def service_note(
    code: str, service: Service, *keys: str, span: Span | None = None, **facts: Any
) -> Note:
    """A note on a key of a service, at its place in the source or at that of the service."""
    subject = ModelPath.service(service.name, *keys)
    return note(
        code, span or service.origin, subject=subject, service=service.name, **facts
    )


def subjects_of(notes: Iterable[Note]) -> frozenset[ModelPath]:
    """The model paths that the notes are about."""
    return frozenset(check_note.subject for check_note in notes)
