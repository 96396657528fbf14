"""The one walk over the texts of a stack, each with the path of the key that it stands at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from tocompose.model import ComposeFileRole, NumberText, Stack
from tocompose.patterns import regex
from tocompose.record import record_fields, replace
from tocompose.syntax.command_words import CommandText
from tocompose.syntax.interpolation import variable_names, variables
from tocompose.syntax.model_path import ModelPath

_Keys: TypeAlias = tuple[str, ...]
Change: TypeAlias = Callable[[ModelPath, str], str]
# Where a part stands in the value that holds it (a field, a key, a number), the keys of its path, and the part.
_Child: TypeAlias = tuple[Any, _Keys, Any]
_T = TypeVar("_T")

_SECTIONS = ("services", "networks", "volumes", "configs", "secrets")
# What names a thing or says where it comes from is no text that Compose interpolates.
_NOT_TEXTS = frozenset({"name", "origin"})
_TEXTLESS = regex(r"(?:bool|int|float)(?: \| None)?")
_TEXTS = frozenset({str, NumberText})
_PLAIN = frozenset({bool, int, float, type(None)})
# Fields whose content stands at the key of the record itself, and those that Compose calls otherwise.
_UNNAMED = frozenset({"value", "options", "overlays"})
_KEYS = {"mounts": "volumes", "env_files": "env_file", "engine_name": "name"}
# What tells the parts of a list apart, the first that a part has.
_IDENTITIES = ("name", "target", "path", "network", "service", "source")


def stack_texts(stack: Stack, mark: str = "") -> Iterator[tuple[ModelPath, str]]:
    """Every text of the services, networks, volumes, configs and secrets with its path, in the order of the model.

    Only those that hold `mark`, if one is given. A variable's value stands at `services.web.environment.NAME`; what
    overlays add stands where it will be merged in.
    """
    for section in _SECTIONS:
        for part in getattr(stack, section):
            yield from texts_within(part, (section, part.name), mark)


def texts_within(
    part: Any, path: _Keys = (), mark: str = ""
) -> Iterator[tuple[ModelPath, str]]:
    """Every text of a part of the model that holds `mark`, with its path; keys of maps are none."""
    texts: list[tuple[_Keys, str]] = []
    _gather_texts(part, path, mark, texts)
    return ((ModelPath(path), text) for path, text in texts)


def _gather_texts(
    value: Any, path: _Keys, mark: str, texts: list[tuple[_Keys, str]]
) -> None:
    for _, keys, child in _splitter(value.__class__)(value):
        if child.__class__ in _TEXTS:
            if mark in child:
                texts.append((path + keys, child))
        elif child.__class__ not in _PLAIN:
            _gather_texts(child, path + keys, mark, texts)


def services_by_variable(stack: Stack) -> dict[str, tuple[str, ...]]:
    """The services in whose texts each variable stands, or that take it over from the host, by the variable's name."""
    users: dict[str, dict[str, None]] = {}
    for service in stack.services:
        for variable in service.environment:
            if variable.value is None:
                users.setdefault(variable.name, {})[service.name] = None
    for path, text in stack_texts(stack, "$"):
        section, owner, *_ = path
        if section == "services":
            for name in variable_names(text):
                users.setdefault(name, {})[owner] = None
    return {name: tuple(services) for name, services in users.items()}


def resources_by_variable(stack: Stack) -> dict[str, tuple[str, ...]]:
    """What besides services takes each variable, by the variable's name: `secret db_password`, `network front`."""
    takers: dict[str, dict[str, None]] = {}
    for secret in stack.secrets:
        if secret.environment:
            takers.setdefault(secret.environment, {})[f"secret {secret.name}"] = None
    for config in stack.configs:
        if config.environment:
            takers.setdefault(config.environment, {})[f"config {config.name}"] = None
    for path, text in stack_texts(stack, "$"):
        section, owner, *_ = path
        if section != "services":
            for name in variable_names(text):
                takers.setdefault(name, {})[f"{section.removesuffix('s')} {owner}"] = None
    return {name: tuple(resources) for name, resources in takers.items()}


def host_ports_by_variable(stack: Stack) -> dict[str, tuple[str, str]]:
    """For each variable that stands for a port of the host, who answers there and on which port of the container."""
    host_ports: dict[str, tuple[str, str]] = {}
    for service in (*stack.services, *stack.development):
        for layer in (service, *service.overlays.values()):
            for port in layer.ports:
                answers = (port.listener or service.name, port.target)
                for name in variable_names(port.published or ""):
                    host_ports.setdefault(name, answers)
    return host_ports


