"""Variables with a default are listed, with the value that holds without them."""

from __future__ import annotations

from rules.snippets import stack
from tocompose.rules import Context, apply_all, select


def test_settings() -> None:
    text = """
    services:
      web: {image: 'me/web:${TAG:-1}', ports: ['${PORT:-80}:80'], environment: {A: '${TAG-1}', B: '$${NO:-1}'}}
      api: {image: 'me/api:${TAG:-1}', ports: ['${PORT:-81}:80'], labels: {a: '${EMPTY:-}', b: '${COMPOSE_X:-1}'}}
    """
    found = apply_all(stack(text), select("ENV-DOC"), Context(split=True)).stack.settings
    assert [(item.name, item.value, item.example) for item in found] == [
        ("TAG", "1", "1"),
        ("PORT", None, "80"),
        ("EMPTY", "", ""),
    ]


def test_a_variable_is_said_to_be_of_all_that_use_it() -> None:
    text = """
    services:
      web: {image: 'me/web:1', environment: {TZ: '${TZ:-UTC}', A: '${A:-1}'}}
      api: {image: 'me/api:1', environment: {TZ: '${TZ:-UTC}', A: '${A:-1}'}}
    networks: {front: {name: '${FRONT:-front}'}}
    """
    settings = apply_all(stack(text), select("ENV-DOC"), Context(split=True)).stack.settings
    described = {setting.name: setting.description for setting in settings}
    assert "of web and api" in described.pop("TZ")
    assert described == {"A": "Used by web and api", "FRONT": "Used by the network front"}
