"""The user's own decisions, instead of the defaults: read from a file, applied between the practices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tocompose.model import Dependency, Role, Service, Setting, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import Context, Outcome, Practice
from tocompose.suggestion import suggested

CONDITIONS = {
    "started": "service_started",
    "healthy": "service_healthy",
    "completed": "service_completed_successfully",
}
# What an answer's id starts with, and what may be answered; an empty list takes any text.
KINDS: Mapping[str, tuple[str, ...]] = {
    "format": (),
    "name": (),
    "practice": ("yes", "no"),
    "role": tuple(role.value for role in Role),
    "depends": (*CONDITIONS, "no"),
    "value": (),
}


class AnswerError(ValueError):
    """An answers file that cannot be used; the text says what is wrong with it."""


class Answers(NamedTuple):
    """Answers by the id of their decision (`role.db`, `depends.web.db`, `practice.LOG`)."""

    by_id: Mapping[str, str] = {}

    def of(self, kind: str) -> dict[str, str]:
        """The answers of one kind, by the rest of their id."""
        return {
            key[len(kind) + 1 :]: value
            for key, value in self.by_id.items()
            if key.startswith(f"{kind}.")
        }

    def practices(self, chosen: Iterable[Practice]) -> tuple[Practice, ...]:
        """The practices that are wanted, with the other answers applied at their place between them."""
        if not self.by_id:
            return tuple(chosen)
        off = {name for name, value in self.of("practice").items() if value == "no"}
        kept = [practice for practice in chosen if practice.id not in off]
        return (_step("roles", self._roles), *kept, _step("last", self._last))

    def unused(self, stack: Stack, practices: Iterable[Practice]) -> tuple[str, ...]:
        """The answers to which a conversion had no decision."""
        services = [item.name for item in stack.services]
        known = {"format", "name", *(f"practice.{item.id}" for item in practices)}
        known |= {f"role.{name}" for name in services} | {
            f"value.{item.name}" for item in stack.settings
        }
        known |= {f"depends.{first}.{second}" for first in services for second in services}
        return tuple(key for key in self.by_id if key not in known)

    def _roles(self, stack: Stack, context: Context) -> Outcome:
        roles = self.of("role")
        services = tuple(
            replace(item, role=Role(roles[item.name])) if item.name in roles else item
            for item in stack.services
        )
        said = [
            _said(f"role.{item.name}", roles[item.name], item)
            for item in services
            if item.name in roles
        ]
        return Outcome(stack=replace(stack, services=services), notes=tuple(said))

    def _last(self, stack: Stack, context: Context) -> Outcome:
        values, roles = self.of("value"), self.of("role")
        depends = self.of("depends")
        services = tuple(
            _with_role(_with_dependencies(item, depends), roles) for item in stack.services
        )
        settings = tuple(_with_value(item, values) for item in stack.settings)
        said = [
            _said(
                f"depends.{item.name}.{edge.service}",
                depends[f"{item.name}.{edge.service}"],
                item,
            )
            for item in stack.services
            for edge in item.depends_on
            if f"{item.name}.{edge.service}" in depends
        ]
        # What the source said about an edge that an answer takes out has no place of its own any more.
        emptied = {
            old.name
            for old, new in zip(stack.services, services, strict=True)
            if old.depends_on and not new.depends_on
        }
        moves = {
            f"services.{name}.depends_on": f"services.{name}" for name in sorted(emptied)
        }
        return Outcome(
            stack=replace(stack, services=services, settings=settings),
            notes=tuple(said),
            moves=moves,
        )


def _step(name: str, apply: Any) -> Practice:
    return Practice(
        id=f"ANSWERS-{name}", title="The user's answers", severity="must", apply=apply
    )


def _said(key: str, value: str, service: Service) -> Note:
    return note(
        "TC090",
        service.origin,
        subject=f"services.{service.name}",
        decision=key,
        answer=value,
    )


def _with_role(service: Service, roles: Mapping[str, str]) -> Service:
    """The role once more: SVC-CLASS takes an application for a service whose role is not known yet."""
    return (
        replace(service, role=Role(roles[service.name]))
        if service.name in roles
        else service
    )


def _with_dependencies(service: Service, answers: Mapping[str, str]) -> Service:
    edges = tuple(_edges(service, answers))
    return service if edges == service.depends_on else replace(service, depends_on=edges)


def _edges(service: Service, answers: Mapping[str, str]) -> Iterator[Dependency]:
    for edge in service.depends_on:
        answer = answers.get(f"{service.name}.{edge.service}")
        if answer is None:
            yield edge
        elif answer != "no":
            yield replace(edge, condition=CONDITIONS[answer])


def _with_value(setting: Setting, values: Mapping[str, str]) -> Setting:
    return (
        replace(setting, value=values[setting.name]) if setting.name in values else setting
    )


def read_answers(text: str, name: str) -> Answers:
    """The answers of a TOML file, or of JSON where the name ends so; tables are joined with dots.

    Raises AnswerError, which names the file and the answer.
    """
    found = dict(_flat(_parsed(text, name), ""))
    for key, value in found.items():
        _check(key, value, name)
    return Answers(found)


def _parsed(text: str, name: str) -> dict[str, Any]:
    import json
    import tomllib

    try:
        content = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as problem:
        raise AnswerError(f"{name}: {problem}") from None
    if not isinstance(content, dict):
        raise AnswerError(f"{name}: the answers must be a table of decisions")
    return content


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat(value, f"{path}.")
        else:
            yield (
                path,
                {True: "yes", False: "no"}[value]
                if isinstance(value, bool)
                else str(value),
            )


def _check(key: str, value: str, name: str) -> None:
    kind = key.partition(".")[0]
    if kind not in KINDS:
        hint = suggested(kind, KINDS, f"decisions start with {', '.join(KINDS)}")
        raise AnswerError(f"{name}: {key} is no decision: {hint}")
    if KINDS[kind] and value not in KINDS[kind]:
        raise AnswerError(f"{name}: {key} can be {', '.join(KINDS[kind])}, not {value!r}")
