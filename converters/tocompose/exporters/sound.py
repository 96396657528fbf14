"""What a last check makes of a stack, and how a check reaches every service and overlay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from tocompose.model import Service, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath


class Sound(NamedTuple):
    """A stack that docker compose accepts; what was changed for that; the model paths that the notes account for."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    paths: frozenset[ModelPath | str] = frozenset()


Check: TypeAlias = Callable[[Stack], Sound]


def checked(stack: Stack, checks: Iterable[Check]) -> Sound:
    """The stack after each check in turn, with all their notes."""
    notes: tuple[Note, ...] = ()
    accounted: frozenset[ModelPath | str] = frozenset()
    for check in checks:
        result = check(stack)
        stack, notes, accounted = (
            result.stack,
            notes + result.notes,
            accounted | result.paths,
        )
    return Sound(stack, notes, accounted)


def parts(service: Service) -> Iterator[Service]:
    """The service itself, then its overlays."""
    yield service
    yield from service.overlays.values()


def every_part(stack: Stack, change: Callable[[Service, Service], Service]) -> Stack:
    """The stack with `change(whole service, part)` applied to each service and to each of its overlays."""

    def changed(service: Service) -> Service:
        base = change(service, service)
        if not service.overlays:
            return base
        return replace(
            base,
            overlays={
                home: change(service, part) for home, part in service.overlays.items()
            },
        )

    return replace(stack, services=tuple(changed(service) for service in stack.services))
