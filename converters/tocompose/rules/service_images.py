"""What is known about the image of a service, be it pulled or built by a Dockerfile."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tocompose.knowledge.images import Data, ImageFacts, image_facts, image_ref
from tocompose.knowledge.service_settings import settings_by_name
from tocompose.model import Healthcheck, Service, Stack
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Context
from tocompose.rules.programs import command_text, runs_own_server
from tocompose.syntax.host_paths import is_remote_context
from tocompose.syntax.interpolation import plain

if TYPE_CHECKING:
    from tocompose.readers.dockerfile import Dockerfile, Stage, Words


def facts_of(service: Service) -> ImageFacts | None:
    """What is known about the service's image; None for a built or unknown one."""
    return image_facts(service.image) if service.image else None


def image_id(service: Service) -> str:
    """The table's name for the service's image; empty for an unknown one."""
    image = facts_of(service)
    return image.id if image else ""


def image_title(service: Service) -> str:
    """What to call the service's image in a note."""
    ref = image_ref(service.image) if service.image else None
    return ref.name if ref else service.image or "the built image"


def is_same_image(service: Service, sibling: Service) -> bool:
    """Whether both run the same image, or are built in the same way."""
    is_named_alike = image_title(service) == image_title(sibling)
    return is_named_alike and service.build == sibling.build


class SameServices:
    """The services of a stack, which are another key only as another object: to compare them takes too long."""

    def __init__(self, services: tuple[Service, ...]) -> None:
        self.services = services

    def __hash__(self) -> int:
        return id(self.services)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameServices) and self.services is other.services


@lru_cache(maxsize=4)
def _by_image(same: SameServices) -> dict[str, list[Service]]:
    services_by_image: dict[str, list[Service]] = {}
    for service in same.services:
        services_by_image.setdefault(image_title(service), []).append(service)
    return services_by_image


def services_of_same_image(service: Service, stack: Stack) -> Iterator[Service]:
    """The services of the stack that run the image of this one, or are built in the same way."""
    candidates = _by_image(SameServices(stack.services)).get(image_title(service), ())
    return (sibling for sibling in candidates if is_same_image(sibling, service))


def base_facts(service: Service, stack: Stack, context: Context) -> ImageFacts | None:
    """What is known about the image, or for a built one about the image that its Dockerfile ends with."""
    if service.build is None:
        return facts_of(service)
    stage = built_stage(service, stack, context)
    return image_facts(stage.root) if stage else None


def timed_check(
    check: Healthcheck, service: Service, stack: Stack, context: Context
) -> Healthcheck:
    """A check of ours with the timings that fit the image: as new as the check, they need no note of their own."""
    image = base_facts(service, stack, context)
    numbers = image.check_numbers(service.role) if image else {}
    missing = {key: numbers[key] for key in numbers if getattr(check, key) is None}
    return replace(check, **missing)


def built_stage(service: Service, stack: Stack, context: Context) -> Stage | None:
    """The stage of the Dockerfile that becomes the image of a built service, where it can be read."""
    dockerfile = dockerfile_of(service, stack, context)
    if dockerfile is None or service.build is None:
        return None
    return dockerfile.stage(service.build.target or "") or dockerfile.stage()


def as_started(service: Service, stack: Stack, context: Context) -> Service:
    """The service with the entry point and the command of the image that is built for it, where it has none itself."""
    stage = built_stage(service, stack, context)
    if stage is None:
        return service
    entrypoint, command = service.entrypoint, service.command
    if entrypoint is None:
        entrypoint = _started_words(stage.entrypoint)
        command = command if command is not None else _started_words(stage.cmd)
    return replace(service, entrypoint=entrypoint, command=command)


def _started_words(words: Words | None) -> tuple[str, ...] | None:
    if words is None:
        return None
    return ("sh", "-c", " ".join(words.words)) if words.shell else words.words


