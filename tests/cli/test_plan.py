"""Decisions: each is shown with its evidence, can be answered, and an answer to nothing is an error."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

SCRIPT = """docker network create back
docker run -d --name db --network back -e POSTGRES_PASSWORD=hunter2-Kq9 postgres:16
docker run -d --name web --network back -p 8080:80 -e DATABASE_URL=postgres://db/x nginx
"""


@pytest.fixture(autouse=True)
def script(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text(SCRIPT)


def test_the_plan_writes_nothing(tocompose, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert tocompose("plan", "run.sh").code == 0
    assert sorted(tmp_path.rglob("*")) == before


def test_each_decision_has_evidence(tocompose):
    found = json.loads(tocompose("plan", "run.sh", "--as", "json").out)
    decisions = {item["id"]: item for item in found["decisions"] if item["id"]}
    assert decisions["format"]["answer"] == "docker_run"
    assert decisions["role.db"]["answer"] == "data"
    assert decisions["depends.web.db"]["answer"] == "healthy"
    assert "DATABASE_URL" in decisions["depends.web.db"]["evidence"]
    assert all(item["evidence"] for item in decisions.values())


@pytest.mark.parametrize(
    ("needs", "evidence"),
    [
        (
            "[db]",
            "the dependency comes from the source; healthy, because db has a health check",
        ),
        ("{db: {condition: service_healthy}}", "comes from the source"),
    ],
)
def test_a_wait_for_health_that_the_source_does_not_state_is_none_of_it(
    tocompose, tmp_path, needs, evidence
):
    services = (
        f"web: {{image: 'me/web:1', depends_on: {needs}}}, db: {{image: 'postgres:16'}}"
    )
    (tmp_path / "docker-compose.yml").write_text(f"services: {{{services}}}")
    found = json.loads(
        tocompose("plan", "docker-compose.yml", "--from", "compose", "--as", "json").out
    )
    decisions = {item["id"]: item for item in found["decisions"]}
    assert decisions["depends.web.db"]["evidence"] == evidence


@pytest.mark.parametrize(
    ("script", "arguments", "evidence"),
    [
        (SCRIPT, (), "name of the folder; --name sets another"),
        (SCRIPT, ("--name", "mine"), "you set it"),
        (
            "docker run -d --name web nginx",
            (),
            "name of the only service; --name sets another",
        ),
    ],
)
def test_the_name_has_its_own_evidence(tocompose, tmp_path, script, arguments, evidence):
    (tmp_path / "run.sh").write_text(script)
    found = json.loads(tocompose("plan", "run.sh", "--as", "json", *arguments).out)
    decisions = {item["id"]: item for item in found["decisions"]}
    assert decisions["name"]["evidence"] == evidence


def test_the_answers_file_of_a_plan_changes_nothing(tocompose, tmp_path):
    answers = tocompose("plan", "run.sh", "--as", "answers").out
    assert tomllib.loads(answers)["role.db"] == "data"
    (tmp_path / "answers.toml").write_text(answers)
    plain = tocompose("convert", "run.sh")
    replayed = tocompose("convert", "run.sh", "--answers", "answers.toml")
    assert replayed.out == plain.out


def test_answers_are_followed(tocompose, tmp_path):
    (tmp_path / "answers.toml").write_text(
        'name = "mine"\n"practice.RESTART" = false\n[depends.web]\ndb = "no"\n[role]\nweb = "proxy"\n'
    )
    found = yaml.safe_load(tocompose("convert", "run.sh", "--answers", "answers.toml").out)
    assert found["name"] == "mine"
    assert "restart" not in found["services"]["db"]
    assert "depends_on" not in found["services"]["web"]


def test_a_practice_is_answered_for_one_service(tocompose, tmp_path):
    (tmp_path / "answers.json").write_text(
        '{"practice": {"RESTART": {"db": false}, "VOL-NAMED": {"db": "no"}, "LOG": {"web": "yes"}}}'
    )
    ran = tocompose("convert", "run.sh", "--answers", "answers.json", "-v")
    found = yaml.safe_load(ran.out)
    assert "restart" not in found["services"]["db"]
    assert found["services"]["web"]["restart"] == "unless-stopped"
    assert "volumes" not in found and "volumes" not in found["services"]["db"]
    assert "practice.RESTART.db is no, as your answers say [TC090]" in ran.err


def test_an_answer_to_a_stated_dependency_loses_no_value(tocompose, tmp_path):
    (tmp_path / "run.sh").write_text(
        "docker run --name db postgres:16\ndocker run --name web --link db nginx\n"
    )
    (tmp_path / "answers.json").write_text('{"depends": {"web": {"db": "no"}}}')
    ran = tocompose("convert", "run.sh", "--answers", "answers.json", "-v")
    assert "depends_on" not in yaml.safe_load(ran.out)["services"]["web"]
    assert "TC901" not in ran.err
    assert "depends.web.db is no, as your answers say [TC090]" in ran.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"role.wbe" = "proxy"', "no decision role.wbe"),
        ('"rle.web" = "proxy"', "did you mean role?"),
        ('"role.web" = "prxy"', "role.web can be app, data"),
        ('"practice.NOPE" = false', "no decision practice.NOPE"),
        ('"practice.LOG.wbe" = false', "no decision practice.LOG.wbe"),
        ('"practice.LOG.web" = "maybe"', "practice.LOG.web can be yes, no"),
        ("x = [", "answers.toml:1:6: "),
    ],
)
def test_an_answer_to_nothing_is_an_error(tocompose, tmp_path, text, message):
    (tmp_path / "answers.toml").write_text(text)
    ran = tocompose("convert", "run.sh", "--answers", "answers.toml")
    assert ran.code == 2
    assert message in ran.err
    assert ran.out == ""


def test_a_practice_is_told_in_words(tocompose):
    out = tocompose("plan", "run.sh").out
    assert re.search(
        r"^practice.HC-EVERY +yes +Check the health of every service: must \(checklist",
        out,
        re.MULTILINE,
    )


def test_options_that_only_matter_for_writing_are_taken_and_not_shown(tocompose, tmp_path):
    assert (
        tocompose("plan", "run.sh", "-o", "out", "--fail-on", "lost").out
        == tocompose("plan", "run.sh").out
    )
    assert not (tmp_path / "out").exists()
    shown = tocompose("plan", "--help").out
    assert "--practices" in shown and "--force" not in shown and "--fail-on" not in shown


def test_what_the_stack_does_stands_before_the_practices(tocompose):
    lines = tocompose("plan", "run.sh").out.splitlines()
    practices = [
        number for number, line in enumerate(lines) if line.startswith("practice.")
    ]
    assert practices[-1] == len(lines) - 1
    assert lines[practices[0] - 1].startswith("practices: ")
    roles = [number for number, line in enumerate(lines) if line.startswith("role.")]
    assert roles and roles[-1] < practices[0]


@pytest.mark.parametrize(("words", "answer"), [((), "no"), (("--harden",), "yes")])
def test_a_practice_that_hardens_is_on_where_it_is_asked_for(tocompose, words, answer):
    out = tocompose("plan", "run.sh", *words).out
    assert re.search(rf"^practice.RO-ROOT +{answer} ", out, re.MULTILINE)


def test_a_job_is_told_with_what_makes_it_one(tocompose, tmp_path):
    (tmp_path / "jobs.sh").write_text(
        "docker run --rm acme/app:1 ./migrate\ndocker run -d --name web acme/app:1\n"
    )
    out = tocompose("plan", "jobs.sh").out
    assert re.search(r"^role.app +job +the script waits until app ends", out, re.MULTILINE)


def test_a_missing_value_is_one_decision(tocompose, tmp_path):
    (tmp_path / "open.sh").write_text("docker run -d --name web acme/app:$TAG\n")
    out = tocompose("plan", "open.sh").out
    assert out.count("TAG has no value") == 0 and re.search(
        r"^value.TAG ", out, re.MULTILINE
    )


def test_what_cannot_be_proved_is_named_by_its_format(tocompose, tmp_path):
    (tmp_path / "Procfile").write_text("web: node server.js\n")
    (tmp_path / "package.json").write_text('{"name": "hello"}\n')
    ran = tocompose("prove", ".")
    assert (
        ran.code == 2 and "the format procfile: prove compares docker commands" in ran.err
    )
