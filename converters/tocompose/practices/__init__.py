"""Practices: what an expert would add to a stack, each a pure function that can be switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from tocompose.model import Stack
from tocompose.notes import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the user said about the practices."""

    harden: bool = False
    keep_ports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a practice made of a stack; `moves` says which model path a value went to, from its old one."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    moves: dict[str, str] = field(default_factory=dict)


Apply: TypeAlias = Callable[[Stack, Context], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """One rule of good practice; `covers` are the checklist ids that it implements."""

    id: str
    title: str
    severity: str
    apply: Apply
    covers: tuple[str, ...] = ()
    url: str = ""


def registry() -> tuple[Practice, ...]:
    """All practices, in the order in which they are applied."""
    return ()


def select(spec: str) -> tuple[Practice, ...]:
    """The practices of `all`, `none`, or a list such as `all,-init` or `none,+restart`."""
    return () if spec == "none" else registry()


def apply_all(stack: Stack, practices: Iterable[Practice], context: Context) -> Outcome:
    """The stack after each practice in turn, with all their notes."""
    notes: list[Note] = []
    moves: dict[str, str] = {}
    for practice in practices:
        outcome = practice.apply(stack, context)
        stack = outcome.stack
        notes += outcome.notes
        moves |= outcome.moves
    return Outcome(stack=stack, notes=tuple(notes), moves=moves)
