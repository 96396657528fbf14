"""Every output of fixtures and corpus before every judge: docker compose, schema, yamllint, dclint, a secret scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from corpora import corpus_outcome, corpus_sources
from golden import cases, inputs, outcome
from judges import (
    EXCEPTIONS,
    NO_DCLINT,
    dclint,
    needs_compose,
    run_config,
    schema_errors,
    unexcused,
    write,
    yamllint_findings,
)
from note_truth import false_report_lines, false_sayings, unused_settings
from tocompose.model import File, Role
from tocompose.pipeline import Result
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report
from tocompose.rules.service_images import facts_of

OVERLAYS = ("", "docker-compose.override.yml", "docker-compose.prod.yml")


class Source(NamedTuple):
    """What is converted, and how: no test is collected more slowly for it."""

    name: str
    files: dict[str, bytes]
    convert: Callable[[], Result]


class Output(NamedTuple):
    """One source, and what it is converted to."""

    name: str
    source: dict[str, bytes]
    result: Result


def sources() -> Iterator[Source]:
    """All fixtures, then the corpus where it is there."""
    for case in cases():
        name = f"{case.parent.name}/{case.name}"
        yield Source(name, inputs(case), partial(outcome, case))
    for number, source in enumerate(corpus_sources()):
        yield Source(source.name, source.files, partial(corpus_outcome, number))


def output_of(source: Source) -> Output:
    return Output(source.name, source.files, source.convert())


SOURCES = tuple(sources())
every_output = pytest.mark.parametrize(
    "output", SOURCES, ids=[source.name for source in SOURCES], indirect=True
)


@pytest.fixture
def output(request: pytest.FixtureRequest) -> Output:
    return output_of(request.param)


def compose_files(output: Output) -> list[File]:
    return [item for item in output.result.files if item.path.startswith("docker-compose")]


@every_output
def test_schema_and_yamllint(output: Output) -> None:
    for item in compose_files(output):
        text = item.content.decode()
        assert schema_errors(text) == [], item.path
        kept = broken_rules(output.source.values()) if keeps_form(output) else frozenset()
        ours = [
            finding
            for finding in yamllint_findings(text)
            if linted_rule(finding) not in kept
        ]
        assert ours == [], item.path


def keeps_form(output: Output) -> bool:
    """Whether the source is a compose file, whose order, indentation and comments are its user's."""
    return output.result.importer == "compose"


def broken_rules(texts: Iterable[bytes]) -> frozenset[str]:
    """The rules of yamllint that the texts break themselves; the services of version 1 go two columns deeper."""
    findings = (
        finding
        for text in texts
        for finding in yamllint_findings(text.decode("utf-8", "replace"))
    )
    return frozenset(map(linted_rule, findings)) | {"indentation"}


def linted_rule(finding: str) -> str:
    """The rule that a finding of yamllint's names at its end."""
    return finding.rpartition("(")[2].rstrip(")")


@every_output
def test_every_note_is_true_of_the_files(output: Output) -> None:
    assert false_sayings(output.result, output.source) == []


@every_output
def test_the_report_can_be_copied_and_points_to_what_is_there(output: Output) -> None:
    markdown = render("markdown", report(output.result, Memory(output.source, "app")))
    assert false_report_lines(markdown, output.result) == []


@every_output
def test_every_variable_of_the_env_file_is_used(output: Output) -> None:
    assert unused_settings(output.result) == []


@every_output
def test_secrets_stand_where_they_belong_only(output: Output) -> None:
    stack = output.result.stack
    values = {
        item.value
        for item in stack.settings
        if item.secret and item.value and len(item.value) >= 8
    }
    values |= {
        item.content.decode("utf-8", "replace").strip()
        for item in stack.files
        if item.secret
    }
    source = b"\n".join(output.source.values()).decode("utf-8", "replace")
    told = "".join(f"{item.message}{item.advice}" for item in output.result.notes)
    for value in values:
        if len(value) >= 8 and source.count(value) == 1:
            assert value not in told
            for item in output.result.files:
                if item.path != ".env" and not item.path.startswith("secrets/"):
                    assert value not in item.content.decode("utf-8", "replace"), item.path


@every_output
def test_modes_of_what_holds_secrets(output: Output) -> None:
    for item in output.result.files:
        if item.path == ".env":
            assert item.mode == 0o600 and item.secret
        # What holds a folder for the user to fill is empty.
        if item.path.startswith("secrets/") and item.content:
            # For every user of the container to read (a program, to run), for nobody to change.
            assert item.mode in (0o444, 0o555) and item.secret


