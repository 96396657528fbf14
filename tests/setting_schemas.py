"""JSON schemas of the settings and the answers file, from the options of the command line and the kinds of decisions.

`python tests/documents.py` writes them to docs/, where editors find them (`#:schema URL` in the first line of a file).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import click

from tocompose.answers import KINDS
from tocompose.cli.check import LevelType
from tocompose.cli.group import COMMANDS, main
from tocompose.cli.options import KINDS as KIND_NAMES
from tocompose.cli.options import ChoiceListType, ChoiceType
from tocompose.cli.settings import long_name, option_kind
from tocompose.rules import MENDING, load_rule

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RESTRICTIONS = {
    "typed": " Only in the user's own file, ~/.config/tocompose/config.toml.",
    "inside": " Lies in the folder of the settings file, unless that is the user's own.",
    "form": "",
}


def settings_schema() -> str:
    """The schema of `tocompose.toml`: the options before the command, and a table for each command."""
    context = click.Context(main)
    properties = _properties("", main.params)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        own_properties = _properties(name, command.params)
        if own_properties:
            table = {
                "type": "object",
                "description": COMMANDS[name],
                "additionalProperties": False,
                "properties": own_properties,
            }
            # `env` is an option and a command.
            option = properties.get(name)
            properties[name] = {"anyOf": [option, table]} if option else table
    return _document(
        "Settings of tocompose",
        "tocompose.toml, or the table tool.tocompose of pyproject.toml.",
        {"additionalProperties": False, "properties": properties},
    )


def _properties(command: str, params: Iterable[click.Parameter]) -> dict[str, Any]:
    options = [param for param in params if isinstance(param, click.Option)]
    kinds = {
        long_name(option): option_kind(command, long_name(option)) for option in options
    }
    return {
        name: {
            "description": f"{option.help}{_RESTRICTIONS[kinds[name]]}",
            **_value_schema(option),
        }
        for option in options
        if kinds[name := long_name(option)] != "never"
    }


def _value_schema(option: click.Option) -> dict[str, Any]:
    """What may stand there, by the same rules as `cli/settings.py` and the option itself have."""
    if option.is_flag:
        return {"type": "boolean"}
    if isinstance(option.type, click.types.FloatParamType | click.types.IntParamType):
        least = getattr(option.type, "min", None)
        return {"type": "number"} | ({} if least is None else {"minimum": least})
    if isinstance(option.type, LevelType):
        return _word_list((*option.type.choices, *KIND_NAMES))
    if isinstance(option.type, ChoiceType | click.Choice):
        return {"enum": list(option.type.choices)}
    if isinstance(option.type, ChoiceListType):
        words = _word_list(option.type.choices)
        return {"anyOf": [words, {"type": "array", "items": words}]}
    text = {"type": "string"}
    if option.multiple or option.type.name == "list":
        return {"anyOf": [text, {"type": "array", "items": text}]}
    return text


def _word_list(words: Iterable[str]) -> dict[str, Any]:
    """A text of some of the words with commas between them."""
    word = f"({'|'.join(map(re.escape, words))})"
    return {"type": "string", "pattern": rf"^[\s,]*({word}\s*(,[\s,]*|$))*$"}


def answers_schema() -> str:
    """The schema of an answers file: decisions by their ids, dotted keys or tables."""
    answers = {f"^{kind}($|\\.)": {"$ref": f"#/$defs/{kind}"} for kind in KINDS}
    definitions = {kind: _answer_schema(kind, choices) for kind, choices in KINDS.items()}
    definitions["practiceAnswer"] = _answer_schema("practiceAnswer", KINDS["practice"])
    definitions["practice"] = _practices_schema()
    return _document(
        "Answers to the decisions of tocompose",
        "A file for --answers, as tocompose plan --as answers prints it.",
        {"additionalProperties": False, "patternProperties": answers, "$defs": definitions},
    )


def _practices_schema() -> dict[str, Any]:
    """The practices, which editors offer by their ids; a plug-in may bring others."""
    answer = {"$ref": "#/$defs/practiceAnswer"}
    rules = map(load_rule, MENDING)
    titles = {rule.id: {"description": rule.title, **answer} for rule in rules}
    table = {"type": "object", "properties": titles, "additionalProperties": answer}
    return {"anyOf": [answer, table]}


def _answer_schema(kind: str, choices: tuple[str, ...]) -> dict[str, Any]:
    table = {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{kind}"}}
    if not choices:
        return {"anyOf": [{"type": ["string", "number", "boolean"]}, table]}
    words: list[Any] = list(choices)
    words += [said for said, word in ((True, "yes"), (False, "no")) if word in choices]
    return {"anyOf": [{"enum": words}, table]}


def _document(title: str, description: str, content: dict[str, Any]) -> str:
    head = {
        "$schema": _DIALECT,
        "title": title,
        "description": description,
        "type": "object",
    }
    return json.dumps({**head, **content}, indent=2) + "\n"
