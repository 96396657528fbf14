"""Every answer to a decision of the plan does something, or is refused; above all to what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

import tree
from tocompose.answers import DECIDED_ELSEWHERE, AnswerError, Answers, assumption_id
from tocompose.decisions import plan
from tocompose.exporters.bundle import Layout
from tocompose.model import Stack
from tocompose.notes import Kind, Note, families, registry
from tocompose.pipeline import Options, Result, convert
from tocompose.project import Memory, Project
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

OPTIONS = Options(layout=Layout(split=True))
ASSUMED = sorted(
    code
    for family in families()
    for code, row in registry(family).items()
    if row["kind"] == "assumed" and code not in DECIDED_ELSEWHERE
)
SCRIPT = b"""docker network create back
docker run -d --name db --network back -e POSTGRES_PASSWORD=hunter2-Kq9 postgres:16
docker run -d --name cache --network back redis:7
docker run -d --name web --network back -p 8080:80 -e TOKEN="$TOKEN" -e DATABASE_URL=postgres://db/x nginx
"""


def _examples() -> Iterator[tuple[str, str]]:
    for family in ("docker_run", "shell", "paste", "sources", "practices"):
        path = tree.ROOT / "tests" / "examples" / f"{family}.yaml"
        for code, example in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if code in ASSUMED and isinstance(example, str):
                yield code, example


def answered(project: Project, answers: dict[str, str]) -> Result:
    return convert(project, replace(OPTIONS, answers=Answers(answers)))


def written(result: Result) -> tuple[Any, ...]:
    kinds = [(note.code, note.kind, note.message) for note in result.notes]
    return {file.path: file.content for file in result.files}, kinds


@pytest.mark.parametrize("code", ASSUMED)
def test_what_is_assumed_can_be_confirmed_or_is_refused(code: str) -> None:
    subject = ModelPath.service("web", "ports")
    assumption = Note(code=code, kind=Kind.ASSUMED, message="so it is", subject=subject)
    key = assumption_id(assumption)
    [confirmed] = Answers({key: "yes"}).confirm([assumption])
    assert confirmed.kind is Kind.INFO and confirmed.message == assumption.message
    with pytest.raises(AnswerError, match=key):
        list(Answers({key: "no"}).confirm([assumption]))
    stack = Stack(name="x", services=())
    assert Answers({key: "yes"}).unused(stack, [confirmed]) == ()
    assert Answers({key: "yes"}).unused(stack, []) == (key,)


@pytest.mark.parametrize(("code", "script"), list(_examples()))
def test_each_assumption_is_a_decision_of_the_plan(code: str, script: str) -> None:
    project = Memory({"run.sh": script.encode()}, "shop")
    conversion_plan = plan(project, OPTIONS)
    assumed = [one for one in conversion_plan.result.notes if one.kind is Kind.ASSUMED]
    ids = {assumption_id(one) for one in assumed if one.code not in DECIDED_ELSEWHERE}
    asked = {one.id: one for one in conversion_plan.decisions if one.is_assumption}
    assert asked.keys() == ids and any(f".{code}" in key for key in ids)
    assert all(one.choices == ("yes", "no") and one.evidence for one in asked.values())
    confirmed = answered(project, dict.fromkeys(ids, "yes"))
    assert not {one.kind for one in confirmed.notes if one.code in ASSUMED} - {Kind.INFO}
    assert confirmed.files[0].content == conversion_plan.result.files[0].content
    with pytest.raises(AnswerError):
        answered(project, {next(iter(ids)): "no"})


def test_every_answer_acts_or_is_refused() -> None:
    project = Memory({"run.sh": SCRIPT}, "shop")
    conversion_plan = plan(project, OPTIONS)
    before = written(conversion_plan.result)
    # A practice may have nothing to do here; the command line sees to the format and the name.
    kinds = ("role.", "depends.", "value.", "assumed.")
    for decision in conversion_plan.decisions:
        for answer in decision.choices or ("another",):
            if answer == decision.answer or not decision.id.startswith(kinds):
                continue
            try:
                after = written(answered(project, {decision.id: answer}))
            except AnswerError:
                continue
            assert after != before, f"{decision.id} = {answer} did nothing"


def test_an_answer_makes_a_service_wait_that_nothing_else_makes_wait() -> None:
    result = answered(Memory({"run.sh": SCRIPT}, "shop"), {"depends.web.cache": "healthy"})
    web = yaml.safe_load(result.files[0].content)["services"]["web"]
    assert web["depends_on"]["cache"] == {"condition": "service_healthy"}


def test_an_answer_brings_back_a_practice_that_was_left_out() -> None:
    options = replace(OPTIONS, practices="none", answers=Answers({"practice.LOG": "yes"}))
    result = convert(Memory({"run.sh": SCRIPT}, "shop"), options)
    web = yaml.safe_load(result.files[0].content)["services"]["web"]
    assert web["logging"]["options"]["max-file"] == "3" and "restart" not in web
