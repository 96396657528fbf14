"""Secrets in the options of drivers, annotations and hooks, which no practice reads by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from tocompose.knowledge.secrets.commands import script_secrets
from tocompose.knowledge.secrets.names import secret_name
from tocompose.knowledge.secrets.texts import may_be_secret, passwords, secret_value
from tocompose.model import Service, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules.secret_vault import Vault, variable
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.model_path import ModelPath

# The options of a service whose entries are the user's own words.
_OPEN = ("annotations", "sysctls", "storage_opt", "pre_stop", "post_start")
Keep: TypeAlias = Callable[[str, str], str]


def safe_options(stack: Stack, vault: Vault, notes: list[Note]) -> Stack:
    """The stack with secrets in options of services, loggers, networks and volumes as variables."""
    services = tuple(_service(item, vault, notes) for item in stack.services)
    networks = tuple(
        replace(
            item,
            options=_safe(
                item.options,
                "",
                partial(_kept, ModelPath.of("networks", item.name), vault, notes),
            ),
        )
        for item in stack.networks
    )
    volumes = tuple(
        replace(
            item,
            options=_safe(
                item.options,
                "",
                partial(_kept, ModelPath.of("volumes", item.name), vault, notes),
            ),
        )
        for item in stack.volumes
    )
    return replace(stack, services=services, networks=networks, volumes=volumes)


def _service(service: Service, vault: Vault, notes: list[Note]) -> Service:
    keep = partial(_kept, ModelPath.service(service.name), vault, notes)
    options = {
        key: _safe(item, "", keep) if key in _OPEN else item
        for key, item in service.options.items()
    }
    mounts = tuple(
        replace(item, options=_safe(item.options, "", keep)) if item.options else item
        for item in service.mounts
    )
    logging = service.logging
    if logging is not None:
        logging = replace(logging, options=_safe(logging.options, "", keep))
    return replace(service, options=options, logging=logging, mounts=mounts)


def _kept(place: ModelPath, vault: Vault, notes: list[Note], name: str, value: str) -> str:
    """The reference that stands for a secret from now on."""
    owner = place[-1]
    setting = vault.keep(
        Service(name=owner), f"{owner}_{name.rpartition('.')[2]}", value, None
    )
    notes.append(note("TC509", subject=place, place=str(place), option=name, name=setting))
    return variable(setting)


def _safe(value: Any, name: str, keep: Keep) -> Any:
    if isinstance(value, Mapping):
        return {key: _safe(item, str(key), keep) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_safe(item, name, keep) for item in value)
    return _text(value, name, keep) if isinstance(value, str) else value


def _text(value: str, name: str, keep: Keep) -> str:
    text = plain(value)
    if not text:
        return value
    spans = sorted({*passwords(text), *script_secrets(text)})
    if secret_name(name) and may_be_secret(text):
        return keep(name, text)
    if not spans:
        return keep(name, text) if secret_value(text) else value
    done, parts = 0, []
    for start, end in spans:
        if start >= done and may_be_secret(text[start:end]) and text[start] != "$":
            parts += [literal(text[done:start]), keep("password", text[start:end])]
            done = end
    return "".join([*parts, literal(text[done:])])
