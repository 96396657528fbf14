"""The lines of `.env` files: one grammar for what is read, and for what an earlier run has written."""

from __future__ import annotations

import pytest

from tocompose.earlier_run import EarlierRun, added_variables
from tocompose.exporters.dotenv import env_files
from tocompose.model import EnvSetting, FileResource, Stack
from tocompose.syntax.env_lines import entries_by_name, entry_of_line


@pytest.mark.parametrize(
    "line", ["A=1", "  A = 1", "export A=1", "A: 1", "# A=1", "A='x y'", "A="]
)
def test_a_line_is_read_as_in_the_whole_file(line: str) -> None:
    entry = entry_of_line(line)
    assert entry is not None and entry["name"] == "A"
    assert set(entries_by_name(line)) == (set() if line.startswith("#") else {"A"})


@pytest.mark.parametrize("line", ["", "# A note", "A", "#A=1", "1=2"])
def test_other_lines_are_no_entries(line: str) -> None:
    assert entry_of_line(line) is None


def test_a_variable_that_the_source_sets_in_its_own_way_is_not_taken_for_ours() -> None:
    """docker compose reads `A = 1` and `B: 2` too: a later run would take them away."""
    source = b"A = 1\nB: 2\n"
    (made,) = env_files(Stack(name="shop", settings=_settings("A", "B", "C")), {})[:1]
    assert added_variables([made], {".env": source}) == {".env": ["C"]}


def test_what_an_earlier_run_added_is_taken_away_and_nothing_else() -> None:
    run = EarlierRun("", {}, {".env": frozenset({"C", "D"})})
    content = b"A=1\nC = 3\n# D=\n# a note\n"
    assert run.source_part(".env", content) == b"A=1\n\n\n# a note\n"


def test_a_variable_of_a_secret_alone_says_so() -> None:
    secret = FileResource(name="db_password", environment="DB_PASSWORD")
    stack = Stack(name="shop", settings=_settings("DB_PASSWORD"), secrets=(secret,))
    example = env_files(stack, {})[1].content.decode()
    assert "# Used by the secret db_password (required)\n" in example


def _settings(*names: str) -> tuple[EnvSetting, ...]:
    return tuple(EnvSetting(name=name, value="x") for name in names)
