"""What practices ask about a service: its facts, environment, command and what it is for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from tocompose.knowledge.images import DATA_ROLES, Check, ImageFacts, image_facts, image_ref
from tocompose.knowledge.servers import client_programs
from tocompose.model import Home, Mount, Role, Service, Setting, Stack
from tocompose.notes import Note, note
from tocompose.record import replace
from tocompose.rules import Context
from tocompose.source import Span
from tocompose.syntax.interpolation import plain, variable_names
from tocompose.syntax.model_path import ModelPath

SHELLS = frozenset(
    {
        "sh",
        "bash",
        "ash",
        "dash",
        "zsh",
        "/bin/sh",
        "/bin/bash",
        "/bin/ash",
        "/bin/dash",
        "/usr/bin/bash",
    }
)
# Programs that run and end in images of servers that they do not belong to.
_OTHER_CLIENTS = frozenset({"htpasswd", "certbot", "curl", "wget"})


def facts(service: Service) -> ImageFacts | None:
    """What is known about the service's image; None for a built or unknown one."""
    return image_facts(service.image) if service.image else None


def base_facts(service: Service, stack: Stack, context: Context) -> ImageFacts | None:
    """What is known about the image, or for a built one about the image that its Dockerfile ends with."""
    if service.build is None:
        return facts(service)
    text = dockerfile(service, stack, context)
    last = final_base(text) if text else None
    return image_facts(last) if last else None


def dockerfile(service: Service, stack: Stack, context: Context) -> str | None:
    """The text of the service's Dockerfile, whether it is generated or part of the source."""
    # A repository elsewhere is not read, and its address may hold a password.
    if service.build is None or "://" in service.build.context:
        return None
    path = posixpath.normpath(
        posixpath.join(service.build.context, service.build.dockerfile or "Dockerfile")
    )
    content = next((file.content for file in stack.files if file.path == path), None)
    if content is None and context.read is not None:
        content = context.read(path)
    return content.decode("utf-8", "replace") if content is not None else None


def final_base(text: str) -> str | None:
    """The image that the last stage of a Dockerfile starts from, followed through its named stages."""
    stages: dict[str, str] = {}
    image = None
    for match in re.finditer(
        r"(?im)^[ \t]*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", text
    ):
        image = stages.get(match[1].lower(), match[1])
        if match[2]:
            stages[match[2].lower()] = image
    return image


def environment(service: Service) -> dict[str, str | None]:
    """The environment with `$$` undone; a value with variables stays as Compose has it."""
    return {
        item.name: item.value
        if item.value is None or (text := plain(item.value)) is None
        else text
        for item in service.environment
    }


def command_text(service: Service) -> str | None:
    """Entrypoint and command as one line; None where the image's own run."""
    words = [*(service.entrypoint or ()), *(service.command or ())]
    return " ".join(words) if words else None


# Programs that only keep a container there, for people to enter and work in.
_IDLERS = frozenset({"sleep", "tail", "true", "pause", "cat"})


def program(service: Service) -> str | None:
    """The program that the service runs instead of the image's own; None where it runs that one, maybe with flags."""
    words = service.entrypoint or service.command
    return words[0] if words and not words[0].startswith("-") else None


def runs_client(service: Service) -> bool:
    """Whether a server's image is used to run one of its client programs once."""
    name = program(service)
    if name in SHELLS:
        script = " ".join((service.command or ())[-1:] or (service.entrypoint or ())[-1:])
        return any(
            re.search(rf"(?:^|[\s;&|]){re.escape(word)}\s", script)
            for word in ("pg_dump", "mysqldump", "psql")
        )
    return (
        name is not None
        and name.rpartition("/")[2] in _OTHER_CLIENTS | client_programs().keys()
    )


def idles(service: Service) -> bool:
    """Whether the container does nothing but stay, as with `sleep infinity` or `tail -f /dev/null`."""
    name = program(service)
    if name in SHELLS:
        name = (
            ((service.command or ())[-1:] or (service.entrypoint or ())[-1:])[0]
            .strip()
            .partition(" ")[0]
        )
    return name is not None and name.rpartition("/")[2] in _IDLERS


def runs_server(service: Service) -> bool:
    """Whether an image known for its server runs it: no other program or shell script takes its place."""
    name = program(service)
    return name is None or not (name in SHELLS or runs_client(service) or idles(service))


