"""The secrets that a stack is known to hold, for reports to hide wherever they occur."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from tocompose.knowledge.secrets.commands import (
    nested_command_secrets,
    service_command_secrets,
)
from tocompose.knowledge.secrets.names import secret_name, words_of
from tocompose.knowledge.secrets.texts import may_be_secret, password_spans, secret_defaults
from tocompose.model import File, Plain, Service, Stack
from tocompose.record import NamedTuple
from tocompose.source import Span
from tocompose.stack_texts import texts_within
from tocompose.syntax.interpolation import plain, variables
from tocompose.syntax.model_path import ModelPath

# Keys below which names are of the user's choice and say what a value is.
_NAMED_KEYS = frozenset({"environment", "labels", "build"})
_SHORTEST_LINE = 4


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
            yield from _secrets_of_file(file)
    for service in stack.services:
        yield from _secrets_of_service(service)
    for sections in stack.extensions.values():
        yield from _secrets_of_extensions(sections)


def secret_files(stack: Stack) -> frozenset[str]:
    """The files of the source that are secrets of the stack, whatever they are called."""
    return frozenset(normpath(secret.file) for secret in stack.secrets if secret.file)


def secret_variables(stack: Stack) -> frozenset[str]:
    """The variables that are secrets by what takes their value: a secret of the stack, or what is called one."""
    names = {secret.environment for secret in stack.secrets if secret.environment}
    for service in stack.services:
        for env_variable in service.environment:
            if secret_name(env_variable.name):
                names |= {variable.name for variable in variables(env_variable.value or "")}
    return frozenset(names)


def _secrets_of_extensions(sections: Mapping[str, Plain]) -> Iterator[Secret]:
    """What is kept in place in the user's own sections of a file."""
    texts = dict(texts_within(sections))
    for path, text in texts.items():
        value = plain(text)
        name = next(key for key in reversed(path) if not key.isdigit())
        if value and is_secret_name(name) and may_be_secret(value, name):
            yield Secret(value, None)
        for start, stop in password_spans(text, name):
            yield Secret(text[start:stop], None)
    yield from _secrets_of_commands(sections, texts)


def _secrets_of_commands(
    sections: Mapping[str, Plain], texts: Mapping[ModelPath, str]
) -> Iterator[Secret]:
    """What is given to the commands in the user's own sections of a file."""
    for keys, secrets in nested_command_secrets(sections):
        text = texts[ModelPath(keys)]
        values = (plain(text[secret.start : secret.end]) for secret in secrets)
        yield from (Secret(value, None) for value in values if value)


def _secrets_of_file(file: File) -> Iterator[Secret]:
    text = file.content.decode("utf-8", "replace")
    yield Secret(text.strip(), file.origin)
    for line in text.split("\n"):
        if len(line.strip()) >= _SHORTEST_LINE:
            yield Secret(line.strip(), file.origin)


def _secrets_of_service(service: Service) -> Iterator[Secret]:
    origins = {
        variable.name: variable.origin
        for layer in (service, *service.overlays.values())
        for variable in layer.environment
    }
    for path, text in texts_within(service):
        is_variable = path[0] == "environment"
        yield from _secrets_of_text(
            path, text, origins.get(path[1]) if is_variable else None
        )
    texts: dict[tuple[str, ...], str] = dict(texts_within(service))
    texts.update(_command_words(service))
    for keys, secret in service_command_secrets(service):
        command_text = texts[*keys, str(secret.word)]
        value = plain(command_text[secret.start : secret.end])
        if value:
            yield Secret(value, None)


def _command_words(service: Service) -> dict[tuple[str, ...], str]:
    """The words of the commands by their paths, of those too that stand as one text."""
    commands = {"entrypoint": service.entrypoint, "command": service.command}
    return {
        (key, str(index)): word
        for key, words in commands.items()
        for index, word in enumerate(words or ())
    }


def _secrets_of_text(path: ModelPath, text: str, origin: Span | None) -> Iterator[Secret]:
    """Values kept in place (`--inline-secrets`, `--practices none`) under a name that says secret, or by their form."""
    is_named = path[0] in _NAMED_KEYS and is_secret_name(path[-1])
    value = plain(text)
    if is_named and value and (path[0] == "environment" or may_be_secret(value)):
        yield Secret(value, origin)
    for start, stop in password_spans(text, path[-1]):
        yield Secret(text[start:stop], None)
    for variable in variables(text):
        for _, default in secret_defaults(variable, is_named):
            yield Secret(default, None)


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name holds a secret by the look of it, and not where one is kept."""
    # `secrets:` of a manifest lists what is one, it holds none.
    return secret_name(name) and (name.isupper() or words_of(name)[-1] != "SECRETS")
