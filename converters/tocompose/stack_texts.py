"""The one walk over the texts of a stack, each with the path of the key that it stands at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

from tocompose.model import ComposeFileRole, Stack
from tocompose.record import replace
from tocompose.syntax.model_path import ModelPath

_Keys: TypeAlias = tuple[str, ...]
Change: TypeAlias = Callable[[ModelPath, str], str]
_T = TypeVar("_T")

_SECTIONS = ("services", "networks", "volumes", "configs", "secrets")
# What names a thing or says where it comes from is no text that Compose interpolates.
_NOT_TEXTS = frozenset({"name", "origin"})
# Fields whose content stands at the key of the record itself, and those that Compose calls otherwise.
_UNNAMED = frozenset({"value", "options", "overlays"})
_KEYS = {"mounts": "volumes", "env_files": "env_file", "engine_name": "name"}
# What tells the parts of a list apart, the first that a part has.
_IDENTITIES = ("name", "target", "path", "network", "service", "source")


def stack_texts(stack: Stack) -> Iterator[tuple[ModelPath, str]]:
    """Every text of the services, networks, volumes, configs and secrets with its path, in the order of the model.

    A variable's value stands at `services.web.environment.NAME`; what overlays add stands where it will be merged in.
    """
    for section in _SECTIONS:
        for part in getattr(stack, section):
            yield from texts_within(part, (section, part.name))


def texts_within(part: Any, path: _Keys = ()) -> Iterator[tuple[ModelPath, str]]:
    """Every text of a part of the model with its path; keys of maps are none."""
    pending = [(path, part)]
    while pending:
        path, value = pending.pop()
        if value.__class__ is str:
            yield ModelPath(path), value
        elif value:
            children = [(path + key, child) for key, child in _children(value)]
            pending.extend(reversed(children))


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
    if value.__class__ is str:
        return change(ModelPath(path), value)
    if not value:
        return value
    children = list(_children(value))
    changed = [_mapped(child, path + key, change) for key, child in children]
    if all(new is child for new, (_, child) in zip(changed, children, strict=True)):
        return value
    if isinstance(value, Mapping):
        return dict(zip(value, changed, strict=True))
    if isinstance(value, tuple | list):
        return type(value)(changed)
    return replace(value, **dict(zip(_text_fields(value.__class__), changed, strict=True)))


def _children(value: Any) -> Iterator[tuple[_Keys, Any]]:
    """What the value holds, each with the keys that lead to it."""
    if isinstance(value, Mapping):
        for name, child in value.items():
            yield () if isinstance(name, ComposeFileRole) else (str(name),), child
    elif isinstance(value, tuple | list):
        for index, child in enumerate(value):
            yield (_identity(child) or str(index),), child
    else:
        for name, key in _text_fields(value.__class__).items():
            yield key, getattr(value, name)


def _identity(value: Any) -> str | None:
    name = _identity_field(value.__class__)
    return getattr(value, name) if name else None


@cache
def _identity_field(kind: Any) -> str | None:
    names = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    return next((name for name in _IDENTITIES if name in names), None)


@cache
def _text_fields(kind: Any) -> dict[str, _Keys]:
    """The fields of a record that may hold texts, each with its key; none of a plain value."""
    if not is_dataclass(kind):
        return {}
    names = [field.name for field in fields(kind) if field.name not in _NOT_TEXTS]
    return {name: () if name in _UNNAMED else (_KEYS.get(name, name),) for name in names}
