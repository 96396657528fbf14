"""From a service or database of a blueprint to services of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.ports import WebPort
from tocompose.importers.procfile.shell import convert_command
from tocompose.importers.render.allow_lists import note_allowed
from tocompose.importers.render.blueprint import Part, text_of
from tocompose.importers.render.data_servers import Converted
from tocompose.importers.render.disks import with_disk
from tocompose.importers.render.images import ServiceImage
from tocompose.importers.render.variables import Wiring
from tocompose.languages import language_rows
from tocompose.model import (
    Build,
    ComposeFileRole,
    Dependency,
    EnvVariable,
    Limits,
    Port,
    ResourceLimits,
    Role,
    Service,
    Stop,
)
from tocompose.record import NamedTuple, replace
from tocompose.syntax.interpolation import literal, plain
from tocompose.syntax.units import is_whole_number
from tocompose.tables import load
from tocompose.wording import enumerated

_ON_FAILURE = "service_completed_successfully"


def convert_service(
    render_part: Part,
    service_image: ServiceImage,
    wiring: Wiring,
    web_port: WebPort,
    host_port: str,
) -> Converted:
    """A service with its release, which runs to its end first."""
    port = web_port.number
    is_versioned = service_image.image.generated or render_part.runtime == "static"
    versions = load("render/plans")["versions"] if is_versioned else ()
    environment, neighbours = wiring.environment(render_part, versions)
    run = _command(
        render_part, ("dockerCommand", "startCommand"), "command", render_part.name
    )
    hoisted = tuple(
        EnvVariable(name=name, value=literal(value)) for name, value in run.environment
    )
    command = _own_command(render_part, run.argv, service_image)
    service = Service(
        name=render_part.name,
        image=service_image.image.reference,
        build=service_image.image.build,
        entrypoint=service_image.image.entrypoint,
        command=command,
        environment=(
            *environment,
            *hoisted,
            *_platform_variables(render_part, environment, port),
        ),
        ports=_ports(render_part, port, host_port),
        depends_on=tuple(
            Dependency(service=name) for name in neighbours if name != render_part.name
        ),
        stop=Stop(grace_period=_grace(render_part)),
        origin=render_part.cursor.span,
    )
    service = _with_build_arguments(render_part, service)
    service = _with_check(render_part, service, service_image, port)
    _note_port(render_part, web_port, host_port)
    _note_domains(render_part, service)
    note_allowed(render_part)
    service, volumes = with_disk(render_part, service, service_image.image.workdir)
    service = _with_plan(render_part, _with_occasion(render_part, service))
    release = _release(render_part, service)
    service = _with_built_program(render_part, service, service_image.image)
    if release is None:
        return Converted((service,), volumes)
    release = _with_built_program(render_part, release, service_image.image)
    gate = Dependency(service=release.name, condition=_ON_FAILURE, origin=release.origin)
    service = replace(service, depends_on=(*service.depends_on, gate))
    return Converted((release, service), volumes)


def _own_command(
    render_part: Part, argv: tuple[str, ...], service_image: ServiceImage
) -> tuple[str, ...] | None:
    """The command of the service; None for the one that its image starts anyway."""
    if not argv or tuple(plain(word) or "" for word in argv) != service_image.start:
        return argv or None
    # Where the service states no command, a stage for development runs its own.
    service_path = render_part.path
    render_part.cursor.ledger.move(
        service_path.child("command"), service_path.child("build")
    )
    return None


def _with_check(
    render_part: Part, service: Service, service_image: ServiceImage, port: str
) -> Service:
    """The service with a health check of the path that the platform asks for."""
    path = render_part.cursor.at("healthCheckPath")
    if not text_of(path):
        return service
    check = service_image.healthcheck(render_part, text_of(path), port)
    if check is None:
        fields = f"healthCheckPath: {text_of(path)} (no program of the image is known to ask for it)"
        path.note("TC830", subject=render_part.path, object=render_part.name, fields=fields)
    else:
        path.map(to=render_part.path.child("healthcheck"))
    return replace(service, healthcheck=check)


def _note_port(render_part: Part, web_port: WebPort, host_port: str) -> None:
    """Says which port was assumed, and where it is reached."""
    if render_part.kind != "web" or not web_port.why:
        return
    at_other_port = f":{host_port}" if host_port != web_port.number else ""
    render_part.cursor.annotate(
        "TC320",
        subject=render_part.path.child("ports"),
        service=render_part.name,
        port=web_port.number,
        why=web_port.why,
        host=at_other_port,
    )


def _note_domains(render_part: Part, service: Service) -> None:
    """Says where the names of a service lead now."""
    for key in ("domains", "domain"):
        cursor = render_part.cursor.at(key)
        leaves = list(cursor) or [cursor]
        domains = [domain for domain in map(text_of, leaves) if domain]
        if domains and not service.ports:
            fields = f"{key}: {enumerated(domains)}"
            cursor.note(
                "TC830", subject=render_part.path, object=service.name, fields=fields
            )
        elif domains:
            published = service.ports[0]
            address = f"{published.host_ip}:{published.published}"
            names = enumerated(domains)
            cursor.note(
                "TC441",
                subject=render_part.path,
                object=service.name,
                domains=names,
                address=address,
            )


def _with_build_arguments(render_part: Part, service: Service) -> Service:
    """Pages are built with their variables; the web server that shows them has none."""
    if render_part.runtime != "static" or service.build is None:
        return service
    arguments = {variable.name: variable.value for variable in service.environment}
    for name in arguments:
        path = render_part.path.child("environment", name)
        render_part.cursor.ledger.move(path, render_part.path.child("build", "args", name))
    return replace(service, build=replace(service.build, args=arguments), environment=())


class _Run(NamedTuple):
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]


def _command(render_part: Part, keys: Iterable[str], target: str, name: str) -> _Run:
    """The command under the first of some keys, as a shell would run it."""
    for key in keys:
        cursor = render_part.cursor.at(key)
        if text_of(cursor):
            run = convert_command(text_of(cursor))
            if not run.argv and not run.environment:
                cursor.skip("a shell runs nothing for it")
                continue
            if run.argv:
                cursor.map(to=type(render_part.path).service(name, target))
            for variable, _ in run.environment:
                cursor.map(to=type(render_part.path).service(name, "environment", variable))
            return _Run(run.argv, run.environment)
    return _Run((), ())


def _platform_variables(
    render_part: Part, environment: Iterable[EnvVariable], port: str
) -> Iterator[EnvVariable]:
    """What Render tells a service: the port that its router leads to."""
    is_served = render_part.kind == "web" and render_part.runtime != "static"
    if is_served and all(variable.name != "PORT" for variable in environment):
        yield EnvVariable(name="PORT", value=port)


def _ports(render_part: Part, port: str, host_port: str) -> tuple[Port, ...]:
    if render_part.kind != "web":
        return ()
    return (Port(target=port, published=host_port, host_ip="127.0.0.1"),)


def _grace(render_part: Part) -> str:
    """How long a service may take to stop: thirty seconds unless it says otherwise."""
    seconds = render_part.cursor.at("maxShutdownDelaySeconds")
    if is_whole_number(text_of(seconds)):
        return f"{seconds.take(to=render_part.path.child('stop_grace_period'))}s"
    return "30s"


def _with_occasion(render_part: Part, service: Service) -> Service:
    """When it runs: always, or at the times of a job; and how many."""
    schedule = render_part.cursor.at("schedule")
    if render_part.kind == "cron":
        time = text_of(schedule)
        facts: dict[str, Any] = {"object": render_part.name, "schedule": time}
        facts["service"] = service.name
        schedule.note("TC834", subject=render_part.path, **facts)
        return replace(service, restart="no", role=Role.JOB, profiles=("scheduled",))
    count = render_part.cursor.at("numInstances")
    if not is_whole_number(text_of(count)) or text_of(count) == "1":
        count.skip("one instance is the default")
        return service
    if service.ports:
        count.note(
            "TC440",
            subject=render_part.path,
            object=service.name,
            number=text_of(count),
            port=service.ports[0].published,
        )
        return service
    number = count.take(to=render_part.path.child("deploy", "replicas")) or "1"
    return replace(service, replicas=int(number))


def _with_plan(render_part: Part, service: Service) -> Service:
    """The limits of the plan, for production."""
    plan = render_part.cursor.at("plan")
    row = load("render/plans")["plans"].get(text_of(plan).lower().replace("_", " "))
    if row is None:
        plan.skip("the limits of this plan are unknown")
        return service
    limits = Limits(cpus=row["cpus"], memory=row["memory"])
    limit_text = f"{row['memory']} of memory, {row['cpus']} CPU"
    plan.note(
        "TC839",
        subject=render_part.path,
        object=render_part.name,
        plan=text_of(plan),
        limits=limit_text,
    )
    overlay = Service(name=render_part.name, resources=ResourceLimits(limits=limits))
    return replace(service, overlays={ComposeFileRole.PROD: overlay})


def _with_built_program(render_part: Part, service: Service, image: Image) -> Service:
    """The service, which runs the image of production in development too where its command is a built program.

    Where it states no command, the stage for development has one of its own.
    """
    is_built = language_rows().get(render_part.runtime, {}).get("compiled")
    tools = load("programs")["runtimes"].get(render_part.runtime, ())
    if not is_built or not image.generated or not image.target or image.build is None:
        return service
    if not service.command or service.command[0] in tools:
        return service
    build = Build(context=image.build.context, target="production")
    overlay = Service(name=service.name, build=build)
    return replace(service, overlays={**service.overlays, ComposeFileRole.DEV: overlay})


def _release(render_part: Part, service: Service) -> Service | None:
    """What runs to its end before a new version starts."""
    name = f"{render_part.name}-release"
    run = _command(render_part, ("preDeployCommand", "releaseCommand"), "command", name)
    if not run.argv:
        return None
    hoisted = tuple(
        EnvVariable(name=key, value=literal(value)) for key, value in run.environment
    )
    return replace(
        service,
        name=name,
        command=run.argv,
        environment=(*service.environment, *hoisted),
        ports=(),
        healthcheck=None,
        restart="no",
        replicas=None,
        overlays={},
        role=Role.JOB,
        origin=service.origin,
    )
