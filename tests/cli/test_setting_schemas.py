"""The published schemas of settings and answers accept what tocompose takes, and refuse what it refuses."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

import tree
from setting_schemas import answers_schema, settings_schema
from tocompose.answers import KINDS, AnswerError, read_answers
from tocompose.cli.group import COMMANDS, main
from tocompose.cli.settings import configured_defaults, long_name
from tocompose.rules import Rule, registry

SETTINGS = jsonschema.Draft202012Validator(json.loads(settings_schema()))
ANSWERS = jsonschema.Draft202012Validator(json.loads(answers_schema()))
CONTEXT = click.Context(main)
# TOML values of each type, and words that some options know.
VALUES = (
    'true false 1 1.5 "" "all" "nonsense" "lost,changed" "lost, nonsense" "dev" ["dev", "prod"] ["dev", 1] [] '
    '"text" "sarif" "error" "error,info" "never" ["lost"] "plain" "tree" "skip" "json"'
)
TEXTS = [
    text
    for text in VALUES.replace(", ", ",")
    .replace("lost,nonsense", "lost, nonsense")
    .split(" ")
    if text.count('"') % 2 == 0
]


def _options() -> list[tuple[str, click.Option]]:
    commands = {"": main, **{name: main.get_command(CONTEXT, name) for name in COMMANDS}}
    return [
        (name, param)
        for name, command in commands.items()
        for param in command.params
        if isinstance(param, click.Option)
    ]


def _takes(text: str) -> bool:
    """Whether the user's own file may say so, and click takes each value."""
    try:
        defaults = configured_defaults(
            main.params, lambda name: main.get_command(CONTEXT, name)
        )
        for name, values in {"": defaults.values, **defaults.commands}.items():
            command = main.get_command(CONTEXT, name) if name else main
            for param in command.params:
                if param.name in values:
                    param.type_cast_value(click.Context(command), values[param.name])
    except click.UsageError:
        return False
    return True


def test_the_schemas_are_schemas() -> None:
    for validator in (SETTINGS, ANSWERS):
        validator.check_schema(validator.schema)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_setting_is_taken_where_the_schema_takes_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "tocompose" / "config.toml"
    config.parent.mkdir()
    names = [long_name(option) for owner, option in _options() if owner == command]
    for name in (*names, "nonsense"):
        for value in TEXTS:
            text = f"{name} = {value}\n"
            text = f"[{command}]\n{text}" if command else text
            if name in ("select", "ignore"):
                # Which rules there are is not in the schema.
                continue
            config.write_text(text)
            wanted = _takes(text)
            assert SETTINGS.is_valid(tomllib.loads(text)) is wanted, text


ANSWER_TEXTS = [
    *(
        f"{kind} = {value}"
        for kind in KINDS
        for value in ("true", '"no"', '"own"', "3", "[]")
    ),
    '[role]\ndb = "data"\nweb = "nonsense"',
    '[depends.web]\ndb = "healthy"',
    '"depends.web.db" = "no"',
    "[practice]\nLOG = false\n[practice.INIT]\nweb = true",
    "[practice]\nACME-OF-A-PLUGIN = false",
    '[practice]\n"LOG.web" = "no"',
    '[practice.LOG]\nweb = "nonsense"',
    'nonsense = "x"',
    '"roles.db" = "data"',
    '[value]\nTOKEN = "x"',
    "",
]


@pytest.mark.parametrize("text", ANSWER_TEXTS)
def test_an_answer_is_taken_where_the_schema_takes_it(text: str) -> None:
    content: dict[str, Any] = tomllib.loads(text)
    try:
        read_answers(text, "answers.toml")
        taken = True
    except AnswerError:
        taken = False
    assert ANSWERS.is_valid(content) is taken


@pytest.mark.parametrize("rule", registry(), ids=lambda rule: rule.id)
def test_editors_offer_each_practice_with_its_title(rule: Rule) -> None:
    (table,) = (
        branch
        for branch in ANSWERS.schema["$defs"]["practice"]["anyOf"]
        if "properties" in branch
    )
    assert table["properties"][rule.id]["description"] == rule.title
    assert not ANSWERS.is_valid({"practice": {rule.id: "maybe"}})


def test_what_plan_prints_is_an_answers_file(tocompose: Any, tmp_path: Path) -> None:
    script = tree.ROOT / "fixtures" / "docker_run" / "shop"
    ran = tocompose("plan", str(script), "--as", "answers")
    assert ANSWERS.is_valid(tomllib.loads(ran.out))
