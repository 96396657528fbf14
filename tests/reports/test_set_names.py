"""A secret is masked wherever scripts and Makefiles may set what a container is given."""

from __future__ import annotations

import pytest

from tocompose.pipeline import convert
from tocompose.project import Memory
from tocompose.reports import FORMS, render
from tocompose.reports.flow_index import CallScope, FlowIndex
from tocompose.reports.report import report

SECRET = "hunter2-Qx77zz"
RUN = "docker run -d -e DB_PASSWORD={value} --frob postgres:16\n"
SCRIPTS = {
    "set a {secret}\n": "$2",
    "set -e {secret}\n": "$1",
    "set -eo pipefail -- {secret}\n": "$1",
    "X={secret}\n": "$X",
    ": ${{X:={secret}}}\n": "$X",
}
MAKEFILES = {
    "my-x = {secret}\n": "$(my-x)",
    "my.x := {secret}\n": "$(my.x)",
    "my-x ?= {secret}\n": "${{my-x}}",
    "up: my-x = {secret}\n": "$(my-x)",
    "export define X\n{secret}\nendef\n": "$(X)",
    "override define my-x =\n{secret}\nendef\n": "$(my-x)",
}


@pytest.mark.parametrize(("setting", "value"), SCRIPTS.items())
def test_a_script_shows_no_value_that_it_sets(setting: str, value: str) -> None:
    shows_nothing("run.sh", setting.format(secret=SECRET) + RUN.format(value=value))


@pytest.mark.parametrize(("setting", "value"), MAKEFILES.items())
def test_a_makefile_shows_no_value_that_it_sets(setting: str, value: str) -> None:
    recipe = "up:\n\t" + RUN.format(value=value.format())
    shows_nothing("Makefile", setting.format(secret=SECRET) + recipe)


def shows_nothing(path: str, text: str) -> None:
    project = Memory({path: text.encode()})
    result = convert(project)
    full_report = report(result, project)
    assert [form for form in FORMS if SECRET in render(form, full_report)] == []


@pytest.mark.parametrize(
    "line", ["set -euo pipefail", "set -e", "set -o pipefail", "set +x"]
)
def test_options_of_the_shell_are_no_arguments(line: str) -> None:
    index = FlowIndex({"run.sh": [line, "docker run $1"]})
    assert list(index.arguments_of(CallScope("run.sh"), "1")) == []
