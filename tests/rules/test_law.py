"""The law of rules: judging what was mended finds nothing that mending has not said, or that the rule excuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from corpora import corpus_outcome, corpus_sources
from golden import cases, inputs, outcome, said
from oracles import NO_CORPUS
from rules.stacks import stacks
from tocompose.check.score import open_view
from tocompose.exporters.bundle import Layout, bundle
from tocompose.model import Stack
from tocompose.notes import Note
from tocompose.project import Memory
from tocompose.record import replace
from tocompose.rules import Context, Rule, Startup, apply_all, judging_rules, registry

# Without practices the output is what the source says, good or bad.
CASES = tuple(
    case
    for case in cases()
    if said(case).get("options", {}).get("practices", "all") == "all"
)
CORPUS = tuple(corpus_sources())
# A compose file of the source would be judged in place of ours.
COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")
SPLIT = Layout(split=True)
CONTEXT = Context(split=True)


def service_of(note: Note) -> str:
    """The service that a note is about; empty for one about the whole."""
    return note.subject.service_name or ""


def is_excused(rule: Rule, fault: Note, stack: Stack) -> bool:
    service = stack.service(service_of(fault))
    return any(
        excuse.code == fault.code
        and (excuse.applies is None or excuse.applies(service, stack))
        for excuse in rule.excuses
    )


def is_said(rule: Rule, fault: Note, notes: tuple[Note, ...]) -> bool:
    codes = rule.said_by.get(fault.code, ())
    return any(
        note.code in codes and service_of(fault) in ("", service_of(note)) for note in notes
    )


def with_roles(startup: Startup, stack: Stack) -> Startup:
    """What is started, with the roles that the source told: a compose file has no place for them."""
    roles = {service.name: service.role for service in stack.services}
    services = tuple(
        replace(service, role=roles.get(service.name, service.role))
        for service in startup.stack.services
    )
    return startup._replace(stack=replace(startup.stack, services=services))


def unsaid(
    files: dict[str, bytes], stack: Stack, notes: tuple[Note, ...], name: str
) -> list[tuple[str, str, str]]:
    """What each rule finds in the files, and no note of mending has said: rule, subject and message."""
    view = open_view(Memory(files, name))
    assert view is not None
    view = view._replace(
        main=with_roles(view.main, stack), production=with_roles(view.production, stack)
    )
    return [
        (rule.id, str(verdict.note.subject), verdict.note.message)
        for rule in judging_rules()
        for verdict in (rule.judge(view) if rule.judge else ())
        if verdict.note is not None
        and not is_said(rule, verdict.note, notes)
        and not is_excused(rule, verdict.note, stack)
    ]


def without_form(faults: list[tuple[str, str, str]], kind: str) -> list[Any]:
    """The faults; a compose file of the source keeps its own form, and is given no anchors."""
    return [fault for fault in faults if kind != "compose" or fault[0] != "FORM"]


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(stack=stacks())
def test_stacks(stack: Stack) -> None:
    mended = apply_all(stack, registry(), CONTEXT)
    made = bundle(mended.stack, SPLIT, mended.notes)
    files = {file.path: file.content for file in made.files}
    notes = (*mended.notes, *made.notes)
    assert unsaid(files, mended.stack, notes, "app") == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_fixtures(case: Path) -> None:
    result = outcome(case)
    files = inputs(case) | {file.path: file.content for file in result.files}
    faults = unsaid(files, result.stack, result.notes, case.name)
    assert without_form(faults, case.parent.name) == []


@pytest.mark.parametrize(
    "number",
    range(len(CORPUS)) or (0,),
    ids=[source.name for source in CORPUS] or ["corpus"],
)
@pytest.mark.skipif(not CORPUS, reason=NO_CORPUS)
def test_corpus(number: int) -> None:
    _, kind, files = CORPUS[number]
    result = corpus_outcome(number)
    given_files = {
        path: content for path, content in files.items() if not COMPOSE.fullmatch(path)
    }
    written = {file.path: file.content for file in result.files}
    faults = unsaid(given_files | written, result.stack, result.notes, "app")
    assert without_form(faults, kind) == []


def test_an_excuse_is_of_a_code_that_the_rule_judges() -> None:
    for rule in judging_rules():
        assert all(excuse.why for excuse in rule.excuses), rule.id


@pytest.mark.parametrize(
    "rule",
    {rule.id: rule for rule in (*registry(), *judging_rules())}.values(),
    ids=lambda rule: rule.id,
)
def test_each_rule_says_what_it_does(rule: Rule) -> None:
    # Titles alone are riddles where the example stays as it is.
    assert rule.summary.endswith(".") and rule.summary != rule.title
