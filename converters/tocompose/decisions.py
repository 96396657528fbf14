"""What a conversion decides: each decision with an id, the answer that is taken, the other choices and the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tocompose.answers import CONDITIONS, DECIDED_ELSEWHERE, KINDS, assumption_id
from tocompose.importers import importers
from tocompose.model import Dependency, EnvSetting, Stack
from tocompose.notes import Kind, Note, explanation
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Project
from tocompose.record import NamedTuple
from tocompose.reports.plan import Decision, PlanHeading
from tocompose.reports.report import image_of
from tocompose.rules import registry, select
from tocompose.syntax.model_path import ModelPath
from tocompose.syntax.names import identifier


class ConversionPlan(NamedTuple):
    """A conversion that was not written, and what it decided."""

    result: Result
    decisions: tuple[Decision, ...]

    @property
    def heading(self) -> PlanHeading:
        """What is converted."""
        stack = self.result.stack
        sources = {leaf.span.file for leaf in self.result.ledger.leaves()}
        services = tuple((service.name, image_of(service)) for service in stack.services)
        return PlanHeading(
            stack.name, self.result.importer, tuple(sorted(sources)), services
        )


def plan(project: Project, options: Options) -> ConversionPlan:
    """What the conversion of a project would decide. Raises SourceError when nothing can be read."""
    result = convert(project, options)
    return ConversionPlan(result, tuple(_all_decisions(project, options, result)))


def _all_decisions(
    project: Project, options: Options, result: Result
) -> Iterator[Decision]:
    yield from _format_decision(project, options, result)
    evidence = _name_evidence(project, options, result.stack)
    yield Decision("name", "What is the stack called?", result.stack.name, (), evidence)
    yield from _server_decisions(result)
    yield from _practice_decisions(options, result)
    yield from _role_decisions(result)
    yield from _dependency_decisions(result)
    yield from _value_decisions(result.stack)
    yield from (
        _assumed_decision(conversion_note) for conversion_note in _unconfirmed(result.notes)
    )


def _unconfirmed(notes: Iterable[Note]) -> Iterator[Note]:
    """One note for each thing that was assumed, without those that stand in the list by themselves."""
    by_id = {
        assumption_id(conversion_note): conversion_note
        for conversion_note in notes
        if conversion_note.kind is Kind.ASSUMED
        and conversion_note.code not in DECIDED_ELSEWHERE
    }
    return iter(by_id.values())


def _name_evidence(project: Project, options: Options, stack: Stack) -> str:
    if options.settings.name:
        return "you set it"
    if [service.name for service in stack.services] == [stack.name]:
        return "name of the only service; --name sets another"
    if stack.name == identifier(project.name):
        return "name of the folder; --name sets another"
    return "named in the source; --name sets another"


# Notes that say which servers the stack uses.
_OWN_SERVER, _REMOTE_SERVER = "TC578", "TC853"


def _format_decision(
    project: Project, options: Options, result: Result
) -> Iterator[Decision]:
    if "argv" in options.settings.options:
        return
    files_by_format = {importer.name: importer.sniff(project) for importer in importers()}
    other_formats = tuple(name for name, files in files_by_format.items() if files)
    files = files_by_format.get(result.importer, ())
    more_files = f" and {len(files) - 3} more" if len(files) > 3 else ""
    evidence = f"found in {', '.join(files[:3])}{more_files}" if files else "--from says so"
    yield Decision(
        "format",
        "Which format is converted?",
        result.importer,
        other_formats or (result.importer,),
        evidence,
    )


def _server_decisions(result: Result) -> Iterator[Decision]:
    """Whether the stack has servers of its own, where the source names live ones elsewhere."""
    answers = {_OWN_SERVER: "own", _REMOTE_SERVER: "remote"}
    for conversion_note in result.notes:
        if conversion_note.code in answers:
            yield Decision(
                "servers",
                "Does the stack use servers of its own, or those elsewhere that .env names?",
                answers[conversion_note.code],
                KINDS["servers"],
                conversion_note.message,
                conversion_note.span,
            )
            return


def _practice_decisions(options: Options, result: Result) -> Iterator[Decision]:
    selected = {
        practice.id for practice in options.answers.practices(select(options.practices))
    }
    for practice in registry():
        needs_harden = practice.hardens and not options.context.harden
        answer = "yes" if practice.id in selected and not needs_harden else "no"
        covers = f" (checklist {', '.join(practice.covers)})" if practice.covers else ""
        condition = ", with --harden only" if practice.hardens else ""
        yield Decision(
            f"practice.{practice.id}",
            f"{practice.title}?",
            answer,
            KINDS["practice"],
            f"{practice.severity}{condition}{covers}",
        )


def _role_decisions(result: Result) -> Iterator[Decision]:
    reasons = {
        conversion_note.subject: conversion_note.reason
        for conversion_note in result.notes
        if conversion_note.reason
    }
    for service in result.stack.services:
        question = f"What is {service.name} for?"
        evidence = reasons.get(ModelPath.service(service.name), "") or (
            f"image {service.image}" if service.image else "it is built from the source"
        )
        yield Decision(
            f"role.{service.name}",
            question,
            service.role.value,
            KINDS["role"],
            evidence,
            service.origin,
        )


# What speaks for waiting for more than the start, by the notes that say that the source did not ask for it.
_WAITING_CODES = {"TC604": "service_healthy", "TC606": "service_completed_successfully"}
_WAITING_REASONS = {"TC604": "{} has a health check", "TC606": "{} is a job that ends"}


def _dependency_decisions(result: Result) -> Iterator[Decision]:
    short = {condition: name for name, condition in CONDITIONS.items()}
    added_codes = {
        (*conversion_note.subject[1:4:2], _WAITING_CODES[conversion_note.code]): (
            conversion_note.code
        )
        for conversion_note in result.notes
        if conversion_note.code in _WAITING_CODES
    }
    for service in result.stack.services:
        for edge in service.depends_on:
            answer = short.get(edge.condition, edge.condition)
            code = added_codes.get((service.name, edge.service, edge.condition), "")
            yield Decision(
                f"depends.{service.name}.{edge.service}",
                f"Does {service.name} wait for {edge.service}?",
                answer,
                KINDS["depends"],
                edge.evidence or _stated_evidence(edge, code, answer),
                edge.origin or service.origin,
            )


def _stated_evidence(edge: Dependency, code: str, answer: str) -> str:
    """That the source states the dependency, and why it waits for more than the start where it does not say that."""
    if not code:
        return "comes from the source"
    why = _WAITING_REASONS[code].format(edge.service)
    return f"the dependency comes from the source; {answer}, because {why}"


def _value_decisions(stack: Stack) -> Iterator[Decision]:
    """Settings whose value the source does not give; given values are never shown."""
    for setting in stack.settings:
        if setting.value is None:
            evidence = setting.description or _why_unset(setting)
            yield Decision(
                f"value.{setting.name}",
                f"What is {setting.name}?",
                "",
                (),
                evidence,
                setting.origin,
            )


def _why_unset(setting: EnvSetting) -> str:
    if setting.secret:
        return "the source gives no value, at most an example"
    if setting.example:
        return f"the source gives an example only: {setting.example}"
    return "the source does not give it"


def _assumed_decision(assumption: Note) -> Decision:
    evidence = assumption.advice or explanation(assumption.code)["title"]
    return Decision(
        assumption_id(assumption),
        assumption.message,
        "",
        KINDS["assumed"],
        evidence,
        assumption.span,
    )
