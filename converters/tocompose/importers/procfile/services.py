"""From process types to services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from tocompose.importers.procfile import environment, formation, health, heroku_yml
from tocompose.importers.procfile.dockerfiles.php import document_root
from tocompose.importers.procfile.environment import Entry
from tocompose.importers.procfile.image import Image
from tocompose.importers.procfile.ports import WebPort, names_port, opening, warn_local
from tocompose.importers.procfile.processes import Process
from tocompose.importers.procfile.repository import Repository
from tocompose.importers.procfile.shell import Command, command
from tocompose.model import Dependency, Mount, Port, Role, Service, Stop, Variable, Volume
from tocompose.record import replace
from tocompose.syntax.interpolation import literal
from tocompose.syntax.names import identifier

# https://devcenter.heroku.com/articles/dynos#shutdown: SIGTERM, and SIGKILL 30 seconds later.
_GRACE = "30s"
# https://devcenter.heroku.com/articles/dynos#local-environment-variables: the type and a number, as in worker.1.
_NAMES_DYNO = re.compile(r"\$\{?DYNO\b")


class Plan(NamedTuple):
    """What all services of the app share."""

    repository: Repository
    images: Mapping[str, Image]
    entries: tuple[Entry, ...]
    dependencies: tuple[Dependency, ...]
    scales: Mapping[str, formation.Scale]
    checks: Mapping[str, health.Check]
    port: WebPort
    processes: tuple[Process, ...]

    @property
    def releases(self) -> tuple[Process, ...]:
        """The processes that run to their end before the others start."""
        return tuple(item for item in self.processes if item.traits.get("once"))

    def image(self, process: Process) -> Image:
        """The image that a process runs in: its own, the one heroku.yml names, or the app's."""
        for key in (process.image, process.type, "web", ""):
            if key in self.images:
                return self.images[key]
        return next(iter(self.images.values()))


def service(plan: Plan, process: Process) -> Service:
    """The service of a process type, without what the dev override adds."""
    image = plan.image(process)
    sized = formation.sized(process, plan.scales.get(process.type), plan.repository)
    run = _run(plan, process, image)
    body = Service(
        name=process.service,
        image=image.reference,
        build=image.build,
        entrypoint=_entrypoint(plan, process, image),
        command=run.argv if process.text else None,
        environment=_environment(plan, process, run),
        depends_on=_dependencies(plan, process),
        resources=sized.resources,
        stop=Stop(signal=image.stop_signal or None, grace_period=_GRACE),
        init=True,
        role=Role(process.traits["role"]),
        origin=process.span,
    )
    body = _occasion(plan, process, body, sized.quantity)
    if process.publishes:
        body = _published(plan, process, body, sized.quantity)
    return replace(
        body,
        healthcheck=health.healthcheck(
            plan.checks.get(process.type), image, process, plan.port.number
        ),
    )


def _run(plan: Plan, process: Process, image: Image) -> Command:
    run = _launched(plan, process, image) or command(process.text)
    path = f"services.{process.service}.command"
    if process.cursor:
        process.cursor.map(to=path)
        for name, _ in run.environment:
            process.cursor.map(to=f"services.{process.service}.environment.{name}")
        _remarks(plan, process, run, path)
    return run


def _entrypoint(plan: Plan, process: Process, image: Image) -> tuple[str, ...] | None:
    """None keeps the image's; it is cleared for a Procfile's command that it would not run.

    The command of heroku.yml goes to the entrypoint on the platform too.
    """
    span = process.span
    if not (image.swallows and process.text and span) or span.file in heroku_yml.NAMES:
        return image.entrypoint
    path = f"services.{process.service}.entrypoint"
    plan.repository.say(
        "TC382", span, subject=path, name=process.type, entrypoint=image.swallows
    )
    return ()


def _launched(plan: Plan, process: Process, image: Image) -> Command | None:
    """The buildpack's own web server launcher, which a generated image does without: Apache serves the same folder."""
    if "heroku-php-" not in process.text:
        return None
    if not (image.generated and image.language == "php"):
        plan.repository.say(
            "TC374",
            process.span,
            subject=f"services.{process.service}.command",
            name=process.type,
        )
        return None
    root = document_root(process.text)
    plan.repository.say(
        "TC375",
        process.span,
        subject=f"services.{process.service}.command",
        root=root or ".",
    )
    return Command(
        ("apache2-foreground",),
        (("APACHE_DOCUMENT_ROOT", f"/app/{root}".rstrip("/")),),
        "",
        "",
        True,
    )