def required_variables(stack: Stack) -> tuple[str, ...]:
    """The variables without which docker compose refuses to start, as `${NAME:?}`, in the order of the stack."""
    names: dict[str, None] = {}
    for _, text in stack_texts(stack, "?"):
        for variable in variables(text):
            if variable.is_required:
                names[variable.name] = None
    return tuple(names)


def secret_variables(stack: Stack) -> Iterator[str]:
    """The variables of secrets: docker compose refuses a secret without its variable.

    https://docs.docker.com/reference/compose-file/secrets/
    """
    return (secret.environment for secret in stack.secrets if secret.environment)


def demanded_variables(stack: Stack) -> frozenset[str]:
    """The variables that docker compose demands, in a text or for a secret."""
    return frozenset((*secret_variables(stack), *required_variables(stack)))


def map_texts(stack: Stack, change: Change) -> Stack:
    """The stack with each of its texts as `change` gives it back for a path and a text."""
    sections = {
        section: tuple(
            map_texts_within(part, (section, part.name), change)
            for part in getattr(stack, section)
        )
        for section in _SECTIONS
    }
    return replace(stack, **sections)


def map_texts_within(part: _T, path: _Keys, change: Change) -> _T:
    """The part of the model with each of its texts changed; what holds none is the same object."""
    changed: _T = _mapped(part, path, change)
    return changed


def _mapped(value: Any, path: _Keys, change: Change) -> Any:
    changed: dict[Any, Any] = {}
    for place, keys, child in _children(value):
        if child.__class__ in _TEXTS:
            text = change(ModelPath(path + keys), child)
            # An equal text is the same one: a number that is only carried on has to stay one.
            new: Any = child if text == child else text
        else:
            new = _mapped(child, path + keys, change)
        if new is not child:
            changed[place] = new
    if not changed:
        return value
    if isinstance(value, CommandText):
        return CommandText(changed[0])
    if isinstance(value, Mapping):
        return {**value, **changed}
    if isinstance(value, tuple | list):
        return type(value)(changed.get(index, child) for index, child in enumerate(value))
    return replace(value, **changed)


def _split_command(command: CommandText) -> Iterable[_Child]:
    return ((0, (), command.text),)


def _children(value: Any) -> Iterable[_Child]:
    """What the value holds, save what is empty and so holds no text: each with its place in the value."""
    return _splitter(value.__class__)(value)


@cache
def _splitter(kind: Any) -> Callable[[Any], Iterable[_Child]]:
    """How a value of the type is taken apart: asked once a type, for a stack has many values of few types."""
    if issubclass(kind, Mapping):
        return _split_map
    if issubclass(kind, CommandText):
        return _split_command
    if issubclass(kind, tuple | list):
        return _split_list
    keys = _text_fields(kind)
    if not keys:
        return lambda value: ()
    values_of = (
        attrgetter(*keys) if len(keys) > 1 else lambda value: (getattr(value, *keys),)
    )
    places = tuple(keys.items())
    return lambda value: [
        (name, key, child)
        for (name, key), child in zip(places, values_of(value), strict=True)
        if child or child == ""
    ]


def _split_map(value: Mapping[Any, Any]) -> Iterator[_Child]:
    for name, child in value.items():
        yield name, () if isinstance(name, ComposeFileRole) else (str(name),), child


def _split_list(value: Sequence[Any]) -> Iterator[_Child]:
    for index, child in enumerate(value):
        yield index, (_identity(child) or str(index),), child


def _identity(value: Any) -> str | None:
    name = _identity_field(value.__class__)
    return getattr(value, name) if name else None


@cache
def _identity_field(kind: Any) -> str | None:
    names = record_fields(kind)
    return next((name for name in _IDENTITIES if name in names), None)


@cache
def _text_fields(kind: Any) -> dict[str, _Keys]:
    """The fields of a record that may hold texts, each with its key; none of a plain value."""
    names = [
        name
        for name, field in record_fields(kind).items()
        if name not in _NOT_TEXTS and not _TEXTLESS.fullmatch(str(field.type))
    ]
    return {name: () if name in _UNNAMED else (_KEYS.get(name, name),) for name in names}
