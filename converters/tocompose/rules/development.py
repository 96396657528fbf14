"""BUILD: in development the image's own development stage, with the code mounted and a port for the debugger."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from tocompose.model import Build, ComposeFileRole, EnvVariable, Mount, Port, Service, Stack
from tocompose.notes import Note
from tocompose.readers.dockerfile import Stage
from tocompose.record import replace
from tocompose.rules import (
    Context,
    Example,
    Excuse,
    Outcome,
    Rule,
    Verdict,
    View,
    map_services,
    mounts_of,
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.service_images import base_facts, dockerfile_of

_STAGES = ("development", "dev")


class _Language(NamedTuple):
    """What a language calls development, where its packages lie, and where its debugger listens."""

    variable: tuple[str, str]
    packages: str | None = None
    debugger: str | None = None


_LANGUAGES = {
    "node": _Language(("NODE_ENV", "development"), "node_modules", "9229"),
    "ruby": _Language(("RAILS_ENV", "development")),
    "python": _Language(("PYTHONUNBUFFERED", "1")),
    "php": _Language(("APP_ENV", "development"), "vendor"),
}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the `development` stage of the service's Dockerfile in the dev file, where there is one."""
    return map_services(stack, lambda service: _use_stage(service, stack, context))


def _use_stage(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, list[Note]]:
    overlay = overlay_of(service, ComposeFileRole.DEV)
    stage = _development_stage(service, stack, context)
    if service.build is None or stage is None or overlay.build is not None:
        return service, []
    name = stage.name.lower()
    if service.build.target == name:
        return service, []
    image = base_facts(service, stack, context)
    language = _LANGUAGES.get(image.id) if image else None
    overlay = replace(overlay, build=Build(context=service.build.context, target=name))
    notes = [remark("TC677", service, ("build", "target"), stage=name)]
    folder = _working_folder(stage)
    if folder:
        mounts = _mount_code(service, service.build, folder, language)
        overlay = replace(overlay, mounts=(*overlay.mounts, *mounts))
        notes.append(remark("TC678", service, "volumes", folder=folder))
    if language is not None:
        overlay = _prepare_debugging(service, overlay, language)
    return with_overlay(service, ComposeFileRole.DEV, overlay), notes


def _development_stage(service: Service, stack: Stack, context: Context) -> Stage | None:
    dockerfile = dockerfile_of(service, stack, context)
    stages = dockerfile.stages if dockerfile else ()
    by_name = {stage.name.lower(): stage for stage in stages}
    return next((by_name[name] for name in _STAGES if name in by_name), None)


def _working_folder(stage: Stage) -> str | None:
    """The working directory that the stage ends in, where it is sure."""
    if not stage.workdir or "$" in stage.workdir:
        return None
    return posixpath.normpath(posixpath.join("/", stage.workdir))


def _mount_code(
    service: Service, build: Build, folder: str, language: _Language | None
) -> list[Mount]:
    """The code on top of the image's, and the image's own packages on top of that."""
    targets = [mount.target.rstrip("/") for mount in mounts_of(service)]
    if folder in targets:
        return []
    is_path = build.context.startswith((".", "/"))
    source = build.context if is_path else f"./{build.context}"
    mounts = [Mount(kind="bind", source=source, target=folder)]
    if language and language.packages:
        mounts.append(Mount(kind="volume", target=f"{folder}/{language.packages}"))
    return mounts


def _prepare_debugging(service: Service, overlay: Service, language: _Language) -> Service:
    name, value = language.variable
    if all(variable.name != name for variable in service.environment):
        variable = EnvVariable(name=name, value=value)
        overlay = replace(overlay, environment=(*overlay.environment, variable))
    targets = {port.target for port in (*service.ports, *overlay.ports)}
    if language.debugger and language.debugger not in targets:
        number = language.debugger
        port = Port(target=number, published=number, host_ip="127.0.0.1")
        overlay = replace(overlay, ports=(*overlay.ports, port))
    return overlay


def _judge_builds(view: View) -> Iterator[Verdict]:
    """Whether something of each built service is made for development; nothing is said of files that were named."""
    for service in view.main.stack.services if view.names else ():
        if service.build is not None:
            yield view.main.verdict(
                service,
                "build",
                "E-01",
                _serves_development(service, service.build),
                "TC747",
                what="nothing of it is made for development",
                how="Mount the source over the image's copy, or use develop.watch, in docker-compose.override.yml.",
            )


def _serves_development(service: Service, build: Build) -> bool:
    binds = (mount.source or "" for mount in service.mounts if mount.kind == "bind")
    mounted = any(source.startswith(".") for source in binds)
    return mounted or "develop" in service.options or bool(build.target)


_DOCKERFILE = b"""
FROM node:22-slim AS base
WORKDIR /app
FROM base AS development
RUN npm ci
FROM base
COPY . .
"""


RULE = Rule(
    id="BUILD",
    title="Develop with the image's development stage",
    severity="should",
    mend=apply,
    covers=("E-01", "M-07"),
    url="https://docs.docker.com/build/building/multi-stage/",
    examples=(
        Example(
            "services: {web: {build: .}, db: {image: 'postgres:16'}}",
            "services: {web: {build: {context: .}}, db: {image: 'postgres:16'}}",
            override="""
            services:
              web:
                build: {context: ., target: development}
                volumes: ['.:/app', /app/node_modules]
                environment: {NODE_ENV: development}
                ports: ['127.0.0.1:9229:9229']
            """,
            context=Context(
                read=lambda path: _DOCKERFILE if path == "Dockerfile" else None
            ),
        ),
    ),
    judge=_judge_builds,
    excuses=(Excuse("TC747", "the source brings no stage for development"),),
)
