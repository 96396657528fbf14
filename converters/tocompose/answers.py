"""The user's own decisions, instead of the defaults: read from a file, applied between the practices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations, product
from typing import Any

from tocompose.importers import ImportOptions
from tocompose.model import Dependency, EnvSetting, Role, Service, Stack
from tocompose.notes import Kind, Note, explanation, note
from tocompose.record import NamedTuple, replace
from tocompose.rules import Context, Outcome, Rule, registry
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.parse_faults import described_fault
from tocompose.wording import did_you_mean

CONDITIONS = {
    "started": "service_started",
    "healthy": "service_healthy",
    "completed": "service_completed_successfully",
}
# What an answer's id starts with, and what may be answered; an empty list takes any text.
KINDS: Mapping[str, tuple[str, ...]] = {
    "format": (),
    "name": (),
    "servers": ("own", "remote"),
    "practice": ("yes", "no"),
    "role": tuple(role.value for role in Role),
    "depends": (*CONDITIONS, "no"),
    "value": (),
    "assumed": ("yes", "no"),
}
# Assumptions about which other decisions decide.
DECIDED_ELSEWHERE = ("TC600", "TC601", "TC770", "TC853")


def assumption_id(assumption: Note) -> str:
    """The id of the decision that confirms what was assumed."""
    return ".".join(filter(None, ("assumed", assumption.code, str(assumption.subject))))


def _asks(conversion_note: Note) -> bool:
    """Whether the note is about something that was assumed, be it confirmed since or not."""
    code = conversion_note.code
    return code not in DECIDED_ELSEWHERE and explanation(code)["kind"] == "assumed"


class AnswerError(ValueError):
    """An answers file that cannot be used; the text says what is wrong with it."""


class Answers(NamedTuple):
    """Answers by the id of their decision (`role.db`, `depends.web.db`, `practice.LOG`, for one service too:
    `practice.LOG.web`).
    """

    by_id: Mapping[str, str] = {}

    def of(self, kind: str) -> dict[str, str]:
        """The answers of one kind, by the rest of their id."""
        return {
            key[len(kind) + 1 :]: value
            for key, value in self.by_id.items()
            if key.startswith(f"{kind}.")
        }

    def practices(self, practices: Iterable[Rule]) -> tuple[Rule, ...]:
        """The practices that are wanted, with the other answers applied at their place between them."""
        if not self.by_id:
            return tuple(practices)
        answers = self.of("practice")
        selected = {practice.id for practice in practices}
        off = [name for name, value in answers.items() if value == "no"]
        remaining = [
            _sparing(practice, _services_spared(practice.id, off))
            for practice in registry()
            if practice.id not in off
            and (practice.id in selected or practice.id in answers)
        ]
        return (
            _answer_practice("roles", self._apply_roles),
            *remaining,
            _answer_practice("last", self._apply_rest),
        )

    def confirm(self, notes: Iterable[Note]) -> Iterator[Note]:
        """The notes, of which those that are confirmed assume nothing any more.

        Raises AnswerError where an answer says no: there is nothing else to take.
        """
        for conversion_note in notes:
            key = assumption_id(conversion_note) if _asks(conversion_note) else ""
            answer = self.by_id.get(key)
            if answer == "no":
                problem = (
                    f"nothing was converted, because the answers file says no to {key} "
                    f"({conversion_note.message})"
                )
                raise AnswerError(f"{problem}. {conversion_note.advice}".strip())
            confirmed = answer == "yes"
            yield replace(conversion_note, kind=Kind.INFO) if confirmed else conversion_note

    def unused(self, stack: Stack, notes: Iterable[Note]) -> tuple[str, ...]:
        """The answers to which a conversion had no decision."""
        services = [service.name for service in stack.services]
        practices = registry()
        decisions = {
            "format",
            "name",
            "servers",
            *(f"practice.{rule.id}" for rule in practices),
        }
        decisions |= {assumption_id(note) for note in filter(_asks, notes)}
        decisions |= {f"role.{name}" for name in services} | {
            f"value.{service.name}" for service in stack.settings
        }
        decisions |= {
            f"depends.{waiting}.{awaited}" for waiting, awaited in permutations(services, 2)
        }
        decisions |= {
            f"practice.{practice.id}.{name}"
            for practice, name in product(practices, services)
        }
        return tuple(key for key in self.by_id if key not in decisions)

    def _apply_roles(self, stack: Stack, context: Context) -> Outcome:
        roles = self.of("role")
        services = tuple(
            replace(service, role=Role(roles[service.name]))
            if service.name in roles
            else service
            for service in stack.services
        )
        notes = [
            _answer_note(f"role.{service.name}", roles[service.name], service)
            for service in services
            if service.name in roles
        ]
        return Outcome(stack=replace(stack, services=services), notes=tuple(notes))

    def _apply_rest(self, stack: Stack, context: Context) -> Outcome:
        values, roles = self.of("value"), self.of("role")
        depends = self.of("depends")
        services = tuple(
            _with_role(_with_dependencies(service, depends), roles)
            for service in stack.services
        )
        settings = tuple(_with_value(service, values) for service in stack.settings)
        notes = [
            _answer_note(
                f"depends.{service.name}.{edge.service}",
                depends[f"{service.name}.{edge.service}"],
                service,
            )
            for service in stack.services
            for edge in service.depends_on
            if f"{service.name}.{edge.service}" in depends
        ]
        # What the source said about an edge that an answer takes out has no place of its own any more.
        emptied = {
            old.name
            for old, new in zip(stack.services, services, strict=True)
            if old.depends_on and not new.depends_on
        }
        moves = {
            ModelPath.service(name, "depends_on"): ModelPath.service(name)
            for name in sorted(emptied)
        }
        return Outcome(
            stack=replace(stack, services=services, settings=settings),
            notes=tuple(notes),
            moves=moves,
        )


def _services_spared(practice: str, off: Iterable[str]) -> frozenset[str]:
    """The services for which the practice is answered with no."""
    return frozenset(
        name.removeprefix(f"{practice}.") for name in off if name.startswith(f"{practice}.")
    )


def _sparing(practice: Rule, names: frozenset[str]) -> Rule:
    """The practice, which leaves the services of these names as they are."""

    def mend(stack: Stack, context: Context) -> Outcome:
        outcome = practice.apply(stack, context)
        spared = {
            service.name: service for service in stack.services if service.name in names
        }
        services = tuple(
            spared.get(service.name, service) for service in outcome.stack.services
        )
        paths = [ModelPath.service(name) for name in spared]
        notes = [
            message
            for message in outcome.notes
            if not any(message.subject.is_within(path) for path in paths)
        ]
        notes += [
            _answer_note(f"practice.{practice.id}.{name}", "no", service)
            for name, service in spared.items()
        ]
        mended = replace(outcome.stack, services=services)
        return Outcome(_without_new_volumes(mended, stack), tuple(notes), outcome.moves)

    return practice._replace(mend=mend) if names else practice


def _without_new_volumes(mended: Stack, stack: Stack) -> Stack:
    """The stack without volumes that came for a service which does not have them now."""
    used = {mount.source for service in mended.services for mount in service.mounts}
    volumes = tuple(
        volume
        for volume in mended.volumes
        if volume in stack.volumes or volume.name in used
    )
    return replace(mended, volumes=volumes)


def _answer_practice(name: str, apply: Any) -> Rule:
    return Rule(
        id=f"ANSWERS-{name}", title="The user's answers", severity="must", mend=apply
    )


def _answer_note(key: str, value: str, service: Service) -> Note:
    return note(
        "TC090",
        service.origin,
        subject=ModelPath.service(service.name),
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
    edges = (*_answered_edges(service, answers), *_new_edges(service, answers))
    return service if edges == service.depends_on else replace(service, depends_on=edges)


def _answered_edges(service: Service, answers: Mapping[str, str]) -> Iterator[Dependency]:
    for edge in service.depends_on:
        answer = answers.get(f"{service.name}.{edge.service}")
        if answer is None:
            yield edge
        elif answer != "no":
            yield replace(edge, condition=CONDITIONS[answer])


def _new_edges(service: Service, answers: Mapping[str, str]) -> Iterator[Dependency]:
    """The edges that an answer asks for and nothing else showed."""
    stated = {edge.service for edge in service.depends_on}
    for key, answer in answers.items():
        name, _, target = key.partition(".")
        if name == service.name and answer != "no" and target not in stated:
            yield Dependency(service=target, condition=CONDITIONS[answer])


def _with_value(setting: EnvSetting, values: Mapping[str, str]) -> EnvSetting:
    return (
        replace(setting, value=values[setting.name]) if setting.name in values else setting
    )


def answered_settings(settings: ImportOptions, answers: Answers) -> ImportOptions:
    """The settings of the import, with the answers that it needs; what the command line says outranks them."""
    name = settings.name or answers.by_id.get("name")
    servers = answers.by_id.get("servers")
    options = dict(settings.options)
    if servers:
        options.setdefault("servers", (servers,))
    return replace(settings, name=name, options=options)


def read_answers(text: str, name: str) -> Answers:
    """The answers of a TOML file, or of JSON where the name ends so; tables are joined with dots.

    Raises AnswerError, which names the file and the answer.
    """
    by_id: dict[str, str] = {}
    for key, value in _flat_answers(_parse_table(text, name), ""):
        if isinstance(value, list) or value is None:
            raise AnswerError(f"{name}: {key} must be a word, a number, true or false")
        said = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        _check_answer(key, said, name)
        by_id[key] = said
    return Answers(by_id)


def _parse_table(text: str, name: str) -> dict[str, Any]:
    import json
    import tomllib

    try:
        content = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (tomllib.TOMLDecodeError, ValueError) as problem:
        raise AnswerError(f"{name}:{described_fault(problem, text)}") from None
    except RecursionError:
        raise AnswerError(f"{name}: it is nested too deeply") from None
    if not isinstance(content, dict):
        raise AnswerError(f"{name}: the answers must be a table of decisions")
    return content


def _flat_answers(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _flat_answers(value, f"{path}.")
        else:
            yield path, value


def _check_answer(key: str, value: str, name: str) -> None:
    kind = key.partition(".")[0]
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS, f"decisions start with {', '.join(KINDS)}")
        raise AnswerError(f"{name}: {key} is no decision: {hint}")
    if KINDS[kind] and value not in KINDS[kind]:
        raise AnswerError(f"{name}: {key} can be {', '.join(KINDS[kind])}, not {value!r}")
