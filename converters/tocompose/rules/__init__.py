"""Practices: what an expert would add to a stack, each a pure function that can be switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import NamedTuple, TypeAlias

from tocompose.model import Service, Setting, Stack
from tocompose.notes import Note
from tocompose.record import replace
from tocompose.suggestion import suggested
from tocompose.syntax.model_path import ModelPath

_NOWHERE: Mapping[ModelPath, ModelPath] = {}


class Outcome(NamedTuple):
    """What a practice made of a stack; `moves` says which model path a value went to, from its old one."""

    stack: Stack
    notes: tuple[Note, ...] = ()
    moves: Mapping[ModelPath, ModelPath] = _NOWHERE


class Context(NamedTuple):
    """What the user said about the practices, and ways to look at files of the source.

    `harden` adds what can break an application, `keep_ports` leaves the ports of data services as they were,
    `inline_secrets` leaves secrets in the compose file. `split` says that a `.env` is written beside it, `production`
    that a production file is. `read` gives a file of the source by its relative path, `below` the files of a folder.
    """

    harden: bool = False
    keep_ports: bool = False
    inline_secrets: bool = False
    split: bool = False
    production: bool = True
    read: Callable[[str], bytes | None] | None = None
    below: Callable[[str], tuple[str, ...]] | None = None


Apply: TypeAlias = Callable[[Stack, Context], Outcome]


class Example(NamedTuple):
    """A compose file before and after the practice, as text; `override` and `prod` are the other files it writes.

    `settings` are those that the stack has before.
    """

    before: str
    after: str
    override: str = ""
    prod: str = ""
    context: Context = Context()
    settings: tuple[Setting, ...] = ()


class Practice(NamedTuple):
    """One rule of good practice; `covers` are the checklist ids that it implements, `severity` must, should or may."""

    id: str
    title: str
    severity: str
    apply: Apply
    covers: tuple[str, ...] = ()
    url: str = ""
    examples: tuple[Example, ...] = ()


class UnknownPractice(ValueError):
    """A selection that names no practice; the text says which one may have been meant."""


# In the order in which they are applied: what a later one asks (roles, checks, dependencies) an earlier one answers.
ORDER = (
    *(
        "roles",
        "healthchecks",
        "health_numbers",
        "dependencies",
        "conditions",
        "restart",
        "stop",
        "init",
    ),
    *("named_volumes", "bind_mounts", "sensitive_mounts", "hostnames", "profiles"),
    *(
        "port_conflicts",
        "data_ports",
        "open_ports",
        "port_variables",
        "networks",
        "internal_network",
    ),
    *(
        "host_network",
        "privileges",
        "logging",
        "limits",
        "no_new_privileges",
        "capabilities",
        "read_only",
    ),
    *(
        "image_tags",
        "image_versions",
        "development",
        "documented_variables",
        "secrets",
        "docker_secrets",
    ),
)


@cache
def registry() -> tuple[Practice, ...]:
    """All practices, in the order in which they are applied."""
    return tuple(import_module(f"{__name__}.{name}").PRACTICE for name in ORDER)


def select(spec: str) -> tuple[Practice, ...]:
    """The practices that `all`, `none`, `HC-EVERY,LOG` or `all,-LOG,+RO-ROOT` names, in the registry's order.

    Raises UnknownPractice.
    """
    known = {practice.id: practice for practice in registry()}
    words = [word.strip() for word in spec.split(",") if word.strip()]
    chosen = set(known) if not words or words[0][0] in "+-" else set()
    for word in words:
        names = _named(word.lstrip("+-"), known)
        chosen = chosen - names if word[0] == "-" else chosen | names
    return tuple(practice for practice in registry() if practice.id in chosen)


def _named(word: str, known: Mapping[str, Practice]) -> set[str]:
    name = word.upper()
    if name in ("ALL", "NONE"):
        return set(known) if name == "ALL" else set()
    if name in known:
        return {name}
    hint = suggested(name, known, f"known are all, none, {', '.join(known)}", cutoff=0.5)
    raise UnknownPractice(f"there is no practice {word!r}: {hint}")


def apply_all(
    stack: Stack, practices: Iterable[Practice], context: Context | None = None
) -> Outcome:
    """The stack after all practices, in the order given, with their notes and moves."""
    notes: list[Note] = []
    moves: dict[ModelPath, ModelPath] = {}
    context = context or Context()
    for practice in practices:
        outcome = practice.apply(stack, context)
        stack = outcome.stack
        notes.extend(outcome.notes)
        moves |= outcome.moves
    return Outcome(stack=stack, notes=tuple(notes), moves=moves)


def each(
    stack: Stack, step: Callable[[Service], tuple[Service, Iterable[Note]]]
) -> Outcome:
    """What a step makes of every service of the stack."""
    results = [step(service) for service in stack.services]
    services = tuple(service for service, _ in results)
    notes = tuple(item for _, said in results for item in said)
    return Outcome(
        stack=stack if services == stack.services else replace(stack, services=services),
        notes=notes,
    )