def quoted_mounts(output: Output) -> list[str]:
    """The mounts in the short form that stand in quotes."""
    text = "\n".join(item.content.decode() for item in compose_files(output))
    blocks = re.findall(r"(?m)^ +volumes:\n((?: +- .*\n)+)", text)
    return re.findall(r"(?m)^ +- (\".*|'.*)$", "".join(blocks))


# What dclint says against the form of a file, beside the orders of its keys.
FORM_RULES = ("require-quotes-in-ports",)


def excused(output: Output, rule: str, message: str) -> bool:
    """Whether a finding of dclint's is the source's doing, and the user was told; `judges.EXCEPTIONS` says why."""
    name = message.partition('ervice "')[2].partition('"')[0]
    service = output.result.stack.service(name)
    codes = {item.code for item in output.result.notes if item.subject.service_name == name}
    if keeps_form(output) and (rule in FORM_RULES or rule.endswith("-order")):
        return True
    # `127.0.0.1::2181` publishes on a port that the engine chooses, which dclint reads as one of its own.
    if rule == "no-duplicate-exported-ports" and 'port ""' in message:
        return True
    if rule == "service-image-require-explicit-tag":
        return "TC675" in codes
    if service is not None and rule == "no-unbound-port-interfaces":
        known = facts_of(service)
        to_be_reached = service.role is Role.PROXY or (known is not None and known.lan)
        return "TC646" in codes or to_be_reached or "/udp" in message
    if service is not None and rule == "no-build-and-image":
        return service.build is not None and service.image is not None
    if rule == "no-quotes-in-volumes":
        return all(":?set " in entry for entry in quoted_mounts(output))
    # The fixture that shows every note has an entitlement, which dclint's copy of the schema lacks.
    return rule == "invalid-schema" and output.name == "docker_run/every-note"


@pytest.mark.skipif(dclint() is None, reason=NO_DCLINT)
def test_dclint(tmp_path: Path) -> None:
    all_outputs = [output_of(source) for source in SOURCES]
    for number, output in enumerate(all_outputs):
        write(tmp_path / str(number), compose_files(output))
    found = [
        (all_outputs[int(path.partition("/")[0])], rule, text)
        for path, rule, text in unexcused(tmp_path)
    ]
    assert [
        (output.name, rule, text)
        for output, rule, text in found
        if not excused(output, rule, text)
    ] == []
    made_here = {rule for output, rule, _ in found if not keeps_form(output)}
    assert made_here <= set(EXCEPTIONS)


class TestDockerCompose:
    """The base alone, and with each overlay."""

    pytestmark = needs_compose

    @every_output
    def test_accepted_without_a_word(self, tmp_path: Path, output: Output) -> None:
        write(tmp_path, output.result.files)
        for name, content in output.source.items():
            if not (tmp_path / name).exists():
                write(tmp_path, [File(path=name, content=content)])
        for path in env_files(output):
            write(tmp_path, [File(path=path, content=b"")])
        present = {item.path for item in compose_files(output)}
        for overlay in OVERLAYS:
            if overlay in present or not overlay:
                names = ["docker-compose.yml", *([overlay] if overlay else [])]
                # What the source takes from its surroundings is a path here, a port there.
                said = ""
                for value in GIVEN:
                    if not (
                        said := self._said(
                            tmp_path, names, dict.fromkeys(unset(output), value)
                        )
                    ):
                        break
                assert said == ""

    def _said(self, folder: Path, names: list[str], env: dict[str, str]) -> str:
        """What docker compose says against the files: its refusal, or its warnings."""
        done = run_config(folder, names, env=env, extra=("--profile", "*"))
        return done.stderr if done.returncode or "warn" in done.stderr else ""


GIVEN = ("/given", "8080", "given")


def env_files(output: Output) -> set[str]:
    """The files of variables that the source names and does not bring."""
    own = {item.path for item in output.result.files} | set(output.source)
    paths = {
        item.path.removeprefix("./")
        for service in output.result.stack.services
        for item in service.env_files
    }
    return {path for path in paths - own if not path.startswith("/")}


def unset(output: Output) -> set[str]:
    """The variables that the user must set: those without a value, and those that come from the user's shell."""
    from tocompose.syntax.interpolation import variable_names

    known = {item.name for item in output.result.stack.settings if item.value is not None}
    texts = "\n".join(item.content.decode() for item in compose_files(output))
    return {name for name in variable_names(texts) if name not in known}
