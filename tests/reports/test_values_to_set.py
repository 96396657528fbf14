"""What a person is told to set is what the written files demand, and what they do not demand is told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import cases, inputs, outcome
from reported import reported
from tocompose.exporters.dotenv import REQUIRED_MARK
from tocompose.project import Memory
from tocompose.readers.dotenv import read_dotenv
from tocompose.reports.duties import duties
from tocompose.reports.report import Report, report
from tocompose.reports.values_to_set import free_values, generated_names, values_to_set
from tocompose.source import Leaf
from tocompose.syntax.interpolation import variables

TEMPLATE = """<?xml version="1.0"?>
<Container version="2">
  <Name>app</Name><Repository>acme/app:1</Repository><Network>bridge</Network>
  <Config Name="Host" Target="DB_HOST" Type="Variable" Required="true" Mask="false"/>
  <Config Name="Key" Target="OTP_KEY" Type="Variable" Required="false" Mask="true"/>
</Container>
"""
APP = {
    "Procfile": "web: node web.js\n",
    "package.json": '{"name": "web"}',
    "app.json": '{"addons": ["bugsnag", "sentry", "mailgun"], "env": {"BUGSNAG_API_KEY": {"required": true}}}',
}


def demanded_names(told: Report) -> set[str]:
    """The variables that the written compose files demand, apart from those that `.env` has a value for."""
    texts = {file.path: file.content.decode() for file in told.files}
    composes = [
        text
        for path, text in texts.items()
        if path.startswith(("docker-compose", "compose"))
    ]
    # A comment holds none: Compose does not read it.
    lines = [
        line
        for text in composes
        for line in text.splitlines()
        if not line.lstrip().startswith("#")
    ]
    names = {
        variable.name for variable in variables("\n".join(lines)) if variable.is_required
    }
    tree = read_dotenv(texts.get(".env", "").encode(), ".env").tree
    filled = {
        str(child.key)
        for child in tree.children
        if isinstance(child.node, Leaf) and child.node.text
    }
    return names - filled - generated_names(told)


def required_in_example(told: Report) -> set[str]:
    """The variables whose comment in `.env.example` says that they are required."""
    texts = {file.path: file.content.decode() for file in told.files}
    names, comment = set(), ""
    for line in texts.get(".env.example", "").splitlines():
        if line.startswith("# "):
            comment += f"{line[1:]}"
        elif REQUIRED_MARK in comment:
            names.add(line.partition("=")[0])
        comment = comment if line.startswith("#") else ""
    return names


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_what_is_to_be_set_is_what_the_files_demand(case: Path) -> None:
    told = report(outcome(case), Memory(inputs(case), case.name))
    names = set(values_to_set(told))
    assert demanded_names(told) <= names
    assert names - demanded_names(told) <= required_in_example(told)
    assert names.isdisjoint(free_values(told))


@pytest.mark.parametrize("files", [{"my-app.xml": TEMPLATE}, APP], ids=["unraid", "app"])
def test_a_field_that_may_stay_empty_is_told_apart(files: dict[str, str]) -> None:
    told = reported(files)
    assert set(values_to_set(told)) == demanded_names(told)


def test_optional_values_stand_behind_those_that_must_be_set() -> None:
    told = reported({"my-app.xml": TEMPLATE})
    assert duties(told)[0].text == "Set one value in .env: DB_HOST; optional: OTP_KEY"


def test_an_add_on_says_which_of_its_variables_app_json_requires() -> None:
    said = [note.message for note in reported(APP).notes if note.code in ("TC420", "TC422")]
    assert said[0].endswith("app.json requires BUGSNAG_API_KEY")
    assert "may stay empty" in said[1] and "SENTRY_DSN" in said[1]
