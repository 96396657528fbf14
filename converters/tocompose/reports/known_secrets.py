"""The secrets that a stack is known to hold, for reports to hide wherever they occur."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tocompose.knowledge.secrets.commands import command_secrets
from tocompose.knowledge.secrets.names import secret_name, words_of
from tocompose.knowledge.secrets.texts import may_be_secret, passwords
from tocompose.model import Service, Stack
from tocompose.patterns import regex
from tocompose.source import Span
from tocompose.syntax.interpolation import plain

_DEFAULT = regex(r"\$\{\w+:?-(?P<word>[^}$]+)\}")


class Secret(NamedTuple):
    """A value that no report may show, and where it stands in the source."""

    text: str
    origin: Span | None


def secrets_of(stack: Stack) -> Iterator[Secret]:
    """Every secret of the stack, whether the practices moved it out or it stays in place as asked."""
    for setting in stack.settings:
        if setting.secret and setting.value:
            yield Secret(setting.value, setting.origin)
    for file in stack.files:
        if file.secret:
            text = file.content.decode("utf-8", "replace")
            yield Secret(text.strip(), file.origin)
            yield from (
                Secret(line.strip(), file.origin)
                for line in text.split("\n")
                if len(line.strip()) > 3
            )
    for service in stack.services:
        yield from _environment(service)
        yield from (Secret(text, None) for text, _, _ in command_secrets(service))
        for name, text in _open_texts(service):
            value = plain(text)
            if value and is_secret_name(name) and may_be_secret(value):
                yield Secret(value, None)
            yield from (Secret(text[start:end], None) for start, end in passwords(text))


def _open_texts(service: Service) -> Iterator[tuple[str, str]]:
    """Texts of the service under names of the user's choice."""
    yield from ((item.name, item.value) for item in service.environment if item.value)
    yield from service.labels.items()
    yield from (
        (name, text)
        for name, text in (service.build.args if service.build else {}).items()
        if text
    )


def _environment(service: Service) -> Iterator[Secret]:
    """Values kept in place (`--inline-secrets`, `--practices none`) under a name that says secret."""
    for part in (service, *service.overlays.values()):
        for item in part.environment:
            if not item.value or not is_secret_name(item.name):
                continue
            yield from (
                Secret(found["word"], None) for found in _DEFAULT.finditer(item.value)
            )
            value = plain(item.value)
            if value:
                yield Secret(value, item.origin)


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name holds a secret by the look of it, and not where one is kept."""
    # `secrets:` of a manifest lists what is one, it holds none.
    return secret_name(name) and (name.isupper() or words_of(name)[-1] != "SECRETS")
