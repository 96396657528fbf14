"""BUILD: in development the image's own development stage, with the code mounted and a port for the debugger."""

from __future__ import annotations

import posixpath
import re

from tocompose.knowledge.images import ImageFacts
from tocompose.model import Build, Home, Mount, Port, Service, Stack, Variable
from tocompose.notes import Note
from tocompose.patterns import regex
from tocompose.record import replace
from tocompose.rules import Context, Example, Outcome, Practice, each
from tocompose.rules.services import (
    base_facts,
    dockerfile,
    overlay,
    remark,
    volumes_of,
    with_overlay,
)

_STAGES = ("development", "dev")
_FROM = regex(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.IGNORECASE)
_WORKDIR = regex(r"^\s*WORKDIR\s+(\S+)", re.IGNORECASE)
# What each language calls development, where its packages lie, and where its debugger listens.
_LANGUAGES = {
    "node": (("NODE_ENV", "development"), "node_modules", "9229"),
    "ruby": (("RAILS_ENV", "development"), None, None),
    "python": (("PYTHONUNBUFFERED", "1"), None, None),
    "php": (("APP_ENV", "development"), "vendor", None),
}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with the `development` stage of the service's Dockerfile in the dev file, where there is one."""
    return each(stack, lambda service: _develop(service, stack, context))


def _develop(
    service: Service, stack: Stack, context: Context
) -> tuple[Service, list[Note]]:
    text = dockerfile(service, stack, context)
    part = overlay(service, Home.DEV)
    if service.build is None or text is None or part.build is not None:
        return service, []
    stage = next((name for name in _STAGES if name in _stages(text)), None)
    if stage is None or service.build.target == stage:
        return service, []
    language = _LANGUAGES.get(_language(service, stack, context))
    folder = _stages(text)[stage]
    part = replace(part, build=Build(context=service.build.context, target=stage))
    notes = [remark("TC677", service, "build.target", stage=stage)]
    if folder:
        part = replace(part, mounts=(*part.mounts, *_mounts(service, folder, language)))
        notes.append(remark("TC678", service, "volumes", folder=folder))
    part = _debugged(service, part, language)
    return with_overlay(service, Home.DEV, part), notes


def _stages(text: str) -> dict[str, str | None]:
    """The named stages of a Dockerfile, each with the working directory it ends in."""
    found: dict[str, str | None] = {}
    current, folder = "", None
    for line in text.splitlines():
        if match := _FROM.match(line):
            current, folder = (match[2] or "").lower(), found.get(match[1].lower())
        elif match := _WORKDIR.match(line):
            folder = posixpath.normpath(
                posixpath.join(folder or "/", match[1].strip("\"'"))
            )
        if current:
            found[current] = folder if folder and "$" not in folder else None
    return found


def _language(service: Service, stack: Stack, context: Context) -> str:
    known: ImageFacts | None = base_facts(service, stack, context)
    return known.id if known else ""


def _mounts(
    service: Service,
    folder: str,
    language: tuple[tuple[str, str], str | None, str | None] | None,
) -> list[Mount]:
    """The code on top of the image's, and the image's own packages on top of that."""
    if service.build is None or any(
        mount.target.rstrip("/") == folder for mount in volumes_of(service)
    ):
        return []
    source = (
        service.build.context
        if service.build.context.startswith((".", "/"))
        else f"./{service.build.context}"
    )
    packages = language[1] if language else None
    masks = [Mount(kind="volume", target=f"{folder}/{packages}")] if packages else []
    return [Mount(kind="bind", source=source, target=folder), *masks]


def _debugged(
    service: Service,
    part: Service,
    language: tuple[tuple[str, str], str | None, str | None] | None,
) -> Service:
    if language is None:
        return part
    (name, value), _, port = language
    if all(item.name != name for item in service.environment):
        part = replace(
            part, environment=(*part.environment, Variable(name=name, value=value))
        )
    taken = {item.target for item in (*service.ports, *part.ports)}
    if port and port not in taken:
        part = replace(
            part,
            ports=(*part.ports, Port(target=port, published=port, host_ip="127.0.0.1")),
        )
    return part


_DOCKERFILE = b"""
FROM node:22-slim AS base
WORKDIR /app
FROM base AS development
RUN npm ci
FROM base
COPY . .
"""

PRACTICE = Practice(
    id="BUILD",
    title="Develop with the image's development stage",
    severity="should",
    apply=apply,
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
)