def interactive(service: Service) -> bool:
    """Whether a person at a terminal runs it when it is wanted (`docker compose run`): `up` never starts it."""
    terminal = service.options.get("tty") or service.options.get("stdin_open")
    return (
        service.role is Role.TOOL
        and bool(service.profiles and terminal)
        and not service.ports
    )


def usable_checks(service: Service, known: ImageFacts) -> Iterator[Check]:
    """The health commands of the image whose conditions hold for this service."""
    return known.usable_checks(environment(service), command_text(service))


def data_paths(service: Service, known: ImageFacts) -> list[str]:
    """The directories in which the image keeps its data, as this service uses it."""
    return known.data_paths(environment(service), command_text(service))


def is_data(service: Service) -> bool:
    """Whether the service keeps data for others: a database, a cache, a queue."""
    return service.role in DATA_ROLES


def only_data(service: Service, stack: Stack) -> bool:
    """Whether what is reached at the service keeps data: it does, and nothing else shares its network."""
    mode = f"service:{service.name}"
    return is_data(service) and all(
        is_data(other) for other in stack.services if other.network_mode == mode
    )


def overlay(service: Service, home: Home) -> Service:
    """What the service adds in that file so far."""
    return service.overlays.get(home) or Service(name=service.name, role=service.role)


def with_overlay(service: Service, home: Home, part: Service) -> Service:
    """The service with its part of that file replaced."""
    return replace(service, overlays={**service.overlays, home: part})


def volumes_of(service: Service) -> tuple[Mount, ...]:
    """The mounts of the service in base and dev, which is what starts when nothing is said."""
    part = service.overlays.get(Home.DEV)
    return (*service.mounts, *part.mounts) if part else service.mounts


def texts(value: Any) -> Iterator[str]:
    """Every text of a part of the model, in order; fields that are empty are left out."""
    pending = [value]
    while pending:
        item = pending.pop()
        kind = item.__class__
        if kind is str:
            yield item
        elif parts := _content(kind):
            pending.extend(reversed(parts(item)))


@cache
def _content(kind: type) -> Callable[[Any], list[Any]] | None:
    """What gives all that an object of that class holds, apart from its place in the source; None for a plain value."""
    if issubclass(kind, tuple | list):
        return list
    if issubclass(kind, Mapping):
        return lambda item: [*item.values()]
    if not is_dataclass(kind):
        return None
    names = [item.name for item in fields(kind) if item.name != "origin"]
    return lambda item: [value for name in names if (value := getattr(item, name))]


def taken_variables(stack: Stack) -> set[str]:
    """The names that stand for something already: settings, and variables used anywhere in the stack."""
    parts = (stack.services, stack.networks, stack.volumes, stack.configs, stack.secrets)
    used = {
        name
        for part in parts
        for text in texts(part)
        if "$" in text
        for name in variable_names(text)
    }
    return used | {setting.name for setting in stack.settings}


def variable_defaults(stack: Stack) -> dict[str, dict[str | None, str]]:
    """For each variable of the stack its defaults (None where it has none), each with the first thing that uses it."""
    found: dict[str, dict[str | None, str]] = {}
    for part in (
        stack.services,
        stack.networks,
        stack.volumes,
        stack.configs,
        stack.secrets,
    ):
        for item in part:
            for text in texts(item) if part else ():
                for match in re.finditer(_USE, text) if "$" in text else ():
                    if name := match["name"] or match["bare"]:
                        found.setdefault(name, {}).setdefault(match["default"], item.name)
    return found


_USE = r"\$(?:\$|\{(?P<name>[A-Za-z_]\w*)(?::?-(?P<default>[^${}]*)(?=\}))?|(?P<bare>[A-Za-z_]\w*))"


def with_settings(stack: Stack, settings: Iterable[Setting]) -> Stack:
    """The stack with those settings added that it does not have yet."""
    known = {setting.name for setting in stack.settings}
    fresh = tuple(setting for setting in settings if setting.name not in known)
    return replace(stack, settings=(*stack.settings, *fresh)) if fresh else stack


def remark(
    code: str, service: Service, key: str = "", span: Span | None = None, /, **facts: Any
) -> Note:
    """A note about the service, or about what stands at `key` below it."""
    keys = key.split(".") if key else []
    subject = ModelPath.service(service.name, *keys)
    return note(
        code, span or service.origin, subject=subject, service=service.name, **facts
    )


def image_name(service: Service) -> str:
    """What to call the service's image in a note."""
    ref = image_ref(service.image) if service.image else None
    return ref.name if ref else service.image or "the built image"
