"""A stack as one file that needs nothing beside it: standard output has no place for `.env` or `config/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocompose.exporters.conflicts import given_to_read_only
from tocompose.exporters.sound import Sound, every_part
from tocompose.model import File, Grant, Resource, Service, Setting, Stack
from tocompose.notes import Note, note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.syntax.interpolation import (
    Variable,
    literal,
    replace_in_document,
    required_reference,
)
from tocompose.syntax.names import variable_name

# Stands in `${NAME:-…}` and in plain YAML without any escaping.
_HARMLESS = regex(r"[A-Za-z0-9_./:@,-]+")


def self_contained(stack: Stack, inline_secrets: bool) -> Sound:
    """The stack with generated configs and secrets inside it; a note for each file that cannot stand there."""
    files = {item.path: item for item in stack.files}
    outside = given_to_read_only(stack)
    inlined: set[str] = set()
    configs = [_config(item, files, outside, inlined) for item in stack.configs]
    settings = list(stack.settings)
    secrets, moved = [], {}
    for item in stack.secrets:
        file = _file(item, files)
        if file is None or item.name in outside:
            secrets.append(item)
        elif inline_secrets and (text := _text(file)) is not None:
            inlined.add(file.path)
            moved[item.name] = item.name
            configs.append(
                Resource(name=item.name, content=literal(text), origin=item.origin)
            )
        else:
            inlined.add(file.path)
            name = variable_name(item.name)
            settings.append(
                Setting(
                    name=name, secret=True, required=True, origin=file.origin or item.origin
                )
            )
            secrets.append(Resource(name=item.name, environment=name, origin=item.origin))
    stack = replace(
        stack,
        configs=tuple(configs),
        secrets=tuple(secrets),
        settings=tuple(settings),
        files=(),
    )
    stack = every_part(stack, lambda _, part: _with_configs(part, moved))
    notes = [
        note("TC759", item.origin, subject=f"files.{path}", path=path)
        for path, item in _left(files, inlined)
    ]
    accounted = {f"files.{path}" for path in files} | {f"secrets.{name}" for name in moved}
    return Sound(stack, tuple(notes), frozenset(accounted))


def _left(files: Mapping[str, File], inlined: set[str]) -> list[tuple[str, File]]:
    return [(path, item) for path, item in files.items() if path not in inlined]


def _file(item: Resource, files: Mapping[str, File]) -> File | None:
    return files.get((item.file or "").removeprefix("./"))


def _text(file: File) -> str | None:
    try:
        return file.content.decode()
    except UnicodeDecodeError:
        return None


def _config(
    item: Resource, files: Mapping[str, File], outside: set[str], inlined: set[str]
) -> Resource:
    file = _file(item, files)
    text = _text(file) if file else None
    if file is None or text is None or item.name in outside:
        return item
    inlined.add(file.path)
    return replace(item, file=None, content=literal(text))


def _with_configs(part: Service, moved: Mapping[str, str]) -> Service:
    """Secrets with inline content become configs at the same place: only configs can hold content."""
    asked = [item for item in part.secrets if item.source in moved]
    grants = tuple(replace(item, target=_secret_target(item)) for item in asked)
    kept = tuple(item for item in part.secrets if item.source not in moved)
    return replace(part, secrets=kept, configs=(*part.configs, *grants)) if asked else part


def _secret_target(item: Grant) -> str:
    target = item.target or item.source
    return target if target.startswith("/") else f"/run/secrets/{target}"


def settle_variables(
    document: dict[str, Any], stack: Stack, inline_secrets: bool
) -> dict[str, Any]:
    """The document with the values of `.env` as defaults; a secret is asked for unless it is to stand inline."""
    settings = {item.name: item for item in stack.settings}

    def replacement(found: Variable) -> str:
        setting = settings.get(found.name)
        if setting is None or found.operator in (":+", "+"):
            return found.source
        if setting.secret and not (inline_secrets and setting.value is not None):
            return found.source if found.operator else required_reference(found.name)
        if setting.value is None:
            return found.source
        if setting.secret:
            return literal(setting.value)
        if _HARMLESS.fullmatch(setting.value):
            return f"${{{found.name}:-{setting.value}}}"
        return literal(setting.value)

    return {key: replace_in_document(value, replacement) for key, value in document.items()}


def ask_for_secrets(
    stack: Stack, open_settings: frozenset[str], inline_secrets: bool
) -> tuple[Note, ...]:
    """A note for each secret that the user must set, with the place of its value in the source and never the value;
    the source holds none for the `open_settings`."""

    def place(item: Setting) -> str:
        if item.name in open_settings:
            return "and the source holds no value for it"
        return f"its value is at {item.origin or 'the source'}"

    secrets = (item for item in stack.settings if item.secret)
    return tuple(
        note(
            "TC758",
            item.origin,
            subject=f"settings.{item.name}",
            name=item.name,
            place=place(item),
        )
        for item in secrets
        if not (inline_secrets and item.value is not None)
    )