def dockerfile_of(service: Service, stack: Stack, context: Context) -> Dockerfile | None:
    """The service's Dockerfile, whether it is generated or part of the source."""
    # A repository elsewhere is not read, and its address may hold a password.
    if service.build is None or is_remote_context(service.build.context):
        return None
    name = service.build.dockerfile or "Dockerfile"
    path = posixpath.normpath(posixpath.join(service.build.context, name))
    content = next((file.content for file in stack.files if file.path == path), None)
    if content is None and context.read is not None:
        content = context.read(path)
    return _read_once(content, path) if content is not None else None


# Several rules ask about the same file.
@lru_cache(maxsize=32)
def _read_once(content: bytes, path: str) -> Dockerfile:
    # Most sources have no Dockerfile: they need not load its reader.
    from tocompose.readers.dockerfile import read_dockerfile

    return read_dockerfile(content, path)


def has_own_check(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the image brings a HEALTHCHECK of its own that counts for this service."""
    if service.build is not None:
        stage = built_stage(service, stack, context)
        return bool(stage and stage.health and stage.health.command)
    if service.image_check is not None:
        return not (service.image_check.is_off or _asks_other_server(service))
    image = facts_of(service)
    if image is None or not image.has_healthcheck or not image.sure:
        return False
    return runs_own_server(service, image)


def brings_foreign_check(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the image brings a HEALTHCHECK for a server that does not run in this service.

    The engine would call the container unhealthy for ever, and whoever waits for it would not start.
    """
    if service.build is not None:
        stage = built_stage(service, stack, context)
        return stage is not None and _is_built_for_server(service, stage)
    if service.image_check is not None:
        return not service.image_check.is_off and _asks_other_server(service)
    image = facts_of(service)
    if image is None or not image.has_healthcheck or not image.sure:
        return False
    return not runs_own_server(service, image)


def _is_built_for_server(service: Service, stage: Stage) -> bool:
    """Whether the check of a built image asks a port, and the service runs something else that has none."""
    command = stage.health.command if stage.health else None
    if command is None or service.command is None or service.ports or service.expose:
        return False
    return _asks_server(command.words) and _differs(service, stage)


def _asks_server(words: Iterable[str]) -> bool:
    return _SERVER_ADDRESS.search(" ".join(words)) is not None


# A check of a port of the container itself; without a number it is that of the scheme.
_SERVER_ADDRESS = regex(r"localhost:|127\.0\.0\.1:|://(?:localhost|127\.0\.0\.1)")


def _asks_other_server(service: Service) -> bool:
    """Whether the check that the image is told to have asks a port, and the service runs something else instead."""
    image = facts_of(service)
    if image is not None and image.has_healthcheck:
        return not runs_own_server(service, image)
    if service.command is None or service.ports or service.expose:
        return False
    check = service.image_check
    return check is not None and _asks_server(check.test or ())


def _differs(service: Service, stage: Stage) -> bool:
    """Whether the command is another than the image's own."""
    return stage.cmd is not None and " ".join(stage.cmd.words) != " ".join(
        service.command or ()
    )


def environment_of(service: Service) -> dict[str, str | None]:
    """The environment with `$$` undone; a value with variables stays as Compose has it."""
    values = {setting.name: setting.value for setting in service.environment}
    for name, value in values.items():
        text = plain(value) if value is not None else None
        values[name] = value if text is None else text
    return values


def kept_data(service: Service, image: ImageFacts) -> list[Data]:
    """The directories in which the image keeps its data, as this service uses it."""
    environment, command = environment_of(service), command_text(service)
    return list(image.kept_data(environment, command, settings_of(service)))


def settings_of(service: Service) -> dict[str, str]:
    """The settings of a service by name: its variables and the options of its command."""
    return settings_by_name(environment_of(service), command_text(service))


def data_paths(service: Service, image: ImageFacts) -> list[str]:
    """The paths of these directories."""
    return [data.path for data in kept_data(service, image)]