def _remarks(plan: Plan, process: Process, run: Command, path: str) -> None:
    if not run.balanced:
        plan.repository.say("TC333", process.span, subject=path, name=process.type)
    if run.shell == "bash":
        plan.repository.say("TC334", process.span, subject=path, name=process.type)
    if run.comment:
        plan.repository.say("TC311", process.span, subject=path, name=process.type)


def _environment(plan: Plan, process: Process, run: Command) -> tuple[Variable, ...]:
    shared = environment.variables(plan.entries)
    own = [
        Variable(name=name, value=literal(value), origin=process.span)
        for name, value in run.environment
    ]
    wants_port = process.publishes or names_port(process.text)
    if wants_port and not any(item.name == "PORT" for item in own):
        own.append(Variable(name="PORT", value=plan.port.number))
    if _NAMES_DYNO.search(process.text):
        own.append(Variable(name="DYNO", value=literal(f"{process.type}.1")))
    if process.publishes:
        own += [
            Variable(name=name, value=value)
            for name, value in opening(process, plan.port.number).items()
        ]
    names = {item.name for item in own}
    return (*(item for item in shared if item.name not in names), *own)


def _dependencies(plan: Plan, process: Process) -> tuple[Dependency, ...]:
    if process.traits.get("once"):
        return plan.dependencies
    waits = tuple(
        Dependency(
            service=item.service,
            condition="service_completed_successfully",
            origin=item.span,
        )
        for item in plan.releases
    )
    return (*plan.dependencies, *waits)


def _occasion(plan: Plan, process: Process, body: Service, quantity: int | None) -> Service:
    """When the service runs: always, once before the others, or on request only."""
    path = f"services.{process.service}"
    if process.traits.get("once"):
        plan.repository.say("TC322", process.span, subject=path, name=process.type)
        return replace(body, restart="no")
    profile = process.traits.get("profile")
    if profile:
        profile = process.service if profile == "<service>" else profile
        options = (
            {"stdin_open": True, "tty": True} if process.traits.get("terminal") else {}
        )
        plan.repository.say(
            "TC323",
            process.span,
            subject=f"{path}.profiles",
            name=process.type,
            profile=profile,
            service=process.service,
        )
        return replace(body, restart="no", profiles=(profile,), options=options)
    if quantity == 0:
        name = process.service
        plan.repository.say(
            "TC325",
            process.span,
            subject=f"{path}.profiles",
            name=process.type,
            profile=name,
        )
        return replace(body, profiles=(name,))
    return replace(body, replicas=quantity)


def _published(
    plan: Plan, process: Process, body: Service, quantity: int | None
) -> Service:
    """The web process's port on this machine; several replicas share a range of host ports."""
    number = plan.port.number
    path = f"services.{process.service}.ports"
    if quantity and quantity > 1:
        published = f"{number}-{int(number) + quantity - 1}"
        plan.repository.say(
            "TC321", process.span, subject=path, number=quantity, ports=published
        )
    else:
        published = f"${{WEB_PORT:-{number}}}"
    plan.repository.say("TC320", process.span, subject=path, port=number, why=plan.port.why)
    warn_local(plan.repository, process, number)
    return replace(
        body, ports=(Port(target=number, published=published, host_ip="127.0.0.1"),)
    )


def with_volumes(
    plan: Plan, built: tuple[Service, ...], name: str
) -> tuple[tuple[Service, ...], tuple[Volume, ...]]:
    """The services with a named volume for each folder that their image declares as one, shared among them."""
    found: dict[str, Volume] = {}
    result = []
    for item in built:
        image = next(
            (image for image in plan.images.values() if image.reference == item.image), None
        )
        mounts = []
        for path in image.volumes if image else ():
            volume = (
                f"app_{identifier(path.strip('/').rsplit('/', 1)[-1]).replace('-', '_')}"
            )
            mounts.append(Mount(kind="volume", source=volume, target=path))
            if volume not in found:
                found[volume] = Volume(name=volume, origin=image.span if image else None)
                span = image.span if image else None
                plan.repository.say(
                    "TC371",
                    span,
                    subject=f"services.{item.name}.volumes",
                    path=path,
                    volume=volume,
                )
        result.append(replace(item, mounts=tuple(mounts)) if mounts else item)
    return tuple(result), tuple(found.values())
