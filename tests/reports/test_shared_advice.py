"""What several pieces of advice have in common is said once, and nothing of them is lost."""

from __future__ import annotations

from tocompose.pipeline import Options, convert
from tocompose.project import Memory
from tocompose.reports import render
from tocompose.reports.report import report
from tocompose.reports.shared_advice import shared_advice

_STACK = b"services: {cache: {image: 'redis:7.4', deploy: {replicas: 1}}}\n"


def test_what_leads_to_a_command_of_each_stands_last() -> None:
    advices = [f"Stop the pod: `cp {name}: /to. x`. Set up backups." for name in "ab"]
    commands = ("`cp a: /to. x`.", "`cp b: /to. x`.")
    assert shared_advice(advices) == ("Set up backups. Stop the pod:", commands)


def test_the_same_advice_is_all_shared() -> None:
    assert shared_advice(["Add it.", "Add it."]) == ("Add it.", ("", ""))


def test_advice_that_differs_is_each_ones_own() -> None:
    own = ("Add a.", "For this and the next one: Add b.", "")
    assert shared_advice(["Add a.", "Add b.", "Add b."]) == ("", own)


def _report_on(script: str) -> str:
    project = Memory({"run.sh": script.encode()}, "shop")
    return render("markdown", report(convert(project, Options()), project))


def test_data_that_the_way_over_copies_has_its_command_there_alone() -> None:
    text = _report_on("docker run -d --name cache redis:7.4\n")
    box = text.partition("- [ ] Copy the old data of cache")[2].partition("\n\n")[0]
    assert "docker cp" not in box and "“Move over”" in box
    assert text.count("docker cp cache") == 1


def test_data_elsewhere_keep_their_command() -> None:
    project = Memory({"docker-stack.yml": _STACK}, "shop")
    text = render("markdown", report(convert(project, Options()), project))
    assert "## Move over" in text and "“Move over”" not in text
