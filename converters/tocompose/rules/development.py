"""BUILD: in development the image's own stage for it, or its framework's server, with the code mounted."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tocompose.model import (
    Build,
    ComposeFileRole,
    EnvVariable,
    Healthcheck,
    Mount,
    Port,
    Service,
    Stack,
)
from tocompose.notes import Note, note
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
    overlay_of,
    remark,
    with_overlay,
)
from tocompose.rules.healthchecks import known_healthcheck, main_port
from tocompose.rules.service_images import base_facts, dockerfile_of
from tocompose.rules.views import mounts_of

if TYPE_CHECKING:
    from tocompose.readers.dockerfile import Stage

_STAGES = ("development", "dev")
# How every framework calls the mode that its stage for development is not meant for.
_MODE = "production"
# The variable by which a language's programs know that they are developed.
_VARIABLES = {"python": {"PYTHONUNBUFFERED": "1"}, "php": {"APP_ENV": "development"}}


def apply(stack: Stack, context: Context) -> Outcome:
    """The stack with each built service run for development: by its image's own stage, or its framework's server."""
    taken_ports = {port.published for service in stack.services for port in service.ports}
    outcome = map_services(
        stack, lambda service: _develop(service, stack, context, taken_ports)
    )
    if not context.split or any(map(_is_developed, outcome.stack.services)):
        return outcome
    return outcome._replace(notes=(*outcome.notes, note("TC879")))


def _is_developed(service: Service) -> bool:
    return ComposeFileRole.DEV in service.overlays


def _develop(
    service: Service, stack: Stack, context: Context, taken_ports: set[str | None]
) -> tuple[Service, list[Note]]:
    overlay = overlay_of(service, ComposeFileRole.DEV)
    if service.build is None or overlay.build is not None or overlay.command is not None:
        return service, []
    stage = _development_stage(service, stack, context)
    if stage is not None:
        return _use_stage(service, service.build, stage, stack, context, taken_ports)
    if not context.develops or ComposeFileRole.DEV in service.overlays:
        return service, []
    return _use_framework(service, service.build, stack, context)


def _use_stage(
    service: Service,
    build: Build,
    stage: Stage,
    stack: Stack,
    context: Context,
    taken_ports: set[str | None],
) -> tuple[Service, list[Note]]:
    from tocompose.languages import language_rows

    name = stage.name.lower()
    if build.target == name:
        return service, []
    overlay = overlay_of(service, ComposeFileRole.DEV)
    image = base_facts(service, stack, context)
    language = image.id if image else ""
    row = language_rows().get(language, {})
    overlay = replace(
        overlay,
        image=_development_image(service),
        build=Build(context=build.context, target=name),
    )
    notes = [remark("TC677", service, ("build", "target"), stage=name)]
    folder = _working_folder(stage)
    if folder:
        mounts = _mount_code(service, build, folder, row.get("keep", ()))
        overlay = replace(overlay, mounts=(*overlay.mounts, *mounts))
        notes.append(remark("TC678", service, "volumes", folder=folder))
    settings = {**row.get("development", {}), **_VARIABLES.get(language, {})}
    usual = row.get("environment", {})
    overlay = _set_variables(service, overlay, settings, usual)
    overlay = _open_debugger(service, overlay, row.get("debug"), taken_ports)
    return with_overlay(service, ComposeFileRole.DEV, overlay), notes


def _has_stated_check(service: Service, stack: Stack, context: Context) -> bool:
    """Whether the service has another health command than the one that its image is known for."""
    check = service.healthcheck
    usual = known_healthcheck(replace(service, healthcheck=None), stack, context)
    usual_test = usual.test if isinstance(usual, Healthcheck) else None
    return check is not None and check.test != usual_test


def _development_image(service: Service) -> str | None:
    """A tag of its own, so that the image of production of the same name stays what it is."""
    if service.image is None or "$" in service.image or "@" in service.image:
        return None
    path, _, name = service.image.rpartition("/")
    name = f"{name.partition(':')[0]}:development"
    return f"{path}/{name}" if path else name


def _use_framework(
    service: Service, build: Build, stack: Stack, context: Context
) -> tuple[Service, list[Note]]:
    """The service run by its framework's server for development, with its code mounted."""
    from tocompose.rules.frameworks import framework_of

    port = main_port(service, base_facts(service, stack, context))
    framework = framework_of(service, port, stack, context)
    folder = _working_folder(framework.stage) if framework else None
    if framework is None or folder is None:
        return service, []
    if framework.target and _has_stated_check(service, stack, context):
        return service, []
    overlay = overlay_of(service, ComposeFileRole.DEV)
    mounts = _mount_code(service, build, folder, framework.keep)
    if framework.target:
        # The stage holds other tools than the image of production, and builds the app before it answers.
        probe = ("CMD", "bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}")
        overlay = replace(
            overlay,
            image=_development_image(service),
            build=replace(build, target=framework.target),
            healthcheck=Healthcheck(test=probe, start_period="180s"),
        )
    overlay = replace(overlay, command=framework.command, mounts=(*overlay.mounts, *mounts))
    overlay = _set_variables(service, overlay, framework.environment)
    shown = " ".join(framework.command) if framework.command else "what it runs otherwise"
    facts = {"framework": framework.title, "command": shown, "folder": folder}
    note = remark("TC872", service, "", **facts)
    return with_overlay(service, ComposeFileRole.DEV, overlay), [note]


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
    service: Service, build: Build, folder: str, kept_folders: Iterable[str]
) -> list[Mount]:
    """The code on top of the image's, and the image's own packages on top of that."""
    targets = [mount.target.rstrip("/") for mount in mounts_of(service)]
    if folder in targets:
        return []
    is_path = build.context.startswith((".", "/"))
    source = build.context if is_path else f"./{build.context}"
    mounts = [Mount(kind="bind", source=source, target=folder)]
    mounts += [
        Mount(kind="volume", target=f"{folder}/{name}")
        for name in kept_folders
        if f"{folder}/{name}" not in targets
    ]
    return mounts


def _set_variables(
    service: Service,
    overlay: Service,
    settings: Mapping[str, str],
    usual: Mapping[str, str] = MappingProxyType({}),
) -> Service:
    """The part for development with its variables; what the source states stays, but for `usual`, production's own."""
    names = {variable.name for variable in overlay.environment}
    names |= {
        variable.name
        for variable in service.environment
        if variable.value not in (usual.get(variable.name, _MODE), _MODE)
    }
    added = [
        EnvVariable(name=name, value=value)
        for name, value in settings.items()
        if name not in names
    ]
    return replace(overlay, environment=(*overlay.environment, *added))


def _open_debugger(
    service: Service, overlay: Service, number: str | None, taken_ports: set[str | None]
) -> Service:
    """The part for development with the debugger's port, which one container of the machine can have."""
    targets = {port.target for port in (*service.ports, *overlay.ports)}
    is_alone = (service.replicas or 1) == 1
    if not number or number in targets or number in taken_ports or not is_alone:
        return overlay
    if service.command is not None or service.entrypoint is not None:
        return overlay  # The stage's own command, which opens the port, does not run.
    taken_ports.add(number)
    port = Port(target=number, published=number, host_ip="127.0.0.1")
    return replace(overlay, ports=(*overlay.ports, port))


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
                what="its image is built here, and no file mounts or watches its source for development",
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
    summary=(
        "Adds a development file that builds the image's development stage, or starts the "
        "framework's own server, with the code mounted."
    ),
    tells=("TC747",),
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
