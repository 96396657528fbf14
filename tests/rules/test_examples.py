"""Each practice turns the `before` of its examples into their `after`, and leaves its own result alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.snippets import document, stack
from tocompose.compose.write import compose_document
from tocompose.model import ComposeFileRole, Stack
from tocompose.rules import Example, Practice, registry

CASES = [
    pytest.param(practice, example, id=f"{practice.id}-{number}")
    for practice in registry()
    for number, example in enumerate(practice.examples, 1)
]


def before(example: Example) -> Stack:
    """The stack of the example, with roles."""
    return classified(replace(stack(example.before), settings=example.settings))


def classified(given: Stack) -> Stack:
    """The stack with roles, which every other practice may rely on."""
    roles = next(practice for practice in registry() if practice.id == "SVC-CLASS")
    return roles.apply(given, Example("", "").context).stack


def files(given: Stack) -> dict[ComposeFileRole, dict[str, object]]:
    """The three documents of a stack, without the project's name, in comparable form."""
    documents = {home: compose_document(given, home) for home in ComposeFileRole}
    return {
        home: _plain({key: body[key] for key in body if key != "name"})
        for home, body in documents.items()
    }


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _plain(item)
            for key, item in value.items()
            if not (key in _TOP and item == {})
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


_TOP = ("services", "networks", "volumes", "secrets", "configs")


@pytest.mark.parametrize(("practice", "example"), CASES)
def test_after_is_what_the_practice_makes_of_before(
    practice: Practice, example: Example
) -> None:
    made = practice.apply(before(example), example.context).stack
    wanted = stack(example.after)
    assert files(made)[ComposeFileRole.BASE] == files(wanted)[ComposeFileRole.BASE]
    for home, text in (
        (ComposeFileRole.DEV, example.override),
        (ComposeFileRole.PROD, example.prod),
    ):
        assert files(made)[home] == _plain(document(text)), home


@pytest.mark.parametrize(("practice", "example"), CASES)
def test_twice_is_once(practice: Practice, example: Example) -> None:
    once = practice.apply(before(example), example.context).stack
    assert practice.apply(once, example.context).stack == once


def test_every_practice_has_an_example() -> None:
    assert [practice.id for practice in registry() if not practice.examples] == []
